"""Which files are code, comments that no text can end, and which lines are prose."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.diff.languages import LANGUAGES, Language, comment, language_of, prose


def named(name: str) -> Language:
    return next(language for language in LANGUAGES if language.name == name)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b.py", "python"),
        ("A.JAVA", "java"),
        ("x.js", "javascript"),
        ("x.tsx", "typescript"),
        ("x.c", "c"),
        ("x.hpp", "cpp"),
        ("x.cs", "csharp"),
        ("x.go", "go"),
        ("x.rs", "rust"),
        ("x.rb", "ruby"),
        ("k.cu", "cuda"),
        ("analysis.R", "r"),
        ("Dockerfile", "dockerfile"),
        ("docker/Dockerfile.dev", "dockerfile"),
        ("Makefile", "makefile"),
        ("CMakeLists.txt", "cmake"),
        ("a.b.test.ts", "typescript"),
    ],
)
def test_the_name_of_a_file_tells_its_language(path: str, name: str) -> None:
    assert language_of(path) == named(name)


@pytest.mark.parametrize(
    "path",
    ["x.yml", "x.json", "x.toml", "x.md", "x.txt", "x.html", "x.css", "x.lock", "LICENSE", "py",
     "build.txt", "x.py.orig", "", "a.py/readme", ".gitignore", "x.ipynb"],
)  # fmt: skip
def test_configuration_prose_and_markup_are_not_code(path: str) -> None:
    assert language_of(path) is None


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("#!/bin/sh", "shell"),
        ("#!/usr/bin/env python3", "python"),
        ("#!/usr/bin/env -S python3.11 -u", "python"),
        ("#! /usr/bin/perl -w", "perl"),
        ("#!/usr/bin/env LANG=C node", "javascript"),
    ],
)
def test_a_shebang_tells_the_language_of_a_file_without_extension(line: str, name: str) -> None:
    assert language_of("bin/tool", line) == named(name)
    assert language_of("notes.txt", line) is None


@pytest.mark.parametrize("line", ["", "#!", "#!/bin/unknown", "import os", "#!" + "/x" * 5000])
def test_a_file_without_extension_and_known_shebang_is_not_code(line: str) -> None:
    assert language_of("tool", line) is None


def test_the_table_names_nothing_twice() -> None:
    for facts in (
        [language.name for language in LANGUAGES],
        [ext for language in LANGUAGES for ext in language.extensions],
        [name for language in LANGUAGES for name in language.filenames],
        [name for language in LANGUAGES for name in language.interpreters],
    ):
        assert len(facts) == len(set(facts))
        assert all(fact == fact.lower() for fact in facts)


def test_a_comment_uses_the_languages_syntax() -> None:
    assert comment(named("python"), "src/x.py") == "# src/x.py"
    assert comment(named("ocaml"), "src/x.ml") == "(* src/x.ml *)"
    assert comment(named("sql"), "") == "--"


def test_what_would_end_a_comment_is_defused() -> None:
    assert comment(named("c"), "a\nint x;\r\u2028b\\") == "// a int x; b"
    assert comment(named("ocaml"), "a *) b (* c") == "(* a * ) b ( * c *)"
    assert "--" not in comment(named("vue"), "a --> b --!> c ----").removesuffix("-->")[4:]


@given(st.sampled_from(LANGUAGES), st.text(st.sampled_from("-*()><!\\\n\r\x0b\x85\u2028ab#/ ")))
def test_a_comment_is_one_line_that_ends_where_we_end_it(language: Language, text: str) -> None:
    line = comment(language, text)

    assert len(line.splitlines()) == 1
    assert line.startswith(language.prefix)
    assert not line.endswith("\\")
    if language.suffix:
        assert line.index(language.suffix, len(language.prefix)) == len(line) - len(language.suffix)


def test_the_document_names_every_language_with_its_extensions() -> None:
    text = (Path(__file__).parents[2] / "docs" / "languages.md").read_text(encoding="utf-8")

    for language in LANGUAGES:
        extensions = " ".join(f"`{extension}`" for extension in language.extensions)
        assert f"| {language.name} | {extensions} |" in text


def flags(path: str, text: str) -> str:
    language = language_of(path)
    assert language is not None
    return "".join("p" if flag else "." for flag in prose(text.split("\n"), language))


def test_comments_and_docstrings_are_prose_and_code_beside_a_comment_is_not() -> None:
    text = '# a\ndef f():\n    """One.\n\n    Two.\n    """\n    return 1  # b'

    assert flags("a.py", text) == "p.p.pp."


def test_a_docstring_on_one_line_does_not_open_a_block() -> None:
    assert flags("a.py", '"""One."""\nx = 1') == "p."


def test_a_string_that_is_assigned_hides_what_follows_until_it_ends() -> None:
    assert flags("a.py", 'q = """\nselect 1\n"""\nx = 1') == ".pp."


def test_block_comments_count_and_code_behind_their_end_does_not() -> None:
    assert flags("a.c", "/* a\n * b\n */\nint x; /* c */\n/* d */ int y;\n// e") == "ppp..p"


def test_a_one_line_comment_hides_the_sign_that_would_open_a_block() -> None:
    assert flags("a.go", "// see /*\nx := 1") == "p."


def test_a_language_with_one_line_comments_only_needs_its_own_sign() -> None:
    assert flags("a.rb", "# a\nx = 1") == "p."


def test_every_line_gets_an_answer_whatever_it_holds() -> None:
    odd = ['"""', "\x00", "/*", "*/ '''", "", "\u2028"] * 3
    for path in ("a.py", "a.c", "a.ml", "a.lua"):
        language = language_of(path)
        assert language is not None
        assert len(prose(odd, language)) == len(odd)


def test_code_behind_a_carriage_return_is_no_comment() -> None:
    assert flags("a.py", "# a\rx = 1\n# b\r\n# c\r") == ".pp"
    assert flags("a.c", "// a\rf();\n// b") == ".p"
