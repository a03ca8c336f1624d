"""Messages rendered by compose_tool, read by Python's email package.

What a strict reader makes of the bytes must be what the tool says it wrote:
no defect, no line too long, no byte outside ASCII (but in To:), and the texts,
decoded, the same to the character.

Usage: test_compose_oracle.py COMPOSE_TOOL
"""

import email
import email.policy
import html
import html.parser
import pathlib
import re
import subprocess
import sys
import tempfile
import unicodedata

ONCE = """From Reply-To To Subject Date Message-ID List-Id List-Unsubscribe List-Unsubscribe-Post List-Post List-Help
List-Owner Precedence Feedback-ID CFBL-Address CFBL-Feedback-ID X-Auto-Response-Suppress X-Placet-Trial MIME-Version
Content-Language Content-Type""".split()
NEVER = """Sender Return-Path Bcc Disposition-Notification-To Return-Receipt-To Errors-To X-Priority Importance
Auto-Submitted""".split()
TO = re.compile(rb"^To: (.*)\r$", re.M)


class Words(html.parser.HTMLParser):
    """The visible text, the links, and which elements are open."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.words, self.links, self.tags, self.skip = [], [], set(), 0

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag in ("title", "style"):
            self.skip += 1
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_endtag(self, tag):
        if tag in ("title", "style"):
            self.skip -= 1

    def handle_data(self, data):
        if not self.skip:
            self.words.append(data)


def check_bytes(raw):
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b""), "bare line break"
    head, _, body = raw.partition(b"\r\n\r\n")
    for line in body.split(b"\r\n"):
        assert len(line) <= 76, f"body line of {len(line)}"
        assert line.isascii() and not line.startswith((b".", b"From ")) and not line.endswith((b" ", b"\t"))
    for line in head.split(b"\r\n"):
        # An address is never broken, whatever its length (FMT-1).
        assert len(line) <= 78 or line.count(b" ") <= 1, f"header line of {len(line)}"
        assert line.isascii() or line.startswith(b"To: ")
        assert line.strip()


def check_headers(message, raw, facts):
    names = [name.lower() for name in message.keys()]
    for name in ONCE:
        assert names.count(name.lower()) == 1, name
    for name in NEVER:
        assert name.lower() not in names, name
    assert len(names) == len(ONCE), names
    assert TO.search(raw).group(1).decode() == facts[0]
    # RFC 2047 cannot say where a blank stood at an end; everything else must come back.
    assert unicodedata.normalize("NFC", str(message["Subject"])).strip() == facts[1].strip(), facts[1]
    assert len(message["From"].addresses) == 1
    assert message["List-Unsubscribe"].startswith("<https://") and message["List-Unsubscribe"].count("<https:") == 1
    assert message["Date"].datetime is not None


def check_parts(message, raw, text):
    assert message.get_content_type() == "multipart/alternative"
    plain, page = message.iter_parts()
    assert (plain.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    for part in message.walk():
        assert not part.defects, part.defects
        for name, value in part.items():
            # Python reads no UTF-8 in headers from bytes (RFC 6532); that one line is compared as bytes.
            assert not getattr(value, "defects", ()) or (name == "To" and not TO.search(raw).group(1).isascii())
    assert plain.get_content().replace("\r\n", "\n") == text
    words = Words()
    words.feed(page.get_content())
    assert not words.tags & {"script", "img", "form", "iframe", "b", "object", "svg", "link", "base"}, words.tags
    for link in words.links:
        shown = link[len("mailto:"):] if link.startswith("mailto:") else link
        assert shown in text, link
    # Every word of the text is in the HTML; the text adds marks of its own, the HTML none.
    letters = re.compile(r"[^\W\d_]+")
    seen = set(letters.findall("".join(words.words)))
    missing = set(letters.findall(text)) - seen - set(letters.findall(" ".join(words.links)))
    # Between ideographs a line of the text may end, and with it what looks like a word.
    missing = {m for m in missing if not (re.fullmatch("[\u2e80-\u9fff]+", m) and m in "".join(words.words))}
    assert not missing, missing


def check(stem):
    raw = stem.with_suffix(".eml").read_bytes()
    text = stem.with_suffix(".text").read_bytes().decode()
    facts = stem.with_suffix(".facts").read_bytes().decode().split("\n")
    check_bytes(raw)
    policy = email.policy.SMTPUTF8.clone(raise_on_defect=not facts[0].startswith("jö"))
    message = email.message_from_bytes(raw, policy=policy)
    check_headers(message, raw, facts)
    check_parts(message, raw, text)


def main(tool):
    with tempfile.TemporaryDirectory() as folder:
        again = pathlib.Path(folder, "again")
        again.mkdir()
        subprocess.run([tool, folder], check=True)
        subprocess.run([tool, again], check=True)
        stems = sorted(pathlib.Path(folder).glob("*.eml"))
        assert len(stems) == 200, len(stems)
        for stem in stems:
            try:
                check(stem)
            except Exception as problem:
                raise AssertionError(f"{stem.name}: {problem!r}") from problem
            assert stem.read_bytes() == (again / stem.name).read_bytes(), "not the same bytes twice"
    print(f"{len(stems)} messages read without a defect")


if __name__ == "__main__":
    main(sys.argv[1])
