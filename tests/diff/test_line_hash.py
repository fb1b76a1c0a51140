"""The fingerprint is GitHub's own: its vectors, and what it is there for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.diff.line_hash import line_hashes

HELLO = ["e9496ae3ebfced30:1", "fb7c023a8b9ccb3f:1", "ce8ba1a563dcdaca:1", "e20e36e16fcb0cc8:1"]
HELLO += ["b3edc88f2938467e:1", "c8e28b0b4002a3a0:1", "c129715d7a2bc9a3:1"]
# github/codeql-action, src/fingerprints.test.ts
VECTORS = [
    ("", ["c129715d7a2bc9a3:1"]),
    (
        " a\nb\n  \t\tc\n d",
        ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
    ),
    (
        " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End",
        [
            "8b7cf3e952e7aeb2:1",
            "b1ae1287ec4718d9:1",
            "bff680108adb0fcc:1",
            "c6805c5e1288b612:1",
            "b86d3392aea1be30:1",
            "e6ceba753e1a442:1",
        ],
    ),
    (" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", HELLO),
    (" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", HELLO),
    (" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", HELLO),
    (" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", HELLO),
    (
        "Lorem ipsum dolor sit amet.\n" * 10,
        [
            *(f"a7f2ff13bc495cf2:{n}" for n in range(1, 7)),
            "a7f2ff1481e87703:1",
            "a9cf91f7bbf1862b:1",
            "55ec222b86bcae53:1",
            "cc97dc7b1d7d8f7b:1",
            "c129715d7a2bc9a3:1",
        ],
    ),
]


@pytest.mark.parametrize(("text", "hashes"), VECTORS)
def test_githubs_own_vectors(text: str, hashes: list[str]) -> None:
    assert line_hashes(text) == hashes


CODE = st.text(st.characters(codec="utf-8"), max_size=60)


@given(CODE)
def test_every_line_has_one(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    assert len(line_hashes(text)) == len(lines)


@given(st.lists(st.sampled_from(["a = 1", "b = 2", "return", "}"]), min_size=1), st.integers(1, 40))
def test_shifting_a_file_changes_no_fingerprint(lines: list[str], by: int) -> None:
    text = "\n".join(lines)
    # Lines that say what no other line says, so that no count of equals changes.
    above = "".join(f"above_{n} = {n}\n" for n in range(by))

    assert line_hashes(above + text)[by:] == line_hashes(text)


@given(st.lists(st.sampled_from(["a = 1", "b = 2"]), min_size=1, max_size=8))
def test_indenting_changes_no_fingerprint(lines: list[str]) -> None:
    assert line_hashes("\n".join(lines)) == line_hashes("\n".join(f"\t  {n}" for n in lines))
