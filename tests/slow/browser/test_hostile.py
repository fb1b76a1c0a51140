"""Strangers' text in the browser: it is text, whatever it says, wherever it stands."""

from collections.abc import Callable

import pytest

from reviewbot.escape import visible
from tests.render.examples import untrusted
from tests.slow.browser.conftest import Page

PAYLOADS = {
    "script": "<script>window.__pwned=1</script>",
    "image": "<img src=x onerror=window.__pwned=1>",
    "svg": "<svg onload=window.__pwned=1><script>window.__pwned=1</script></svg>",
    "end of script": "</script><script>window.__pwned=1</script>",
    "end of style": "</style></title></textarea><script>window.__pwned=1</script>",
    "comment": "--> --!> <!-- ]]> <![CDATA[ <script>window.__pwned=1</script>",
    "attribute": '" \' ` onfocus=window.__pwned=1 autofocus tabindex=0 x="',
    "attribute without a quote": "'><b onmouseover=window.__pwned=1>",
    "link": "javascript:window.__pwned=1//",
    "data": "data:text/html,<script>window.__pwned=1</script>",
    "template": "{{ 7*7 }}{% for x in y %}{{ self.__class__ }}{# #}${7*7}",
    "reference": "&lt;script&gt;window.__pwned=1&lt;/script&gt; &#60;b&#62; &amp;",
    "base and refresh": "<base href=//e.vil><meta http-equiv=refresh content=0;url=//e.vil>",
    "form": "</form><form action=//e.vil><input name=x><button autofocus>",
    "ids": "<a id=filters name=cookie></a><form id=f-risk>",
    "custom element": "<x-a><template shadowrootmode=open><script>window.__pwned=1</script>",
    "mathml": "<math><mtext><table><mglyph><style><img src=x onerror=window.__pwned=1>",
    "bidi": "a\u202e\u2066 // txet \u2069\u202c",
    "line ends": "x\u2028window.__pwned=1\u2029y\u0085z\x0b\x0c\x1b[2J\x00",
    "half a character": "a\udcffb\ud800c",
    "not ASCII": "\uff1cscript\uff1e \u05d0\u05d1\u05d2 \u200b\u200d\ufeff e\u0301\u0301\u0301",
}
# The elements and the names of their attributes, in the order of the page.
SKELETON = """return [...document.querySelectorAll("*")].map(
    e => e.localName + " " + [...e.attributes].map(a => a.name).sort().join(" "))"""


@pytest.mark.parametrize("name", PAYLOADS)
def test_untrusted_text_is_only_text(show: Callable[..., Page], name: str) -> None:
    text = PAYLOADS[name]
    plain = show(untrusted("harmless")).js(SKELETON)

    page = show(untrusted(text))
    skeleton = page.js(SKELETON)
    page.js(
        """document.querySelectorAll("details").forEach(e => { e.open = true });
        const field = document.getElementById("f-text"); field.value = arguments[0];
        field.dispatchEvent(new Event("input", {bubbles: true}));
        document.getElementById("f-none").click();
        document.querySelectorAll("a").forEach(e => e.click())""",
        "script",
    )

    assert skeleton == plain
    assert page.js("return window.__pwned ?? null") is None
    assert page.said() == []
    assert [url for url in page.requests() if not url.startswith(("data:,", page.url))] == []
    shown = visible(text)
    assert shown in page.js("return document.querySelector('section.first .where').textContent")
    assert shown in page.js("return document.querySelector('.piece code').textContent")
    assert shown in page.js("return document.querySelector('#k1 .exemplars').textContent")
    assert (
        page.js("return document.querySelector('option[value=\"2\"]').textContent") == f"{shown}/b"
    )


def test_a_script_that_got_in_would_be_noticed(show: Callable[..., Page]) -> None:
    page = show(untrusted("harmless"))
    plain = page.js(SKELETON)

    page.js("document.body.append(document.createElement('img'))")

    assert page.js(SKELETON) != plain


def test_marks_stacked_on_a_letter_cover_nothing_but_their_own_line(
    show: Callable[..., Page],
) -> None:
    page = show(untrusted("e" + "\u0301" * 60))

    loose = page.js("""
        const found = [], all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (all.nextNode()) {
            let e = all.currentNode.parentElement;
            if (!all.currentNode.data.includes("\u0301") || e.closest("option, script")) continue;
            while (e && getComputedStyle(e).overflowY === "visible") e = e.parentElement;
            if (!e) found.push(all.currentNode.parentElement.outerHTML.slice(0, 80));
        }
        return found""")

    assert loose == []
