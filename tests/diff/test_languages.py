"""Which files are code, and comments that no text can end."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.diff.languages import LANGUAGES, Language, comment, language_of


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
