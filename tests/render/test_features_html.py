"""The feature browser as text; tests/slow/browser/features opens it."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

from reviewbot.render.features_html import features_html
from reviewbot.scoring.feature_catalog import FeatureInfo
from reviewbot.scoring.feature_evidence import Tally
from reviewbot.scoring.outcomes import ArtifactInfo
from tests.known import evidence, exemplar

BAD = "</script></style><script>x()</script><img src=x onerror=x()>\"'{{7*7}}\x1b\u202e&lt;"
INFO = ArtifactInfo("tiny", "ab" * 32)


def page(*known: FeatureInfo, has_evidence: bool = True) -> str:
    return features_html(known, INFO, has_evidence=has_evidence)


def hostile() -> FeatureInfo:
    example = exemplar((BAD, 1.0), source=BAD, path=BAD, licence=BAD, revision=BAD)
    found = evidence("surface:" + BAD, label=BAD, detects=BAD)
    found = replace(found, languages=((BAD, 0.9),), exemplars=(example,), near_misses=(example,))
    return FeatureInfo(found.feature, found, 0.1, 0.2)


class Tags(HTMLParser):
    """Every tag that a browser would see, with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(text)
    return parser.seen


def test_a_feature_has_its_label_tally_examples_and_near_misses() -> None:
    text = page(FeatureInfo("sae:417", evidence(), 0.1, 0.2))

    assert "fires on 9 of 41 risky lines and 14 of 5,210 others" in text
    assert 'total = <mark class="s1">cents</mark> <mark class="s3">/</mark> 100' in text
    assert "Where it fires" in text
    assert "ratio = hits" in text
    assert "requests 2.34.2 (Apache-2.0) requests/api.py:77" in text


def test_the_policy_allows_its_own_script_and_style_and_nothing_else() -> None:
    text = page(FeatureInfo("sae:417", evidence(), 0.1, 0.2))

    (policy,) = [a["content"] for t, a in tags(text) if "http-equiv" in a and t == "meta"]
    for kind in ("style", "script"):
        (inside,) = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.S)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert policy
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert str(policy).startswith("default-src 'none';")


def test_untrusted_text_adds_no_tag_and_the_page_requests_nothing() -> None:
    bare, bad = page(FeatureInfo("sae:417", evidence(), 0.1, 0.2)), page(hostile())

    assert {tag for tag, _ in tags(bad)} <= {tag for tag, _ in tags(bare)}
    assert len([tag for tag, _ in tags(bad) if tag == "script"]) == 1
    for _, attributes in tags(bad):
        assert not attributes.keys() & {"src", "href", "style", "onerror", "onclick", "action"}
    assert "\x1b" not in bad
    assert "\u202e" not in bad


def test_an_artifact_without_evidence_says_so_and_how_to_make_it() -> None:
    text = page(FeatureInfo("sae:0", evidence(tally=None), 0.1, None), has_evidence=False)

    assert "reviewbot train evidence" in text


def test_the_same_artifact_gives_the_same_page() -> None:
    assert page(hostile()) == page(hostile())


def test_a_named_feature_that_never_raises_a_risk_says_so_and_sorts_last() -> None:
    never = evidence("surface:commas", "commas", tally=Tally(41, 0, 10, 0, 0.0))
    text = page(FeatureInfo(never.feature, never, 0.1, None))

    assert "never raises the risk of a labelled line" in text
    assert 'data-false-fire="-1"' in text
    assert "false-fire rate 0 %" not in text
    assert "false-fire 0 %" not in text
