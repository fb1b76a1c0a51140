"""What the model expected: the words of a token in its line, and what a real model gives."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.encoders.lazy_encoder import LazyEncoder
from reviewbot.encoders.prompt import ReadingPlan
from reviewbot.encoders.spans import Span, chars_of_lines, line_spans, split_lines
from reviewbot.encoders.states import SIGNALS
from reviewbot.encoders.torch_encoder import TransformersEncoder
from reviewbot.errors import ArtifactError
from reviewbot.report.json_reader import parse_report
from reviewbot.report.json_v1 import json_v1
from reviewbot.scoring.artifact import ArtifactModel, load_artifact
from reviewbot.scoring.expectations import (
    LEAST,
    MOST,
    WORD,
    Rule,
    change_of,
    expectations,
    strongest,
)
from reviewbot.scoring.feature_cache import DiskCache
from reviewbot.scoring.outcomes import LineScore
from tests import tiny
from tests.changes import CODE, ODD, Check, made, never, outcomes

# A comment with every word of the tokenizer: what a random model expects is a word of the file.
WORDS = {w for token in tiny.tokenizer().get_vocab() for w in WORD.findall(token) if w.isascii()}
SUMS = "".join(f"total[{n}] = left + right - self.value * left\n" for n in range(12))
FILES = {**ODD, "code.py": CODE + f"{SUMS}# {' '.join(sorted(WORDS))}\n".encode()}


class Everything(frozenset[str]):
    """A file that holds every word."""

    def __contains__(self, _word: object) -> bool:
        return True


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> TransformersEncoder:
    return tiny.encoder(tiny_model, deep=3, full=True)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact that reads the output head and shows every expectation."""
    where = tmp_path_factory.mktemp("expectations") / "artifact"
    model = ArtifactModel("tiny", tiny.MODEL_SHA, tiny.LAYER, tiny.WIDTH, deep=3, full=True)
    tiny.tiny_artifact(where, model=model, plan=ReadingPlan(context=160, overlap=32))
    tiny.edit_json(where / "manifest.json", expectations={"margin": LEAST})
    return where


@pytest.fixture(scope="module")
def check(encoder: TransformersEncoder, artifact: Path) -> Check:
    return Check(encoder, load_artifact(artifact))


@pytest.mark.parametrize(
    ("line", "expected", "words"),
    [
        ("if job[.Kind] == x:", ".ID", ("job.Kind", "job.ID")),
        ("if job.[Kind] == x:", "ID", ("job.Kind", "job.ID")),
        ("a = [max]_tokens", "min", ("max_tokens", "min_tokens")),
        ("a = max[_tokens]", "_count", ("max_tokens", "max_count")),
        ("a = max[_tokens]", "(", None),  # a bracket alone tells nothing
        ("a = [maximum]", "max", ("maximum", "max")),
        ("a = [maxi]mum", "max", ("maximum", "max")),  # how it would go on is unknown
        ("for i in range([ x]):", " n", ("x", "n")),
        ("while i[ <] n:", " <=", ("<", "<=")),
        ("total[ +=] fee\n", " -=", ("+=", "-=")),
        ("this[->]next", ".", None),
        ("self.job[.kind](x)", ".run", None),  # another function fits nearly everywhere
        ("x = self.job[.kind]", ".run", ("job.kind", "job.run")),
        ("x = [']a'", '"', None),  # the kind of quotes
        ("f(a[)])", "))", None),  # the same text in other tokens
        ("f(a[):]", ") :", None),  # blanks
        ("f(a[)]", ",", None),
        ("f(a) [{]", "return", None),
        ("a = [b]", " # later", None),
        ("a = [b]", "<|endoftext|>", None),
        ("[    ]return x", "\n", None),
        ("[    ]return x", "return", None),
        ("a = [b]", "", None),
        ("a = [b]", "c\n", ("b", "c")),
        ("  [total] = a", "return", None),  # a statement may begin with anything
        ("  [break];", "continue", ("break", "continue")),
        ("}[else] if (x) {", " else", None),
        (f"x = {'a' * 100}[b]", "c", None),  # a word too long to show
        (f"{'a ' * 1_100}[b]", "c", None),  # too far to the right
    ],
)
def test_an_expected_token_changes_whole_words_or_tells_nothing(
    line: str, expected: str, words: tuple[str, str] | None
) -> None:
    start, end = line.index("["), line.index("]") - 1
    text = line.replace("[", "", 1).replace("]", "", 1)

    change = change_of(text, Span(start, end), expected)

    found = change and (text[change.chars.start : change.chars.end], change.expected)
    assert found == words


@given(st.text(max_size=40), st.data(), st.text(max_size=8))
def test_a_change_lies_inside_the_line_and_is_never_blank(
    text: str, data: st.DataObject, expected: str
) -> None:
    text = text.replace("\n", "")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))

    change = change_of(text, Span(start, end), expected)

    if change is not None:
        assert 0 <= change.chars.start < change.chars.end <= len(text)
        assert text[slice(*change.chars)].strip()
        assert change.expected.strip()
        assert change.expected != text[slice(*change.chars)]


@settings(max_examples=40, deadline=None)
@given(text=st.text(st.sampled_from("self.value =(xé👩\t\r<"), min_size=1, max_size=60))
def test_what_a_model_expected_lies_in_its_line_with_the_probabilities_of_the_model(
    encoder: TransformersEncoder, text: str
) -> None:
    tokens = encoder.tokenize(text)
    hidden = encoder.states(tokens.ids)
    assert hidden.signals_TS is not None
    assert hidden.likeliest_T is not None
    spans, lines = line_spans(tokens.offsets, text), split_lines(text)
    chars = chars_of_lines(tokens.offsets, spans, text)
    rows_LN = strongest(hidden.signals_TS, hidden.likeliest_T, spans, chars, lines, encoder.token)

    for line, row_N, of_line, span in zip(lines, rows_LN, chars, spans, strict=True):
        found = list(expectations(row_N, of_line, line, encoder.token, Everything, Rule(LEAST)))
        assert len(found) <= MOST
        surprisal_T = hidden.signals_TS[slice(*span), SIGNALS.index("surprisal")]
        for one in found:
            assert line[one.start : one.end] == one.found != one.expected
            assert one.found_probability < one.expected_probability <= 1
            nearest = min(abs(-math.log(one.found_probability) - float(s)) for s in surprisal_T)
            assert nearest == pytest.approx(0, abs=1e-5)


def test_a_check_shows_them_strongest_first_and_never_in_prose(
    tmp_path: Path, check: Check
) -> None:
    scores = [
        one for one in outcomes(check(made(tmp_path, {}, FILES))) if isinstance(one, LineScore)
    ]
    with_one = [score for score in scores if score.expectations]

    assert len(with_one) > 3
    for score in with_one:
        odds = [one.expected_probability / one.found_probability for one in score.expectations]
        assert odds == sorted(odds, reverse=True)
        assert len(score.reasons) + len(odds) <= 3
        for one in score.expectations:
            assert score.line.text[one.start : one.end] == one.found
        assert not score.line.text.lstrip().startswith("#")


def test_a_cached_run_gives_the_same_bytes_without_a_model_and_a_report_can_be_read_back(
    tmp_path: Path, tiny_model: Path, check: Check, encoder: TransformersEncoder
) -> None:
    change = made(tmp_path, {}, FILES)
    kept = DiskCache(tmp_path / "cache", "scope", 1 << 24)
    lazy = LazyEncoder(
        tiny_model, lambda _: never(), dtype="fp32", engine=encoder.engine, ahead=False
    )

    before = json_v1(check(change, cache=kept))
    after = json_v1(check(change, encoder=lambda: lazy, cache=kept))

    assert after == before == json_v1(check(change))
    assert '"expected_probability"' in before
    assert json_v1(parse_report(before.encode())) == before


def test_an_artifact_without_a_margin_shows_none_and_a_higher_margin_shows_fewer(
    tmp_path: Path, check: Check, artifact: Path
) -> None:
    change = made(tmp_path, {}, FILES)

    def shown(margin: float) -> int:
        other = replace(load_artifact(artifact), expected=Rule(margin))
        found = outcomes(check(change, artifact=other))
        return sum(len(one.expectations) for one in found if isinstance(one, LineScore))

    assert shown(LEAST) > shown(3.0) > shown(math.inf) == 0


@pytest.mark.parametrize("margin", [0, -1, math.nan, "x", None])
def test_a_margin_must_be_a_number_above_zero(
    tmp_path: Path, artifact: Path, margin: object
) -> None:
    manifest = json.loads((artifact / "manifest.json").read_text())
    for file in artifact.rglob("*.*"):
        copy = tmp_path / file.relative_to(artifact)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    (tmp_path / "manifest.json").write_text(
        json.dumps(manifest | {"expectations": {"margin": margin}})
    )

    with pytest.raises(ArtifactError, match="damaged"):
        load_artifact(tmp_path)
