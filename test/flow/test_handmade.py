"""A mailing whose body is HTML, from the file to the message; and `placet lint` on messages that others found hard."""
import email
import email.policy
import pathlib

import pytest

from harness import story
from harness.process import ROOT

MIME = ROOT.parent / "shared/corpora/mime"
BODY = """<html><head><style>.p { display: none }</style></head><body><span class="p">Read me first</span>
<p>Dear {{name|reader}},</p>
<script>alert(1)</script>
<p>may we ask you for <b>four minutes</b> and <a href="https://uni.example/">nine questions</a>?</p>
</body></html>
"""


@pytest.fixture
def told(placet):
    return story.Story(placet, "smtp://127.0.0.1:2525").prepare(story.people(2))


def draft(told, body, name="body.html", *options):
    file = pathlib.Path(told.placet.folder) / name
    file.write_text(body)
    return told.do("mailing", "new", "--list", story.LIST, "--subject", story.SUBJECT, "--body", file, "--by", story.ANN,
                   *options)["id"]


def test_html_becomes_both_parts(told):
    number = draft(told, BODY)
    checked = told.do("mailing", "check", number, expect=None)
    assert "hidden text (line 1)" in checked["left_out"] and "scripts (line 3)" in checked["left_out"]
    raw = told.do("mailing", "preview", number)["message"]
    message = email.message_from_string(raw, policy=email.policy.default)
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert "may we ask you for *four minutes* and nine questions\n<https://uni.example/>?" in text.replace("\r\n", "\n") or \
        "may we ask you for *four minutes* and nine questions <https://uni.example/>?" in " ".join(text.split())
    assert "<strong>four minutes</strong>" in html
    for part in (text, html):
        assert "Read me first" not in part and "alert(1)" not in part


def test_the_format_is_told_by_name_or_option(told):
    number = draft(told, "<p>a</p>", "body.txt", "--format", "html")
    assert "<p>a</p>" not in told.do("mailing", "preview", number)["message"]
    plain = draft(told, "**a**", "body.md")
    file = pathlib.Path(told.placet.folder) / "other.htm"
    file.write_text("<p>bold <b>b</b></p>")
    told.do("mailing", "edit", plain, "--body", file, "--by", story.ANN)
    assert "bold *b*" in told.do("mailing", "preview", plain)["message"]


def test_lint_answers_to_every_hard_message(placet):
    assert MIME.is_dir(), f"{MIME} is absent"
    placet.init("--postmaster", story.POST)
    files = sorted(p for p in MIME.rglob("*") if p.suffix in (".eml", ".msg"))[::8]
    assert len(files) > 25
    for path in files:
        placet.run("lint", path, expect=(0, 1, 2, 75), json=False)
