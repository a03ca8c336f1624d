"""Relays of every temper: what becomes of each recipient, and when it is tried again."""
import contextlib
import csv
import io
import re
import sqlite3
import subprocess
import sys
import time

import dkim
import pytest

from harness.placet import Capture
from harness.process import free_port
from harness.story import IDENTITY, Story, people
from harness.tables import change

LATER = {"PLACET_CLOCK": "+1h"}


def report(placet, number):
    return list(csv.DictReader(io.StringIO(placet.run("mailing", "report", number, json=False))))


def counts(placet, number):
    """Only those that are not 0."""
    status = placet.run("mailing", "status", number)
    assert sum(status["counts"].values()) == status["recipients"]
    return status["state"], {k: v for k, v in status["counts"].items() if v}


def zone_of(placet, identity=IDENTITY):
    """What identity dns prints, as a look-up for dkim.verify."""
    records = {}
    for line in placet.run("identity", "dns", identity, json=False).splitlines():
        found = re.match(r"^(\S+)\s.*\bTXT\s+(.*)$", line)
        if found:
            records[found[1].rstrip(".")] = "".join(re.findall(r'"([^"]*)"', found[2])).encode()
    return lambda name, timeout=5: records.get(name.decode().rstrip("."))


def test_mail_arrives_whole(placet, postfix):
    told = Story(placet, postfix.url()).prepare(people(12))
    number = told.mailing()
    told.send(number)
    zone = zone_of(placet)
    mail = postfix.wait_for_mail(12)
    assert sorted(m.recipient for m in mail) == people(12)
    for m in mail:
        raw = re.sub(rb"\r?\n", b"\r\n", m.raw)
        for i in range(2):
            assert dkim.DKIM(raw).verify(idx=i, dnsfunc=zone), f"signature {i}"
        assert m.sender.startswith("b+") and not m.message.defects
    assert len({m.sender for m in mail}) == 12
    assert counts(placet, number) == ("done", {"accepted": 12})


def test_the_reply_to_the_dot_is_lost(placet, make_sink):
    sink = make_sink(["-q", "."])
    told = Story(placet, sink.url()).prepare(people(4))
    number = told.mailing()
    placet.run("mailing", "start", number, json=False)
    for hour in range(12):  # after a lost connection the relay is left alone for a while
        placet.run("send", "--until-idle", "--connections", "1", json=False, expect=75, env={"PLACET_CLOCK": f"+{hour}h"})
        if counts(placet, number)[1] == {"uncertain": 4}:
            break
    else:
        pytest.fail("not all came to an end")
    placet.run("send", "--until-idle", json=False, expect=75, env={"PLACET_CLOCK": "+20h"})
    assert counts(placet, number)[1] == {"uncertain": 4}, "nothing uncertain is retried by itself"
    assert {(r["state"], r["maybe_twice"]) for r in report(placet, number)} == {("uncertain", "0")}


def test_uncertain_ones_are_sent_again_on_request(placet, make_sink, folder):
    dropping = make_sink(["-q", "."])
    told = Story(placet, dropping.url()).prepare(people(1))
    number = told.mailing()
    placet.run("mailing", "start", number, json=False)
    placet.run("send", "--until-idle", json=False, expect=75)
    assert counts(placet, number)[1] == {"uncertain": 1}
    dropping.stop()
    relay = placet.start("capture", "--listen", f"127.0.0.1:{dropping.port}", "--dir", f"{folder}/again")
    placet.run("mailing", "retry-uncertain", number, json=False)
    placet.run("send", "--until-idle", json=False, env=LATER)
    assert counts(placet, number) == ("done", {"accepted": 1})
    assert [r["maybe_twice"] for r in report(placet, number)] == ["1"]
    relay.stop()


@contextlib.contextmanager
def changing(placet, statement):
    """A statement whose transaction is committed at the end of the block."""
    if placet.database:
        psql = subprocess.Popen(["psql", "-qAt", "-v", "ON_ERROR_STOP=1", placet.database], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)
        psql.stdin.write(f"BEGIN;\n{statement};\n\\echo changed\n")
        psql.stdin.flush()
        assert psql.stdout.readline() == "changed\n"
        yield
        psql.communicate("COMMIT;\n", timeout=30)
        assert psql.returncode == 0
        return
    with contextlib.closing(sqlite3.connect(next(placet.home.glob("*.db")), timeout=10, isolation_level=None)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("BEGIN IMMEDIATE")
        db.execute(statement)
        yield
        db.execute("COMMIT")


def test_uncertain_ones_are_sent_again_of_a_mailing_that_is_ending(placet, make_sink):
    """A sender ends the mailing between the command's first look and its change: nobody may be left in a mailing that is done."""
    told = Story(placet, make_sink(["-q", "."]).url()).prepare(people(1))
    number = told.mailing()
    told.send(number, expect=75)
    assert counts(placet, number) == ("done", {"uncertain": 1})
    change(placet, f"UPDATE mailing SET state = 'sending' WHERE id = {number}")
    with changing(placet, f"UPDATE mailing SET state = 'done' WHERE id = {number}"):
        retry = placet.start("mailing", "retry-uncertain", number, listens=False)
        time.sleep(2)
    assert retry.wait(30) == 0, retry.output()
    assert counts(placet, number) == ("sending", {"queued": 1})


@pytest.mark.parametrize("options,state", [(["-f", "RCPT"], "failed"), (["-r", "RCPT"], "deferred"), (["-f", "."], "failed"),
                                           (["-r", "."], "deferred")])
def test_what_the_relay_answers(placet, make_sink, options, state):
    told = Story(placet, make_sink(options).url()).prepare(people(3))
    number = told.mailing()
    told.send(number, expect=0 if state == "failed" else 75)
    status, seen = counts(placet, number)
    assert seen == {state: 3}
    if state == "deferred":
        assert status == "sending" and placet.run("mailing", "status", number)["next_due"]
        placet.run("send", "--until-idle", json=False, expect=75)
        assert {r["attempts"] for r in report(placet, number)} == {"1"}, "it is not due yet"
        placet.run("send", "--until-idle", json=False, expect=75, env=LATER)
        assert {r["attempts"] for r in report(placet, number)} == {"2"}


def test_it_gives_up_after_four_days(placet, make_sink):
    told = Story(placet, make_sink(["-r", "RCPT"]).url()).prepare(people(1))
    number = told.mailing()
    told.send(number, expect=75)
    placet.run("send", "--until-idle", json=False, env={"PLACET_CLOCK": "+5d"})
    assert counts(placet, number) == ("done", {"failed": 1})


def test_nobody_pays_for_a_relay_that_is_down(placet, folder):
    port = free_port()
    told = Story(placet, f"smtp://127.0.0.1:{port}").prepare(people(3))
    number = told.mailing()
    told.send(number, expect=75, timeout=60)
    assert counts(placet, number) == ("sending", {"queued": 3})
    assert {r["attempts"] for r in report(placet, number)} == {"0"}
    placet.start("capture", "--listen", f"127.0.0.1:{port}", "--dir", f"{folder}/up")
    placet.run("send", "--until-idle", json=False, env=LATER)
    assert counts(placet, number) == ("done", {"accepted": 3})


@pytest.mark.parametrize("engine", ["sqlite"])  # a PostgreSQL server that takes no more connections does the same
def test_a_sender_that_cannot_begin_leaves_no_journal(placet, sink):
    Story(placet, sink.url()).staff()
    for files in range(8, 40):  # open at once: what it can begin with before it fails
        subprocess.run(["prlimit", f"--nofile={files}", placet.binary, "--home", placet.home, "send", "--until-idle"], env=placet.env,
                       capture_output=True, timeout=60, check=False)
    placet.run("send", "--until-idle", json=False, expect=(0, 75))  # it settles what can be settled
    assert not list((placet.home / "journal").glob("send-*"))


def test_who_bounced_is_skipped(placet, folder):
    relay = Capture(placet, f"{folder}/captured", ["--reject", "^person0000", "--defer", "^person0001"])
    told = Story(placet, relay.url()).prepare(people(4))
    number = told.mailing()
    told.send(number, expect=75)
    assert counts(placet, number)[1] == {"accepted": 2, "failed": 1, "deferred": 1}
    after = told.mailing()
    assert placet.run("mailing", "status", after)["skipped"] == {"bounced": 1}
    assert sorted(e["to"][0] for e, _ in relay.messages()) == people(4)[2:]


def test_a_bounce_holds_up_nobody_else(placet, folder):
    """Some of a mailing bounce in each flush: were all that wait given back for each, as for a withdrawal, they would be claimed over
    and over, and the mailing take several times as long."""
    relay = Capture(placet, f"{folder}/captured", ["--reject", "^person00[05]0"])
    told = Story(placet, relay.url()).prepare(people(200))
    number = told.mailing()

    def changes_of_standing():
        return int.from_bytes((placet.home / "run/opt-out.counter").read_bytes()[8:16], sys.byteorder)
    placet.run("mailing", "start", number, json=False)
    before = changes_of_standing()
    placet.run("send", "--until-idle", json=False)
    assert counts(placet, number) == ("done", {"accepted": 198, "failed": 2})
    assert changes_of_standing() == before


def test_two_processes_end_a_mailing_together(placet, capture):
    """Neither sees what the other writes in the same moment; whoever ends last finishes it."""
    story = Story(placet, capture.url()).prepare(people(40))
    placet.run("institution", "set", "fatigue-ceiling", "30", json=False)
    for _ in range(8):
        number = story.mailing()
        placet.run("mailing", "start", number, json=False)
        placet.run("send", "--until-idle", "--processes", "2", "--connections", "4", json=False)
        assert counts(placet, number) == ("done", {"accepted": 40})


def test_the_database_is_written_to_a_few_times_a_second(placet, sink):
    """The journal is flushed more often; what came to nothing else waits for more of it."""
    story = Story(placet, sink.url()).prepare(people(1200))
    relay, = placet.run("relay", "list", IDENTITY)
    placet.run("relay", "edit", IDENTITY, relay["url"], "--per-second", "400")
    number = story.mailing()
    story.send(number)
    assert counts(placet, number) == ("done", {"accepted": 1200})
    (flushes, took), = change(placet, "SELECT flushes, (ended - started) / 1000 FROM sender")
    assert int(took) > 2500 and int(flushes) < int(took) / 100
