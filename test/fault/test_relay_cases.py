"""Every page of test/fault/cases on both engines: nobody lost, nobody mailed twice, few uncertain, and an end of its own.

What a page says beside the relay's lines is read here:

    people 12                    are written to (10)
    connections 3                of the sender, at most (1)
    runs 4                       of `send --until-idle`, 20 minutes of the home's clock apart, at most (8)
    stays                        one sender without an end, which must get done by itself, without a second run
    body 60000                   bytes of text, about
    patience 5000                milliseconds: every time-out of the SMTP client (900)
    pauses                       the mailing must pause; staff resume it once
    first: accepted 9, deferred 1    after the first run
    end: accepted 10             at the end; without this line all are accepted
    uncertain at most 2          at the end the rest may be; the line `end` is then not looked at
    reply 550 5.1.1              is told for somebody in the report at the end
"""
import pathlib
import re

import pytest

from account import settle
from harness.process import wait_until
from relay import Relay, Script, page

NAMES = sorted(f.stem for f in (pathlib.Path(__file__).parent / "cases").glob("*.txt"))
MINUTES = 20


class Wanted:
    def __init__(self, lines):
        self.people, self.connections, self.runs, self.stays, self.body, self.pauses, self.patience = 10, 1, 8, False, 0, False, 900
        self.first = self.end = self.uncertain = None
        self.replies = []
        for line in lines:
            number = re.fullmatch(r"(people|connections|runs|body|patience|uncertain at most) (\d+)", line)
            counts = re.fullmatch(r"(first|end): (.+)", line)
            if number:
                setattr(self, number[1].split()[0], int(number[2]))
            elif counts:
                setattr(self, counts[1], {k: int(v) for k, v in (one.split() for one in counts[2].split(", "))})
            elif line in ("stays", "pauses"):
                setattr(self, line, True)
            else:
                assert line.startswith("reply "), f"what is this? {line}"
                self.replies.append(line[6:])
        self.end = self.end or {"accepted": self.people}


def letters_of(name):
    """A word for each case that can stand in an address and in --where."""
    return "c" + re.sub(r"\W", "", name)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def faults(request, make_faults):
    """One home for all cases of an engine: a mailing of its own for each."""
    return make_faults(request.param, {letters_of(n): Wanted(Script(page(n)).rest).people for n in NAMES})


def run_to_the_end(faults, relay, number, wanted):
    """Sender after sender, each later by the clock, until the mailing is done. Returns how often it had paused."""
    pauses = 0
    for run in range(wanted.runs):
        relay.run = run + 1
        faults.send(run * MINUTES, wanted.connections)
        status = faults.status(number)
        if run == 0 and wanted.first:
            assert {k: v for k, v in status["counts"].items() if v} == wanted.first, (status, relay.letters)
        if status["state"] == "done":
            break
        if status["state"] == "paused":
            pauses += 1
            faults.placet.run("mailing", "resume", number, json=False)
    return pauses


def stay_to_the_end(faults, relay, number, wanted):
    sender = faults.placet.start("send", "--connections", str(wanted.connections), listens=False)
    wait_until(lambda: faults.status(number)["state"] != "sending", 40, f"the mailing ends by itself: {relay.letters}")
    assert sender.stop() in (0, 75), sender.output()
    return 0


@pytest.mark.parametrize("name", NAMES)
def test_relay(faults, name):
    relay = Relay(page(name), faults.certificates)
    wanted, number = Wanted(relay.script.rest), None
    try:
        body = "We study how people of our town sleep. " * (wanted.body // 39) if wanted.body else None
        faults.placet.env["PLACET_SMTP_TIMEOUTS"] = f"{wanted.patience},40"
        number = faults.mailing(letters_of(name), relay, *([body] if body else []))
        pauses = (stay_to_the_end if wanted.stays else run_to_the_end)(faults, relay, number, wanted)
        status, rows = faults.status(number), faults.rows(number)
        assert status["state"] == "done", (status, relay.letters)
        counted = settle(relay.letters, rows, status)
        assert (pauses > 0) == wanted.pauses, f"{pauses} pauses"
        if wanted.uncertain is None:
            assert counted == wanted.end, (counted, relay.letters)
        else:
            assert counted["uncertain"] <= wanted.uncertain and counted["accepted"] + counted["uncertain"] == wanted.people, counted
        for reply in wanted.replies:
            assert any(row["reply"].startswith(reply) for row in rows), (reply, {row["reply"] for row in rows})
        unplayed = [r.line for r in relay.script.rules if r.left and r not in [h.rule for h in relay.hits]]
        assert not unplayed, f"the page was not played: {unplayed}"
    finally:
        if number:
            faults.end(number)
        relay.stop()
