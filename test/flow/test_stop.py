"""Steps that stop what is being sent: no message starts a second after the command has returned, with two senders, on both
engines, and while somebody else keeps the database from being written."""
import contextlib
import sqlite3
import time

import pytest

from harness.paced import Paced
from harness.process import wait_until
from harness.story import ANN, IDENTITY, POST, REV, STUDY, Story, people
from harness.tables import change

SECOND = 1.0
INSTANT = 0.2  # between a write and its being read, on a busy machine


@pytest.fixture
def relay():
    server = Paced(reply_after=0.05)
    yield server
    server.stop()


@contextlib.contextmanager
def locked(placet, seconds):
    """Nobody else can write to the database."""
    if placet.database:
        yield
        return
    with contextlib.closing(sqlite3.connect(next(placet.home.glob("*.db")), timeout=10, isolation_level=None)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("BEGIN IMMEDIATE")
        yield
        time.sleep(seconds)
        db.execute("ROLLBACK")


def goes_on(relay, more=20):
    """Waits until so many more have started."""
    before = len(relay.recipients)
    wait_until(lambda: len(relay.recipients) >= before + more, 30, "the mailing is being sent")


def stops(relay, step, lock=None):
    """Takes the step while messages go out. Nothing starts later than a second after its return."""
    goes_on(relay)
    step()
    end = time.monotonic()
    with lock or contextlib.nullcontext():
        time.sleep(SECOND + INSTANT)
    late = [mail - end for _, mail, _ in relay.recipients if mail > end + SECOND]
    assert not late, late
    count = len(relay.recipients)
    time.sleep(INSTANT)
    assert len(relay.recipients) == count


def test_every_step_that_stops(placet, relay):
    told = Story(placet, relay.url()).prepare(people(3000))
    number = told.mailing()
    why = ["--by", REV, "--why", "a word is wrong"]
    assert placet.run("stop-all", *why)["paused"] == [], "nothing is being sent yet"
    placet.run("mailing", "start", number)
    for _ in range(2):
        placet.start("send", "--connections", 3, listens=False)

    stops(relay, lambda: placet.run("mailing", "pause", number), locked(placet, 1))
    placet.run("mailing", "resume", number)

    done = {}
    stops(relay, lambda: done.update(placet.run("stop-all", *why)))
    assert [(m["id"], m["project"], m["was"]) for m in done["paused"]] == [(int(number), STUDY, "sending")]
    status = placet.run("mailing", "status", number)
    assert (status["state"], status["by"], status["why"]) == ("paused", REV, "a word is wrong")
    assert status["counts"]["attempting"] == 0
    placet.run("mailing", "resume", number)

    stops(relay, lambda: placet.run("identity", "hold", IDENTITY, *why), locked(placet, 0))
    placet.run("mailing", "resume", number, json=False, expect=1)
    assert "a word is wrong" in placet.last.stderr
    placet.run("identity", "release", IDENTITY, "--by", POST, "--why", "it was right")
    placet.run("mailing", "resume", number)

    stops(relay, lambda: placet.run("mailing", "revoke", number, *why))
    counts = placet.run("mailing", "status", number)["counts"]
    assert counts["attempting"] == counts["queued"] == counts["deferred"] == counts["uncertain"] == 0
    assert counts["accepted"] == relay.count == len(set(relay.taken)), "nobody twice"
    actions = [e["action"] for e in placet.run("audit", "log") if e["object"] in (f"mailing {number}", IDENTITY)]
    assert actions[-8:] == ["mailing-resume", "mailing-pause", "mailing-resume", "identity-held", "mailing-pause", "identity-released",
                            "mailing-resume", "mailing-revoke"]


def test_a_hold_beats_a_start_that_it_could_not_see(placet, relay):
    """Two transactions that do not see each other may leave a mailing being sent under a hold."""
    told = Story(placet, relay.url()).prepare(people(3))
    number = told.mailing()
    placet.run("identity", "hold", IDENTITY, "--by", POST, "--why", "its keys are lost")
    placet.run("mailing", "start", number, json=False, expect=1)
    assert "its keys are lost" in placet.last.stderr
    change(placet, f"UPDATE mailing SET state = 'sending' WHERE id = {number}")
    placet.run("send", "--until-idle", expect=75)
    assert relay.count == 0


@pytest.mark.parametrize("engine", ["sqlite"])  # the point is the lock
def test_the_end_of_the_window(placet, relay):
    """By the senders' clock, which is hours ahead, it comes some seconds after they began; somebody keeps the database just then."""
    told = Story(placet, relay.url()).prepare(people(1000))
    number = told.draft()
    end = int(time.time()) + 6 * 3600
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", "--not-after",
               time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end)))
    placet.run("mailing", "approve", number, "--by", REV)
    placet.run("mailing", "start", number)
    ahead = int(end - 5 - time.time())
    over = time.monotonic() + end - ahead - time.time()
    for _ in range(2):
        placet.start("send", "--connections", 2, listens=False, env={"PLACET_CLOCK": f"+{ahead}s"})
    goes_on(relay)
    assert time.monotonic() < over - 0.3, "this machine is too slow for the test"
    time.sleep(max(0, over - 0.3 - time.monotonic()))
    with locked(placet, 0):
        time.sleep(max(0, over + SECOND + 2 * INSTANT - time.monotonic()))
    late = [mail - over for _, mail, _ in relay.recipients if mail > over + INSTANT]
    assert not late, late
    wait_until(lambda: placet.run("mailing", "status", number)["state"] == "paused", 10, "it is paused")
    status = placet.run("mailing", "status", number)
    assert status["why"] == "its window is over" and status["counts"]["queued"] > 0
