"""No module grows without bounds."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
MAX_LINES = 300


def test_no_module_has_300_lines() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for folder in ("reviewbot", "action", "research")
        for path in (ROOT / folder).rglob("*.py")
    }

    assert len(sizes) > 50
    assert {name: size for name, size in sizes.items() if size >= MAX_LINES} == {}
