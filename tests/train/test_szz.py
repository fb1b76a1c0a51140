"""Which commits are fixes, and which of their lines can be at fault."""

import time

import pytest

from reviewbot.authorship.model import Identity
from reviewbot.diff.languages import LANGUAGES
from reviewbot.diff.parser import parse
from reviewbot.train.blamable import Edit, FixedFile, edits, is_statement
from reviewbot.train.fix_words import BODY, SUBJECT, fix_strength, reverted, without_people
from reviewbot.train.history import is_product_code
from reviewbot.train.traces import full_hashes

BY_NAME = {language.name: language for language in LANGUAGES}


@pytest.mark.parametrize(
    ("message", "strength"),
    [
        ("fix: return the last item", SUBJECT),
        ("fix(parser)!: keep blanks", SUBJECT),
        ("security(auth): reject empty tokens", SUBJECT),
        ("Fixed a crash when the list is empty (#12)", SUBJECT),
        ("Handle null pointer in reader", SUBJECT),
        ("Stop dropping rows\n\nA regression since 2.1.\n\nFixes #12", BODY),
        ("Return early\n\nCloses org/repo#7: it was a bug", BODY),
        ("Return early\n\nFixes #12", 0),  # also closes issues that ask for a feature
        ("Return early\n\nThis bug is old", 0),
        ("feat: fix up the menu\n\nFixes #3, a bug", 0),
        ("docs: fix the example", 0),
        ("Fix typo in error", 0),
        ("fix(ci): pin the runner", 0),
        ("Fix flaky test", 0),
        ("fix(deps): update dependency foo", 0),
        ("chore: fix lint", 0),
        ("Merge branch 'fix-crash'", 0),
        ('Revert "fix: return the last item"\n\nThis reverts commit 0123456789.', 0),
        ("Prefix the names", 0),
        ("", 0),
    ],
)
def test_a_fix_says_that_it_fixes_a_fault(message: str, strength: int) -> None:
    assert fix_strength(message) == strength


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ('Revert "Add x"\n\nThis reverts commit 0123456789abcdef.', ("0123456789abcdef",)),
        ("revert: add x\n\nThis reverts commit 0123456.", ("0123456",)),
        ("Add x\n\nUnlike before, when This reverts commit 0123456789.", ()),
        ('Revert "Revert "Add x""\n\nThis reverts commit 0123456789.', ()),
    ],
)
def test_a_revert_names_what_it_undoes(message: str, names: tuple[str, ...]) -> None:
    assert reverted(message) == names


def test_a_cut_hash_counts_if_it_is_unique() -> None:
    assert full_hashes({"ab", "cd1", "ee"}, ["abc", "abd", "cd12", "f"]) == {"cd12"}


def test_a_message_keeps_agents_and_loses_people() -> None:
    message = (
        "Fix it for Jane Doe\n\nSeen by @janedoe and @claude, mail jane@example.org.\n"
        "Bump @types/node, @app.route\n\n"
        "Signed-off-by: Jane Doe <jane@example.org>\n"
        "Reviewed-by: Max Muster <max@example.org>\n"
        "Co-Authored-By: Claude <noreply@anthropic.com>\n"
        "Co-Authored-By: claude[bot] <41898282+claude[bot]@users.noreply.github.com>"
    )

    assert without_people(message, [Identity("Jane Doe", "jane@example.org")]) == (
        "Fix it for Dev\n\nSeen by @dev and @claude, mail dev@example.com.\n"
        "Bump @types/node, @app.route\n\n"
        "Co-Authored-By: Claude <noreply@anthropic.com>\n"
        "Co-Authored-By: claude[bot] <41898282+claude[bot]@users.noreply.github.com>"
    )


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "    return items[len(items)]", True),
        ("python", "    raise ValueError", True),
        ("python", "from a import b", False),
        ("python", "    async def last(items):", False),
        ("python", '    "one string",', False),
        ("python", '    "key": "value",', True),
        ("python", "    else:", False),
        ("typescript", "export async function last(items: T[]): T {", False),
        ("typescript", "  async load(name: string): Promise<void> {", False),
        ("typescript", "  if (items.length) {", True),
        ("typescript", "  type: 'string',", True),
        ("go", "func (r *Reader) Read() error {", False),
        ("go", "\tif err := run(); err != nil {", True),
        ("go", "\tgo func() {", True),
        ("rust", "pub(crate) fn last(items: &[u8]) -> u8 {", False),
        ("rust", "use std::io::{Read, Write};", False),
        ("rust", "    let last = items.len();", True),
        ("csharp", "    public static int Last(int[] items)", False),
        ("csharp", "using var file = Open(path);", True),
        ("csharp", "    public int Size => items.Count + 1;", True),
        ("java", "    return new Reader(path);", True),
        ("sql", "SELECT name FROM users WHERE age is not null", True),
        ("rust", "The pace appears only when usage is likely to hit it.", False),
    ],
)
def test_imports_signatures_and_strings_are_no_statements(
    language: str, text: str, expected: bool
) -> None:
    assert is_statement(text, BY_NAME[language]) is expected


@pytest.mark.parametrize(
    "text", ["'" + r"\a" * 240, "public " * 70, "static " * 60 + "(" + "a," * 20]
)
def test_a_hostile_line_costs_no_time(text: str) -> None:
    began = time.perf_counter()
    is_statement(text, BY_NAME["java"])

    assert time.perf_counter() - began < 1


def fixed(path: str, base: str, diff: str, head: str = "") -> FixedFile:
    header = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"
    return FixedFile(parse(header + diff).files[0], base.splitlines(), head.splitlines())


@pytest.mark.parametrize(
    ("diff", "expected"),
    [
        ("@@ -1 +1 @@\n-a = b[1]\n+a = b[0]\n", [("a = b[1]", "a = b[0]")]),
        ("@@ -1 +0,0 @@\n-a = b[1]\n", [("a = b[1]", None)]),
        # two lines become one: each is replaced by it
        (
            "@@ -1,2 +1 @@\n-a = b[1]\n-c(a)\n+c(b[0])\n",
            [("a = b[1]", "c(b[0])"), ("c(a)", "c(b[0])")],
        ),
        # blanks, a trailing comma, quotes and a trailing comment
        ("@@ -1 +1,3 @@\n-f(a, 'x')\n+f(\n+    a, \"x\",\n+)\n", []),
        ("@@ -1 +1 @@\n-a = 1  # one\n+a = 1  # two\n", []),
        # moved
        ("@@ -1 +0,0 @@\n-a = b[1]\n@@ -5,0 +5 @@\n+    a = b[1]\n", []),
        # comment, and a line below it that changes
        ("@@ -1,2 +1,2 @@\n-# why\n-a = 1\n+# because\n+a = 2\n", [("a = 1", "a = 2")]),
        # a name that is gone afterwards is a renaming, a wrong name is not
        ("@@ -1,2 +1,2 @@\n-a(old)\n-b(old)\n+a(new)\n+b(new)\n", []),
        ("@@ -1 +1 @@\n-a(old)\n+a(new)\n", [("a(old)", "a(new)")]),
    ],
)
def test_only_changed_code_can_be_at_fault(diff: str, expected: list[tuple[str, str]]) -> None:
    removed = [line[1:] for line in diff.splitlines() if line[0] == "-"]
    file = fixed("a.py", "\n".join([*removed, "x", "x", "x", "x"]), diff)

    assert [(edit.text, edit.becomes) for edit in edits([file])] == expected


def test_a_name_that_is_still_used_was_not_renamed() -> None:
    diff = "@@ -1,2 +1,2 @@\n-a(old)\n-b(old)\n+a(new)\n+b(new)\n"

    assert len(edits([fixed("a.py", "a(old)\nb(old)", diff, "a(new)\nb(new)\nc(old)")])) == 2


def test_lines_of_docstrings_imports_and_rust_test_modules_are_left_out() -> None:
    python = '"""Doc\n\nof = 1\n"""\nfrom a import (\n    b,\n)\n'
    rust = "fn a() { b(1) }\n#[cfg(test)]\nmod tests {\n    c(1)\n}\n"
    files = [
        fixed("a.py", python, "@@ -3 +3 @@\n-of = 1\n+of = 2\n@@ -6 +6 @@\n-    b,\n+    c,\n"),
        fixed("a.rs", rust, "@@ -4 +4 @@\n-    c(1)\n+    c(2)\n"),
    ]

    assert edits(files) == []
    assert edits([fixed("b.rs", "    c(1)\n", "@@ -1 +1 @@\n-    c(1)\n+    c(2)\n")]) == [
        Edit("b.rs", 1, "    c(1)", "    c(2)")
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/app.py", True),
        ("src/latest/contest.py", True),
        ("src/testing/app.py", False),
        ("test_app.py", False),
        ("web/app.spec.ts", False),
        ("pkg/app_test.go", False),
        ("Mcp.Tests/App.cs", False),
        ("src/AppTests.cs", False),
        ("README.md", False),
        ("vendor/app.go", False),
        ("api.pb.go", False),
    ],
)
def test_code_that_check_reads_and_that_is_no_test(path: str, expected: bool) -> None:
    assert is_product_code(path) is expected
