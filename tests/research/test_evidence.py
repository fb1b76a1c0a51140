"""Examples from the packages of a corpus name package, version, archive and licence."""

import json
from pathlib import Path

import pytest

from research.evidence import packages
from reviewbot.errors import UsageError

ROW = {
    "name": "@scope/thing",
    "version": "1.2",
    "language": "typescript",
    "archive_sha256": "ab" * 32,
    "licence": "MIT",
}
ROWS = json.dumps(ROW) + "\n"


def test_a_package_s_line_names_package_version_archive_and_licence(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text(ROWS)

    found = packages(tmp_path).origin("typescript/scope-thing-1.2/src/a.ts")

    assert (found.source, found.licence, found.path) == ("@scope/thing 1.2", "MIT", "src/a.ts")
    assert found.revision == "sha256:" + "ab" * 32


@pytest.mark.parametrize("path", ["typescript/other-1.0/a.ts", "typescript/a.ts", "a.ts"])
def test_a_file_of_no_package_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "manifest.jsonl").write_text(ROWS)

    with pytest.raises(UsageError, match=f"{path!r} is of no package"):
        packages(tmp_path).origin(path)


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "{}", "\udcff", json.dumps({**ROW, "licence": ""}), json.dumps({**ROW, "name": 1})],
)
def test_a_manifest_that_cannot_be_read_is_a_usage_error(tmp_path: Path, line: str) -> None:
    (tmp_path / "manifest.jsonl").write_text(f"{ROWS}{line}\n", errors="surrogateescape")

    with pytest.raises(UsageError, match=r"line 2 of '.*manifest\.jsonl' is no row"):
        packages(tmp_path)


def test_a_corpus_without_a_manifest_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is missing"):
        packages(tmp_path)
