"""Names of code models, as people write them in a disclosure: `claude-opus-4-6`, `GPT-5.2-Codex`.

Only a family together with a version or a variant counts; "Claude" alone is an agent or a person.
"""

import re
from typing import NamedTuple

_VERSION = r"v?\d{1,3}(?:[.p_-]\d{1,3}){0,3}[a-z]{0,2}(?![a-z0-9])"


class Family(NamedTuple):
    """A row of the table: how the names of one maker's models begin."""

    maker: str
    pattern: str  # "#" is a version, "~" a separator: nothing, "-" or a blank


FAMILIES = (
    Family("Anthropic", "claude~#|claude[- ](?:opus|sonnet|haiku|fable|mythos)(?:[- ]#|(?![a-z]))"),
    Family("Anthropic", "(?:opus|sonnet|haiku|fable)[- ]#"),
    Family("OpenAI", "(?:chat)?gpt~#|gpt-oss(?![a-z])|codex-(?:mini|max|#)(?![a-z])"),
    Family("OpenAI", "o[1345](?=$|-(?:mini|pro|high|preview))"),
    Family("Google", "gemini[- ](?:#|pro|flash|ultra|nano)(?![a-z])|(?:code)?gemma~#"),
    Family("xAI", "grok[- ](?:#|code|fast)(?![a-z])"),
    Family("Alibaba", "qwen~#|qwen-(?:coder|max|plus|turbo)-?|qwq(?![a-z])"),
    Family("DeepSeek", "deepseek[- ](?:#|r\\d|chat|coder|reasoner)(?![a-z])"),
    Family("Moonshot AI", "kimi[- ](?:k?#|for-coding|latest)(?![a-z])"),
    Family("Z.ai", "(?:chat)?glm~#"),
    Family("MiniMax", "minimax[- ]m?#"),
    Family("Mistral AI", "(?:mistral|ministral)[- ](?:#|large|medium|small)(?![a-z])"),
    Family("Mistral AI", "(?:devstral|codestral|magistral|mixtral)(?![a-z])"),
    Family("Meta", "(?:meta[- ])?(?:code[- ]?)?llama~#"),
    Family("Amazon", "(?:amazon[- .])?nova[- ](?:pro|lite|micro|premier)(?![a-z])"),
    Family("Microsoft", "phi-#"),
    Family("IBM", "granite-#"),
    Family("NVIDIA", "(?:llama-)?nemotron(?![a-z])"),
    Family("Xiaomi", "mimo-#"),
    Family("ByteDance", "doubao[- ](?:seed|#)"),
    Family("Baidu", "ernie[- ]#"),
    Family("BigCode", "starcoder~#?(?![a-z])"),
    Family("Cursor", "composer-#"),
    Family("Cognition", "swe-#"),
)
_HEADS = "|".join(row.pattern.replace("~", "[- ]?").replace("#", _VERSION) for row in FAMILIES)
_VARIANT = "(?: (?:pro|flash|lite|max|mini|nano|ultra|codex|coder|turbo|preview)(?![a-z]))?"
# Makers or providers may stand before it, "openrouter/anthropic/..."; its own details follow.
PATTERN = rf"(?:[\w.-]{{1,40}}/){{0,2}}(?:{_HEADS})[\w.:+-]{{0,80}}{_VARIANT}"
_MODEL = re.compile(rf"{PATTERN}(?=$|[\s,;()\[\]/])", re.I)


def model_in(text: str) -> str | None:
    """Return the model that the text begins with, None where it begins with something else."""
    found = _MODEL.match(text.strip())
    return found[0].rstrip(".:") if found else None
