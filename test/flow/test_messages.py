"""Point 5 of the first issue: messages with hostile, foreign and long values, read by Python and verified by its DKIM."""
import csv
import email
import email.policy
import html.parser
import pathlib
import re
import unicodedata

import dkim
import pytest

from harness.story import ANN, REV, Story
from test_deliver import zone_of

NAMES = ["Ann", "Zoë Ångström", "O'Brien \"Bob\"", "<b>Bold</b> & Co", "Ελένη Παπαδοπούλου", "Мария Ивановна", "王小明", "日本 太郎",
         "김철수", "محمد بن سلمان", "שרה כהן", "ศรีสุข", "नरेन्द्र", "🔬 Dr Who 🧪", "x" * 190, "ß" * 90, "=?UTF-8?Q?no?=", "a=b=3D=20",
         ". dot", "..", "From me", "--dash", "tab in", "*star* _under_ `tick`", "[link](x)", "{{name}}", "a\\b", "%s %n", "&amp; &lt;",
         "Nguyễn Thị Minh Khai", "ﬁ ligature", "e\u0301 combining", "1. list", "# head", "> quote", "  wide  ", "$&<>'\"", "İstanbul", "ı", "Ⅷ"]
BODY = """Dear {{name|participant}},

you told us about **{{town|your town}}**, number {{n}}. Please read [about the study](https://uni.example/sleep).

- one thing of {{name|yours}}
- another thing

Grüße aus Köln
"""
SUBJECT = "News for {{name|you}}, Grüße"
WORDS = ["you told us about", "Please read", "about the study", "one thing of", "another thing", "Grüße aus Köln"]


class Seen(html.parser.HTMLParser):
    """The text of a page, and its links."""

    def __init__(self, page):
        super().__init__()
        self.text, self.links, self.hidden = [], [], 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in ("style", "title")
        self.links += [v for k, v in attrs if k in ("href", "src") and v]

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "title")

    def handle_data(self, data):
        if not self.hidden:
            self.text.append(data)


def flat(text):
    """Without line breaks, marks of emphasis and what keeps directions apart."""
    return " ".join(re.sub("[\u2066-\u2069\u200b\u200e\u200f]", "", unicodedata.normalize("NFC", text)).split())


@pytest.fixture
def sent(placet, capture):
    """200 people with the values above. Returns told, the values by address, and what arrived."""
    names = [name for name in NAMES if "=?" not in name]  # which no subject may have
    values = {f"p{i:03}@example.org": (names[i % len(names)], NAMES[(i * 7 + 3) % len(NAMES)], str(i)) for i in range(200)}
    told = Story(placet, capture.url()).prepare([next(iter(values))])
    file = pathlib.Path(placet.folder) / "values.csv"
    with open(file, "w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows([("address", "name", "town", "n"), *((a, *v) for a, v in values.items())])
    placet.run("list", "add", "all", "--project", "sleep", json=False)
    said = placet.run("import", "all", file, "--by", ANN, "--consent-kind", "oral", "--consent-ref", "R", "--consent-date", "2026-10-01")
    assert (said["rows"], said["rejected"]) == (200, 0)
    import harness.story as story
    old, story.LIST = story.LIST, "all"
    try:
        told.sign_off()
        number = told.draft(SUBJECT, BODY)
    finally:
        story.LIST = old
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False)
    for finding in placet.run("mailing", "check", number)["findings"]:
        print(finding)
    placet.run("mailing", "approve", number, "--by", REV, json=False)
    told.send(number)
    assert len(capture.messages()) == 200
    return told, values, capture.messages()


def test_two_hundred_messages(placet, sent):
    _, values, messages = sent
    zone = zone_of(placet)
    for envelope, raw in messages:
        address = envelope["to"][0]
        name, town, n = (flat(v) for v in values[address])
        message = email.message_from_bytes(raw, policy=email.policy.SMTP.clone(raise_on_defect=True))
        for part in message.walk():
            assert not part.defects and all(not getattr(v, "defects", None) for v in part.values()), address
        assert b"\r\n" in raw and not re.search(rb"[^\r]\n|\r[^\n]", raw) and max(map(len, raw.split(b"\r\n"))) <= 998
        assert max(raw) < 128, "it is 7-bit throughout"
        for i in range(2):
            assert dkim.DKIM(raw).verify(idx=i, dnsfunc=zone), f"{address}: signature {i}"
        assert flat(message["Subject"]) == f"News for {name}, Grüße"
        text, page = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
        seen = Seen(page)
        for shown in (flat(text), flat("".join(seen.text))):
            for words in [*WORDS, name, town, f"number {n}."]:
                assert flat(words) in shown, (address, words)
        for link in seen.links:
            if link.startswith("http"):
                assert link in re.sub(r"\s", "", text), (address, link)
            else:
                assert link.startswith(("mailto:", "cid:", "#")), link


TAMPERINGS = {
    "subject": (rb"\r\nSubject: ", b"\r\nSubject: x"), "from": (rb"\r\nFrom: ", b"\r\nFrom: x"),
    "to": (rb"\r\nTo: p", b"\r\nTo: q"), "date": (rb"\r\nDate: ...", b"\r\nDate: Xyz"),
    "second from": (rb"\r\nFrom: ", b"\r\nFrom: Eve <eve@evil.example>\r\nFrom: "),
    "second subject": (rb"\r\nSubject: ", b"\r\nSubject: Pay\r\nSubject: "),
    "reply-to": (rb"\r\nSubject: ", b"\r\nReply-To: eve@evil.example\r\nSubject: "),
    "unsubscribe": (rb"/opt-out/.", b"/opt-out/-"), "one-click": (rb"\r\nList-Unsubscribe-Post: [^\r]*", b""),
    "type": (rb"\r\nContent-Type: multipart/alternative", b"\r\nContent-Type: multipart/mixed"),
    "message id": (rb"\r\nMessage-ID: <", b"\r\nMessage-ID: <x"), "a word": (rb"nine", b"nime"),
    "a line": (rb"\r\nYour answers[^\r]*", b""), "added": (rb"\Z", b"more\r\n"), "leading blank": (rb"\r\nYour answers", b"\r\n  Your answers"),
}


@pytest.mark.parametrize("engine", ["sqlite"])
def test_tampering_is_noticed(placet, capture):
    told = Story(placet, capture.url()).prepare(["p001@example.org"])
    told.send(told.mailing())
    raw = b"X: 1\r\n" + capture.messages()[0][1]
    zone = zone_of(placet)
    for i in range(2):
        assert dkim.DKIM(raw).verify(idx=i, dnsfunc=zone)
    for what, (pattern, new) in TAMPERINGS.items():
        changed, n = re.subn(pattern, lambda _: new, raw, count=1)
        assert n == 1 and changed != raw, what
        for i in range(2):
            try:
                good = dkim.DKIM(changed).verify(idx=i, dnsfunc=zone)
            except dkim.DKIMException:
                good = False
            assert not good, f"{what}: signature {i} still verifies"
