"""The public pages, as a recipient meets them: in Chromium, judged by axe, without JavaScript, on a phone too.

One story is told on SQLite (the pages do not differ by engine): a mailing is sent to the capturing relay, and its links
lead to the pages that are looked at.
"""
import os
import re

import pytest

from harness import story
from harness.placet import Capture
from harness.process import free_port


@pytest.fixture
def engine():
    return "sqlite"


@pytest.fixture
def site(placet, folder):
    """What the links of one message that was sent lead to, while the web role serves: base, opt-out, check, mailing."""
    port = free_port()
    placet.url = f"http://127.0.0.1:{port}"
    relay = Capture(placet, os.path.join(folder, "captured"), ["--web", "127.0.0.1:0"])
    told = story.Story(placet, relay.url()).prepare(story.people(3))
    number = told.mailing()
    status = told.send(number)
    assert status["counts"]["accepted"] == 3, status
    web = placet.start("web", "--listen", f"127.0.0.1:{port}")
    body = relay.messages()[0][1].decode()
    text = re.sub(r"=\r?\n", "", body).replace("=3D", "=")
    found = story.links(text)
    found.update(base=placet.url, mailing=f"{placet.url}/projects/{story.STUDY}/mailings/{number}",
                 project=f"{placet.url}/projects/{story.STUDY}", mailbox="http://" + relay.process.addresses[-1])
    yield found
    web.stop()


def test_public_pages(browser, site):
    pages = {"statement": site["base"] + "/", "project": site["project"], "mailing": site["mailing"],
             "check": site["base"] + "/check", "check-code": site["check"], "opt-out": site["opt-out"],
             "privacy": site["base"] + "/privacy"}
    browser.must_be_good([{"name": name, "url": url} for name, url in pages.items()])


def test_opting_out_without_javascript(browser, site, placet):
    browser.must_be_good(walks=[{"name": "opt-out", "url": site["opt-out"], "expect": "You will get no more"}])
    held = placet.run("person", "show", "person0000@example.org", json=False)
    assert "opt" in held, held


def test_the_mailbox_page(browser, site):
    browser.must_be_good([{"name": "mailbox", "url": site["mailbox"] + "/"}])
