"""placet site export: the public pages as files that work at any place, and say what the web role says (policy: statement-page)."""
import html
import os
import pathlib
import re
import stat
import urllib.parse
import urllib.request

import pytest

from harness import story
from harness.placet import Capture
from harness.process import free_port
from harness.tables import change

# What needs a server, and therefore stays with it.
SERVED = re.compile(r"/(check|opt-out|me|complaint|join/[a-z-]+)")


@pytest.fixture
def told(placet, folder):
    """A home with a mailing in two languages, and a page whose words look like links."""
    placet.url = f"http://127.0.0.1:{free_port()}"
    relay = Capture(placet, os.path.join(folder, "captured"))
    told = story.Story(placet, relay.url()).prepare(story.people(3))
    words = pathlib.Path(folder) / "words.md"
    words.write_text("Example University asks people, and never href=\"/opt-out\" by night.\n\n"
                     "Our [town](https://uni.example/town).\n")
    told.do("project", "edit", story.STUDY, "--summary", words, "--join-text", words, json=False)
    told.do("project", "approve", story.STUDY, "--by", story.REV, json=False)
    body = pathlib.Path(folder) / "de.md"
    body.write_text("Guten Tag,\n\nhaben Sie vier Minuten & neun Fragen für uns? <https://uni.example/schlaf>\n")
    number = told.draft()
    told.do("mailing", "edit", number, "--language", "de", "--subject", "Vier \"Minuten\"", "--body", body, "--by", story.ANN, json=False)
    told.do("mailing", "submit", number, "--by", story.ANN, "--accept-responsibility", json=False)
    told.do("mailing", "approve", number, "--by", story.REV, json=False)
    return told


def files_of(folder):
    return {str(p.relative_to(folder)) for p in pathlib.Path(folder).rglob("*") if p.is_file()}


def links_of(page):
    return [html.unescape(x) for x in re.findall(r'<[^>]*?\s(?:href|src|action)="([^"]*)"', page)]


def served(placet, path):
    with urllib.request.urlopen(placet.url + path, timeout=20) as answer:
        return answer.read()


def test_every_link_leads_somewhere(placet, told, folder):
    site = pathlib.Path(folder) / "site"
    done = placet.run("site", "export", site)
    pages = sorted(site.rglob("*.html"))
    assert done["pages"] == len(pages) == 5 and done["files"] == len(files_of(site)) - 1
    host = set()
    for page in pages:
        for link in links_of(page.read_text()):
            where = urllib.parse.urlsplit(link)
            if where.scheme == "mailto" or link.startswith("#"):
                continue
            if where.scheme:
                mine = link.startswith(placet.url + "/")
                assert mine or where.netloc in ("uni.example", "www.w3.org"), link
                assert not mine or SERVED.fullmatch(where.path), (page, link)
                host |= {where.path} if mine else set()
                continue
            assert not link.startswith("/"), (page, link)
            to = (page.parent / where.path).resolve()
            assert to.is_file() and to.is_relative_to(site.resolve()), (page, link)
    assert host == {"/check", "/opt-out", "/me", "/complaint", "/join/" + story.STUDY}


def test_the_files_say_what_the_pages_say(placet, told, folder):
    site = pathlib.Path(folder) / "site"
    placet.run("site", "export", site)
    placet.start("web", "--listen", placet.url.removeprefix("http://"))
    mailing = f"projects/{story.STUDY}/mailings/1"
    assert files_of(site) == {"index.html", "privacy/index.html", "accessibility/index.html", f"projects/{story.STUDY}/index.html",
                              f"{mailing}/index.html", f"{mailing}/text/en.txt", f"{mailing}/text/de.txt", "assets/placet.css",
                              "assets/icon.svg", ".placet-export"}
    for name in files_of(site) - {".placet-export"}:
        path = "/" + re.sub(r"/?index\.html$|\.txt$", "", name)
        mine, theirs = (site / name).read_bytes(), served(placet, path)
        if name.endswith(".html"):
            mine, theirs = (re.sub(rb'((?:href|src|action)=)"(?!mailto|#)[^"]*"', rb'\1""', x) for x in (mine, theirs))
        assert mine == theirs, name
    text = (site / f"projects/{story.STUDY}/index.html").read_text()
    assert "href=&quot;/opt-out&quot; by night" in text and 'href="../../privacy/index.html"' in text
    assert "<https://uni.example/schlaf>" in (site / f"{mailing}/text/de.txt").read_text()
    for file in site.rglob("*"):
        assert stat.S_IMODE(file.stat().st_mode) == (0o755 if file.is_dir() else 0o644), file


def test_again_into_the_same_folder(placet, told, folder):
    site = pathlib.Path(folder) / "site"
    old = os.umask(0o077)
    try:
        placet.run("site", "export", site)
    finally:
        os.umask(old)
    before = {name: (site / name).read_bytes() for name in files_of(site)}
    assert stat.S_IMODE((site / "index.html").stat().st_mode) == 0o644
    (site / "robots.txt").write_text("of the keepers of that site\n")
    assert placet.run("site", "export", site)["removed"] == 0
    assert before == {name: (site / name).read_bytes() for name in files_of(site) - {"robots.txt"}}
    # A file of ours that is no more goes, with its folder; what others put there stays.
    (site / "projects/old").mkdir()
    (site / "projects/old/index.html").write_text("old")
    with open(site / ".placet-export", "a", encoding="ascii") as marker:
        marker.write("projects/old/index.html\nprojects/never/was.html\n")
    change(placet, "UPDATE mailing SET state = 'revoked', state_why = 'the wrong list'")
    assert placet.run("site", "export", site)["removed"] == 1
    assert files_of(site) == {*before, "robots.txt"} and not (site / "projects/old").exists()
    assert "the wrong list" in (site / f"projects/{story.STUDY}/mailings/1/index.html").read_text()
    assert (site / ".placet-export").read_bytes() == before[".placet-export"]


def test_other_folders_are_left_alone(placet, told, folder):
    full = pathlib.Path(folder) / "full"
    full.mkdir()
    placet.run("site", "export", full)  # an empty one will do
    other = pathlib.Path(folder) / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("dear")
    outside = pathlib.Path(folder) / "outside.html"
    outside.write_text("dear")

    def refused(where, says):
        placet.run("site", "export", where, json=False, expect=2)
        assert says in placet.last.stderr

    refused(other, "thesis.tex; name a new folder or an empty one")
    refused(placet.home / "site", "where only its own files belong")
    refused(other / "thesis.tex", "")
    marker = (full / ".placet-export").read_text()
    for line in ("../outside.html", "/etc/passwd", "projects/../../outside.html", "projects//x", ""):
        (full / ".placet-export").write_text(marker + line + "\n")
        refused(full, "which no export writes")
    (full / ".placet-export").write_text(marker.replace(placet.url, "https://mail.other.example"))
    refused(full, "it has the pages of https://mail.other.example; name another folder, or remove it")
    (full / ".placet-export").write_text("something else\n")
    refused(full, "is not one of ours")
    assert outside.exists() and files_of(other) == {"thesis.tex"}
