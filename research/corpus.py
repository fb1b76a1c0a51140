"""Fetch the unlabelled source code that the sparse autoencoder is pre-trained on.

    python -m research.corpus OUT [--archives DIR] [--list research/corpus.json]

`corpus.json` names each package, its version, its licence, the SHA-256 of its archive and the part
of it that is used. The archives come through the ordinary clients (pip, npm, apt-get) by package
name; an archive with another hash is refused. Nothing is installed, built or run: an archive is
opened here, and only regular files of one language, of a readable size, are copied out.

Writes OUT/<language>/<package>-<version>/..., OUT/manifest.jsonl, one line per package, and
OUT/licences.json for `reviewbot train sae`. The same list gives the same manifest, byte for byte;
`tree_sha256` in it covers every path and content.
OUT appears only when all of it is there. apt needs Debian (bookworm): `deb` rows are amd64.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from research.corpus_files import SUFFIXES, Package, choose
from reviewbot.errors import EnvironmentFailure, ReviewbotError, UsageError
from reviewbot.train.corpus import LICENCES as LICENCES_FILE

LICENCES = ("MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "PSF-2.0")


def read_list(text: str) -> list[Package]:
    """Parse corpus.json. Raises UsageError for an incomplete row or another licence."""
    packages = []
    for row in json.loads(text):
        try:
            package = Package(**{**row, "paths": tuple(row["paths"])})
        except (TypeError, KeyError) as exc:
            raise UsageError(f"no corpus: bad row {row!r}: {exc}", fix="correct the list") from exc
        free = any(part in LICENCES for part in package.licence.split(" OR "))
        if not free or package.language not in SUFFIXES:
            raise UsageError(
                f"no corpus: {package.name} has licence {package.licence!r}, language "
                f"{package.language!r}",
                fix=f"use one of {', '.join(LICENCES)} and one of {', '.join(SUFFIXES)}",
            )
        if not re.fullmatch("[0-9a-f]{64}", package.sha256) or package.ecosystem not in FETCH:
            raise UsageError(
                f"no corpus: {package.name} has no valid sha256 or ecosystem",
                fix=f"use 64 hex digits and one of {', '.join(FETCH)}",
            )
        packages.append(package)
    return packages


def manifest_row(package: Package, files: dict[str, bytes]) -> dict[str, Any]:
    """What the manifest says of one package; `tree_sha256` covers paths and contents."""
    tree = hashlib.sha256()
    for path, content in files.items():
        tree.update(f"{path}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return {
        "ecosystem": package.ecosystem,
        "name": package.name,
        "version": package.version,
        "licence": package.licence,
        "language": package.language,
        "archive_sha256": package.sha256,
        "files": len(files),
        "bytes": sum(map(len, files.values())),
        "tree_sha256": tree.hexdigest(),
    }


def _client(*argv: str, cwd: Path, env: dict[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            argv, cwd=cwd, env=env, capture_output=True, text=True, timeout=600, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise EnvironmentFailure(f"no corpus: {argv[0]} failed: {exc}", fix="install it") from exc
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise EnvironmentFailure(
            f"no corpus: {' '.join(argv[:3])} ended with {done.returncode}: {last[:300]}",
            fix="check the package's name and version, and the registry settings of this machine",
        )


def _fetch_pypi(package: Package, into: Path) -> None:
    # Wheels only: to download an sdist, pip would run its build backend.
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:")
    target = ("--python-version", "3.12", "--platform", package.platform, "--dest", ".")
    _client(*pip, *target, f"{package.name}=={package.version}", cwd=into)


def _fetch_npm(package: Package, into: Path) -> None:
    spec = f"{package.name}@{package.version}"
    _client("npm", "pack", "--ignore-scripts", "--silent", spec, cwd=into)


def _fetch_deb(package: Package, into: Path) -> None:
    _client("apt-get", "download", "-qq", f"{package.name}={package.version}", cwd=into)


def _fetch_deb_src(package: Package, into: Path) -> None:
    """Fetch the upstream tarball; most machines list no source packages, so a private list does."""
    env = {**os.environ, "APT_CONFIG": str(into.parent / "apt" / "apt.conf")}
    if not Path(env["APT_CONFIG"]).exists():
        _list_source_packages(into.parent / "apt", env)
    _client("apt-get", "source", "--download-only", "--tar-only", package.name, cwd=into, env=env)


def _list_source_packages(apt: Path, env: dict[str, str]) -> None:
    for folder in ("parts", "lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    for file in (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")):
        if file.suffix in (".list", ".sources") and file.is_file():
            text = re.sub(r"(?m)^Types:.*$", "Types: deb-src", file.read_text("utf-8"))
            text = re.sub(r"(?m)^deb(?=\s)", "deb-src", text)
            (apt / "parts" / file.name).write_text(text, "utf-8")
    settings = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": apt / "parts",
        "Dir::State::Lists": apt / "lists",
        "Dir::Cache": apt / "cache",
    }
    text = "".join(f'{key} "{value}";\n' for key, value in settings.items())
    config = apt / "apt.conf"
    config.with_suffix(".part").write_text(text, "utf-8")
    update = {**env, "APT_CONFIG": str(config.with_suffix(".part"))}
    _client("apt-get", "update", "-qq", cwd=apt, env=update)
    config.with_suffix(".part").replace(config)


FETCH = {"pypi": _fetch_pypi, "npm": _fetch_npm, "deb": _fetch_deb, "deb-src": _fetch_deb_src}


def obtain(package: Package, archives: Path, work: Path) -> Path:
    """Return the archive, from `archives` or fetched into it; its name there is its hash.

    Raises EnvironmentFailure when the client fails or what came has another hash.
    """
    kept = archives / package.sha256
    if kept.exists() and _sha256(kept) == package.sha256:
        return kept
    with tempfile.TemporaryDirectory(dir=work) as folder:
        FETCH[package.ecosystem](package, Path(folder))
        came = {_sha256(file): file for file in Path(folder).iterdir() if file.is_file()}
        if package.sha256 not in came:
            raise EnvironmentFailure(
                f"no corpus: {package.name} {package.version} should have SHA-256 "
                f"{package.sha256}, got {', '.join(sorted(came)) or 'no file'}",
                fix="do not use that archive; correct the list if the package changed for a reason",
            )
        part = archives / f".{package.sha256}.part"  # a rename is atomic within one disk only
        shutil.move(came[package.sha256], part)
        part.replace(kept)
    return kept


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def build(packages: list[Package], out: Path, archives: Path | None) -> list[dict[str, Any]]:
    """Write the corpus to `out`, replacing an earlier one, and return the manifest's rows."""
    if out.exists() and any(out.iterdir()) and not (out / "manifest.jsonl").exists():
        raise UsageError(f"no corpus: {out} holds something else", fix="name an empty folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        work, tree = Path(folder), Path(folder) / "tree"
        tree.mkdir()
        store = archives or work / "archives"
        store.mkdir(parents=True, exist_ok=True)
        rows, seen = [], set[str]()
        for package in packages:
            files = choose(package, obtain(package, store, work), seen)
            for path, content in files.items():
                target = tree / package.language / package.folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            rows.append(manifest_row(package, files))
            click.echo(f"{package.language:11}{package.folder:45}{rows[-1]['bytes']:9,}", err=True)
        lines = "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows)
        (tree / "manifest.jsonl").write_text(lines, "utf-8")
        licences = {f"{one.language}/{one.folder}": one.licence for one in packages}
        (tree / LICENCES_FILE).write_text(json.dumps(licences, indent=1) + "\n", "utf-8")
        if out.exists():
            out.rename(work / "old")
        tree.rename(out)
    return rows


@click.command(help=(__doc__ or "").split("\n", 1)[0])
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--archives", type=click.Path(path_type=Path, file_okay=False), help="Keep archives.")
@click.option("--list", "listed", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def main(out: Path, archives: Path | None, listed: Path | None) -> None:
    listed = listed or Path(__file__).with_suffix(".json")
    try:
        rows = build(read_list(listed.read_text("utf-8")), out, archives)
    except ReviewbotError as exc:
        click.echo(exc, err=True)
        sys.exit(exc.exit_code)
    for language in SUFFIXES:
        of = [row for row in rows if row["language"] == language]
        files, size = sum(row["files"] for row in of), sum(row["bytes"] for row in of)
        click.echo(f"{language:11}{len(of):4} packages{files:6,} files{size:12,} bytes")


if __name__ == "__main__":
    main()
