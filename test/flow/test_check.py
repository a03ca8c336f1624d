"""Is it genuine? /check and `placet check-message`, by code, text and message: the three answers, and that nothing is told of anybody."""
import hashlib
import http.client
import pathlib
import re
import urllib.parse

import pytest

from harness import handed
from harness.forms import Web, everything
from harness.story import ANN, LIST, POST, REV, STUDY, Story, check_code, people, plain_text
from harness.tables import change

ANSWERS = {"was sent by us, unaltered": "unaltered", "was approved on": "compare", "This is not one of ours": "none", "Not checked": "unread"}
EXITS = {"unaltered": 0, "compare": 5, "none": 1}

OTHER = """Dear {{name|reader}},

thank you for your answers of last spring. Here is what came of them: people of our town sleep seven hours, and wake up twice.

Would you tell us, once more, how last week was for you? It takes six minutes, and your answers stay without your name as before.
"""


class Checker:
    """Hands things in at a web role; each from a network of its own, so that no bound is met."""

    def __init__(self, address):
        self.address = address
        self.conn = http.client.HTTPConnection(address, timeout=60)
        self.n = 0

    def send(self, body, kind, network=None):
        self.n += 1
        network = network or f"192.{self.n // 65536 % 256}.{self.n // 256 % 256}.{self.n % 256}"
        self.conn.request("POST", "/check", body, {"Content-Type": kind, "X-Forwarded-For": network})
        answer = self.conn.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()

    def message(self, raw, **more):
        body = (b"--e5f0a1b2\r\nContent-Disposition: form-data; name=\"file\"; filename=\"m.eml\"\r\nContent-Type: message/rfc822\r\n\r\n" + raw +
                b"\r\n--e5f0a1b2--\r\n")
        return self.send(body, "multipart/form-data; boundary=e5f0a1b2", **more)

    def text(self, text, **more):
        return self.send(urllib.parse.urlencode({"text": text}), "application/x-www-form-urlencoded", **more)

    def hand_in(self, what):
        return self.message(what) if isinstance(what, bytes) else self.text(what)

    def get(self, path):
        self.conn.request("GET", path)
        answer = self.conn.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()


def answer_of(page):
    title = re.search(r"<main.*?<h1[^>]*>(.*?)</h1>", page, re.S).group(1)
    found = [a for words, a in ANSWERS.items() if words in title or (a == "unread" and words in page)]
    assert found, title
    return found[-1]


@pytest.fixture
def told(placet, capture):
    """Two mailings that three people got. Has `first` and `second`, the messages of each, and a checker."""
    story = Story(placet, capture.url()).prepare(people(3))
    story.numbers = [story.mailing()]
    story.send(story.numbers[0])
    story.numbers.append(story.mailing(subject="What came of your answers", body=OTHER))
    story.send(story.numbers[1])
    raws = [raw for _, raw in capture.messages()]
    story.to = capture.messages()[0][0]["to"][0]
    story.first, story.second = raws[:3], raws[3:]
    story.checker = Checker(placet.start("web", "--listen", "127.0.0.1:0").address)
    return story


def expected(told):
    """The whole table: (name, what is handed in, answer, the mailing's number or None)."""
    one, two = told.first[0], told.second[0]
    for raw, other, number in ((one, two, told.numbers[0]), (two, one, told.numbers[1])):
        for name, what in handed.untouched(raw):
            yield name, what, "unaltered", number
        for name, what in handed.altered(raw, other):
            yield name, what, "compare", None
        for name, what in handed.texts(raw):
            yield name, what, "compare", number
    for name, what in handed.foreign(one):
        yield name, what, "none", None


def test_every_way_of_handing_in(told, placet):
    before = everything(placet)
    wrong, counts = [], {}
    for name, what, answer, number in expected(told):
        status, headers, page = told.checker.hand_in(what)
        got = answer_of(page)
        counts[got] = counts.get(got, 0) + 1
        if status != 200 or got != answer or (number and f"/mailings/{number}\"" not in page):
            wrong.append((name, answer, got, status, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<main")[1]))[:600]))
        assert headers["Cache-Control"] == "no-store" and "Set-Cookie" not in headers
        assert not re.search(r"person000\d@example\.org", page) or got == "compare" and "person000" in str(what), name
    print(counts)
    assert not wrong, "\n".join(map(str, wrong))
    assert counts["unaltered"] >= 100 and counts["compare"] >= 200 and counts["none"] >= 15
    assert everything(placet) == before


def test_values_that_end_a_sentence(placet, capture, folder):
    """A German date has a full stop in it, behind which the sentence goes on: what was approved is not told as strange."""
    story = Story(placet, capture.url()).prepare(people(2))
    body = pathlib.Path(folder) / "de.md"
    body.write_text("Guten Tag,\n\nwie schlafen Sie? Es dauert vier Minuten.\n")
    number = placet.run("mailing", "new", "--list", LIST, "--subject", "{{name|Guten Tag}}, vier Minuten", "--body", body, "--by", ANN, "--language", "de")["id"]
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility")
    placet.run("mailing", "approve", number, "--by", REV)
    story.send(number)
    altered = pathlib.Path(folder) / "altered.eml"
    altered.write_bytes(capture.messages()[0][1].replace(b"vier Minuten.", b"f=C3=BCnf Minuten."))
    found = placet.run("check-message", altered, expect=5)
    assert not [r for r in found["remarks"] if "subject is not" in r], found["remarks"]
    assert found["unknown"] == ["Es dauert fünf Minuten."] and "am 1. Oktober 2026" in plain_text(altered.read_bytes())


def test_what_is_other_is_shown(told):
    """The comparison names what is other: sentences, links, sender; and shows them as text."""
    one = told.first[0]
    text = handed.plain_text(one)
    page = told.checker.text(text.replace("nine questions", "<b>ten</b> questions") + "\nPay at https://uni.example.evil.test/x now!\n")[2]
    assert re.findall(r'class="other">.*?</span>(.*?)</p>', page) == ["May we ask you for four minutes and &lt;b&gt;ten&lt;/b&gt; questions?",
                                                                     "Pay at https://uni.example.evil.test/x now!"]
    assert re.findall(r'class="address">(\S+)</span>', page)[0] == "https://uni.example.evil.test/x"
    assert "Every sentence that you handed in" in told.checker.text(text)[2]
    wrapped = told.checker.text(handed.each_link(text, handed.safe))[2]
    assert "Do not follow these links" not in wrapped and 'class="other"' not in wrapped
    page = told.checker.message(handed.mapped(one, "From", lambda k, v: [k + b": Bank <bank@evil.test>"]))[2]
    assert "It says that it comes from bank@evil.test" in page and "header was changed after we signed it" in page
    page = told.checker.message(handed.on_top(one, "Sender: bank@evil.test"))[2]
    assert "not signed by us: Sender" in page
    html = one.replace(b"</body>", b"<a href=3D\"https://evil.test\">x</a></body>")
    assert html != one and "https://evil.test" in told.checker.message(html)[2]
    for charset in ("iso-8859-1", "windows-1252", "utf-8"):
        head = f"From: a@b.test\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset={charset}\r\n\r\n"
        page = told.checker.message((head + text + "\nSchöne Grüße aus Köln.\n").encode(charset, "replace"))[2]
        assert "</span>Schöne Grüße aus Köln.</p>" in page, charset
    code = check_code(one)
    page = told.checker.text(handed.plain_text(told.second[0]).replace(check_code(told.second[0]), code))[2]
    assert "its words are rather those of another" in page and f"/mailings/{told.numbers[0]}\"" in page


def test_nothing_is_told_of_anybody(told, placet):
    """A copy with another To, a delivery that was never sent, an erased person: no answer differs by what only we know."""
    one, code = told.first[0], check_code(told.first[0])
    before = {path: told.checker.get(path)[2] for path in (f"/check/{code}", f"/check?code={code}")}
    texts = {what: told.checker.hand_in(what)[2] for what in (handed.plain_text(one), one)}
    assert answer_of(texts[one]) == "unaltered"
    # Whose address it was, nobody finds out by trying.
    replays = {told.checker.message(handed.mapped(one, "To", lambda k, v, to=to: [k + b": " + to.encode()]))[2]
               for to in {*people(3), "nobody@example.org"} - {told.to}}
    assert len(replays) == 1
    placet.run("person", "erase", told.to, "--by", POST, json=False)
    assert {path: told.checker.get(path)[2] for path in before} == before
    assert {what: told.checker.hand_in(what)[2] for what in texts} == texts
    held = change(placet, "SELECT count(*) FROM delivery WHERE state = 'accepted'")
    assert held == [("6",)]


def test_a_record_is_needed(told, placet):
    """A good signature is not enough: the message must have gone out. System mail is known, too."""
    one = told.first[1]
    for state, answer in (("queued", "compare"), ("deferred", "compare"), ("failed", "compare"), ("uncertain", "unaltered"), ("accepted", "unaltered")):
        change(placet, f"UPDATE delivery SET state = '{state}' WHERE mailing_id = {told.numbers[0]}")
        assert answer_of(told.checker.message(one)[2]) == answer, state
    change(placet, "UPDATE delivery SET bounced = 1")
    assert answer_of(told.checker.message(one)[2]) == "unaltered"
    placet.run("mailing", "show", told.numbers[0])
    placet.run("project", "edit", STUDY, "--title", "Something nobody approved", json=False)
    page = told.checker.message(one)[2]
    assert answer_of(page) == "unaltered" and "Something nobody approved" not in page


def test_a_key_that_signs_no_more(told, placet):
    """Old keys are kept, and how long a signature says that it holds does not matter."""
    change(placet, "UPDATE dkim_key SET state = 'gone'")
    assert answer_of(told.checker.message(told.first[0])[2]) == "unaltered"
    done = placet.run("check-message", write(told, told.first[0]), env={"PLACET_CLOCK": "+9000h"})
    assert done["answer"] == "unaltered"
    change(placet, "DELETE FROM dkim_key")
    assert answer_of(told.checker.message(told.first[0])[2]) == "compare"


def write(told, raw):
    path = told.placet.folder / "handed.eml"
    path.write_bytes(raw)
    return path


def test_the_command_says_the_same(told, placet):
    one, two = told.first[0], told.second[0]
    tables = list(handed.untouched(one))[::9] + list(handed.altered(one, two))[::7] + [f for f in handed.foreign(one) if isinstance(f[1], bytes)]
    for name, what in tables:
        page = answer_of(told.checker.message(what)[2])
        found = placet.run("check-message", write(told, what), expect=EXITS[page])
        assert found["answer"] == page, name
    for code, exit_code in ((check_code(one), 5), (check_code(one).lower().replace("-", " "), 5), ("ABCD-EFGH-JKMN", 1), ("nothing", 1)):
        assert placet.run("check-message", code, expect=exit_code)["answer"] in ("compare", "none")
    placet.run("check-message", write(told, b"\0" * 100), expect=2)
    placet.run("check-message", write(told, one + b"x" * (1 << 20)), expect=2)


def test_hostile_uploads(told):
    """What is no message, is too large, or takes too long is told so, and others are served meanwhile."""
    one = told.first[0]
    for what in (b"\0\1\2", b"\r\n\r\n", b"PK\3\4" + b"a" * 1000, b"{}", b"GIF89a", b" " * 100000):
        status, _, page = told.checker.message(what)
        assert status == 422 and "This file is no message that can be read" in page
    status, _, page = told.checker.message(one + b"x" * (1 << 20))
    assert status == 422 and "larger than 1 MB" in page
    try:  # the answer may come, and the connection end, before all of it was sent
        assert told.checker.send(b"x" * (2 << 20), "application/octet-stream")[0] == 413
    except ConnectionError:
        pass
    told.checker.conn.close()
    deep = b"MIME-Version: 1.0\r\n" + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(5000))
    many = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 60000
    wide = b"From: " + b", ".join(b"a%d@b.test" % i for i in range(40000)) + b"\r\nSubject: x\r\n\r\nx"
    signed = b"".join(b"DKIM-Signature: v=1; h=%s\r\n" % b":".join([b"From"] * 20000) for _ in range(20)) + b"From: a@b.test\r\n\r\nx"
    words = b"From: a@b.test\r\nSubject: " + b"=?utf-8?q?=F0=9F=98=80?= " * 30000 + b"\r\n\r\n" + b"<p" * 100000
    for what in (deep, many, wide, signed, words):
        status, _, page = told.checker.message(what[:1 << 20])
        assert (status, answer_of(page)) in ((200, "none"), (422, "unread"))
        assert told.checker.get("/healthz")[0] == 200
    for what in ("x" * 200000, "\n" * 100000, "> " * 50000, "{" * 50000, "www." * 30000, "A-" * 50000, "a. " * 30000):
        assert answer_of(told.checker.text(what)[2]) in ("none", "unread")
    assert answer_of(told.checker.message(one)[2]) == "unaltered"


def test_how_often(told):
    """Texts and messages are bounded for each network; codes are not, since they cost nothing."""
    code = check_code(told.first[0])
    statuses = [told.checker.text("x", network="198.51.100.7")[0] for _ in range(70)]
    assert statuses[:60] == [200] * 60 and 429 in statuses
    assert told.checker.message(told.first[0], network="198.51.100.7")[0] == 429
    status, _, page = told.checker.send(f"code={code}", "application/x-www-form-urlencoded", network="198.51.100.7")
    assert status == 200 and answer_of(page) == "compare"


def test_only_approved_words_are_found(told, placet):
    """What is a draft, or taken back before it was sent, is found by no text."""
    text = "Dear reader,\n\nwe would like to know what you dream of when it rains. Nobody has asked that before.\n"
    number = told.draft(subject="How you dream", body=text)
    assert answer_of(told.checker.text(text)[2]) == "none"
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False)
    assert answer_of(told.checker.text(text)[2]) == "none"
    placet.run("mailing", "approve", number, "--by", REV, json=False)
    assert answer_of(told.checker.text(text)[2]) == "compare"
    placet.run("mailing", "edit", number, "--subject", "Dreams", "--by", ANN, json=False)
    assert answer_of(told.checker.text(text)[2]) == "none"
    assert change(placet, f"SELECT count(*) FROM proof WHERE mailing_id = {number}") == [("0",)]
    assert placet.run("list", "members", LIST)


def test_pages_that_may_be_kept(told, placet):
    """Whoever has a public page already is told so, without a cookie; until it says something else."""
    ask = Web(told.checker.address)
    for path in ("/", f"/projects/{STUDY}", f"/projects/{STUDY}/mailings/{told.numbers[0]}", f"/projects/{STUDY}/mailings/{told.numbers[0]}/text/en"):
        status, headers, page = ask.get(path)
        assert (status, headers["Cache-Control"]) == (200, "public, max-age=60") and "Set-Cookie" not in headers
        assert ask.get(path, If_None_Match=f'"x", W/{headers["ETag"]}')[::2] == (304, "")
        assert ask.get(path, If_None_Match='"x"')[0] == 200
        if path.endswith("/text/en"):
            assert hashlib.sha256(page.encode()).hexdigest() in ask.get(path[:-8])[2]
    assert "ETag" not in ask.get(f"/check/{check_code(told.first[0])}")[1] and ask.get(f"/projects/{STUDY}/mailings/1/text/xx")[0] == 404
    before = ask.get("/")[1]["ETag"]
    placet.run("project", "close", STUDY, json=False)
    assert ask.get("/", If_None_Match=before)[0] == 200
