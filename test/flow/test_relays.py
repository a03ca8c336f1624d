"""Several relays of an identity: they share its mail, stand in for each other, come and go while a mailing runs."""
import pathlib
import time

import pytest

from harness.paced import Paced
from harness.story import ANN, IDENTITY, Story, people

PEOPLE = 400


@pytest.fixture
def relays():
    made = [Paced() for _ in range(3)]
    yield made
    for relay in made:
        relay.stop()


class Stage:
    """A home with one relay, and a sender that runs all the time."""

    def __init__(self, placet, relays):
        self.placet, self.relays, self.number = placet, relays, None
        self.story = Story(placet, relays[0].url()).prepare(people(PEOPLE))
        placet.run("institution", "set", "fatigue-ceiling", "30", json=False)
        placet.run("institution", "set", "connections", "8", json=False)
        placet.env["PLACET_SMTP_TIMEOUTS"] = "5000,100"
        self.senders = [self.sender()]

    def sender(self):
        return self.placet.start("send", listens=False)

    def relay(self, verb, which, *more):
        return self.placet.run("relay", verb, IDENTITY, self.relays[which].url(), *more)

    def health(self, which):
        """What senders that live say of a relay."""
        found = [r for r in self.placet.run("relay", "list", IDENTITY) if r["url"] == self.relays[which].url()]
        return found[0]["senders"] if found else []

    def told(self):
        return [(h["state"], h["connections"], h["why"]) for i in range(3) for h in self.health(i)]

    def start(self, reply_after):
        for relay in self.relays:
            relay.begin_again(reply_after)
        self.number = self.story.mailing()
        self.placet.run("mailing", "start", self.number, "--by", ANN, json=False)

    def until(self, what, true, seconds=30):
        """Waits, while the sender has to live."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, f"{what}: never; {self.counts()} {self.told()}"
            assert all(s.running() for s in self.senders), self.senders[0].output()
            time.sleep(0.01)

    def counts(self):
        return [r.count for r in self.relays]

    def until_done(self, seconds=30):
        """The mailing ends by itself, and everybody has got it once."""
        self.until("the mailing is done", lambda: self.placet.run("mailing", "status", self.number)["state"] == "done", seconds)
        counts = self.placet.run("mailing", "status", self.number)["counts"]
        taken = [address for relay in self.relays for address in relay.taken]
        assert len(taken) == len(set(taken)), "somebody got it twice"
        assert counts["accepted"] + counts["uncertain"] == PEOPLE, counts
        assert counts["accepted"] <= len(taken) <= PEOPLE
        return counts


def test_what_cannot_be_a_relay_is_refused(placet, folder):
    placet.init()
    own, other = "smtp://127.0.0.1:25", "smtp+starttls://news@localhost:2525"
    placet.run("identity", "add", IDENTITY, "--domain", "uni.example", "--relay", own)

    def refuse(status, says, verb, url, *more):
        placet.run("relay", verb, IDENTITY, url, *more, expect=status)
        assert says in placet.last.stderr

    refuse(4, "loopback", "add", "smtps://mx.example.net")
    refuse(2, "password", "add", "smtps://a:b@localhost")
    refuse(1, "already", "add", own)
    refuse(1, "own relay", "remove", own)
    refuse(3, "relay list", "edit", other, "--weight", "3")
    refuse(2, "0 to 1000", "add", other, "--weight", "1001")
    refuse(2, "--auth", "add", other, "--auth", "ntlm")
    refuse(2, "--token-file", "add", other, "--auth", "xoauth2")
    refuse(2, "cannot be read", "add", other, "--token-file", f"{folder}/absent")
    refuse(2, "names no user", "add", "smtps://localhost", "--auth", "plain")
    pem = pathlib.Path(folder) / "some.pem"
    pem.write_text("no certificate\n")
    refuse(2, "belong together", "add", other, "--client-cert", pem)
    refuse(2, "within TLS", "add", "smtp://127.0.0.1:26", "--client-cert", pem, "--client-key", pem)
    refuse(2, "some.pem", "add", other, "--client-cert", pem, "--client-key", pem)
    refuse(2, "some.pem", "add", other, "--ca-file", pem)
    kept = placet.home / "keys/relay"
    assert [f for f in kept.rglob("*") if f.is_file()] == [] and len(placet.run("relay", "list")) == 1

    # What is kept goes with the relay; a password stays with the URL that it was given for.
    (pathlib.Path(folder) / "secret").write_text("s3cret\n")
    placet.run("relay", "add", IDENTITY, other, "--relay-password-file", f"{folder}/secret")
    file = kept / IDENTITY / "smtp+starttls:news@localhost:2525.password"
    assert file.read_text() == "s3cret\n" and file.stat().st_mode & 0o777 == 0o600
    assert placet.run("relay", "edit", IDENTITY, other, "--relay-password-file", "")["password"] is False and not file.exists()
    placet.run("relay", "edit", IDENTITY, other, "--relay-password-file", f"{folder}/secret")
    placet.run("identity", "edit", IDENTITY, "--relay", "smtps://news@localhost", json=False)
    assert "no password is kept" in placet.last.stdout
    placet.run("identity", "edit", IDENTITY, "--relay", other, json=False)
    assert "no password is kept" not in placet.last.stdout
    assert [(r["url"], r["own"], r["password"]) for r in placet.run("relay", "list")] == [(other, True, True)]


def test_relays_share_and_come_and_go(placet, relays):
    stage = Stage(placet, relays)
    first, second, third = relays

    # One joins while the mailing runs, and gets connections by its weight: 2 of 8, beside 6.
    stage.start(0.025)
    stage.until("the first one is at work", lambda: first.count >= 20)
    stage.relay("edit", 0, "--weight", "30")
    stage.relay("add", 1, "--weight", "10")
    joined = time.monotonic()
    stage.until("the second one is at work", lambda: second.count > 0, 2)
    assert time.monotonic() - joined < 1.5
    stage.until("both are open", lambda: second.connections == 2 and first.connections == 6, 3)
    before = stage.counts()
    stage.until("they share", lambda: second.count - before[1] >= 20)
    assert 1.8 < (first.count - before[0]) / (second.count - before[1]) < 4.5
    # And it goes again: what it has comes to its end.
    stage.relay("remove", 1)
    stage.until("it is let go of", lambda: second.connections == 0, 1.5)
    assert stage.until_done()["uncertain"] == 0
    assert second.count < PEOPLE / 2 and third.count == 0
    assert "relay-removed" in placet.run("audit", "log", json=False)
    assert [r["url"] for r in placet.run("relay", "list", IDENTITY)] == [first.url()]
    stage.until("its health says so", lambda: stage.health(0)[0]["accepted"] == first.count, 3)

    # One dies, and the other goes on with all of it; a third one stands by, and is not asked.
    stage.relay("add", 1, "--weight", "30")
    stage.relay("add", 2, "--weight", "0")
    stage.start(0.1)
    stage.until("both are at work", lambda: first.count >= 10 and second.count >= 10)
    second.down()
    stage.until("its end is seen", lambda: stage.health(1)[0]["state"] == "down", 3)
    assert stage.health(1)[0]["faults"] > 0 and stage.health(1)[0]["why"]
    at = first.count
    stage.until("the first one has all connections", lambda: first.connections >= 8 or first.count > at + 30)
    # Both are dead: now the third one is asked, at once.
    first.down()
    stage.until("the one that stood by is at work", lambda: third.count > 5, 5)
    second.up()
    stage.until("the second one is back", lambda: second.connections > 0, 5)
    stage.until("nobody stands in any more", lambda: third.connections == 0, 5)
    first.up()
    counts = stage.until_done()
    assert counts["uncertain"] <= 16  # one for each connection that was cut
    reported = {row.split(",")[7] for row in placet.run("mailing", "report", stage.number, json=False).splitlines()[1:]}
    assert reported >= {relay.url() for relay in relays}

    # All are dead, and back: the mailing ends by itself.
    stage.start(0.05)
    stage.until("work is done", lambda: sum(stage.counts()) >= 30)
    for relay in relays:
        relay.down()
    stage.until("all are known to be down", lambda: all(stage.health(i)[0]["state"] == "down" for i in range(3)), 5)
    time.sleep(0.5)
    for relay in relays:
        relay.up()
    stage.until_done(15)
    assert stage.health(0)[0]["state"] == "up"


def test_a_pace_is_held_by_all_senders_together(placet, relays):
    stage = Stage(placet, relays)
    stage.senders.append(stage.sender())
    stage.relay("edit", 0, "--per-second", "50")
    stage.until("both senders are there", lambda: len(stage.health(0)) <= 2)
    time.sleep(1)
    stage.start(0.025)
    stage.until("the first ones are out", lambda: relays[0].count >= 20)
    began, before = time.monotonic(), relays[0].count
    stage.until("some time has gone", lambda: time.monotonic() - began > 3)
    rate = (relays[0].count - before) / (time.monotonic() - began)
    assert 25 < rate < 56, rate
    stage.until("both take part", lambda: sum(h["accepted"] > 0 for h in stage.health(0)) == 2)
    # Without it, both are quick again, within a second.
    stage.relay("edit", 0, "--per-second", "0")
    stage.until_done(5)
