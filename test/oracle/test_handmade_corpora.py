"""HTML that others collected, as if a researcher had written it.

Words and links survive the turn to HTML and to text, and nothing that acts does; a page that is written again stays the
same. Where something differs, the reason is listed here, and must be true: a line that is not needed fails.
(Chromium looks at the same files in test/browser/test_handmade.py.)
"""
import re

import pytest

from handmade_read import CORPORA, Reader, text_links, text_words, turned, words

needs_corpora = pytest.mark.skipif(not CORPORA.is_dir(), reason=f"{CORPORA} is absent")
PAIRS = sorted((CORPORA / "soundasleep-html2text/html").glob("*.html"))
NEWSLETTERS = sorted(CORPORA.glob("postmark-templates/*/*/*/content.html")) + sorted((CORPORA / "leemunroe").glob("*.html"))
HOSTILE = sorted((CORPORA / "bleach").glob("*.test"))

# Files that are refused, with the words that say why.
REFUSED = {
    "windows-1252-example.html": "it is not UTF-8",
}
# Where the words differ from those of the pair's text, and why.
OTHER_WORDS = {
    "images.html": "its images are none of the project's: a word stands for each here, where they have its title",
    "full_email.html": "as above",
}
# Where Python's reader sees other words than browsers, and why.
OTHER_READER = {
    "invalid.html": "behind a quote that is never closed it goes on with the text; browsers and the pair end there",
}
ACTIVE = re.compile(r"<\s*(script|style|iframe|object|embed|form|input|svg|math|link|meta|base|template)\b|\son\w+\s*=|javascript:|"
                    r"vbscript:|data:|expression\(|url\(|@import", re.IGNORECASE)


def prepared(path):
    """As a writer would have to mend it: secure links, no fields in links, a word for each image from elsewhere."""
    source = path.read_bytes()
    source = source.replace(b"http://", b"https://")
    source = re.sub(rb'href="(mailto:)?\{\{\s*(\w+)[^"]*"', lambda m: b'href="%s"' % (
        b"mailto:%s@example.org" % m[2] if m[1] else b"https://example.org/" + m[2]), source)
    return re.sub(rb"<img\b[^>]*>", b"picture", source)


@pytest.fixture(scope="module")
def made():
    paths = PAIRS + NEWSLETTERS
    return dict(zip(paths, turned([prepared(p) for p in paths])))


def label(path):
    return path.name if path.name != "content.html" else "-".join(path.parts[-4:-1])


def tags(markup):
    """Of HTML: its tags alone, without the words between them."""
    return " ".join(re.findall(r"<[^>]*>", markup))


@needs_corpora
def test_the_collections_are_there():
    assert len(PAIRS) == 22 and len(NEWSLETTERS) == 68 and len(HOSTILE) == 20


@needs_corpora
@pytest.mark.parametrize("path", PAIRS + NEWSLETTERS, ids=label)
def test_words_and_links_survive(made, path):
    got = made[path]
    if path.name in REFUSED:
        assert REFUSED[path.name] in got["error"]
        return
    assert "error" not in got, got["error"]
    source = Reader(prepared(path).decode())
    written = Reader(got["html"])
    if path.name in OTHER_READER:
        assert written.words() == source.words()[:len(written.words())] != source.words()
        assert any("broken" in what for what in got["notes"])
        return
    assert written.words() == source.words()
    assert written.hrefs == source.hrefs
    assert text_words(got["text"]) == source.words()
    shown = {h.removeprefix("mailto:") for h in source.hrefs}
    assert shown <= {u.removeprefix("mailto:") for u in text_links(got["text"])}


@needs_corpora
@pytest.mark.parametrize("path", PAIRS, ids=label)
def test_the_pairs_agree(made, path):
    """The text that soundasleep/html2text makes, as their authors expect it."""
    if path.name in REFUSED:
        return
    theirs = (path.parents[1] / "txt" / (path.stem + ".txt")).read_text(encoding="utf-8")
    theirs = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", theirs.replace("http://", "https://"))
    same = text_words(made[path]["text"]) == text_words(theirs)
    assert same != (path.name in OTHER_WORDS), (text_words(made[path]["text"]), text_words(theirs))


@needs_corpora
@pytest.mark.parametrize("path", PAIRS + NEWSLETTERS, ids=label)
def test_writing_again_changes_nothing(made, path):
    got = made[path]
    assert path.name in REFUSED or got["again"] == got["html"]
    assert not ACTIVE.search(tags(got.get("html", "")))


@needs_corpora
def test_nothing_hidden_comes_out(made):
    """The newsletters begin with words for the list of a mailbox, which nobody sees in the message."""
    for path in NEWSLETTERS:
        source = prepared(path).decode()
        for hidden in re.findall(r'class="preheader"[^>]*>([^<]+)<', source):
            if hidden.strip() not in source.replace(hidden, "", 1):
                assert hidden.strip() not in made[path]["text"], path
                assert made[path]["notes"].get("hidden text") == 1, path


@needs_corpora
@pytest.mark.parametrize("path", HOSTILE, ids=label)
def test_nothing_active_survives(path):
    source = path.read_bytes().split(b"\n--\n")[0]
    whole, = turned([source])
    bare, = turned([re.sub(rb"(?i)<img\b[^>]*>?", b"", source)])
    assert "error" not in whole or "an image that the project has not" in whole["error"]
    for got in (whole, bare):
        if "error" not in got:
            assert not ACTIVE.search(tags(got["html"])), got["html"]
            assert got["again"] == got["html"]
            assert words(got["text"]) == Reader(got["html"]).words()
