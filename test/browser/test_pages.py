"""The public pages, as a recipient meets them: in Chromium, judged by axe, without JavaScript, on a phone too.

One story is told on SQLite (the pages do not differ by engine): a mailing is sent to the capturing relay, and its links
lead to the pages that are looked at.
"""
import os
import re
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

from harness import story
from harness.placet import Capture, binary
from harness.process import free_port
from harness.tables import change


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
            "check": f"{base}/check/{story.check_code(raw)}", "raw": raw, "mailbox": relay.mailbox(), "to": relay.messages()[0][0]["to"][0]}


def test_public_pages(browser, site):
    pages = {"statement": site["base"] + "/", "project": site["project"], "mailing": site["mailing"],
             "check": site["base"] + "/check", "check-code": site["check"], "opt-out": site["opt-out"],
             "leave": site["base"] + "/opt-out", "privacy": site["base"] + "/privacy",
             "accessibility": site["base"] + "/accessibility"}
    browser.must_be_good([{"name": name, "url": url} for name, url in pages.items()])


def test_checking(browser, site, folder):
    """By code, text and file, without JavaScript: each of the three answers, and what is told beside it."""
    genuine = os.path.join(folder, "genuine.eml")
    altered = os.path.join(folder, "altered.eml")
    with open(genuine, "wb") as file:
        file.write(site["raw"])
    with open(altered, "wb") as file:
        file.write(site["raw"].replace(b"Subject: ", b"Subject: Urgent: ").replace(b"nine questions", b"ten questions"))
    lure = "Your mailbox is full. Sign in at https://uni-example.test/login/" + 12 * "x0123456789" + " within a day!\n"
    text = story.plain_text(site["raw"])
    step = {"url": site["base"] + "/check"}
    browser.must_be_good(walks=[
        {**step, "name": "check-genuine", "upload": {"Or the message itself": genuine}, "button": "Check the message", "expect": "sent by us, unaltered"},
        {**step, "name": "check-altered", "upload": {"Or the message itself": altered}, "button": "Check the message", "expect": "What is not in the approved text"},
        {**step, "name": "check-not-read", "upload": {"Or the message itself": __file__}, "button": "Check the message", "expect": "Not checked"},
        {**step, "name": "check-text", "fill": {"Or its text": text}, "button": "Check the text", "expect": "Every sentence that you handed in"},
        {**step, "name": "check-text-other", "fill": {"Or its text": text + lure}, "button": "Check the text", "expect": "Do not follow these links"},
        {**step, "name": "check-text-none", "fill": {"Or its text": lure}, "button": "Check the text", "expect": "This is not one of ours"},
        {**step, "name": "check-code-none", "fill": {"The code in your message": "ABCD-EFGH-JKMN"}, "button": "Check the code", "expect": "This is not one of ours"}])


def test_projects_of_all_kinds(browser, site, placet, folder):
    """With all that can be told, with nothing yet, with many mailings, long titles and right-to-left text; suspended, closed, revoked."""
    base = site["base"]
    words = os.path.join(folder, "words.md")
    with open(words, "w", encoding="utf-8") as file:
        file.write("## For whom\n\n- People of our **town**, and [others](https://uni.example/town)\n- " + 30 * "Donaudampfschifffahrt" + "\n\n"
                   "| what | how long |\n|---|---|\n| answers | ten years |\n| addresses | until the end of the study |\n")
    common = ["--originator", story.ANN, "--contact", story.ANN, "--department", story.OFFICE, "--identity", story.IDENTITY, "--ethics", "EK 1",
              "--summary", words, "--audience", words, "--data", words, "--link-host", "survey.uni.example"]
    for slug, title in (("empty", "A study that has not written yet"), ("long", "Wie " + "Donaudampfschifffahrtsgesellschaftskapitänsmützen " * 2)):
        placet.run("project", "add", slug, "--title", title.strip(), *common, json=False)
        placet.run("project", "approve", slug, "--by", story.REV, json=False)
    change(placet, "UPDATE mailing SET language = 'ar', subject = 'دراسة عن النوم في مدينتنا {{name}}', content_text = 'السلام عليكم {name}،' || char(10) ||"
                   " char(10) || 'ندرس كيف ينام الناس في مدينتنا (Sleep).'")
    for n in range(40):
        change(placet, "INSERT INTO mailing (project_id, list_id, subject, body, language, state, state_why, created_by, created, content_text, approved_by,"
                       f" approved_at, started, ended) SELECT project_id, list_id, 'Mailing number {n} of many', body, 'en', '{'revoked' if n % 7 == 0 else 'done'}',"
                       " 'the address of the survey was wrong', created_by, created, 'Dear {name}', approved_by, approved_at, started, ended FROM mailing WHERE id = 1")
    change(placet, "INSERT INTO translation (mailing_id, language, subject, body, content_text) VALUES (1, 'de', 'Vier Minuten', '', 'Guten Tag {name}')")
    browser.must_be_good([{"name": f"project-{name}", "url": f"{base}/projects/{name}"} for name in ("empty", "long", story.STUDY)] +
                         [{"name": "mailing-rtl", "url": site["mailing"]}, {"name": "mailing-revoked", "url": re.sub(r"\d+$", "2", site["mailing"])},
                          {"name": "statement-three", "url": base + "/"}])
    placet.run("project", "edit", story.STUDY, "--title", "Nobody approved this", json=False)
    browser.must_be_good([{"name": "project-suspended", "url": site["project"]}])
    with urllib.request.urlopen(site["project"], timeout=20) as answer:
        assert "Nobody approved this" not in answer.read().decode()


def test_opting_out_without_javascript(browser, site, placet):
    browser.must_be_good(walks=[{"name": "opt-out", "url": site["opt-out"], "expect": "You will get no more"}])
    browser.must_be_good([{"name": "already", "url": site["opt-out"]}])
    held = placet.run("person", "show", site["to"])
    assert held["opted_out"], held
    browser.must_be_good(walks=[
        {"name": "keep", "url": site["opt-out"], "tick": ["Sleep in our town"], "button": "Keep these", "expect": "Only these studies"},
        {"name": "take-back", "url": site["opt-out"], "button": "Take it back", "expect": "It is as it was before"},
        {"name": "no-address", "url": site["base"] + "/opt-out", "wait": 4, "button": "Send me the link",
         "fill": {"Your email address": "no address"}, "expect": "Nothing was sent"},
        {"name": "by-address", "url": site["base"] + "/opt-out", "wait": 4, "button": "Send me the link",
         "fill": {"Your email address": site["to"]}, "expect": "Now look into your mailbox"}])


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


def test_what_is_held(browser, site, placet):
    """/me and /complaint: empty, full, refused; each step by its one button."""
    me = link_to_me(placet, site)
    base = site["base"]
    browser.must_be_good([{"name": "me-ask", "url": base + "/me"}, {"name": "me", "url": me}, {"name": "me-erase", "url": me + "/erase"},
                          {"name": "complaint", "url": base + "/complaint"},
                          {"name": "me-gone", "url": base + "/me/AAAA", "status": 404}])
    browser.must_be_good(walks=[
        {"name": "me-fault", "url": base + "/me", "fill": {"Your address": "no address"}, "expect": "Not sent yet"},
        {"name": "complaint-fault", "url": base + "/complaint", "fill": {"What happened": "Too many", "Your address, for an answer (optional)": "x"},
         "expect": "Not sent yet"},
        {"name": "me-withdraw", "url": me, "button": "Withdraw", "expect": "is withdrawn"},
        {"name": "me-leave", "url": me, "button": "Leave all studies", "expect": "You have left"},
        {"name": "me-erased", "url": me + "/erase", "expect": "Nothing here names you"}])
    browser.must_be_good([{"name": "me-dead", "url": me, "status": 404}])


def link_to_me(placet, site):
    change(placet, "INSERT INTO notice (kind, delivery, utf8, reserved, key_hash, created, state) SELECT 'me', delivery, 0, 1, key_hash,"
                   f" {time.time_ns() // 1000}, 'accepted' FROM address WHERE delivery = '{site['to']}'")
    number = change(placet, "SELECT max(id) FROM notice")[0][0]
    tool = binary().resolve().parents[1] / "test/unit/token_tool"
    token = subprocess.run([tool, placet.home, "p", number], capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    return f"{site['base']}/me/{token}"
