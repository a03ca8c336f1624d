"""HTML of others on its way through handmade_tool, and what an independent reader (Python's) sees in it."""
import html.parser
import json
import os
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPORA = ROOT.parent / "shared/corpora/html"
URL = re.compile(r"(?:https?://|mailto:)[^\s<>()\[\]]+|\b[\w.+-]+@[\w-]+\.[\w.-]+\w")
WORD = re.compile(r"[^\W_]+")
SILENT = {"head", "title", "style", "script", "svg", "math", "template", "noscript", "iframe", "object", "select", "textarea"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}


def tool():
    """test/unit/handmade_tool: named by Meson, or beside the program that is tested."""
    beside = pathlib.Path(os.environ.get("PLACET_BIN", ROOT / "build/placet")).resolve().parent.parent / "test/unit/handmade_tool"
    return os.environ.get("HANDMADE_TOOL") or str(beside)


def turned(sources):
    """What becomes of each source (bytes): a dict of html, text, again and notes, or of error and notes."""
    with tempfile.TemporaryDirectory(prefix="placet-") as folder:
        names = []
        for i, source in enumerate(sources):
            names.append(f"{folder}/{i}")
            pathlib.Path(names[-1]).write_bytes(source)
        done = subprocess.run([tool(), *names], capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    out = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(out) == len(sources), done.stderr.decode()[-4000:]
    return out


class Reader(html.parser.HTMLParser):
    """Words that are shown, and where links go. Hidden: as inline styles say."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.open, self.shown, self.hrefs = [], [], []
        self.feed(source)
        self.close()

    def hidden(self):
        return any(hides for _, hides in self.open)

    def handle_starttag(self, tag, attrs):
        attrs = {name: value or "" for name, value in attrs}
        if tag == "a" and not self.hidden() and re.match(r"https?:|mailto:", attrs.get("href", "").strip()):
            self.hrefs.append(attrs["href"].strip())
        self.shown.append("" if tag in ("b", "i", "em", "strong", "span", "font", "a", "u", "sub", "sup", "code", "wbr", "o:p") else " ")
        if tag not in VOID:
            hides = tag in SILENT or re.search(r"display:\s*none", attrs.get("style", "")) or "preheader" in attrs.get("class", "")
            self.open.append((tag, bool(hides)))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        for i in reversed(range(len(self.open))):
            if self.open[i][0] == tag:
                del self.open[i:]
                break
        self.shown.append("" if tag in ("b", "i", "em", "strong", "span", "font", "a", "u", "sub", "sup", "code", "wbr", "o:p") else " ")

    def handle_data(self, data):
        if not self.hidden():
            self.shown.append(data)

    def words(self):
        return words("".join(self.shown))


def words(text):
    """Letters and digits of a text, in order, without its web addresses: those are compared by themselves."""
    return WORD.findall(URL.sub(" ", text.replace("\u200c", "")))


def text_words(text):
    """The same of a text part of ours: without what the lines of lists begin with."""
    return words("\n".join(re.sub(r"^([\s>]*)(\d+\. |- )+", r"\1", line) for line in text.split("\n")))


def text_links(text):
    """Addresses in a text part: each is in angle brackets, or alone on its line."""
    return [u for u in URL.findall(text)]
