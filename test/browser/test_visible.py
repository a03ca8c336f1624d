"""What the HTML reader takes for visible, against what Chromium shows: in light, in the dark, on a phone, on paper.

By hand: HTML_TOOL=build/test/unit/html_tool python3 -m pytest -q test/browser/test_visible.py
"""
import json
import os
import pathlib
import subprocess

import visible_cases as cases
from harness.process import ROOT

HERE = pathlib.Path(__file__).parent
WORD = "WORD"


def whole(html):
    return html if html.startswith(("<!", "<html")) else f"<!DOCTYPE html><html><body>{html}</body></html>"


def ours(parts):
    """Is the word visible, as the reader of the program has it; and the doubt."""
    tool = os.environ.get("HTML_TOOL") or os.path.join(ROOT, "build", "test", "unit", "html_tool")
    done = subprocess.run([tool], input=b"".join(p.encode() + b"\0" for p in parts), stdout=subprocess.PIPE, check=True, timeout=120)
    texts = done.stdout.decode().split("\0")
    assert len(texts) == 3 * len(parts) + 1
    return [(WORD in texts[3 * i], texts[3 * i + 2]) for i in range(len(parts))]


def chromium(parts, folder):
    """For each part the worlds in which the word is not to be seen, with why."""
    plan = pathlib.Path(folder) / "cases.json"
    plan.write_text(json.dumps(parts))
    done = subprocess.run(["node", str(HERE / "visible.mjs"), str(plan)], stdout=subprocess.PIPE, check=True, timeout=1800)
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert len(lines) == len(parts)
    return [{world: why for world, why in line.items() if why} for line in lines]


def told(wrong):
    return "\n".join(f"{why}: {html}\n    {said}" for html, why, said in wrong)


def test_what_hides_it_is_seen_through():
    todo = cases.HIDDEN + cases.UNSURE
    seen = ours([whole(html) for html, _ in todo])
    wrong = [(html, why, doubt) for (html, why), (visible, doubt) in zip(todo, seen) if visible]
    assert not wrong, told(wrong)


def test_what_is_honest_is_visible():
    seen = ours([whole(html) for html, _ in cases.SHOWN])
    wrong = [(html, why, doubt) for (html, why), (visible, doubt) in zip(cases.SHOWN, seen) if not visible]
    assert not wrong, told(wrong)


def test_chromium_shows_what_we_take_for_visible(folder):
    """What we call hidden needs no second judge: only what we call visible is shown to Chromium, whatever list it stands in."""
    todo = [(html, why) for html, why in cases.SHOWN + cases.HIDDEN + cases.UNSURE]
    taken = [(html, why, doubt) for (html, why), (visible, doubt) in zip(todo, ours([whole(html) for html, _ in todo])) if visible]
    assert len(taken) >= len(cases.SHOWN)
    found = [(html, why, f"ours: visible {doubt}; Chromium: {hidden}")
             for (html, why, doubt), hidden in zip(taken, chromium([whole(html) for html, _, _ in taken], folder)) if hidden]
    assert not found, told(found)
