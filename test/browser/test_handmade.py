"""Chromium judges what we make of HTML written by hand: nothing runs, nothing is fetched, nothing is on the page that is not
on the list, and it means the same when it is parsed once more.

Over 250 hostile sources and the collections of others. That the judge can see is shown by sources that nobody cleaned.
"""
import json
import pathlib
import subprocess
import sys

import pytest

from harness.process import ROOT

sys.path.insert(0, str(ROOT / "test/oracle"))
from handmade_read import CORPORA, turned  # noqa: E402
from hostile_html import ACTS, HOSTILE  # noqa: E402
import test_handmade_corpora as corpora  # noqa: E402

COMMON = ["style", "class", "dir"]
ALLOW = {
    "p": COMMON, "div": COMMON, "blockquote": COMMON, "ul": COMMON, "ol": COMMON + ["start"], "li": COMMON, "pre": COMMON,
    "h2": COMMON, "h3": COMMON, "h4": COMMON, "h5": COMMON, "h6": COMMON, "hr": ["class", "style"], "br": [],
    "table": COMMON + ["role", "cellpadding", "cellspacing", "border"], "caption": COMMON, "thead": [], "tbody": [],
    "tr": COMMON, "td": COMMON + ["colspan", "rowspan"], "th": COMMON + ["colspan", "rowspan", "scope"],
    "a": ["href", "style", "class"], "span": ["style", "class"], "strong": [], "em": [], "code": [], "sub": [], "sup": [],
    "img": ["src", "alt", "width", "height", "style"],
}
STYLES = ["color", "background-color", "font-size", "font-family", "font-weight", "line-height", "text-align", "text-decoration",
          "margin", "padding", "border", "width", "max-width", "height", "vertical-align", "display", "white-space", "text-wrap"]
# Why a source is refused rather than cleaned: its writer has to mend it.
REFUSED = ("an image that the project has not", "a link ", "a mail link ", "it is not UTF-8", "a control character",
           "cannot be read surely", "elements are open within each other")


@pytest.fixture
def judge(browser, folder):
    """judge({name: html}): the faults of each, as Chromium sees them."""
    def look(pages, shots=None):
        plan = pathlib.Path(folder) / "plan.json"
        plan.write_text(json.dumps({"allow": ALLOW, "styles": STYLES, "shots": shots,
                                    "pages": [{"name": n, "html": h} for n, h in pages.items()]}))
        done = subprocess.run(["node", ROOT / "test/browser/handmade.mjs", plan], capture_output=True, text=True, timeout=280,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        seen = {s["name"]: s["faults"] for s in map(json.loads, done.stdout.splitlines())}
        assert seen.keys() == pages.keys()
        return seen
    look.shots = browser.shots
    return look


def written(sources):
    """{name: source} to {name: html}; refused ones are left out, and must be so for a reason that is known."""
    made = dict(zip(sources, turned([s if isinstance(s, bytes) else s.encode() for s in sources.values()])))
    for name, got in made.items():
        if "error" in got:
            assert any(why in got["error"] for why in REFUSED), f"{name}: {got['error']}"
        else:
            assert got["again"] == got["html"], name
    return {name: got["html"] for name, got in made.items() if "error" not in got}


def test_the_judge_sees_what_nobody_cleaned(judge):
    blind = [name for name, faults in judge(ACTS).items() if not faults]
    assert not blind


def test_no_hostile_source_acts(judge):
    assert len(HOSTILE) >= 250
    pages = written(HOSTILE)
    assert len(pages) >= 200
    faults = {name: f for name, f in judge(pages).items() if f}
    assert not faults


def test_none_of_the_collections_acts(judge):
    assert CORPORA.is_dir(), f"{CORPORA} is absent"
    files = corpora.PAIRS + corpora.NEWSLETTERS
    sources = {corpora.label(p): corpora.prepared(p) for p in files}
    sources |= {p.name: p.read_bytes().split(b"\n--\n")[0] for p in corpora.HOSTILE}
    pages = written(sources)
    assert len(pages) >= len(files) - 1
    faults = {name: f for name, f in judge(pages).items() if f}
    assert not faults


def test_newsletters_can_be_looked_at(judge):
    """Pictures of a few, for people: build/shots."""
    names = ("email.html", "templates-inlined-basic-full-invoice", "templates-plain-welcome", "full_email.html")
    sources = {corpora.label(p): corpora.prepared(p) for p in corpora.PAIRS + corpora.NEWSLETTERS}
    pages = {n: html for n, html in written(sources).items() if n in names}
    assert len(pages) == len(names)
    judge(pages, str(judge.shots))
    assert all((judge.shots / f"{n}.png").stat().st_size > 5000 for n in pages)
