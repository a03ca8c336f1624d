"""After leaving: a day to keep single studies or to take it back; the link that is sent to an address; and the one notice to
whoever was removed. On paths that browsers take, without scripts."""
import re

import pytest

from harness.forms import Web, everything, stamp_of
from harness.story import ANN, LIST, STUDY, Story, opt_out_link, people

DAY = 24 * 3600
SENT = "If we write to this address"
LEFT = "You will get no more of these messages"


class Leaving(Story):
    def begin(self):
        self.prepare(people(4))
        self.send(self.mailing())
        self.paths = {e["to"][0]: opt_out_link(raw) for e, raw in self.capture.messages()}
        self.seen = len(self.capture.messages())
        return self

    def web(self, seconds=0):
        """A client of a web role whose clock is so much ahead."""
        if seconds not in self.roles:
            role = self.placet.start("web", "--listen", "127.0.0.1:0", env={"PLACET_CLOCK": f"+{seconds}s"} if seconds else {})
            self.roles[seconds] = Web(role.address)
        return self.roles[seconds]

    def mail(self, seconds=0):
        """Sends what is due: (address, subject, raw) of each."""
        env = {"PLACET_CLOCK": f"+{seconds}s"} if seconds else {}
        self.do("send", "--until-idle", json=False, env=env)
        new = self.capture.messages()[self.seen:]
        self.seen += len(new)
        return sorted((e["to"][0], re.search(rb"^Subject: (.*)\r", raw, re.M).group(1).decode(), raw) for e, raw in new)

    def out(self):
        return sorted(m["address"] for m in self.do("list", "members", LIST) if m["why_not"] == "opted-out")

    def ask(self, address, at):
        """Types an address at /opt-out. Returns status and page."""
        stamp = stamp_of(self.web(at).get("/opt-out")[2])
        return self.web(at + 10).post("/opt-out", {"address": address, "stamp": stamp, "website": ""})[::2]


@pytest.fixture
def told(placet, capture):
    story = Leaving(placet, capture.url())
    story.capture, story.roles = capture, {}
    return story.begin()


def test_keep_a_study(told):
    one, two = people(2)
    page = told.web().post(told.paths[one], {"confirm": "1"})[2]
    assert LEFT in page and 'name="keep"' in page and " checked" not in page and "Set-Cookie" not in page
    assert told.out() == [one]
    # Nothing ticked, and a study that is none of theirs: nothing changes.
    for form in ({"act": "keep"}, {"act": "keep", "keep": "none-of-theirs"}):
        assert told.web().post(told.paths[one], form)[0] == 200
        assert told.out() == [one]
    status, _, page = told.web().post(told.paths[one], {"act": "keep", "keep": STUDY})
    assert status == 200 and "Only these studies" in page and "Sleep in our town" in page
    assert told.out() == []
    assert "Only these studies" in told.web().get(told.paths[one])[2]
    # Who has not left keeps nothing: the page asks.
    assert "Do not write to me again" in told.web().post(told.paths[two], {"act": "keep", "keep": STUDY})[2]
    # The same link leaves what was kept.
    told.web().post(told.paths[one], {"confirm": "1"})
    assert told.out() == [one]


def test_take_it_back_within_a_day(told):
    one, two = people(2)
    for person in (one, two):
        told.web().post(told.paths[person], {"confirm": "1"})
    status, _, page = told.web(DAY - 60).post(told.paths[one], {"act": "undo"})
    assert status == 200 and "It is as it was before" in page
    assert told.out() == [two]
    # Once: then there is nothing to take back.
    page = told.web(DAY - 60).post(told.paths[one], {"act": "undo"})[2]
    assert "Do not write to me again" in page
    late = told.web(DAY + 60)
    assert "Take it back" not in late.get(told.paths[two])[2]
    for form in ({"act": "undo"}, {"act": "keep", "keep": STUDY}):
        status, _, page = late.post(told.paths[two], form)
        assert status == 409 and "24 hours" in page
    # Pressing the button again is no new beginning.
    late.post(told.paths[two], {"confirm": "1"})
    assert late.post(told.paths[two], {"act": "undo"})[0] == 409
    # A one-click request leaves, whatever else it says.
    assert late.post(told.paths[one], {"List-Unsubscribe": "One-Click", "act": "undo"})[0] == 200
    assert told.out() == [one, two]
    told.do("audit", "verify", json=False)


def test_the_one_notice(told):
    one, two, three = people(3)
    told.web().post(told.paths[one], {"List-Unsubscribe": "One-Click"})
    told.web().post(told.paths[two], {"confirm": "1"})
    told.do("opt-out", three, "--by", ANN, "--why", "rang us", json=False)
    mail = told.mail()
    assert [(to, "You were removed" in subject) for to, subject, _ in mail] == [(one, True), (two, True)]
    link = opt_out_link(mail[0][2])
    before = everything(told.placet)
    assert "You have already left" in told.web().get(link)[2]
    assert everything(told.placet) == before
    assert "It is as it was before" in told.web().post(link, {"act": "undo"})[2]
    assert told.out() == [two, three]
    # Their way back works as a way out too; they are told once, ever.
    assert LEFT in told.web().post(link, {"confirm": "1"})[2]
    assert told.out() == [one, two, three]
    assert told.mail() == []


def test_by_address(told):
    one, two = people(2)
    told.web().post(told.paths[two], {"confirm": "1"})
    told.mail()
    answers = {told.ask(address, 0) for address in (one, two, "nobody@example.org", one)}
    assert len(answers) == 1 and (status := answers.copy().pop())[0] == 200 and SENT in status[1]
    mail = told.mail(60)
    assert [(to, subject.split(" research")[0]) for to, subject, _ in mail] == [(one, "Leaving"), (two, "You have left")]
    link = opt_out_link(mail[0][2])
    page = told.web().get(link)[2]
    assert "Do not write to me again" in page and one not in page
    assert told.out() == [two]
    assert LEFT in told.web(10).post(link, {"confirm": "1"})[2]
    assert told.out() == [one, two]
    assert [(to, "You were removed" in subject) for to, subject, _ in told.mail(120)] == [(one, True)]
    # Once a day, and the link works for ever.
    assert told.ask(one, 3600)[0] == 200
    assert told.mail(3700) == []
    assert "You have already left" in told.web(400 * DAY).get(link)[2]


def test_by_address_needs_an_address(told):
    for wrong in ("", "no address", "a@b@c", "person0000@example.org\r\nBcc: x@example.org"):
        status, page = told.ask(wrong, 0)
        assert status == 422 and "Not sent yet" in page
    stamp = stamp_of(told.web().get("/opt-out")[2])
    assert told.web(10).ask("POST", "/opt-out", {"address": people(1)[0], "stamp": stamp, "website": ""},
                            Origin="https://elsewhere.example")[0] == 403
    assert told.web(10).post("/opt-out", {"address": people(1)[0], "stamp": stamp, "website": "x"})[0] == 422
    assert told.mail() == []
