"""The programming language of a path, its comments, and which lines are prose.

A file without a row here is not code: configuration, data, prose, HTML and style sheets. Their
added lines are skipped with that reason.

`prose` finds comments and docstrings. It is no lexer: it follows quotes and comment signs from line
to line, which is right for nearly all real code and needs no dependency. A wrong guess changes one
feature of a line; it never keeps a line from being scored.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TRIPLE = re.compile(r'"""|\'\'\'')
_BLOCKS = {"//": ("/*", "*/"), "(*": ("(*", "*)")}  # by the sign that opens a one-line comment
_PYTHON = ("python", "starlark", "cython")
MAX_LINE = 2_000  # characters of a line that are read


@dataclass(frozen=True, slots=True)
class Language:
    """A row of the table."""

    name: str  # as label files and manifests write it
    prefix: str  # opens a one-line comment
    suffix: str = ""  # closes it, where the language needs that
    extensions: tuple[str, ...] = ()  # lower case, with the dot
    filenames: tuple[str, ...] = ()  # lower case; also what "NAME.anything" is, as Dockerfile.dev
    interpreters: tuple[str, ...] = ()  # in a "#!" line, without a version


LANGUAGES = (
    Language("python", "#", "", (".py", ".pyi", ".pyw"), (), ("python", "pypy")),
    Language("java", "//", "", (".java",)),
    Language("javascript", "//", "", (".js", ".mjs", ".cjs", ".jsx"), (), ("node", "nodejs")),
    Language("typescript", "//", "", (".ts", ".mts", ".cts", ".tsx"), (), ("deno", "ts-node")),
    Language("c", "//", "", (".c", ".h")),
    Language("cpp", "//", "", (".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".inl")),
    Language("csharp", "//", "", (".cs", ".csx")),
    Language("go", "//", "", (".go",)),
    Language("rust", "//", "", (".rs",)),
    Language(
        "ruby",
        "#",
        "",
        (".rb", ".rake", ".gemspec"),
        ("rakefile", "gemfile", "vagrantfile"),
        ("ruby",),
    ),
    Language("cuda", "//", "", (".cu", ".cuh")),
    Language("kotlin", "//", "", (".kt", ".kts")),
    Language("scala", "//", "", (".scala", ".sc")),
    Language("php", "//", "", (".php", ".phtml"), (), ("php",)),
    Language("swift", "//", "", (".swift",)),
    Language(
        "shell", "#", "", (".sh", ".bash", ".zsh", ".ksh"), (), ("sh", "bash", "zsh", "dash", "ksh")
    ),
    Language("fish", "#", "", (".fish",), (), ("fish",)),
    Language("sql", "--", "", (".sql",)),
    Language("lua", "--", "", (".lua",), (), ("lua", "luajit")),
    Language("r", "#", "", (".r",), (), ("rscript",)),
    Language("julia", "#", "", (".jl",), (), ("julia",)),
    Language("perl", "#", "", (".pl", ".pm"), (), ("perl",)),
    Language("haskell", "--", "", (".hs",), (), ("runhaskell",)),
    Language("elixir", "#", "", (".ex", ".exs"), (), ("elixir",)),
    Language("erlang", "%", "", (".erl", ".hrl"), (), ("escript",)),
    Language("clojure", ";", "", (".clj", ".cljs", ".cljc")),
    Language("lisp", ";", "", (".lisp", ".el", ".scm", ".rkt"), (), ("guile", "racket")),
    Language("ocaml", "(*", "*)", (".ml", ".mli"), (), ("ocaml",)),
    Language("fsharp", "//", "", (".fs", ".fsx")),
    Language("dart", "//", "", (".dart",), (), ("dart",)),
    Language("zig", "//", "", (".zig",)),
    Language("nim", "#", "", (".nim",)),
    Language("crystal", "#", "", (".cr",)),
    Language("vue", "<!--", "-->", (".vue",)),
    Language("svelte", "<!--", "-->", (".svelte",)),
    Language("groovy", "//", "", (".groovy", ".gradle"), ("jenkinsfile",), ("groovy",)),
    Language("objective-c", "//", "", (".m", ".mm")),
    Language("fortran", "!", "", (".f90", ".f95", ".f03", ".f08")),
    Language("visual-basic", "'", "", (".vb", ".bas")),
    Language("solidity", "//", "", (".sol",)),
    Language("assembly", "#", "", (".s", ".asm")),
    Language("hcl", "#", "", (".tf", ".hcl")),
    Language("nix", "#", "", (".nix",)),
    Language("starlark", "#", "", (".bzl", ".bazel"), ("build", "workspace")),
    Language("protobuf", "//", "", (".proto",)),
    Language("glsl", "//", "", (".glsl", ".vert", ".frag", ".comp", ".hlsl", ".wgsl")),
    Language("dockerfile", "#", "", (".dockerfile",), ("dockerfile", "containerfile")),
    Language("makefile", "#", "", (".mk",), ("makefile", "gnumakefile"), ("make",)),
    Language("cmake", "#", "", (".cmake",), ("cmakelists.txt",)),
    Language("powershell", "#", "", (".ps1", ".psm1", ".psd1"), (), ("pwsh",)),
    Language("tcl", "#", "", (".tcl",), (), ("tclsh",)),
)

_BY_EXTENSION = {ext: language for language in LANGUAGES for ext in language.extensions}
_BY_FILENAME = {name: language for language in LANGUAGES for name in language.filenames}
_BY_INTERPRETER = {name: language for language in LANGUAGES for name in language.interpreters}
_SHEBANG = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+|\w+=\S*\s+)*(?:\S*/)?)?([A-Za-z][\w-]*)")
# "\s" includes the other line ends of str.splitlines(): form feed, U+0085, U+2028.
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f\x80-\x9f\u2028\u2029\ud800-\udfff]+")


def language_of(path: str, first_line: str = "") -> Language | None:
    """Return the language of a file; None if it is not code, or unknown.

    path        repository path; its name decides, in upper or lower case
    first_line  of the file; a "#!" line decides if the name has no extension
    """
    name = path.rpartition("/")[2].lower()
    if language := _BY_FILENAME.get(name):
        return language
    stem, dot, _ = name.rpartition(".")
    if dot and (language := _BY_EXTENSION.get(name[len(stem) :])):
        return language
    if stem:
        # Dockerfile.dev, but not build.txt: "build" alone is a common word.
        first = name.partition(".")[0]
        return _BY_FILENAME[first] if first in ("dockerfile", "containerfile", "makefile") else None
    shebang = _SHEBANG.match(first_line[:200])
    if shebang is None:
        return None
    return _BY_INTERPRETER.get(re.sub(r"[\d.]+$", "", shebang[1].lower()))


def comment(language: Language, text: str) -> str:
    """Return `text` as one comment line, without a line end.

    Text cannot end the comment: line ends and control characters become a blank, a closing
    delimiter gets a blank inside, a final backslash (which continues a line in C) is removed.
    """
    text = _BLANKS.sub(" ", text).strip()
    if not language.suffix:
        return f"{language.prefix} {text.rstrip(chr(92) + ' ')}".rstrip()
    delimiters = ("--",) if language.suffix == "-->" else (language.prefix, language.suffix)
    for delimiter in delimiters:
        while delimiter in text:
            text = text.replace(delimiter, f"{delimiter[0]} {delimiter[1:]}")
    return f"{language.prefix} {text} {language.suffix}"


def prose(lines: Sequence[str], language: Language) -> list[bool]:
    """Return for each line of a file True if it contains only a comment or docstring.

    lines  from the start of the file; if they start inside a comment, its lines count as code

    A line that opens or closes a block without code beside it is prose too. Blank lines are not,
    nor are lines with a carriage return inside, which ends a comment in most languages.
    """
    flags = _python(lines) if language.name in _PYTHON else _other(lines, language)
    return [flag and "\r" not in line.strip() for flag, line in zip(flags, lines, strict=True)]


def _other(lines: Sequence[str], language: Language) -> list[bool]:
    block = _BLOCKS.get(language.prefix)
    flags, inside = [], False
    for line in lines:
        text = code = line.strip()[:MAX_LINE]
        if block is not None:
            code, inside = _outside(text, block, inside)
        flags.append(bool(text) and (not code or code.startswith(language.prefix)))
    return flags


def _outside(text: str, block: tuple[str, str], inside: bool) -> tuple[str, bool]:
    """Return the text outside block comments, and True if one is open at the end of the line."""
    outside = ""
    while text:
        sign = block[1] if inside else block[0]
        before, sign, text = text.partition(sign)
        if not inside:
            if "//" in before:  # a one-line comment hides what would open a block
                return (outside + before).strip(), False
            outside += before
        if sign:
            inside = not inside
    return outside.strip(), inside


def _python(lines: Sequence[str]) -> list[bool]:
    flags, fence = [], ""
    for line in lines:
        text = line.strip()[:MAX_LINE]
        if fence:
            flags.append(bool(text))
            if fence in text:
                fence = ""
            continue
        opens = re.match(r'[rRuUbB]{0,2}("""|\'\'\')', text)
        flags.append(text.startswith("#") or bool(opens))
        signs = _TRIPLE.findall(text)
        if signs and not text.startswith("#") and len(signs) % 2:
            fence = signs[-1]
    return flags
