"""What pygls leaves out of the protocol: every request gets an answer.

pygls drops a request that it cannot read, and each one after `shutdown`; the editor then waits for
ever. Source: LSP 3.17, "shutdown" and "initialize"; JSON-RPC 2.0, section 5.1 (the codes).
"""

from typing import Any

from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol

MAX_CHARS = 200  # of an editor's own words in an answer
_INITIALIZE, _EXIT = "initialize", "exit"


class Protocol(LanguageServerProtocol):
    """Refuses a request that is wrong; leaves the rest to pygls."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Change nothing yet: JSON calls this for each object inside a message, too."""
        return data

    def handle_message(self, message: Any) -> None:
        """Take a message, as JSON has it.

        raises  JsonRpcException for what is wrong and is no request: pygls shows that to the user
        """
        asks = isinstance(message, dict) and "id" in message and "method" in message
        try:
            self._check(message, asks)
            told = super().structure_message(message)
        except JsonRpcException as exc:
            if not asks:
                raise
            self._refuse(message, exc)
        else:
            super().handle_message(told)

    def _check(self, message: Any, asks: bool) -> None:
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            raise JsonRpcInvalidRequest("a message is no JSON-RPC 2.0 object")
        if not asks:
            return
        method = message["method"]
        if not isinstance(method, str) or type(message["id"]) not in (str, int):
            raise JsonRpcInvalidRequest("a request needs a method and an id")
        if self._shutdown and method != _EXIT:
            raise JsonRpcInvalidRequest("the server was told to shut down")
        if (self._workspace is None) != (method == _INITIALIZE):
            if method == _INITIALIZE:
                raise JsonRpcInvalidRequest("the server is initialized already")
            raise JsonRpcServerNotInitialized("the server is not initialized yet")

    def _refuse(self, message: dict[str, Any], why: JsonRpcException) -> None:
        if not isinstance(why, JsonRpcInvalidRequest | JsonRpcServerNotInitialized):
            why = JsonRpcInvalidParams(f"wrong parameters for {message['method'][:MAX_CHARS]}")
        asked = message["id"] if type(message["id"]) in (str, int) else None
        error = {"code": why.code, "message": why.message}
        self._send_data({"jsonrpc": self.VERSION, "id": asked, "error": error})
