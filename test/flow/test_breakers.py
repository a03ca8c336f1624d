"""What pauses a mailing by itself, and what holds its identity: relays that answer as providers do, and reports of unwanted mail."""
import csv
import io
import json

import pytest

from harness.paced import Paced
from harness.story import IDENTITY, LIST, POST, REV, Story, check_code, people

BY = ["--by", REV]


@pytest.fixture
def relay():
    server = Paced()
    yield server
    server.stop()


@pytest.fixture
def told(placet, relay):
    story = Story(placet, relay.url()).prepare(people(60))
    placet.run("institution", "set", "fatigue-ceiling", 30, json=False)
    return story


def send(placet, expect, **env):
    return placet.run("send", "--until-idle", "--connections", 2, expect=expect, env=env)


def started(told):
    number = told.mailing()
    told.do("mailing", "start", number, json=False)
    return number


def status(placet, number):
    s = placet.run("mailing", "status", number)
    return s["state"], s["why"], {k: v for k, v in s["counts"].items() if v}


def entries(placet, action):
    return [e for e in placet.run("audit", "log") if e["action"] == action]


def test_bounces_and_refusals_pause(told, placet, relay):
    number = started(told)
    relay.refuse = {"RCPT": "550 5.1.1 no such user"}
    send(placet, expect=0)
    assert "event=breaker what=bounces mailing=1" in placet.last.stderr
    state, why, counts = status(placet, number)
    assert state == "paused" and "addresses that do not exist (limit: 10 of the first 100, then 5 %)" in why
    assert 10 <= counts["failed"] < 16 and sum(counts.values()) == 60, "what was under way when it tripped, and no more"
    paused = entries(placet, "mailing-pause")[-1]
    assert (paused["actor"], paused["detail"]) == ("system", why)

    # The counts begin anew, which the ledger says; then what refuses by policy pauses it.
    placet.run("mailing", "resume", number, "--why", "they have left the university", *BY, json=False)
    assert entries(placet, "mailing-resume")[-1]["detail"] == ("they have left the university; counts of what pauses a mailing by itself "
                                                               "begin anew")
    relay.refuse = {"RCPT": "554 5.7.1 this looks like spam"}
    send(placet, expect=0)
    state, why, counts = status(placet, number)
    assert state == "paused" and "refused by policy (limit: 5)" in why
    bounced = {m["address"] for m in placet.run("list", "members", LIST) if m["why_not"] == "bounced"}
    assert len(bounced) < counts["failed"], "a refusal by policy says nothing about the address"

    placet.run("mailing", "resume", number, json=False)
    relay.refuse = {}
    send(placet, expect=0)
    state, _, after = status(placet, number)
    assert state == "done" and after == {"failed": counts["failed"], "accepted": 60 - counts["failed"]}


def test_our_set_up_is_ours_to_mend(told, placet, relay):
    relay.refuse = {"RCPT": "550 5.7.26 This mail is unauthenticated"}
    first, second = started(told), told.mailing()
    send(placet, expect=0)
    state, why, counts = status(placet, first)
    assert state == "paused" and "(5.7.26); placet identity check" in why
    assert set(counts) == {"deferred", "queued"} and counts["deferred"] >= 3
    assert placet.run("identity", "show", IDENTITY)["held"] is None, "one mailing may be at fault itself"

    placet.run("mailing", "start", second, json=False)
    send(placet, expect=0)
    assert status(placet, second)[0] == "paused"
    held = placet.run("identity", "show", IDENTITY)["held"]
    assert held["by"] == "system" and "2 of its mailings were paused within 7 days" in held["why"]
    assert held["why"] in placet.run("mailing", "status", first)["held"]
    placet.run("mailing", "resume", first, json=False, expect=1)
    assert not [m for m in placet.run("list", "members", LIST) if m["why_not"]], "nobody's address pays for it"

    relay.refuse = {}
    placet.run("identity", "release", IDENTITY, "--by", POST, "--why", "the key is published", json=False)
    for number in (first, second):
        placet.run("mailing", "resume", number, json=False)
    send(placet, expect=0, PLACET_CLOCK="+2h")
    assert [status(placet, n)[::2] for n in (first, second)] == [("done", {"accepted": 60})] * 2


@pytest.mark.parametrize("engine", ["sqlite"])  # test_store_breaker has both
def test_who_wants_us_slower_is_believed(told, placet, relay):
    relay.refuse = {"RCPT": "450 4.7.28 unusual rate of mail"}
    number = started(told)
    send(placet, expect=75)
    assert status(placet, number)[::2] == ("sending", {"deferred": 60}), "that may pass"
    send(placet, expect=75, PLACET_CLOCK="+25m")
    assert status(placet, number)[2] == {"deferred": 60}
    assert {r["attempts"] for r in report(placet, number)} == {"1"}, "nobody is tried again before half an hour"
    send(placet, expect=0, PLACET_CLOCK="+40m")
    state, why, counts = status(placet, number)
    assert state == "paused" and "4.7.28" in why and "placet pace" in why and counts["deferred"] > 0


def report(placet, number):
    return list(csv.DictReader(io.StringIO(placet.run("mailing", "report", number, json=False))))


# --- reports of unwanted mail --------------------------------------------------------------------------------------------


def test_reports_of_unwanted_mail(placet, capture):
    told = Story(placet, capture.url()).prepare(people(20))
    number = told.mailing()
    told.send(number)
    later = told.mailing()
    mail = {e["to"][0]: check_code(raw) for e, raw in capture.messages()}
    one, two, three = people(3)
    placet.run("spam-report", "add", mail[one], "--source", "x", "--by", "ann@uni.example", json=False, expect=4)
    said = placet.run("spam-report", "add", mail[one], "--source", "abuse desk", *BY)
    assert said["mailing"] == int(number) and said["provider"] == "example.org" and said["opted_out"]
    assert [(f["scope"], f["reports"], f["delivered"], f["level"]) for f in said["figures"]] == [
        ("mailing", 1, 20, "warn"), ("identity", 1, 20, "warn")]
    said = placet.run("spam-report", "add", number, "--address", two.upper(), "--source", "by phone", *BY)
    assert not said["held"]
    out = {m["address"] for m in placet.run("list", "members", LIST) if m["why_not"] == "opted-out"}
    assert out == {one, two}, "whoever a report names has left"
    assert placet.run("person", "show", two)["opted_out"] is True
    said = placet.run("spam-report", "add", "--identity", IDENTITY, "--provider", "EXAMPLE.org", "--source", "postmaster tools", "--n", 9,
                      "--delivered", 9999, *BY)
    assert [(f["scope"], f["level"]) for f in said["figures"]] == [("identity", "warn")], "judged by itself"
    said = placet.run("spam-report", "add", mail[three], "--source", "abuse desk", *BY)
    assert said["held"] and said["figures"][0]["level"] == "hold" and said["figures"][0]["rate"] == 0.15
    placet.run("mailing", "start", later, json=False, expect=1)
    assert "3 of the 20 messages" in placet.last.stderr
    for words, says in ((["AAAA-BBBB-CCCC"], "neither"), ([], "name the mailing"), ([later], "never sent"),
                        ([number, "--identity", IDENTITY], "or else"), ([number, "--address", one, "--n", 2], "one report"),
                        ([number, "--n", 5, "--delivered", 4], "more reports")):
        placet.run("spam-report", "add", *words, "--source", "x", *BY, json=False, expect=(1, 2, 3))
        assert says in placet.last.stderr
    assert all(a not in json.dumps(placet.run("audit", "log")) for a in (one, two, three)), "AUD-6"


# --- uncertain ones ------------------------------------------------------------------------------------------------------


class Losing(Paced):
    """Keeps each message; while `lost`, it hangs up instead of replying to the dot."""

    def __init__(self):
        self.lost, self.kept = True, {}
        super().__init__()

    async def _answer(self, line, reader, writer):
        if line[:4].upper() != "DATA":
            return await super()._answer(line, reader, writer)
        writer.write(b"354 go on\r\n")
        message = await reader.readuntil(b"\r\n.\r\n")
        self.kept.setdefault(writer.to, []).append(message)
        if not self.lost:
            writer.write(b"250 2.0.0 taken\r\n")
        return not self.lost


def test_uncertain_ones_get_the_same_bytes_again(placet):
    relay, (one, two, three) = Losing(), people(3)
    told = Story(placet, relay.url()).prepare([one, two, three])
    number = started(told)
    for hour in range(4):  # after a lost connection the relay is left alone for a while
        send(placet, expect=75, PLACET_CLOCK=f"+{hour}h")
    assert status(placet, number)[2] == {"uncertain": 3}
    relay.lost = False
    assert placet.run("mailing", "retry-uncertain", number, "--why", "the relay lost power", *BY)["queued"] == 3
    assert "3 recipients, who may get it twice: the relay lost power" in entries(placet, "mailing-retry-uncertain")[-1]["detail"]
    send(placet, expect=75)
    assert status(placet, number)[::2] == ("sending", {"queued": 3}), "not within a quarter of an hour"
    placet.run("opt-out", two, *BY, "--why", "by phone", json=False)

    # Two of them are lost once more, but for who has left meanwhile; then somebody stops it for good.
    relay.lost = True
    for hour in range(4, 7):
        send(placet, expect=75, PLACET_CLOCK=f"+{hour}h")
    assert status(placet, number)[::2] == ("done", {"uncertain": 2, "skipped": 1})
    for first, again in (relay.kept[one], relay.kept[three]):
        assert first == again, "the Message-ID, the Date and the signatures too"
    assert len(relay.kept[two]) == 1
    assert placet.run("mailing", "retry-uncertain", number, "--now")["queued"] == 2
    placet.run("mailing", "cancel", number, json=False)
    relay.lost = False
    send(placet, expect=0, PLACET_CLOCK="+8h")
    assert status(placet, number)[::2] == ("cancelled", {"skipped": 3}) and len(relay.kept[one]) == len(relay.kept[three]) == 2
    assert [r["maybe_twice"] for r in report(placet, number)] == ["1"] * 3
    placet.run("mailing", "retry-uncertain", number, json=False, expect=1)
    assert "for good" in placet.last.stderr
    relay.stop()
