"""The house template: what an institution may say around a message, which version a mailing has, and what is refused."""
import pytest

from harness.story import ANN, POST, REV, Story, people, plain_text
from test_messages import flat

LANGUAGES = "en de fr es it nl pt sv da nb fi pl cs uk tr el ar he fa zh ja ko".split()


@pytest.fixture
def told(placet, capture):
    return Story(placet, capture.url()).prepare(people(3))


@pytest.fixture
def write(placet):
    def write(text, name="house.txt"):
        (placet.folder / name).write_text(text)
        return placet.folder / name
    return write


def built_in(placet):
    return placet.run("template", "show", "--built-in", json=False)


def test_the_built_in_one_passes_in_every_language(placet, told, write):
    checked = placet.run("template", "check", write(built_in(placet)))
    assert checked == {"good": True, "reason": None, "languages": LANGUAGES}
    for language in LANGUAGES:
        sample = placet.run("template", "preview", "--language", language)
        assert f'lang="{language}"' in sample["html"] and "{" not in sample["text"]
        assert ('dir="rtl"' in sample["html"]) == (language in ("ar", "he", "fa"))


@pytest.mark.parametrize("what, by, says", [
    ("{unofficial}\n\n### Why you", "### Why you", "[en] lacks {unofficial}"),
    ("{unofficial}\n\n### Warum", "### Warum", "[de] lacks {unofficial}"),
    ("{unofficial}\n", "<p hidden>{unofficial}</p>\n", "HTML"),
    ("about “{project}”", "about our work", "opt-in"),
    ("You get this message because you agreed", "Hello", "opt-in"),
    ("## About this message", "## Visit [our shop](https://shop.example.com/)", "same-infrastructure"),
    ("## About this message", "## An official message of the university\n\n![crest](cid:crest)", "image"),
    ("ink:     #26231f", "ink:     #e6e3df", "contrast"),
    ("{content}", "{content}\n\n{trial}", "{trial} is no slot"),
])
def test_what_would_break_a_rule_is_refused(placet, told, write, what, by, says):
    text = built_in(placet)
    assert what in text
    file = write(text.replace(what, by, 1))
    checked = placet.run("template", "check", file, expect=1)
    assert checked["good"] is False and says in checked["reason"]
    placet.run("template", "set", file, "--why", "x", "--by", POST, expect=2)
    assert says in placet.last.stderr and placet.run("template", "list") == []


def test_who_may_set_it_and_what_is_kept(placet, told, write):
    file = write(built_in(placet).replace("is glad to answer", "answers"))
    placet.run("template", "set", file, "--why", "shorter", "--by", ANN, expect=4)
    placet.run("template", "set", file, "--why", "two\nlines", "--by", REV, expect=2)
    assert placet.run("template", "set", file, "--why", "shorter", "--by", REV)["version"] == 1
    placet.run("template", "set", file, "--why", "again", "--by", POST, expect=2)
    assert "version 1 has these very words" in placet.last.stderr
    again = write(built_in(placet).replace("is glad to answer", "replies"))
    assert placet.run("template", "set", again, "--why", "other words", "--by", POST)["version"] == 2
    assert [(v["version"], v["by"], v["why"]) for v in placet.run("template", "list")] == [(2, POST, "other words"), (1, REV, "shorter")]
    assert "Sample answers:" in placet.run("template", "preview", "--version", "1", json=False)
    assert "Sample replies:" in placet.run("template", "preview", json=False)
    assert placet.run("template", "show", "--version", "2")["text"] == again.read_text() == placet.run("template", "show")["text"]
    placet.run("template", "show", "--version", "3", expect=3)
    placet.run("template", "show", "--version", "1", "--built-in", expect=2)
    page = placet.folder / "sample.html"
    placet.run("template", "preview", file, "--language", "ar", "--html", page, json=False)
    assert 'dir="rtl"' in page.read_text()
    placet.run("template", "preview", file, "--html", file, expect=2)
    entries = [(e["action"], e["object"], e["detail"]) for e in placet.run("audit", "log") if e["action"] == "template"]
    assert entries == [("template", "house template 1", "shorter"), ("template", "house template 2", "other words")]


def test_a_mailing_keeps_the_version_that_it_was_submitted_with(placet, capture, told, write):
    number = told.draft()

    def said():
        return flat(plain_text(placet.run("mailing", "preview", number)["message"].encode()))

    assert "is glad to answer" in said()
    placet.run("template", "set", write(built_in(placet).replace("is glad to answer", "answers")), "--why", "1", "--by", REV)
    assert "Ann Bee answers:" in said()  # a draft has the newest
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility")
    placet.run("template", "set", write(built_in(placet).replace("is glad to answer", "replies")), "--why", "2", "--by", REV)
    assert "Ann Bee answers:" in said()  # what the reviewer reads is what goes out
    placet.run("mailing", "approve", number, "--by", REV)
    told.send(number)
    for _, raw in capture.messages():
        assert "Ann Bee answers:" in flat(plain_text(raw))
    assert "house template: 1" in placet.run("mailing", "show", number)["manifest"]
