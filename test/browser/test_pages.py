"""The public pages, as a recipient meets them: in Chromium, judged by axe, without JavaScript, on a phone too.

One story is told on SQLite (the pages do not differ by engine): a mailing is sent to the capturing relay, and its links
lead to the pages that are looked at.
"""
import os
import re
import urllib.parse
import urllib.request

import pytest

from harness import story
from harness.placet import Capture
from harness.process import free_port


@pytest.fixture
def engine():
    return "sqlite"


@pytest.fixture
def site(placet, folder):
    """Addresses by name, from a message that was sent and captured, while the web role serves."""
    port = free_port()
    base = placet.url = f"http://127.0.0.1:{port}"
    relay = Capture(placet, os.path.join(folder, "captured"), ["--web", "127.0.0.1:0"])
    told = story.Story(placet, relay.url()).prepare(story.people(3))
    number = told.mailing()
    status = told.send(number)
    assert status["counts"]["accepted"] == 3, status
    placet.start("web", "--listen", f"127.0.0.1:{port}")
    raw = relay.messages()[0][1]
    project = f"{base}/projects/{story.STUDY}"
    return {"base": base, "project": project, "mailing": f"{project}/mailings/{number}", "opt-out": story.opt_out_link(raw),
            "check": f"{base}/check/{story.check_code(raw)}", "mailbox": relay.mailbox(), "to": relay.messages()[0][0]["to"][0]}


def test_public_pages(browser, site):
    pages = {"statement": site["base"] + "/", "project": site["project"], "mailing": site["mailing"],
             "check": site["base"] + "/check", "check-code": site["check"], "opt-out": site["opt-out"],
             "leave": site["base"] + "/opt-out", "privacy": site["base"] + "/privacy",
             "accessibility": site["base"] + "/accessibility"}
    browser.must_be_good([{"name": name, "url": url} for name, url in pages.items()])


def test_opting_out_without_javascript(browser, site, placet):
    browser.must_be_good(walks=[{"name": "opt-out", "url": site["opt-out"], "expect": "You will get no more"}])
    browser.must_be_good([{"name": "already", "url": site["opt-out"]}])
    held = placet.run("person", "show", site["to"])
    assert held["opted_out"], held


def test_a_password_by_the_one_time_link(browser, site, placet):
    link = placet.run("account", "reset", story.REV)["link"]
    browser.must_be_good([{"name": "welcome", "url": link}], [
        {"name": "common", "url": link, "fill": typed("password1"), "expect": "among the commonest"},
        {"name": "set", "url": link, "fill": typed("four words and blanks"), "expect": "Your password is set"}])
    browser.must_be_good([{"name": "welcome-gone", "url": link, "status": 404}])


def typed(password):
    return {"New password": password, "The same password again": password}


def test_the_mailbox(browser, site):
    with urllib.request.urlopen(site["mailbox"], timeout=20) as answer:
        found = re.search(r'class="title"><a href="([^"]+)"', answer.read().decode())
    message = urllib.parse.urljoin(site["mailbox"], found.group(1))
    browser.must_be_good([{"name": "mailbox", "url": site["mailbox"]}, {"name": "message", "url": message}])
