"""Signing up, as somebody with a phone and without JavaScript does it: from the poster's code to the confirmed link."""
import os
import pathlib
import re
import shutil
import subprocess
import urllib.request

import pytest

from harness import story
from harness.placet import Capture
from harness.process import free_port

WORDS = """I agree that the study “Sleep in our town” of Example University writes to me by email, **once a month** at most, until
the end of 2027.

- My address is used for this and for nothing else.
- I can leave at any time, without giving a reason.
"""
BOX = "I have read these words and agree to them"
MAIL = "Your email address"
NAME = "Your name (if you like)"
ZOE = "zoe@example.org"


@pytest.fixture
def engine():
    return "sqlite"


@pytest.fixture
def site(placet, folder):
    """A project that takes sign-ups, and the web role."""
    port = free_port()
    placet.url = f"http://127.0.0.1:{port}"
    relay = Capture(placet, os.path.join(folder, "captured"))
    story.Story(placet, relay.url()).prepare(story.people(2))
    file = pathlib.Path(folder) / "join.md"
    file.write_text(WORDS)
    placet.run("project", "edit", story.STUDY, "--join-text", file)
    placet.run("project", "approve", story.STUDY, "--by", story.REV)
    placet.start("web", "--listen", f"127.0.0.1:{port}")
    placet.relay = relay
    return f"{placet.url}/join/{story.STUDY}"


def form(name, url, expect, address=ZOE, **more):
    return {"name": name, "url": url, "fill": {MAIL: address, **more.pop("fill", {})}, "tick": [BOX], "wait": 3.1,
            "expect": expect, **more}


def test_the_form(browser, site):
    browser.must_be_good([{"name": "join", "url": site}, {"name": "poster", "url": f"{site}/poster"},
                          {"name": "project", "url": site.replace("/join/", "/projects/")}],
                         [form("wrong", site, "Not sent yet", address="zoe at example.org", fill={NAME: "Zoë Ångström"}),
                          form("named", site, "a name and nothing else", fill={NAME: "see http://spam.example"}),
                          form("hasty", site, "as programs do", wait=0),
                          form("sent", site, "Now look into your mailbox")])


def test_the_code_can_be_read(browser, site, placet):
    """From the picture of the poster that Chromium makes, in both colour schemes and on a phone."""
    assert shutil.which("zbarimg"), "zbarimg is not installed (Debian package zbar-tools)"
    browser.must_be_good([{"name": "poster", "url": f"{site}/poster"}])
    for view in ("light", "dark", "phone"):
        done = subprocess.run(["zbarimg", "--quiet", "--raw", browser.shots / f"poster-{view}.png"], capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.stdout.splitlines() == [site], (view, done)
    with urllib.request.urlopen(f"{site}/poster", timeout=20) as answer:
        assert placet.run("project", "qr", story.STUDY)["svg"].strip() in answer.read().decode()


def link_of(placet, address=ZOE):
    """Of the newest confirmation that was mailed to the address."""
    placet.run("send", "--until-idle", json=False)
    return [story.confirm_link(raw) for e, raw in placet.relay.messages() if e["to"] == [address]][-1]


def test_from_the_form_to_the_list(browser, site, placet):
    """Without JavaScript, by the mail that comes; and what a link says that was used, is too old, or is none."""
    browser.must_be_good(walks=[form("sent", site, "Now look into your mailbox")])
    link = link_of(placet)
    browser.must_be_good([{"name": "confirm", "url": link}],
                         [{"name": "confirm", "url": link, "expect": "You have signed up"}])
    browser.must_be_good([{"name": "done-already", "url": link}, {"name": "forged", "url": link[:-2], "status": 404}])
    assert [m["address"] for m in placet.run("list", "members", f"{story.STUDY}-sign-up")] == [ZOE]


def test_coming_back_too_late_and_closed(browser, site, placet):
    ann, bob = story.people(2)
    placet.run("opt-out", ann, "--by", story.ANN, "--why", "rang us", json=False)
    browser.must_be_good(walks=[form("ann", site, "mailbox", address=ann), form("bob", site, "mailbox", address=bob)])
    link = link_of(placet, ann)
    browser.must_be_good([{"name": "had-left", "url": link}],
                         [{"name": "had-left", "url": link, "expect": "only this one may write to you"}])
    link = link_of(placet, bob)
    late = placet.start("web", "--listen", "127.0.0.1:0", env={"PLACET_CLOCK": "+8d"}).address
    browser.must_be_good([{"name": "late", "url": re.sub(r"//[^/]+", f"//{late}", link), "status": 410}])
    placet.run("project", "close", story.STUDY)
    browser.must_be_good([{"name": "closed", "url": link, "status": 410}])
    assert placet.run("list", "members", f"{story.STUDY}-sign-up")[0]["address"] == ann
