"""A sender among people who change their minds, relays that fail it, and a database that goes away."""
import csv
import io
import os
import pathlib
import shutil
import subprocess
import time

import pytest

from harness import tables
from harness.paced import Paced
from harness.placet import Placet
from harness.story import ANN, LIST, OFFICE, REV, STUDY, VAL, Story, people
from postgres import Postgres

CONSENT = ["--consent-kind", "signed-form", "--consent-ref", "F", "--consent-date", "2026-10-01"]


@pytest.fixture
def paced():
    """A relay that takes a quarter of a second for each message, and does not offer SMTPUTF8."""
    server = Paced(0.25)
    yield server
    server.stop()


def step(placet, verb, number, *more, **run):
    return placet.run("mailing", verb, number, *more, json=False, **run)


def status(placet, number):
    """(state, counts that are not 0, why people were skipped); everybody is in one of the counts."""
    shown = placet.run("mailing", "status", number)
    assert sum(shown["counts"].values()) == shown["recipients"], shown
    return shown["state"], {k: v for k, v in shown["counts"].items() if v}, shown["skipped"]


def report(placet, number):
    return {row["address"]: row for row in csv.DictReader(io.StringIO(step(placet, "report", number)))}


def begin(placet, paced, number, after=2, connections=1):
    """A sender that works: `after` messages have been begun, and it holds everybody else of the mailing."""
    step(placet, "start", number, "--by", ANN)
    sender = placet.start("send", "--until-idle", "--connections", connections, listens=False)
    sender.wait_for(lambda: len(paced.recipients) >= after, 30, "the sender is at work")
    return sender


def once(paced):
    """Who got the message; nobody got it twice."""
    assert len(paced.taken) == len(set(paced.taken)), "somebody got it twice"
    return set(paced.taken)


# --- what was approved ---------------------------------------------------------------------------

@pytest.mark.parametrize("key,value", [("postal-address", "2 Other Road, Town"),
                                       ("unofficial-sentence.en", "This message comes from the researchers named above, and is "
                                        "not an official communication of the institution.")])
def test_settings_that_change_after_the_approval(placet, capture, key, value):
    """What goes out is what was approved (decision: an approval binds to content, selection, identity and window): text
    that comes from the institution's settings too, also when the window comes long after the approval."""
    told = Story(placet, capture.url()).prepare(people(3))
    placet.run("institution", "set", "postal-address", "1 Road, Town", json=False)
    before = placet.run("institution", "show")[key]
    number = told.draft()
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7200))
    step(placet, "submit", number, "--by", ANN, "--accept-responsibility", "--not-before", soon)
    step(placet, "approve", number, "--by", REV)
    step(placet, "start", number, "--by", ANN)
    placet.run("institution", "set", key, value, json=False)
    later = {"PLACET_CLOCK": "+3h"}
    placet.run("send", "--until-idle", json=False, expect=(0, 75), env=later)
    shown = placet.run("mailing", "status", number)
    assert (shown["state"], shown["counts"]["queued"]) == ("paused", 3) and "not as it was submitted" in shown["why"]
    step(placet, "resume", number, "--by", ANN, expect=1, env=later)
    assert "not as it was submitted" in placet.last.stderr and capture.messages() == []
    placet.run("institution", "set", key, before, json=False)
    step(placet, "resume", number, "--by", ANN, env=later)
    placet.run("send", "--until-idle", json=False, env=later)
    assert status(placet, number) == ("done", {"accepted": 3}, {})


# --- who may no longer be written to -----------------------------------------------------------------

def test_the_fifth_and_sixth_mailing_of_a_month(placet, capture):
    """Contact fatigue is asked when a message is about to go, not only when the people were frozen: six mailings that
    were approved beforehand reach nobody more often than the ceiling allows."""
    told = Story(placet, capture.url()).prepare(people(3))
    numbers = [told.mailing(subject=f"Question {i} on how you sleep") for i in range(6)]
    for number in numbers:
        step(placet, "start", number, "--by", ANN)
    placet.run("send", "--until-idle", json=False)
    seen = [status(placet, number) for number in numbers]
    assert [state for state, _, _ in seen] == ["done"] * 6
    assert sum(counts.get("accepted", 0) for _, counts, _ in seen) == len(capture.messages()) == 4 * 3
    assert sum(skipped.get("fatigue", 0) for _, _, skipped in seen) == 2 * 3
    got = [envelope["to"][0] for envelope, _ in capture.messages()]
    assert {got.count(person) for person in people(3)} == {4}


def import_list(placet, name, addresses, *, project=STUDY):
    placet.run("list", "add", name, "--project", project, json=False)
    file = pathlib.Path(placet.folder) / f"{name}.csv"
    file.write_text("".join(f"{a}\r\n" for a in ["address", *addresses]), newline="")
    placet.run("import", name, file, "--by", ANN, *CONSENT)


def decide(placet, name, rows, **run):
    file = pathlib.Path(placet.folder) / f"decide-{name}.csv"
    file.write_text("address,decision,reason\r\n" + "".join(f"{a},{d},asked\r\n" for a, d in rows), newline="")
    return placet.run("validate", name, "--by", VAL, "--decide", file, **run)


def sign(placet, name, **run):
    return placet.run("validate", name, "--by", VAL, "--sign-off", "--how", "wrote to them", **run)


def test_whoever_waits_in_a_running_sender_is_judged_anew(placet, paced, make_sink):
    """A withdrawal, a rejection and a bounce count at once, like an opt-out: also for people whom a sender has claimed
    already and not yet begun with (first issue, point 4: nobody is mailed who may not be)."""
    everyone = people(9)
    told = Story(placet, paced.url())
    sign_off, told.sign_off = told.sign_off, lambda: None
    told.prepare(everyone)
    everyone = [m["address"] for m in placet.run("list", "members", LIST)]  # the order in which they are written to
    withdraws, rejected, bounces = everyone[6:]
    import_list(placet, "second", [rejected])
    placet.run("validate", "second", "--by", VAL, "--sample", json=False)  # drawn while nobody is decided yet
    sign_off()
    decide(placet, "second", [(rejected, "reject")])
    refuses = make_sink(["-f", "RCPT", "-B", "550 5.1.1 no such user"])
    placet.run("identity", "add", "other-mail", "--domain", "other.example", "--relay", refuses.url(), json=False)
    placet.run("project", "add", "other", "--title", "Other", "--originator", ANN, "--contact", ANN, "--department", OFFICE,
               "--identity", "other-mail", "--ethics", "EK 1", json=False)
    placet.run("project", "approve", "other", "--by", REV, json=False)
    import_list(placet, "others", [bounces], project="other")
    number = told.mailing()
    body = pathlib.Path(placet.folder) / "body.md"
    other = placet.run("mailing", "new", "--list", "others", "--subject", "Other", "--body", body, "--by", ANN,
                       json=False).split()[-1]
    step(placet, "submit", other, "--by", ANN, "--accept-responsibility")
    step(placet, "approve", other, "--by", REV)
    paced.reply_after = 0.6
    sender = begin(placet, paced, number, after=1)
    assert status(placet, number)[1] == {"attempting": 9}, "it holds all of them"
    placet.run("consent", "withdraw", withdraws, "--project", STUDY, "--by", ANN, json=False)
    sign(placet, "second")
    step(placet, "start", other, "--by", ANN)
    assert sender.wait(60) == 0, sender.output()
    assert status(placet, other)[1] == {"failed": 1}
    assert once(paced) == set(everyone[:6])
    assert status(placet, number) == ("done", {"accepted": 6, "skipped": 3}, {"no-consent": 1, "rejected": 1, "bounced": 1})


@pytest.mark.parametrize("verb,final,by", [("cancel", "cancelled", ANN), ("revoke", "revoked", REV)])
def test_ended_while_a_sender_holds_people(placet, paced, verb, final, by):
    """A cancelled or revoked mailing leaves nobody waiting: whom a sender had claimed is skipped with the reason, and
    the counts add up to the people of the mailing."""
    told = Story(placet, paced.url()).prepare(people(20))
    number = told.mailing()
    sender = begin(placet, paced, number, connections=2)
    step(placet, verb, number, "--why", "a wrong date", "--by", by)
    assert sender.wait(60) in (0, 75), sender.output()
    state, counts, skipped = status(placet, number)
    assert state == final and set(counts) == {"accepted", "skipped"} and skipped == {final: counts["skipped"]}
    assert counts["accepted"] == len(once(paced)) < 10


# --- relays ------------------------------------------------------------------------------------------

def test_a_relay_that_refuses_the_sender(placet, make_sink, folder):
    """A 5xx to MAIL is our own fault: it pauses the mailing and fails nobody; once it is mended, all are written to."""
    refuses = make_sink(["-f", "MAIL", "-B", "550 5.7.1 not this sender"])
    told = Story(placet, refuses.url()).prepare(people(5))
    number = told.mailing()
    told.send(number, expect=(0, 75))
    assert status(placet, number) == ("paused", {"queued": 5}, {})
    refuses.stop()
    placet.start("capture", "--listen", f"127.0.0.1:{refuses.port}", "--dir", f"{folder}/good")
    step(placet, "resume", number, "--by", ANN)
    placet.run("send", "--until-idle", json=False, env={"PLACET_CLOCK": "+1h"})
    assert status(placet, number) == ("done", {"accepted": 5}, {})


def test_a_relay_without_smtputf8(placet, paced):
    """SMTP-14: an address with a non-ASCII local part cannot go through such a relay. That says nothing against the
    address: it is skipped, not failed, and not taken for bounced."""
    paced.reply_after = 0
    strange = "grün@example.org"
    told = Story(placet, paced.url()).prepare([*people(2), strange])
    number = told.mailing()
    told.send(number)
    assert status(placet, number) == ("done", {"accepted": 2, "skipped": 1}, {"no-smtputf8": 1})
    assert once(paced) == set(people(2))
    assert status(placet, told.mailing())[2] == {}, "the next mailing still counts on them"


def test_paused_for_longer_than_retries_last(placet, paced):
    """The four days of retries begin with a person's first attempt, not with a claim that was given back."""
    told = Story(placet, paced.url()).prepare(people(12))
    number = told.mailing()
    sender = begin(placet, paced, number)
    step(placet, "pause", number, "--why", "a question came", "--by", ANN)
    assert sender.wait(60) in (0, 75), sender.output()
    rows = report(placet, number)
    waiting = {a for a, row in rows.items() if row["state"] == "queued"}
    assert len(waiting) >= 8 and waiting == set(people(12)) - once(paced)
    assert {(rows[a]["first"], rows[a]["attempts"]) for a in waiting} == {("", "0")}
    paced.refuse = {"RCPT": "450 4.2.1 busy"}
    step(placet, "resume", number, "--by", ANN, env={"PLACET_CLOCK": "+5d"})
    placet.run("send", "--until-idle", json=False, expect=75, env={"PLACET_CLOCK": "+5d"})
    assert status(placet, number)[1] == {"accepted": 12 - len(waiting), "deferred": len(waiting)}
    paced.refuse, paced.reply_after = {}, 0
    placet.run("send", "--until-idle", json=False, env={"PLACET_CLOCK": "+6d"})
    assert status(placet, number) == ("done", {"accepted": 12}, {}) and once(paced) == set(people(12))


# --- the sender itself, and its database ---------------------------------------------------------------

def all_accounted(placet, paced, number, everyone, uncertain):
    """At most `uncertain` are uncertain, all others accepted; nobody got it twice."""
    state, counts, skipped = status(placet, number)
    assert state == "done" and not skipped and set(counts) <= {"accepted", "uncertain"}, (state, counts, skipped)
    assert counts.get("uncertain", 0) <= uncertain
    rows = report(placet, number)
    assert {a for a, row in rows.items() if row["state"] == "accepted"} <= once(paced)
    assert set(rows) == set(everyone)


def test_a_sender_that_fails_with_messages_in_flight(placet, paced):
    """A fault of the database in the middle of the work ends the sender in good order: what is in flight ends in the
    journal, the next sender settles it, and nobody is written to twice."""
    everyone = people(30)
    told = Story(placet, paced.url()).prepare(everyone)
    number = told.mailing()
    sender = begin(placet, paced, number, after=6, connections=4)
    tables.change(placet, "ALTER TABLE delivery RENAME TO delivery_away")
    assert sender.wait(60) == 70, sender.output()
    tables.change(placet, "ALTER TABLE delivery_away RENAME TO delivery")
    paced.reply_after = 0
    placet.run("send", "--until-idle", json=False, expect=(0, 75))
    all_accounted(placet, paced, number, everyone, uncertain=4)


def test_who_is_left_settles_for_who_was_killed(placet, paced):
    """Of two senders of one host one is killed. The other does not wait for a third to begin: it settles what the dead
    one held, and the mailing ends."""
    everyone = people(24)
    paced.reply_after = 0.1
    told = Story(placet, paced.url()).prepare(everyone)
    number = told.mailing()
    step(placet, "start", number, "--by", ANN)
    one, two = (placet.start("send", "--connections", 2, listens=False) for _ in range(2))
    one.wait_for(lambda: len(paced.recipients) >= 6, 30, "they are at work")
    one.kill()
    two.wait_for(lambda: status(placet, number)[0] == "done", 30, "the mailing ends")
    two.stop()
    all_accounted(placet, paced, number, everyone, uncertain=2)


def test_the_name_of_the_host_does_not_matter(placet, paced):
    """A sender that was killed is settled by the next one of the same home, even when the machine has another name by
    then (as a container has): homes are told apart by journal/id."""
    everyone = people(12)
    told = Story(placet, paced.url()).prepare(everyone)
    number = told.mailing()
    sender = begin(placet, paced, number, connections=2)
    sender.kill()
    home = (placet.home / "journal/id").read_text().strip()
    assert tables.change(placet, "SELECT host FROM sender WHERE ended IS NULL") == [(home,)]
    paced.reply_after = 0
    argv = placet._argv(["send", "--until-idle"])
    if os.geteuid() == 0 and shutil.which("unshare"):
        renamed = ["unshare", "--uts", "sh", "-c", 'hostname another-name && exec "$@"', "sh"]
        if subprocess.run([*renamed, "true"], capture_output=True, check=False).returncode == 0:
            argv = renamed + argv
    done = subprocess.run(argv, env=placet.env, capture_output=True, timeout=60, check=False)
    assert done.returncode in (0, 75), done.stderr
    all_accounted(placet, paced, number, everyone, uncertain=2)


@pytest.fixture
def passing_postgres():
    """A server of the test's own, which it may end and start."""
    with Postgres(fsync=False) as server:
        yield server


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_database_server_that_starts_anew(folder, paced, passing_postgres, engine):
    """A database that is away is waited for: the sender goes on when it is back; outcomes of the meantime are kept in
    the journal, and nobody is lost or written to twice."""
    placet = Placet(folder, passing_postgres.database("placet"))
    everyone = people(40)
    told = Story(placet, paced.url()).prepare(everyone)
    number = told.mailing()
    sender = begin(placet, paced, number, after=6, connections=4)
    passing_postgres.rest()
    sender.wait_for(lambda: "database-away" in sender.output(), 20, "it says that the database is away")
    begun = len(paced.recipients)
    passing_postgres.serve()
    sender.wait_for(lambda: len(paced.recipients) > begun + 4, 30, "it goes on")
    paced.reply_after = 0
    assert sender.wait(60) == 0, sender.output()
    placet.stop_all()
    all_accounted(placet, paced, number, everyone, uncertain=0)


def test_pauses_while_it_is_sent(placet, paced):
    """Somebody else's steps at any moment are no fault of the sender: it goes on with what it may do."""
    everyone = people(60)
    paced.reply_after = 0.1
    told = Story(placet, paced.url()).prepare(everyone)
    number = told.mailing()
    sender = begin(placet, paced, number, connections=2)
    for _ in range(3):
        step(placet, "pause", number, "--why", "a question came", "--by", ANN)
        step(placet, "resume", number, "--by", ANN)
    assert sender.wait(60) in (0, 75), sender.output()
    placet.run("send", "--until-idle", json=False)
    all_accounted(placet, paced, number, everyone, uncertain=0)
