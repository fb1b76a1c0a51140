"""Settings: five sources, one value, and an error for every mistake."""

import math
import os
import re
from dataclasses import fields
from pathlib import Path

import pytest

from reviewbot.authorship.model import Author
from reviewbot.config.choices import Format, Server
from reviewbot.config.levels import FailOn, Level, level_of, percentile_of
from reviewbot.config.load import (
    Value,
    from_environ,
    from_files,
    from_flags,
    load_settings,
    settings_from,
    to_toml,
)
from reviewbot.config.schema import SETTINGS, Settings
from reviewbot.config.trust import tighten
from reviewbot.errors import UsageError
from reviewbot.render import RENDERERS
from reviewbot.scoring.artifact import PRESETS


def test_every_field_is_a_setting_whose_default_is_a_legal_value() -> None:
    assert [row.field for row in SETTINGS.values()] == [row.name for row in fields(Settings)[:-1]]
    for setting in SETTINGS.values():
        assert setting.default is None or setting.parse(setting.default) == setting.default


def test_the_formats_are_the_renderers() -> None:
    assert list(Format) == list(RENDERERS)


def test_a_choice_is_an_enum_member_and_a_text_in_its_place_is_refused() -> None:
    assert load_settings({}, {"server": "never"}).server is Server.NEVER
    with pytest.raises(TypeError, match="server='off' is no Server"):
        Settings(server="off")  # type: ignore[arg-type]


def test_later_sources_win_and_each_value_has_an_origin(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.reviewbot]\nmin-lines = 1\ntop = 1\nmax-risk = 0.1\nmax-lines-over = 1\n"
    )
    (tmp_path / ".reviewbot.toml").write_text("top = 2\nmax-risk = 0.2\nmax-lines-over = 2\n")
    environ = {"REVIEWBOT_MAX_RISK": "0.3", "REVIEWBOT_MAX_LINES_OVER": "3"}
    flags = {"max_lines_over": "4", "depth": None, "exclude": ()}

    settings = load_settings(environ, flags, from_files(tmp_path))

    assert {
        name: (getattr(settings, SETTINGS[name].field), origin)
        for name, origin in settings.origins.items()
        if origin != "default"
    } == {
        "min-lines": (1, "pyproject.toml [tool.reviewbot]"),
        "top": (2, ".reviewbot.toml"),
        "max-risk": (0.3, "environment variable REVIEWBOT_MAX_RISK"),
        "max-lines-over": (4, "flag --max-lines-over"),
    }


def test_without_any_source_all_is_default(tmp_path: Path) -> None:
    assert load_settings({}, {}, from_files(tmp_path)) == Settings()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max-risk", math.nan),
        ("max-risk", math.inf),
        ("max-risk", 1.5),
        ("max-risk", "0.5"),
        ("max-risk", True),
        ("min-coverage", -0.1),
        ("max-lines-over", -1),
        ("max-lines-over", 1.0),
        ("top", True),
        ("max-file-bytes", 0),
        ("show", "never"),
        ("fail-on", "low"),
        ("fail-on", True),
        ("fail-on-for", ["auth/**"]),
        ("fail-on-for", ["=high"]),
        ("fail-on-for", ["auth/**=low"]),
        ("fail-on-for", ["auth/**=1.1"]),
        ("fail-on-for", ["auth/**=nan"]),
        ("fail-on-for", ["author:ai=never"]),
        ("trust-human", 1),
        ("trust-human", "true"),
        ("depth", "deep"),
        ("depth", ["trunk"]),
        ("dtype", "int8"),
        ("model", ""),
        ("model", "a\nb"),
        ("cache-dir", 7),
        ("exclude", "*.md"),
        ("exclude", [""]),
        ("exclude", ["# a comment matches nothing"]),
        ("exclude", ["!"]),
        ("include", [1]),
    ],
)
def test_a_value_of_the_wrong_kind_or_out_of_range_is_refused(key: str, value: object) -> None:
    with pytest.raises(UsageError, match=rf"{key} cannot be .*\(somewhere\)") as caught:
        settings_from({key: Value(value, "somewhere")})

    assert SETTINGS[key].expects in caught.value.fix


def test_a_wrong_value_is_refused_even_where_a_later_source_overrules_it() -> None:
    with pytest.raises(UsageError, match="top"):
        settings_from({"top": Value(-1, "first")}, {"top": Value(3, "second")})


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0.0), ("1", 1.0), ("0.25", 0.25), ("1e-2", 0.01)]
)
def test_a_number_is_read_from_text(text: str, value: float) -> None:
    assert load_settings({}, {"max_risk": text}).max_risk == value


@pytest.mark.parametrize(
    ("flag", "text"),
    [("max_risk", text) for text in ("", "nan", "inf", "half", "0,5", "2", "-0.1")]
    + [("trust_human", "maybe"), ("top", "ten"), ("fail_on", "always")],
)
def test_a_wrong_text_is_refused(flag: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"{flag.replace('_', '-')} cannot be '?{text}"):
        load_settings({}, {flag: text})


def test_the_environment_gives_switches_and_lists() -> None:
    settings = settings_from(
        from_environ(
            {
                "REVIEWBOT_TRUST_HUMAN": "Yes",
                "REVIEWBOT_INLINE_SUPPRESSIONS": "0",
                "REVIEWBOT_EXCLUDE": "docs/\n*.md, a b.py",
                "REVIEWBOT_TOP": "",
            }
        )
    )

    assert settings.trust_human is True
    assert settings.inline_suppressions is False
    assert settings.exclude == ("docs/", "*.md", "a b.py")
    assert settings.top == 5


def test_levels_are_ordered_by_risk_and_not_by_letters() -> None:
    assert sorted(Level, reverse=True) == [Level.CRITICAL, Level.HIGH, Level.MEDIUM, Level.LOW]
    assert Level.LOW < Level.MEDIUM <= Level.MEDIUM < Level.HIGH
    assert not Level.LOW > Level.CRITICAL


@pytest.mark.parametrize(
    ("percentile", "level"),
    [
        *((0, "low"), (94.99, "low"), (95, "medium"), (98.99, "medium"), (99, "high")),
        *((99.79, "high"), (99.8, "critical"), (100, "critical"), (math.nan, "critical")),
    ],
)
def test_a_level_follows_from_a_percentile(percentile: float, level: str) -> None:
    assert level_of(percentile) is Level(level)


def test_a_change_can_only_make_its_own_check_stricter() -> None:
    base = settings_from(
        from_flags(
            {"show": "high", "fail_on": "high", "fail_on_for": ("a/**=never", "author:ai=high")}
        )
    )

    def tightened(**own: object) -> dict[str, object]:
        settings, names = tighten(base, from_flags(own))
        return {name: getattr(settings, SETTINGS[name].field) for name in names}

    assert tightened(show="critical", fail_on="critical", fail_on_for=("b/**=medium",)) == {}
    assert tightened(fail_on="never", max_lines_over=3, min_coverage=0.5) == {}
    rows = ("a/**=never", "author:ai=high", "author:mixed=0.1")
    assert tightened(
        show="low",
        fail_on="medium",
        fail_on_for=("c/**=never", "author:mixed=0.1"),
        max_risk=0.4,
    ) == {"show": "low", "fail-on": "medium", "fail-on-for": rows, "max-risk": 0.4}
    asked = settings_from(from_flags({"ack_top": 5}))
    assert tighten(asked, from_flags({"ack_top": 4}))[1] == []
    assert tighten(asked, from_flags({"ack_top": 6}))[0].ack_top == 6
    assert tightened(fail_on_change=90.0) == {"fail-on-change": 90.0}
    for limit, names in ((96.0, []), (94.0, ["fail-on-change"])):
        whole = settings_from(from_flags({"fail_on_change": 95.0}))
        assert tighten(whole, from_flags({"fail_on_change": limit}))[1] == names
    gated = settings_from(from_flags({"max_risk": 0.2}))
    assert tighten(gated, from_flags({"max_risk": 0.3}))[1] == []
    assert tighten(gated, from_flags({"fail_on": "critical"}))[0].fail_on is FailOn.CRITICAL


def test_a_percentile_is_rounded_down_so_that_no_level_is_reached_by_rounding() -> None:
    assert (percentile_of(98_999, 100_000), percentile_of(99_000, 100_000)) == (98.99, 99.0)
    assert level_of(percentile_of(997_999, 1_000_000)) is Level.HIGH
    assert percentile_of(7, 7) == 100.0


def test_a_limit_for_a_kind_of_author_that_is_none_is_refused_and_the_kinds_are_named() -> None:
    flags = from_flags({"fail_on_for": ("author:alien=0.1",)})

    with pytest.raises(UsageError, match=r"cannot be 'author:alien=0\.1' ") as caught:
        settings_from(flags)

    assert {kind.value for kind in Author} <= set(re.findall("[a-z]+", caught.value.fix))


@pytest.mark.parametrize("name", ["REVIEWBOT_CACHE", "REVIEWBOT_MODEL_PATH"])
def test_variables_of_the_model_store_are_no_settings_and_no_error(name: str) -> None:
    assert settings_from(from_environ({name: "/x", "PATH": "/bin"})) == Settings()


def test_an_unknown_key_in_a_file_is_an_error_with_a_suggestion(tmp_path: Path) -> None:
    (tmp_path / ".reviewbot.toml").write_text("max_risk = 0.5\n")

    with pytest.raises(UsageError, match=r"'max_risk' \(\.reviewbot\.toml\)") as caught:
        settings_from(*from_files(tmp_path))

    assert caught.value.fix == "did you mean 'max-risk'?"


def test_an_unknown_variable_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match="REVIEWBOT_MAXRISK") as caught:
        from_environ({"REVIEWBOT_MAXRISK": "0.5"})

    assert "REVIEWBOT_MAX_RISK" in caught.value.fix


def test_a_key_like_no_other_gets_the_list_of_all() -> None:
    with pytest.raises(UsageError) as caught:
        settings_from({"zzz\x1b[2J": Value(1, "a file")})

    assert "max-risk" in caught.value.fix
    assert "\x1b" not in caught.value.what


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("pyproject.toml", b"# fine\n[tool.reviewbot\n", r"pyproject\.toml is not TOML.*line 2"),
        (".reviewbot.toml", b"# fine\n[tool.reviewbot\n", r"\.reviewbot\.toml is not TOML.*line 2"),
        (".reviewbot.toml", b"top = 1\nmodel = '\xff'\n", r"\.reviewbot\.toml:2: not UTF-8"),
        ("pyproject.toml", b"tool = 1", "is not a table"),
        ("pyproject.toml", b"[tool]\nreviewbot = 3", "is not a table"),
        ("pyproject.toml", b"[[tool.reviewbot]]\ntop = 1", "is not a table"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_that_names_it(
    tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(data)

    with pytest.raises(UsageError, match=message):
        from_files(tmp_path)


def test_other_tools_sections_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nmax-rsik = 1\n")

    assert settings_from(*from_files(tmp_path)) == Settings()


def test_a_link_that_leaves_the_root_is_refused_and_one_that_stays_is_followed(
    tmp_path: Path,
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.toml").write_text("top = 3\n")
    (root / "inside.toml").write_text("top = 4\n")
    (root / ".reviewbot.toml").symlink_to("../secret.toml")

    with pytest.raises(UsageError, match="a link that leaves"):
        from_files(root)

    (root / ".reviewbot.toml").unlink()
    (root / ".reviewbot.toml").symlink_to("inside.toml")
    assert settings_from(*from_files(root)).top == 4


def test_a_dangling_link_a_directory_and_a_pipe_are_refused(tmp_path: Path) -> None:
    path = tmp_path / ".reviewbot.toml"
    path.symlink_to("nowhere.toml")
    with pytest.raises(UsageError, match="no settings were read"):
        from_files(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(UsageError, match="not a regular file"):
        from_files(tmp_path)
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(UsageError, match="not a regular file"):
        from_files(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "path"),
    [
        ("artifact", "weights", "{root}/weights"),
        ("model", "./coder", "{root}/coder"),
        ("model", "org/name", "org/name"),
        ("cache-dir", "/var/cache/rb", "/var/cache/rb"),
        *(("artifact", preset, preset) for preset in sorted(PRESETS)),
    ],
)
def test_a_relative_path_in_a_file_starts_there_and_a_name_is_no_path(
    tmp_path: Path, name: str, text: str, path: str
) -> None:
    (tmp_path / ".reviewbot.toml").write_text(f"{name} = '{text}'\n")

    settings = settings_from(*from_files(tmp_path))

    assert getattr(settings, SETTINGS[name].field) == path.format(root=tmp_path)


def test_what_is_printed_is_toml_that_reads_back_to_the_same_settings(tmp_path: Path) -> None:
    settings = settings_from(
        from_flags({"exclude": ('a"\\b', "ü/"), "max_risk": "0.5", "show": "low"})
    )

    (tmp_path / ".reviewbot.toml").write_text(to_toml(settings), encoding="utf-8")

    assert settings_from(*from_files(tmp_path)) == settings
    assert "max-risk = 0.5" in to_toml(settings)
    assert "# flag --max-risk" in to_toml(settings)
    assert "# cache-dir is not set" in to_toml(settings)
