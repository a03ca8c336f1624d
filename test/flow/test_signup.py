"""Signing up: from the form by the mailed link to a mailing, and all that must not come of it (CON-2, CON-3, CON-6, ABU-1)."""
import json
import pathlib
import random
import re
import socket
import statistics
import threading
import time

import pytest

from harness.forms import Web, everything, stamp_of
from harness.story import ANN, LIST, OFFICE, REV, STUDY, VAL, Story, confirm_link, opt_out_link, people, plain_text
from harness.tables import change

JOIN = f"/join/{STUDY}"
ON = f"{STUDY}-sign-up"
ZOE = "zoe@example.org"
WORDS = "I agree that the study of Example University writes to me, **once a month** at most.\n\nI can leave at any time.\n"
SENT = "Now look into your mailbox"


class SignUp(Story):
    """A project that takes sign-ups, and web roles whose clocks may be shifted."""

    def __init__(self, placet, capture):
        super().__init__(placet, capture.url())
        self.capture, self.clock, self.webs = capture, 0, {}

    def begin(self, addresses=None, words=WORDS, options=()):
        self.prepare(addresses or people(3))
        self.words(words, *options)
        return self

    def words(self, words, *options):
        file = pathlib.Path(self.placet.folder) / "join.md"
        file.write_text(words)
        self.do("project", "edit", STUDY, "--join-text", file, *options)
        self.do("project", "approve", STUDY, "--by", REV)

    def env(self, more=0):
        return {"PLACET_CLOCK": f"+{self.clock + more}s"}

    def web(self, more=0):
        """A web role whose clock is so many seconds ahead of the story's."""
        at = self.clock + more
        if at not in self.webs:
            self.webs[at] = Web(self.placet.start("web", "--listen", "127.0.0.1:0", env=self.env(more)).address)
        return self.webs[at]

    def stamp(self):
        """Of a form that was opened ten minutes before the story's clock."""
        status, headers, page = self.web(-600 if self.clock else 0).get(JOIN)
        assert status == 200 and headers["Cache-Control"] == "no-store"
        return stamp_of(page)

    def join(self, address, network="192.0.2.1", **more):
        """Returns status, headers and page."""
        form = {"agree": "yes", "address": address, "name": "", "website": "", "stamp": self.stamp(), **more}
        return self.web(600 if not self.clock else 0).post(JOIN, form, network)

    def send_mail(self):
        """Sends what is due. Returns the confirmations that came, as (address, raw)."""
        before = len(self.capture.messages())
        self.do("send", "--until-idle", json=False, env=self.env(600))
        return [(e["to"][0], raw) for e, raw in self.capture.messages()[before:]]

    def link(self, address):
        """Asks, and reads the mail."""
        assert SENT in self.join(address)[2]
        (to, raw), = self.send_mail()
        assert to == address
        return confirm_link(raw)

    def press(self, link, network="192.0.2.1"):
        return self.web(600).post(link, {"confirm": "1"}, network)

    def on_list(self, name=ON):
        return {m["address"]: m for m in self.do("list", "members", name)}


@pytest.fixture
def told(placet, capture, free_port):
    placet.url = f"http://127.0.0.1:{free_port()}"
    return SignUp(placet, capture)


def test_the_whole_path(told, placet, capture):
    """From the form to a message that says when and how its reader agreed."""
    told.begin()
    status, _, page = told.web().get(JOIN)
    assert status == 200 and "<strong>once a month</strong>" in page and not re.search(r"<input[^>]*checked", page)
    assert f'href="{JOIN}"' in told.web().get(f"/projects/{STUDY}")[2]
    status, _, page = told.join(ZOE, name="Zoë O'Neill")
    assert status == 200 and SENT in page and "zoe" not in page.lower()
    assert told.on_list() == {}
    (to, raw), = told.send_mail()
    text = " ".join(plain_text(raw).replace("\n> ", " ").split())
    assert to == ZOE and "once a month" in text and "Zoë" not in text and "O'Neill" not in text
    link = confirm_link(raw)
    status, headers, page = told.web().get(link)
    assert status == 200 and "<strong>once a month</strong>" in page and ZOE not in page and page.count("<button") == 1
    assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer"
    status, _, page = told.press(link)
    assert status == 200 and "You have signed up" in page and "already" not in page
    assert told.on_list()[ZOE] == {"address": ZOE, "fields": {"name": "Zoë O'Neill"}, "flags": "", "why_not": "not-validated"}
    entry, = told.do("consent", "show", ZOE)
    assert (entry["kind"], entry["by"], entry["text"], entry["project"]) == ("own-sign-up", None, WORDS, STUDY)
    assert re.fullmatch("[0-9a-f]{12}", entry["text_version"])
    assert entry["text_version"] in placet.run("person", "show", ZOE, json=False)
    # The list's next sign-off has this person in it.
    waiting = told.do("validate", ON, "--by", VAL, "--sample")
    assert [w["address"] for w in waiting] == [ZOE]
    decided = pathlib.Path(placet.folder) / "d.csv"
    decided.write_text(f"address,decision,reason\n{ZOE},accept,\n")
    told.do("validate", ON, "--by", VAL, "--decide", decided)
    told.do("validate", ON, "--by", VAL, "--sign-off", "--how", "they confirmed it")
    body = pathlib.Path(placet.folder) / "body.md"
    body.write_text("Dear {{name|reader}},\n\nhere is the news of this month.\n")
    number = told.do("mailing", "new", "--list", ON, "--subject", "News", "--body", body, "--by", ANN, json=False).split()[-1]
    told.do("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False)
    told.do("mailing", "approve", number, "--by", REV, json=False)
    assert told.send(number)["counts"]["accepted"] == 1
    text = plain_text(capture.messages()[-1][1])
    assert "by signing up yourself" in " ".join(text.split()) and "Zoë O'Neill" in text
    placet.run("audit", "verify")
    log = placet.run("audit", "log")
    signed, = [x for x in log if x["action"] == "signed-up"]
    assert signed["object"] == STUDY and "zoe" not in json.dumps(signed).lower()


def test_looking_changes_nothing(told, placet):
    """Mail programs and scanners follow links, some of them often."""
    told.begin()
    link = told.link(ZOE)
    before = everything(placet)
    for _ in range(100):
        assert told.web().get(link)[0] == 200
    for path in (JOIN, f"{JOIN}/poster", link + "/", link + "?x=1"):
        told.web().get(path)
    told.web().ask("HEAD", link)
    told.web().ask("OPTIONS", link)
    assert everything(placet) == before
    told.press(link)
    after = everything(placet)
    assert after != before
    for _ in range(100):
        status, _, page = told.web().get(link)
        assert status == 200 and "already" in page
    for _ in range(3):
        status, _, page = told.press(link)
        assert status == 200 and "already" in page
    assert everything(placet) == after
    assert len(told.do("consent", "show", ZOE)) == 1


def test_the_form_is_held_to_its_rules(told, placet):
    told.begin()
    early, later = told.stamp(), told.web(600)
    good = {"agree": "yes", "address": ZOE, "name": "", "website": "", "stamp": early}
    before = everything(placet)
    for change_of, words in (
            ({"website": "http://spam.example"}, "has to stay empty"),
            ({"stamp": ""}, "too long ago"),
            ({"stamp": early[:-1] + ("A" if early[-1] != "A" else "Q")}, "too long ago"),
            ({"agree": ""}, "not ticked"), ({"agree": "on"}, "not ticked"),
            ({"address": ""}, "an address is missing"), ({"address": "zoe@"}, "not an address"),
            ({"address": f"{ZOE}, ann@example.org"}, "not an address"),
            ({"address": f"{ZOE}\r\nBcc: ann@example.org"}, "not an address"),
            ({"address": "a" * 201 + "@example.org"}, "not an address"),
            ({"name": "win at http://spam.example"}, "cannot be used"), ({"name": "a\tb"}, "too long"),
            ({"name": "x" * 201}, "too long")):
        status, headers, page = later.post(JOIN, {**good, **change_of}, "192.0.2.7")
        assert status == 422 and words in page and headers["Cache-Control"] == "no-store", (change_of, page)
        assert "Not sent yet" in page and ("checked" in page) == ("agree" not in change_of)
    status, _, page = later.post(JOIN, {**good, "address": "<script>alert(1)</script>", "name": '"><b>'}, "192.0.2.7")
    assert status == 422 and "<script>" not in page and '"><b>' not in page and "&lt;script&gt;" in page
    status, _, page = later.post(JOIN, {**good, "address": "zoe@gmial.com"}, "192.0.2.9")
    assert status == 422 and "zoe@gmail.com" in page and 'name="asked" value="zoe@gmial.com"' in page
    assert later.post(JOIN, {**good, "address": "zoe@gmial.com", "asked": "zoe@gmail.com"}, "192.0.2.9")[0] == 422
    fresh = stamp_of(later.get(JOIN)[2])
    assert "as programs do" in later.post(JOIN, {**good, "stamp": fresh}, "192.0.2.7")[2]
    late = told.web(7300)
    status, _, page = late.post(JOIN, good, "192.0.2.7")
    assert status == 422 and "too long ago" in page and stamp_of(page) != early and ZOE in page
    assert later.ask("POST", JOIN, good, Sec_Fetch_Site="cross-site", X_Forwarded_For="192.0.2.8")[0] == 403
    assert everything(placet) == before
    assert later.post(JOIN, {**good, "address": "zoe@gmial.com", "asked": "zoe@gmial.com"}, "192.0.2.9")[0] == 200
    assert later.post(JOIN, good, "192.0.2.7")[0] == 200
    assert everything(placet) != before


def test_the_answer_tells_nothing(told, placet):
    """Five kinds of address, one answer, word by word, and in the same time."""
    count = 20
    there = people(2 * count)
    told.begin(there, options=("--join-list", LIST))
    gone = there[:count]
    for address in gone:
        told.do("opt-out", address, "--by", ANN, "--why", "rang us", json=False)
    placet.run("project", "add", "other", "--title", "Other", "--originator", ANN, "--contact", ANN, "--department", OFFICE,
               "--identity", "sleep-mail", "--ethics", "EK 2", json=False)
    placet.run("list", "add", "others", "--project", "other", json=False)
    held = [f"held{i}@example.org" for i in range(count)]
    file = pathlib.Path(placet.folder) / "held.csv"
    file.write_text("\n".join(["address", *held]))
    placet.run("import", "others", file, "--by", ANN)
    kinds = {"unknown": [f"new{i}@example.org" for i in range(count)], "known": held, "left": gone, "member": there[count:],
             "bombed": [ZOE] * count}
    assert told.join(ZOE)[0] == 200
    stamp, web = told.stamp(), told.web(600)
    seconds = {kind: [] for kind in kinds}
    answers = set()
    for i in range(count):
        order = list(kinds)
        random.Random(i).shuffle(order)
        for kind in order:
            addresses = kinds[kind]
            form = {"agree": "yes", "address": addresses[i], "name": "", "website": "", "stamp": stamp}
            began = time.monotonic()
            status, headers, page = web.post(JOIN, form, f"198.51.{i}.1")
            seconds[kind].append(time.monotonic() - began)
            headers.pop("Date", None)
            answers.add((status, page, tuple(sorted(headers.items()))))
    assert len(answers) == 1 and SENT in next(iter(answers))[1]
    middle = {kind: statistics.median(taken) for kind, taken in seconds.items()}
    print({kind: f"{1000 * t:.2f} ms" for kind, t in middle.items()})
    assert max(middle.values()) < 1.5 * min(middle.values()) + 0.002, middle
    assert len(told.send_mail()) == 4 * count + 1


def test_nobody_is_bombed(told, placet):
    """1,000 forms for one address, from as many networks: one message a day, three ever."""
    told.begin()
    stamp, web = told.stamp(), told.web(600)
    taken = 0
    for i in range(1000):
        spelling = (ZOE, "ZOE@example.org", f"zoe+{i}@example.org")[i % 3]
        form = {"agree": "yes", "address": spelling, "name": "", "website": "", "stamp": stamp}
        status, headers, _ = web.post(JOIN, form, f"2001:db8:{i:x}::1" if i % 2 else f"10.0.{i // 250}.{i % 250}")
        assert status == 200 or (status == 429 and int(headers["Retry-After"]) > 0)
        taken += status == 200
    assert taken > 900
    assert len(told.send_mail()) == 1
    assert change(placet, "SELECT count(*) FROM sign_up") == [("1",)]
    for day, mails in ((1, 1), (2, 1), (3, 0), (4, 0), (30, 0)):
        told.clock = day * 86400 + 3600
        for i in range(30):
            assert told.join(ZOE, network=f"10.1.0.{i}", stamp=told.stamp() if not i else stamp)[0] == 200 or i
            stamp = told.stamp() if not i else stamp
        assert len(told.send_mail()) == mails, day


def test_too_many_from_one_network(told):
    told.begin()
    stamp, web = told.stamp(), told.web(600)
    statuses = []
    for i in range(80):
        status, headers, page = web.post(JOIN, {"agree": "yes", "address": f"p{i}@example.org", "stamp": stamp},
                                         "203.0.113.5" if i % 2 else "198.51.100.9, 203.0.113.5")
        statuses.append(status)
        if status == 429:
            break
    assert status == 429 and len(statuses) >= 60 and set(statuses[:-1]) == {200}
    assert 1 <= int(headers["Retry-After"]) <= 4 and "wait" in page
    assert web.get(JOIN)[0] == 200
    assert web.post(JOIN, {"agree": "yes", "address": "other@example.org", "stamp": stamp}, "203.0.113.6")[0] == 200


def test_behind_a_proxy_on_a_local_socket(told, placet):
    """What the proxy says counts, and of that the end alone; so one guest does not shut out all the others."""
    told.begin()
    stamp = told.stamp()
    path = placet.folder / "web.sock"
    placet.start("web", "--listen", f"unix:{path}", env=told.env(600))

    def post(i, said):
        web = Web("localhost")
        web.conn.sock = socket.socket(socket.AF_UNIX)
        web.conn.sock.connect(str(path))
        return web.post(JOIN, {"agree": "yes", "address": f"p{i}@example.org", "stamp": stamp}, said)[0]
    statuses = [post(i, f"198.51.100.{i}, 203.0.113.5") for i in range(75)]
    assert statuses[:60] == [200] * 60 and statuses[-1] == 429
    assert post(100, "203.0.113.6") == 200


def test_pressed_by_many_at_once(told, placet):
    """A double click, a mail program that helps, and two web roles: one consent."""
    told.begin()
    link = told.link(ZOE)
    addresses = [told.web(600).address, placet.start("web", "--listen", "127.0.0.1:0", env=told.env(600)).address]
    answers = []

    def press(i):
        answers.append(Web(addresses[i % 2]).post(link, {"confirm": "1"}))
    threads = [threading.Thread(target=press, args=(i,)) for i in range(12)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [status for status, _, _ in answers] == [200] * 12
    assert len(told.do("consent", "show", ZOE)) == 1 and set(told.on_list()) == {ZOE}
    assert [x["action"] for x in placet.run("audit", "log")].count("signed-up") == 1
    placet.run("audit", "verify")


def test_links_that_are_no_good(told, placet):
    told.begin()
    link = told.link(ZOE)
    head, token = link.rsplit("/", 1)
    before = everything(placet)
    for bad in (token[:-1], token + "A", token[:8] + ("B" if token[8] == "A" else "A") + token[9:], token.swapcase(), "x", token[::-1]):
        for status, _, page in (told.web().get(f"{head}/{bad}"), told.press(f"{head}/{bad}")):
            assert status == 404 and "no longer works" in page
    # A token of another kind is none of this one, for all that it is genuine.
    told.send(told.mailing())
    other = opt_out_link(told.capture.messages()[-1][1]).rsplit("/", 1)[1]
    before = everything(placet)
    assert told.web().get(f"{head}/{other}")[0] == 404 and told.press(f"{head}/{other}")[0] == 404
    assert told.web().ask("POST", f"/opt-out/{token}", {"List-Unsubscribe": "One-Click"})[0] == 404
    late = told.web(7 * 86400 + 1200)
    for status, _, page in (late.get(link), late.post(link, {"confirm": "1"})):
        assert status == 410 and "no longer works" in page and f'href="{JOIN}"' in page
    assert everything(placet) == before
    assert told.on_list() == {}
    assert told.press(link)[0] == 200 and ZOE in told.on_list()


def test_coming_back_to_one_study(told, placet):
    """Who left all mail is written to by the study that they join anew, by no other, and leaves again as easily."""
    told.begin([ZOE, *people(2)])
    placet.run("project", "add", "other", "--title", "Other", "--originator", ANN, "--contact", ANN, "--department", OFFICE,
               "--identity", "sleep-mail", "--ethics", "EK 2", json=False)
    placet.run("list", "add", "others", "--project", "other", json=False)
    file = pathlib.Path(placet.folder) / "others.csv"
    file.write_text(f"address\n{ZOE}\n")
    again = ["import", "others", file, "--by", ANN, "--consent-kind", "oral", "--consent-ref", "R", "--consent-date", "2026-01-01"]
    placet.run(*again)
    told.do("opt-out", ZOE, "--by", ANN, "--why", "rang us", json=False)
    assert {told.on_list(LIST)[ZOE]["why_not"], told.on_list("others")[ZOE]["why_not"]} == {"opted-out"}
    link = told.link(ZOE)
    assert "You have left all research mail before" in told.web().get(link)[2]
    assert told.on_list(LIST)[ZOE]["why_not"] == "opted-out"
    status, _, page = told.press(link)
    assert status == 200 and "only this one may write to you" in page
    assert told.on_list(LIST)[ZOE]["why_not"] == "" and told.on_list(ON)[ZOE]["why_not"] == ""
    placet.run(*again)
    assert told.on_list("others")[ZOE]["why_not"] == "opted-out"
    told.do("opt-out", ZOE, "--by", ANN, "--why", "rang us again", json=False)
    assert told.on_list(LIST)[ZOE]["why_not"] == "opted-out" and told.on_list(ON)[ZOE]["why_not"] == "opted-out"


def test_what_changes_while_a_link_waits(told, placet):
    """The words that count are those that were shown. A project that has ended takes nobody on any more."""
    told.begin()
    one = told.link(ZOE)
    two = told.link("yan@example.org")
    file = pathlib.Path(placet.folder) / "join.md"
    file.write_text("I agree to mail of Example University about something else.\n")
    made = told.do("project", "edit", STUDY, "--join-text", file)
    assert made["state"] == "draft"
    assert told.web().get(JOIN)[0] == 404 and told.web().get(f"{JOIN}/poster")[0] == 404
    assert "once a month" in told.web().get(one)[2]
    assert told.press(one)[0] == 200
    assert told.do("consent", "show", ZOE)[0]["text"] == WORDS
    told.do("project", "approve", STUDY, "--by", REV)
    assert "something else" in told.web().get(JOIN)[2]
    told.do("project", "close", STUDY)
    for status, _, page in (told.web().get(two), told.press(two)):
        assert status == 410 and "takes nobody on any more" in page
    assert told.web().get(JOIN)[0] == 404 and set(told.on_list()) == {ZOE}


def test_what_people_agree_to_is_registered(told, placet):
    told.prepare(people(1))
    assert told.web().get(JOIN)[0] == 404 and JOIN not in told.web().get(f"/projects/{STUDY}")[2]
    file = pathlib.Path(placet.folder) / "join.md"
    for words, why in (("I agree to mail.\n", "Example University"), ("# I agree\n\nExample University\n", "headings"),
                       ("Example University " * 400, "4000")):
        file.write_text(words)
        placet.run("project", "edit", STUDY, "--join-text", file, expect=2)
        assert why in placet.last.stderr
    placet.run("project", "qr", STUDY, expect=1)
    placet.run("project", "edit", STUDY, "--join-list", "x", expect=2)
    told.words(WORDS)
    shown = told.do("project", "show", STUDY)
    assert (shown["join_text"], shown["join_list"], shown["join_url"]) == (WORDS, ON, placet.url + JOIN)
    told.words(WORDS, "--join-list", LIST)
    assert told.do("project", "show", STUDY)["join_list"] == LIST
    placet.run("consent", "add", people(1)[0], "--project", STUDY, "--by", ANN, "--kind", "own-sign-up", "--ref", "R", expect=2)
    told.words("")
    assert told.do("project", "show", STUDY)["join_url"] is None and told.web().get(JOIN)[0] == 404
