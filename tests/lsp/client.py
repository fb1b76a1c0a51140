"""An editor, as far as the protocol goes: raw JSON-RPC with a `reviewbot lsp` of its own."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty, Queue
from typing import Any

PATIENCE = 60.0  # seconds for an answer: the machine may be busy
Message = dict[str, Any]
Row = tuple[int, int, int]


def rows(found: list[Message]) -> list[Row]:
    """First line, last line and severity; 0-based, as editors count."""
    return [(d["range"]["start"]["line"], d["range"]["end"]["line"], d["severity"]) for d in found]


class Editor:
    """Starts the server, says hello, and remembers everything that it is told."""

    def __init__(
        self,
        *args: str,
        cwd: Path,
        env: Mapping[str, str],
        command: Sequence[str] = (sys.executable, "-m", "reviewbot", "lsp"),
        capabilities: Message | None = None,
        process_id: int | None = None,
        greets: bool = True,
    ) -> None:
        self.process = subprocess.Popen(
            [*command, *args],
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.told: list[Message] = []  # notifications, in order
        self._inbox: Queue[Message | None] = Queue()
        self._errors: list[bytes] = []
        self._id = 0
        self._threads = [
            threading.Thread(target=target, daemon=True) for target in (self._listen, self._drain)
        ]
        for thread in self._threads:
            thread.start()
        if greets:
            hello = {"processId": process_id, "rootUri": None, "capabilities": capabilities or {}}
            self.hello = self.ask("initialize", hello)
            self.say("initialized", {})

    def say(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: Any = None) -> Any:
        """Ask, and wait for the answer."""
        self._id += 1
        answer = self.answer({"id": self._id, "method": method, "params": params})
        assert "error" not in answer, answer
        return answer["result"]

    def answer(self, request: Message) -> Message:
        """Send a request as it is, and wait for what answers its id."""
        self._send(request)
        while "method" in (message := self._next()) or message["id"] != request["id"]:
            pass
        return message

    def open(self, file: Path | str, text: str, version: int = 1) -> str:
        uri = file if isinstance(file, str) else file.as_uri()
        document = {"uri": uri, "languageId": "python", "version": version, "text": text}
        self.say("textDocument/didOpen", {"textDocument": document})
        return uri

    def change(self, uri: str, text: str, version: int) -> None:
        document = {"uri": uri, "version": version}
        self.say(
            "textDocument/didChange",
            {"textDocument": document, "contentChanges": [{"text": text}]},
        )

    def save(self, uri: str) -> None:
        self.say("textDocument/didSave", {"textDocument": {"uri": uri}})

    def close(self, uri: str) -> None:
        self.say("textDocument/didClose", {"textDocument": {"uri": uri}})

    def show(self, file: Path | str, text: str) -> list[Row]:
        """Open a document, and wait for its findings."""
        return rows(self.diagnostics(self.open(file, text)))

    def edit(self, uri: str, text: str, version: int) -> list[Row]:
        """Change a document, and wait for the findings of this version."""
        self.change(uri, text, version)
        return rows(self.diagnostics(uri, version))

    def hover(self, uri: str, line: int) -> str | None:
        where = {"textDocument": {"uri": uri}, "position": {"line": line, "character": 0}}
        found = self.ask("textDocument/hover", where)
        return found and str(found["contents"]["value"])

    def diagnostics(self, uri: str, version: int | None = None) -> list[Message]:
        """Wait for what is published next of a document, or of a version of it."""
        while True:
            params = self.notified("textDocument/publishDiagnostics")
            if params["uri"] == uri and version in (None, params.get("version")):
                found: list[Message] = params["diagnostics"]
                return found

    def notified(self, method: str) -> Message:
        while (message := self._next()).get("method") != method:
            pass
        params: Message = message["params"]
        return params

    def asked(self, method: str, *, refuse: bool = False) -> Message:
        """Wait for a request of the server, and answer it; return what it asks."""
        while (message := self._next()).get("method") != method:
            pass
        error = {"error": {"code": -32601, "message": "no"}}
        self._send({"id": message["id"], **(error if refuse else {"result": None})})
        params: Message = message["params"]
        return params

    def messages(self, method: str) -> list[str]:
        """The words of all messages so far."""
        return [m["params"]["message"] for m in self.told if m["method"] == method]

    def silence(self, seconds: float) -> list[Message]:
        """Listen for a while; return what was told."""
        before = len(self.told)
        try:
            while True:
                self._next(seconds)
        except TimeoutError:
            return self.told[before:]

    def end(self) -> int:
        """Say good-bye, and wait for the process to end."""
        self.ask("shutdown")
        self.say("exit", None)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    @property
    def stderr(self) -> str:
        return b"".join(self._errors).decode()

    def _send(self, message: Message) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _next(self, seconds: float = PATIENCE) -> Message:
        try:
            message = self._inbox.get(timeout=seconds)
        except Empty:
            raise TimeoutError(f"nothing more was said; stderr: {self.stderr}") from None
        if message is None:
            raise EOFError(f"the server is gone; stderr: {self.stderr}")
        if "method" in message:
            self.told.append(message)
        return message

    def _listen(self) -> None:
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            name, _, value = line.partition(b": ")
            assert name == b"Content-Length", line  # whatever else is on stdout breaks an editor
            while (line := self.process.stdout.readline()) != b"\r\n":
                assert line.startswith(b"Content-Type: "), line
            self._inbox.put(json.loads(self.process.stdout.read(int(value))))
        self._inbox.put(None)

    def _drain(self) -> None:
        assert self.process.stderr is not None
        while chunk := os.read(self.process.stderr.fileno(), 65_536):
            self._errors.append(chunk)
