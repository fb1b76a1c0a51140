"""The values of settings that are a choice, and where a setting appears."""

from enum import StrEnum

TOP = 5  # places to look at first


class Format(StrEnum):
    """How a report is written: the keys of `render.RENDERERS`."""

    TERMINAL = "terminal"
    JSON = "json"
    MARKDOWN = "markdown"
    SARIF = "sarif"
    HTML = "html"
    ANNOTATIONS = "annotations"
    RDJSON = "rdjson"
    CODE_CLIMATE = "code-climate"
    JUNIT = "junit"
    GCC = "gcc"


# The help of each setting in `config.schema` explains its choices.
Assume = StrEnum("Assume", {"UNKNOWN": "unknown", "AI": "ai"})
Posting = StrEnum("Posting", {"AUTO": "auto", "ALWAYS": "always", "NEVER": "never"})
Depth = StrEnum("Depth", {"TRUNK": "trunk", "FULL": "full"})
Engine = StrEnum("Engine", {"AUTO": "auto", "ONNX": "onnx", "TORCH": "torch"})
Device = StrEnum("Device", {"CPU": "cpu", "CUDA": "cuda"})
Quantize = StrEnum("Quantize", {"NONE": "none", "EIGHT_BIT": "8bit", "FOUR_BIT": "4bit"})
Dtype = StrEnum("Dtype", {"FP32": "fp32", "BF16": "bf16", "AUTO": "auto"})
Server = StrEnum("Server", {"AUTO": "auto", "NEVER": "never"})


class OptionGroup(StrEnum):
    """The heading under which help and documentation list a setting, in this order."""

    MAIN = "Options"
    GATE = "Gate"
    FILES = "Files and authors"
    REPORT = "Report"
    PULL_REQUEST = "Pull request"
    ENGINE = "Model and engine"


class Surface(StrEnum):
    """Where a setting can be given, besides the settings files and the environment."""

    CHECK = "check"
    REVIEW = "review"
    EXPLAIN = "explain"
    LSP = "lsp"
    ACTION = "action"
