"""Diff text to `Change`. Real git writes the diffs of these tests where it can."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviewbot.diff import parser
from reviewbot.diff.model import Change, Entry, FileChange, FileKind, first_mismatch, head_lines
from reviewbot.diff.paths import decode_path, encode_path, parse_path
from reviewbot.errors import UsageError
from reviewbot.git.comparison import parse_numstat

HUNK = "@@ -1,2 +1,2 @@\n one\n-two\n+2\n"


def git(root: Path, *args: str) -> bytes:
    identity = ("-c", "user.name=n", "-c", "user.email=e@x", "-c", "core.autocrlf=false")
    done = subprocess.run(["git", *identity, *args], cwd=root, capture_output=True, check=True)
    return done.stdout


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    return tmp_path


def tree(root: Path, files: dict[str, bytes]) -> str:
    """Write exactly these files and return the hash of their tree."""
    git(root, "rm", "-rfq", "--cached", "--ignore-unmatch", ".")
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    git(root, "add", "--", *files)
    return git(root, "write-tree").decode().strip()


def between(
    root: Path, before: dict[str, bytes], after: dict[str, bytes], *options: str
) -> dict[str, FileChange]:
    """Return what git's diff of two sets of files parses to, by head path."""
    raw = git(root, "diff", "--find-renames", *options, tree(root, before), tree(root, after))
    return {file.path: file for file in parser.parse(parser.decode(raw)).files}


def numbers(file: FileChange) -> list[tuple[int, str]]:
    return [(line.number, line.text) for line in file.added]


def only(text: str) -> FileChange:
    (file,) = parser.parse(text).files
    return file


def test_an_added_line_has_its_number_in_the_head_file(repo: Path) -> None:
    (file,) = between(repo, {"f.py": b"a\nb\nc\n"}, {"f.py": b"new\na\nc\nend\n"}).values()

    assert numbers(file) == [(1, "new"), (4, "end")]
    assert (file.kind, file.removed) == (FileKind.MODIFIED, 1)


@pytest.mark.parametrize("text", ["", "\n", "\n \n", "\ufeff"])
def test_no_text_is_a_change_of_nothing(text: str) -> None:
    assert parser.parse(text) == Change(())


@pytest.mark.parametrize(
    ("before", "after", "added"),
    [
        *(
            ("z\n", f"z\na{odd}b\nlast\n", [(2, f"a{odd}b"), (3, "last")])
            for odd in ("\x0c", "\u2028", "\x85", "\r", "\x1c", "\u2029", "\v")
        ),
        ("a\r\n", "a\r\nb\r\n\r\n", [(2, "b\r"), (3, "\r")]),
        ("a\nb", "a\nb\nc", [(2, "b"), (3, "c")]),  # no newline at the end of the file
    ],
)
def test_only_a_newline_ends_a_line(
    repo: Path, before: str, after: str, added: list[tuple[int, str]]
) -> None:
    (file,) = between(repo, {"f": before.encode()}, {"f": after.encode()}).values()

    assert numbers(file) == added


def test_content_that_looks_like_headers_is_content(repo: Path) -> None:
    before = b"-- a/x\n-- /dev/null\nkeep\n"
    after = b"++ b/x\n+ b/y\nkeep\ndiff --git a/q b/q\n@@ -1 +1 @@\n\\ No newline at end of file\n"
    (file,) = between(repo, {"f.sql": before}, {"f.sql": after}).values()

    assert [number for number, _ in numbers(file)] == [1, 2, 4, 5, 6]
    assert file.removed == 2


@pytest.mark.parametrize("quote", ["core.quotePath=true", "core.quotePath=false"])
@pytest.mark.parametrize(
    "path", ["café.py", 'a"b.py', "tab\there.py", "x b/y.py", "a b/x b/x", " lead", "n\nl", "b\\s"]
)
@pytest.mark.parametrize("prefix", ["--no-prefix", "--src-prefix=a/", "--src-prefix=i/"])
def test_an_odd_path_arrives_as_it_is(repo: Path, path: str, quote: str, prefix: str) -> None:
    dst = {"--src-prefix=a/": ["--dst-prefix=b/"], "--src-prefix=i/": ["--dst-prefix=w/"]}
    one, two = tree(repo, {path: b"one\n"}), tree(repo, {path: b"two\n"})
    text = git(repo, "-c", quote, "diff", prefix, *dst.get(prefix, []), one, two)

    assert only(parser.decode(text)).path == path


def test_a_path_that_is_not_utf8_is_escaped_and_can_be_turned_back() -> None:
    raw = b"caf\xe9.py"
    quoted = 'diff --git "a/caf\\351.py" "b/caf\\351.py"\nold mode 100644\nnew mode 100755\n'
    plain = b"diff --git a/caf\xe9.py b/caf\xe9.py\nold mode 100644\nnew mode 100755\n"

    assert only(quoted).path == only(parser.decode(plain)).path == "caf\\xe9.py"
    assert encode_path(decode_path(raw)) == raw


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_unquoting_undoes_gits_quoting(path: str) -> None:
    quoted = "".join(f"\\{byte:03o}" for byte in path.encode())

    assert parse_path(f'"{quoted}"') == path


@pytest.mark.parametrize("text", ['"open', '"bad\\q"', '"bad\\9"', '"end\\', '"a"b', ""])
def test_broken_quoting_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"quote|empty"):
        parse_path(text)


def test_every_kind_of_entry_is_distinguished(repo: Path) -> None:
    body = b"".join(b"line %d\n" % n for n in range(20))
    before = {"old": body, "edit": body[::-1], "gone": b"x\n", "was_empty": b"", "bin": b"\0a"}
    after = {"new": body, "edited": body[::-1] + b"z\n", "fresh": b"", "bin": b"\0b"}

    files = between(repo, before, after)

    assert {
        path: (file.kind.value, file.entry.value, file.base_path, len(file.added), file.removed)
        for path, file in files.items()
    } == {
        "new": ("renamed", "text", "old", 0, 0),
        "edited": ("renamed", "text", "edit", 1, 1),
        "gone": ("deleted", "text", None, 0, 1),
        "fresh": ("renamed", "text", "was_empty", 0, 0),
        "bin": ("modified", "binary", None, 0, 0),
    }


def test_empty_files_come_and_go(repo: Path) -> None:
    files = between(repo, {"gone": b"", "k": b"k"}, {"come": b"", "k": b"k"}, "--no-renames")

    assert files["come"].kind is FileKind.ADDED
    assert files["gone"].kind is FileKind.DELETED


def test_a_copy_names_its_origin(repo: Path) -> None:
    body = b"".join(b"line %d\n" % n for n in range(9))
    files = between(repo, {"a": body}, {"a": body, "b": body}, "--find-copies-harder")

    assert (files["b"].kind, files["b"].base_path) == (FileKind.COPIED, "a")


def test_binary_patches_are_binary_and_what_follows_is_read(repo: Path) -> None:
    before = {"a.bin": bytes(range(256)), "b.py": b"x\n"}
    after = {"a.bin": bytes(range(255, -1, -1)) * 9, "b.py": b"x\ny\n"}
    files = between(repo, before, after, "--binary")

    assert files["a.bin"].entry is Entry.BINARY
    assert numbers(files["b.py"]) == [(2, "y")]


def test_a_mode_change_alone_has_no_hunks() -> None:
    file = only("diff --git a/run b/x/run b/run b/x/run\nold mode 100644\nnew mode 100755\n")

    assert (file.path, file.mode_changed, file.hunks) == ("run b/x/run", True, ())


def test_a_file_that_becomes_a_link_is_one_entry(repo: Path) -> None:
    one = tree(repo, {"f": b"text\n"})
    (repo / "f").unlink()
    (repo / "f").symlink_to("target")
    git(repo, "add", "f")
    two = git(repo, "write-tree").decode().strip()

    there = only(parser.decode(git(repo, "diff", one, two)))
    back = only(parser.decode(git(repo, "diff", two, one)))

    assert (there.entry, numbers(there), there.removed) == (Entry.SYMLINK, [(1, "target")], 1)
    assert (back.entry, numbers(back), back.removed) == (Entry.TEXT, [(1, "text")], 1)


def test_a_submodule_is_no_text() -> None:
    text = (
        "diff --git a/lib b/lib\nindex 1111111..2222222 160000\n--- a/lib\n+++ b/lib\n"
        "@@ -1 +1 @@\n-Subproject commit 1111\n+Subproject commit 2222\n"
    )

    assert only(text).entry is Entry.SUBMODULE


@pytest.mark.parametrize(
    ("old", "new", "path", "kind"),
    [
        ("a/x.py", "b/x.py", "x.py", FileKind.MODIFIED),
        ("x.py", "x.py", "x.py", FileKind.MODIFIED),
        ("./x.py\t2024-01-01 00:00:00.0 +0000", "./x.py\t2024-01-02", "x.py", FileKind.MODIFIED),
        ("a/x.orig", "b/x", "b/x", FileKind.MODIFIED),
        ("a/dir/x", "a/dir/x", "a/dir/x", FileKind.MODIFIED),
        ("/dev/null", "b/x.py", "x.py", FileKind.ADDED),
        ("a/x\t1970-01-01 00:00:00.000000000 +0000", "b/x\t2024-01-01", "x", FileKind.ADDED),
        ("a/x.py", "/dev/null", "x.py", FileKind.DELETED),
    ],
)
def test_a_plain_diff_has_no_git_header(old: str, new: str, path: str, kind: FileKind) -> None:
    hunk = {FileKind.ADDED: "@@ -0,0 +1 @@\n+2\n", FileKind.DELETED: "@@ -1 +0,0 @@\n-2\n"}
    file = only(f"diff -u old new\n--- {old}\n+++ {new}\n{hunk.get(kind, HUNK)}")

    assert (file.path, file.kind) == (path, kind)


def test_a_mail_around_the_diff_is_passed_over(repo: Path) -> None:
    for content in (b"a\n", b"a\nb\n"):
        tree(repo, {"f.py": content})
        git(repo, "commit", "-qm", "say\n\n--- not a header\n+ not a line")

    mail = git(repo, "format-patch", "--stdout", "HEAD~1").decode()
    show = git(repo, "show").decode()

    assert numbers(only(mail)) == numbers(only(show)) == [(2, "b")]


def test_context_that_lost_its_blank_is_still_counted() -> None:
    file = only("--- a/x\n+++ b/x\n@@ -1,3 +1,4 @@\n\n\r\n+new\n c\n")

    assert numbers(file) == [(3, "new")]


def test_bytes_that_are_not_utf8_match_the_head_file(repo: Path) -> None:
    after = b"a\nna\xefve = '\xff\xc3'\nb\n"
    (file,) = between(repo, {"f.py": b"a\n"}, {"f.py": after}).values()

    assert first_mismatch(file, head_lines(after)) is None
    assert file.added[0].text.encode("utf-8") == "na\ufffdve = '\ufffd\ufffd'".encode()


GIT = "diff --git a/f.py b/f.py\nindex 1234567..7654321 100644\n"
FILE = "--- a/f.py\n+++ b/f.py\n"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("hello\nworld\n", "not a unified diff"),
        ("+added\n-removed\n", "not a unified diff"),
        (GIT + FILE + HUNK.removesuffix("+2\n"), "line 7 .*'f.py' is truncated"),
        (GIT + FILE + "@@ -1,2 +1,9 @@\n one\n-two\n+2\n" + GIT, "line 9 .*'f.py' is truncated"),
        (GIT + FILE + HUNK + "+more\n", "line 9 .*belongs to no hunk"),
        (GIT + FILE + HUNK + "-more\n", "line 9 .*belongs to no hunk"),
        (GIT + FILE + HUNK + " more\n", "line 9 .*belongs to no hunk"),
        (GIT + FILE + HUNK + "\n+more\n", "line 10 .*belongs to no hunk"),
        (GIT + FILE, "'f.py' is truncated"),
        (GIT, "'f.py' is truncated"),
        (GIT.partition("index")[0], "'f.py' is truncated"),
        (GIT.replace("index 1234567..7654321", "new file mode"), "'f.py' is truncated"),
        (GIT.replace("index 1234567..7654321", "old mode"), "'f.py' is truncated"),
        ("diff --git a/f b/g\nrename from f\nrename to g\n", "'g' is truncated"),
        (GIT + "--- a/f.py\n", r"'\+\+\+' line must follow"),
        (GIT + FILE + "@@ -1,2 +1,x @@\n", "hunk header"),
        (GIT + FILE + "@@ -0,0 +0,0 @@\n", "announces no line"),
        (GIT + FILE + "@@ -1 +1,2 @@\n-1\n-2\n+1\n+2\n", "line 7 .*'f.py'.* not as long"),
        (GIT + FILE + HUNK + HUNK, "overlap"),
        (GIT + FILE + HUNK + GIT + FILE + HUNK, "comes twice"),
        (GIT + "--- a/f.py\n+++ b/other.py\n" + HUNK, "contradict"),
        ("diff --git a/x b/y\nold mode 100644\nnew mode 100755\n", "not one path"),
        ("diff --git a/\n", "not one path"),
        ('diff --git "a/x b/x"\n', "not one path|quoted"),
        ("@@ -1 +1 @@\n-a\n+b\n", "belongs to no file"),
        ("diff --cc f\nindex 1,2..3\n--- a/f\n+++ b/f\n@@@ -1,1 -1,1 +1,1 @@@\n", "combined"),
        ("diff --combined f\n", "combined"),
        ("* Unmerged path f\n", "conflicts"),
        ("Submodule lib 1234567..7654321:\n  > more\n", "submodule"),
        ("Only in b: new.py\n" + FILE + HUNK, "left out"),
        (GIT.replace("\n", "\r\n") + FILE + HUNK, "CRLF"),
        ("--- /dev/null\n+++ /dev/null\n" + HUNK, "both sides"),
        (GIT.replace("index", "deleted file mode 100644\nindex") + FILE + HUNK, "keeps lines"),
    ],
)
def test_a_diff_that_cannot_be_read_whole_is_an_error(text: str, what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        parser.parse(text)

    assert str(caught.value).startswith("nothing was scored: ")
    assert str(caught.value).count("\n") == 1


@pytest.mark.parametrize("cut", range(1, 14))
def test_a_diff_cut_after_any_line_is_an_error_or_lacks_whole_hunks(cut: int) -> None:
    whole = "--- a/f\n+++ b/f\n" + HUNK + "@@ -9 +9,2 @@\n n\n+o\n" + GIT + FILE + HUNK
    lines = whole.splitlines(keepends=True)[:cut]
    ends = {6: 1, 9: 2}  # after these lines nothing tells that more should come

    if cut in ends:
        assert len(only("".join(lines)).hunks) == ends[cut]
    else:
        with pytest.raises(UsageError):
            parser.parse("".join(lines))


def test_utf16_and_a_diff_over_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="UTF-16"):
        parser.decode((FILE + HUNK).encode("utf-16"))
    monkeypatch.setattr(parser, "MAX_CHARS", 10)
    with pytest.raises(UsageError, match="larger than"):
        parser.parse(FILE + HUNK)
    with pytest.raises(UsageError, match="larger than"):
        parser.decode(b"x" * 11)


def test_a_line_that_is_elsewhere_in_the_head_file_does_not_match() -> None:
    file = only(FILE + HUNK)

    assert first_mismatch(file, ["one", "2"]) is None
    assert first_mismatch(file, ["one\r", "2\r"]) is None
    assert first_mismatch(file, ["zero", "one", "2"]) == file.added[0]
    assert first_mismatch(file, ["one"]) == file.added[0]


_PIECES = st.sampled_from(
    ["a", "b", "", " ", "-- a/x", "++ b/x", "- x", "@@ -1 +1 @@", "diff --git a/x b/x", "\\ No",
     "\x0c", "\u2028", "\x85", "x\ry", "\r", "\t", "\x1b[31m", "é", "\ufeff", "-", "+"]
)  # fmt: skip
_LINES = st.lists(st.one_of(_PIECES, st.text("ab \r\u2028\x85", max_size=3)), max_size=12)
_TEXTS = st.builds(lambda lines, end: "\n".join(lines) + end, _LINES, st.sampled_from(["", "\n"]))
_NAMES = st.sampled_from(["f", "x b/f", "é.py", 't"\t', "d/e"])
_TREES = st.dictionaries(_NAMES, _TEXTS.map(str.encode), min_size=1, max_size=3)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(before=_TREES, after=_TREES, context=st.sampled_from(["-U3", "-U0", "-U1"]))
def test_numbers_match_the_head_files_and_counts_match_numstat(
    repo: Path, before: dict[str, bytes], after: dict[str, bytes], context: str
) -> None:
    sides = (tree(repo, before), tree(repo, after))
    text = parser.decode(git(repo, "-c", "core.quotePath=false", "diff", context, *sides))
    counts = parse_numstat(git(repo, "diff", "--numstat", "-z", *sides))

    change = parser.parse(text)

    assert {file.path: (len(file.added), file.removed) for file in change.files} == counts
    for file in change.files:
        for line in file.added:
            assert after[file.path].decode().split("\n")[line.number - 1] == line.text
