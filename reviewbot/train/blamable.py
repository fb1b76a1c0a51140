"""Which lines of a fix may have been at fault: deleted or replaced code, without what only moved.

Left out, after AG-SZZ (Kim et al., ASE 2006) and RA-SZZ (Neto et al., SANER 2018): blank lines,
brackets, comments and docstrings; imports; signatures; lines that are one string; lines that the
fix adds again elsewhere; edits of blanks, trailing commas, semicolons, quotes or trailing comments;
and a consistent renaming of an identifier. RA-SZZ finds refactorings in Java by RefactoringMiner;
these rules work on text, for every language.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from reviewbot.diff.languages import Language, language_of, prose
from reviewbot.diff.model import FileChange
from reviewbot.diff.skip_rules import why_skipped_line

MAX_CANDIDATES = 60  # added lines of a hunk that a deleted line is compared with
MAX_LINE = 500  # characters of a line that are compared


@dataclass(frozen=True, slots=True)
class Edit:
    """A line that a fix deletes or replaces."""

    path: str  # before the fix
    number: int  # 1-based, before the fix
    text: str
    becomes: str | None  # the line that replaces it; None where the hunk only deletes


@dataclass(frozen=True, slots=True)
class FixedFile:
    """A file of a fix: its change without context, and its lines before and after."""

    change: FileChange
    base: Sequence[str]
    head: Sequence[str]


def edits(files: Sequence[FixedFile]) -> list[Edit]:
    """Return the lines of a fix that can be traced, in the order of the diff."""
    added = Counter(squeezed(line.text) for file in files for line in file.change.added)
    found = [edit for file in files for edit in _of_file(file) if not _moved(edit, added)]
    gone = _renamings(found, files)
    return [edit for edit in found if _renaming(edit) not in gone]


def deleted(file: FixedFile) -> int:
    """Return how many lines with a letter or digit, no comments, the fix deletes from a file."""
    language = language_of(file.change.base_path or file.change.path)
    if language is None:
        return 0
    flags = prose(file.base, language)
    return sum(
        not flags[number - 1] and why_skipped_line(file.base[number - 1], language) is None
        for hunk in file.change.hunks
        for number in range(hunk.base_start, hunk.base_start + hunk.base_count)
        if number <= len(file.base)
    )


def _of_file(file: FixedFile) -> Iterator[Edit]:
    path = file.change.base_path or file.change.path
    language = language_of(path)
    if language is None:
        return
    flags, tests = prose(file.base, language), _start_of_tests(file.base, language)
    for hunk in file.change.hunks:
        numbers = range(hunk.base_start, min(hunk.base_start + hunk.base_count, len(file.base) + 1))
        before = [file.base[number - 1] for number in numbers]
        after = [line.text for line in hunk.added]
        if not before or "".join(map(_bare, before)) == "".join(map(_bare, after)):
            continue
        for number, text, becomes in zip(numbers, before, replacements(before, after), strict=True):
            same = becomes is not None and _bare(text) == _bare(becomes)
            if same or flags[number - 1] or not is_statement(text, language):
                continue
            if number < tests and not _in_import(file.base, number - 1):
                yield Edit(path, number, text, becomes)


def replacements(before: Sequence[str], after: Sequence[str]) -> list[str | None]:
    """Return for each deleted line of a hunk the most similar line that the hunk adds.

    None only where it adds none: a line may replace several, and need not look like them. So were
    the lines of the set made that the noise filter learned from.
    """
    candidates = [line for line in after[:MAX_CANDIDATES] if line.strip()]
    return [_nearest(text.strip()[:MAX_LINE], candidates) for text in before]


def _nearest(text: str, candidates: Sequence[str]) -> str | None:
    matcher = SequenceMatcher(None, "", text, autojunk=False)
    best, nearest = -1.0, None
    for candidate in candidates:
        matcher.set_seq1(candidate.strip()[:MAX_LINE])
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best:
            ratio = matcher.ratio()
            if ratio > best:
                best, nearest = ratio, candidate
    return nearest


_IMPORT = re.compile(
    r"\s*(?:import\b|from\s+\S+\s+import\b|(?:pub(?:\([^)]*\))?\s+)?use\s+[\w:{*]|extern\s+crate\b"
    r"|using\s+(?:static\s+)?[\w.]+(?:\s*=\s*[\w.<>, ]+)?;|#\s*include\b|package\s+[\w.]+;?\s*$"
    r"|(?:const|let|var)\s+[^=]{1,200}=\s*require\(|export\s+(?:\*|(?:type\s+)?\{)|}\s*from\s+['\"]"
    r"|(?:pub(?:\([^)]*\))?\s+)?mod\s+\w+;|require(?:_relative)?\s+['\"])"
)
_IMPORTED = re.compile(r"\s*[\w$:.*{}]+(?:,?\s+[\w$:.*{}]+)*,?\s*")
_GO_IMPORT = re.compile(r"\s*(?:[\w.]+\s+)?\"[\w./-]+\"\s*")
_MODIFIERS = (
    r"(?:(?:export|default|declare|pub(?:\([^)]*\))?|public|private|protected|internal|static|async"
    r"|abstract|override|virtual|sealed|final|partial|unsafe|const|inline|extern(?:\s+\"C\")?|open"
    r"|suspend|readonly|synchronized)\s+)"
)
_SIGNATURE = re.compile(
    rf"\s*(?:{_MODIFIERS}*(?:(?:def|fn|fun|function\*?|class|interface|struct|enum|trait|impl|type"
    r"|record|namespace|module|protocol|extension)\s+[\w$<]|impl<|func\b\s*\w|func\s+\([^)]*\)\s*\w)"
    rf"|{_MODIFIERS}+[\w<>\[\],.?\s&*]+\([^;={{]*\)?\s*(?:\{{|=>|throws\b.*|where\b.*)?\s*$"
    r"|(?!(?:if|for|foreach|while|switch|catch|with|return|match|using|lock|when)\b)"
    r"(?:async\s+|get\s+|set\s+)?#?[\w$]+\([^()]*\)\s*(?::\s*[^={]+)?\{\s*$)"
)
_STRING = re.compile(r"""\s*[fFrRbBuU$@]{0,3}(["'`])(?:\\.|(?!\1)[^\\])*\1[)\],;+\\ ]*\s*$""")
_PROSE = re.compile(r"[^=(){}<>\[\];]*[^=(){}<>\[\];:,\\]$")  # a line of a long string
PROSE_WORDS = 8
_NO_CODE = re.compile(
    r"\W*(?:else|try|finally|do|then|begin|end|fi|done|esac|default|loop|pass)?\W*$"
)


def is_statement(text: str, language: Language) -> bool:
    """Return True if a line that is no comment is more than punctuation, import, signature, string.

    text  at most MAX_LINE characters are looked at
    """
    text = text[:MAX_LINE].rstrip()
    if why_skipped_line(text, language) or _NO_CODE.match(text):
        return False
    if len(text.split()) >= PROSE_WORDS and language.name != "sql" and _PROSE.fullmatch(text):
        return False
    return not any(rule.match(text) for rule in (_IMPORT, _SIGNATURE, _STRING))


def _in_import(lines: Sequence[str], index: int) -> bool:
    """Return True if the line is one name of an import that spans several lines."""
    if not (_IMPORTED.fullmatch(lines[index][:MAX_LINE])):
        return False
    for above in range(index - 1, max(index - 60, -1), -1):
        line = lines[above][:MAX_LINE]
        if not _IMPORTED.fullmatch(line) and not _GO_IMPORT.fullmatch(line):
            return bool(_IMPORT.match(line))
    return False


def _start_of_tests(lines: Sequence[str], language: Language) -> int:
    """Return the number of the line at which the test module of a Rust file starts, else beyond."""
    for number, line in enumerate(lines, 1) if language.name == "rust" else ():
        if line.strip() == "#[cfg(test)]" and any("mod " in below for below in lines[number:][:3]):
            return number
    return len(lines) + 1


def squeezed(text: str) -> str:
    """Return a text without any blanks."""
    return "".join(text.split())


_TRAILING = re.compile(r"\s(?://|#|--)\s.*$")
_QUOTES = str.maketrans("'`", '""')


def _bare(text: str) -> str:
    """Return the text without what a formatter or a comment changes."""
    return re.sub(r"[,;](?=[)\]}]|$)", "", squeezed(_TRAILING.sub("", text)).translate(_QUOTES))


def _moved(edit: Edit, added: Counter[str]) -> bool:
    """Return True if the fix adds the same text somewhere; each added line is used once."""
    key = squeezed(edit.text)
    if added[key] <= 0:
        return False
    added[key] -= 1
    return True


_TOKEN = re.compile(r"[^\W\d]\w*|\d[\w.]*|\S")


def _renaming(edit: Edit) -> tuple[str, str] | None:
    """Return (old, new) if the edit only replaces one identifier by another."""
    old, new = (_TOKEN.findall((text or "")[:MAX_LINE]) for text in (edit.text, edit.becomes))
    pairs = {(a, b) for a, b in zip(old, new, strict=False) if a != b}
    if len(old) != len(new) or len(pairs) != 1:
        return None
    ((before, after),) = pairs
    return (before, after) if before.isidentifier() and after.isidentifier() else None


def _renamings(found: Sequence[Edit], files: Sequence[FixedFile]) -> set[tuple[str, str]]:
    """Return the pairs that rename: in two lines or more, and the old name is gone afterwards."""
    counts = Counter(pair for edit in found if (pair := _renaming(edit)))
    often = {pair for pair, count in counts.items() if count > 1}
    if not often:
        return set()
    left = {token for file in files for line in file.head for token in _TOKEN.findall(line)}
    return {pair for pair in often if pair[0] not in left}
