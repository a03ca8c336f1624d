"""The way of a mailing, step by step: what each step answers, also out of turn and by the wrong person."""
import csv
import datetime
import io
import os
import pathlib
import re
import socket
import threading

import pytest

from harness.process import free_port
from harness.story import ANN, IDENTITY, LIST, POST, REV, STUDY, VAL, Story, people

RULES = ["validated", "opt-in", "opt-out", "originator", "unofficial", "same-infrastructure", "statement-page", "plain-url",
         "statement-reference", "list-guidelines", "responsibility"]
COUNTS = ["queued", "attempting", "accepted", "deferred", "failed", "uncertain", "skipped"]
NOWHERE = "smtp://127.0.0.1:9"  # a relay that no step before sending asks for


def state(placet, number):
    return placet.run("mailing", "status", number)["state"]


def hence(hours):
    """A time from now, as an option takes it."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def step(placet, verb, number, *more, expect=0, by=None, **run):
    return placet.run("mailing", verb, number, *more, *(["--by", by] if by else []), json=False, expect=expect, **run)


def submit(placet, number, *more, **run):
    return step(placet, "submit", number, "--accept-responsibility", *more, by=ANN, **run)


def test_each_step_in_its_turn(placet, capture):
    told = Story(placet, capture.url()).prepare(people(30))
    shown = placet.run("list", "show", LIST)
    assert (shown["members"], shown["mailable"]) == (30, 30)
    number = told.draft()
    assert re.fullmatch(r"\d+", number) and state(placet, number) == "draft"

    checked = placet.run("mailing", "check", number)
    assert checked["verdict"] == "pass"
    assert [f["rule"] for f in checked["findings"]] == RULES
    assert all(set(f) >= {"rule", "answer", "reason", "mend"} for f in checked["findings"])
    preview = step(placet, "preview", number, "--to", people(30)[4])
    assert "To: person0004@example.org" in preview and "DKIM-Signature" not in preview

    submit(placet, number)
    assert state(placet, number) == "submitted"
    step(placet, "approve", number, by=REV)
    assert state(placet, number) == "approved"
    step(placet, "start", number, by=ANN)
    status = placet.run("mailing", "status", number)
    assert (status["state"], status["counts"]["queued"]) == ("sending", 30)
    placet.run("send", "--until-idle", json=False)
    status = placet.run("mailing", "status", number)
    assert (status["id"], status["state"], status["recipients"], status["next_due"]) == (int(number), "done", 30, None)
    assert status["counts"] == {**dict.fromkeys(COUNTS, 0), "accepted": 30}
    assert status["skipped"] == {} and status["bounced"] == 0

    rows = list(csv.DictReader(io.StringIO(step(placet, "report", number))))
    assert list(rows[0]) == "address state skipped reason attempts first last relay queue_id reply maybe_twice arm".split()
    assert sorted(r["address"] for r in rows) == people(30)
    assert {(r["state"], r["attempts"], r["maybe_twice"], r["relay"]) for r in rows} == {("accepted", "1", "0", capture.url())}
    assert len({r["queue_id"] for r in rows}) == 30
    assert len(capture.messages()) == 30
    assert placet.run("audit", "verify")["whole"] is True


def test_out_of_turn(placet):
    told = Story(placet, NOWHERE).prepare(people(3))
    number = told.draft()
    step(placet, "approve", number, by=REV, expect=1)
    step(placet, "start", number, by=ANN, expect=1)
    step(placet, "pause", number, by=ANN, expect=1)
    step(placet, "resume", number, by=ANN, expect=1)
    step(placet, "reject", number, "--why", "no", by=REV, expect=1)
    step(placet, "submit", number, by=ANN, expect=1)  # without answering for it
    assert state(placet, number) == "draft"
    submit(placet, number)
    submit(placet, number, expect=1)
    step(placet, "start", number, by=ANN, expect=1)
    assert state(placet, number) == "submitted"


@pytest.mark.parametrize("argv,status", [
    (["mailing", "status", "77"], 3), (["mailing", "check", "77"], 3), (["mailing", "approve", "77", "--by", REV], 3),
    (["mailing", "report", "77"], 3), (["list", "show", "nobody"], 3), (["project", "show", "nothing"], 3),
    (["validate", "nobody", "--by", VAL], 3), (["consent", "show", "stranger@example.org"], 3),
    (["import", LIST, "/no/such/file", "--by", ANN], 3), (["mailing", "status", "one"], 2), (["mailing", "status"], 2),
    (["mailing", "status", "1", "2"], 2), (["mailing", "fly", "1"], 2), (["fly"], 2), ([], 2),
    (["mailing", "status", "1", "--swiftly"], 2), (["mailing", "approve", "1"], 2), (["list", "add", "x"], 2),
    (["account", "add", "x@uni.example", "--name", "X", "--role", "emperor"], 2), (["list", "add", "A B", "--project", STUDY], 2),
])
def test_bad_usage_and_unknown_things(placet_ready, argv, status):
    placet_ready.run(*argv, json=False, expect=status)
    assert re.match(r"placet: \S|usage: ", placet_ready.last.stderr), "why it failed stands on stderr"


@pytest.fixture(scope="module")
def placet_ready(tmp_path_factory):
    """One home for all wrong commands: none of them may change it."""
    from harness.placet import Placet
    placet = Placet(tmp_path_factory.mktemp("ready"))
    Story(placet, NOWHERE).prepare(people(2))
    return placet


def test_who_may(placet):
    told = Story(placet, NOWHERE).prepare(people(3))
    placet.run("account", "add", "both@uni.example", "--name", "Bo Oth", "--role", "researcher", "reviewer", json=False)
    placet.run("project", "add", "own", "--title", "Own", "--originator", "both@uni.example", "--contact", "both@uni.example",
               "--department", "psychology", "--identity", IDENTITY, "--ethics", "EK 1", json=False)
    placet.run("project", "approve", "own", "--by", "both@uni.example", json=False, expect=4)
    placet.run("project", "approve", "own", "--by", ANN, json=False, expect=4)
    number = told.draft()
    submit_by = ["--accept-responsibility"]
    step(placet, "submit", number, *submit_by, by=REV, expect=4)
    step(placet, "submit", number, *submit_by, by="nobody@uni.example", expect=3)
    submit(placet, number)
    step(placet, "approve", number, by=ANN, expect=4)
    step(placet, "approve", number, by=VAL, expect=4)
    step(placet, "approve", number, by=REV)
    step(placet, "start", number, by=VAL, expect=4)
    step(placet, "revoke", number, "--why", "x", by=ANN, expect=4)
    placet.run("account", "disable", REV, json=False)
    step(placet, "revoke", number, "--why", "x", by=REV, expect=4)
    assert state(placet, number) == "approved"


def test_a_change_voids_the_approval(placet, folder):
    told = Story(placet, NOWHERE).prepare(people(3))
    number = told.mailing()
    step(placet, "edit", number, "--subject", "Five minutes on how you sleep", by=ANN)
    assert state(placet, number) == "draft"
    step(placet, "start", number, by=ANN, expect=1)
    submit(placet, number)
    step(placet, "reject", number, "--why", "too long", by=REV)
    status = placet.run("mailing", "status", number)
    assert (status["state"], status["why"], status["recipients"]) == ("draft", "too long", 0)
    submit(placet, number)
    step(placet, "withdraw", number, by=ANN)
    assert state(placet, number) == "draft"


def test_revoked_cancelled_paused(placet, capture):
    told = Story(placet, capture.url()).prepare(people(4))
    revoked, cancelled, paused = told.mailing(), told.mailing(), told.mailing()
    step(placet, "start", revoked, by=ANN)
    step(placet, "revoke", revoked, "--why", "a wrong date", by=REV)
    step(placet, "start", cancelled, by=ANN)
    step(placet, "cancel", cancelled, "--why", "no money", by=ANN)
    step(placet, "start", paused, by=ANN)
    step(placet, "pause", paused, "--why", "a question came", by=ANN)
    status = placet.run("mailing", "status", paused)
    assert (status["state"], status["by"], status["why"]) == ("paused", ANN, "a question came")
    placet.run("send", "--until-idle", json=False, expect=(0, 75))
    assert capture.messages() == []
    for number, final in ((revoked, "revoked"), (cancelled, "cancelled")):
        status = placet.run("mailing", "status", number)
        assert (status["state"], status["counts"]["skipped"]) == (final, 4)
        for verb in ("start", "resume", "pause", "cancel"):
            step(placet, verb, number, by=ANN, expect=1)
    step(placet, "resume", paused, by=ANN)
    placet.run("send", "--until-idle", json=False)
    assert state(placet, paused) == "done" and len(capture.messages()) == 4


def test_before_and_after_its_window(placet, capture):
    told = Story(placet, capture.url()).prepare(people(4))
    number, late = told.draft(), told.draft()
    submit(placet, late, "--not-after", hence(-1), expect=2)
    submit(placet, late, "--not-before", hence(3), "--not-after", hence(2), expect=2)
    submit(placet, number, "--not-before", hence(2), "--not-after", hence(6))
    submit(placet, late, "--not-after", hence(1))
    for each in (number, late):
        step(placet, "approve", each, by=REV)
    step(placet, "start", number, by=ANN)
    assert state(placet, number) == "scheduled"
    sent = placet.run("send", "--until-idle", expect=75)
    assert sent["remains"] and sent["next_due"] and capture.messages() == []
    step(placet, "start", late, by=ANN, expect=1, env={"PLACET_CLOCK": "+2h"})
    placet.run("send", "--until-idle", json=False, env={"PLACET_CLOCK": "+3h"})
    assert state(placet, number) == "done" and len(capture.messages()) == 4


def test_its_window_closes_while_it_is_sent(placet):
    told = Story(placet, f"smtp://127.0.0.1:{free_port()}").prepare(people(4))
    number = told.draft()
    submit(placet, number, "--not-after", hence(1))
    step(placet, "approve", number, by=REV)
    step(placet, "start", number, by=ANN)
    placet.run("send", "--until-idle", json=False, expect=(0, 75), env={"PLACET_CLOCK": "+2h"}, timeout=60)
    status = placet.run("mailing", "status", number)
    assert (status["state"], status["counts"]["accepted"]) == ("paused", 0) and "window" in status["why"]


# --- a live home --------------------------------------------------------------------------------

@pytest.fixture
def live(placet, folder):
    """A live home with accounts; tokens lie in files."""
    placet.init("--postmaster", POST, trial=False)
    placet.tokens = {}
    for address, name, role in ((ANN, "Ann Bee", "researcher"), (VAL, "Val Dee", "validator"), (REV, "Rev Eff", "reviewer")):
        placet.run("account", "add", address, "--name", name, "--role", role, json=False)
        token = placet.run("token", "add", address, "--scope", "act", json=False).split()[-1]
        file = pathlib.Path(folder) / f"token-{role}"
        file.write_text(token + "\n")
        os.chmod(file, 0o600)
        placet.tokens[address] = {"PLACET_TOKEN_FILE": str(file)}
    return placet


class Unwilling(threading.Thread):
    """A resolver that knows nothing and says so at once: SERVFAIL to every question."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1@%d" % self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            question, peer = self.socket.recvfrom(4096)
            self.socket.sendto(question[:2] + b"\x81\x82" + question[4:6] + b"\0" * 6 + question[12:], peer)


def test_a_live_home_wants_proof(live, folder):
    live.run("department", "add", "psychology", "--name", "Department of Psychology", json=False)
    live.run("identity", "add", IDENTITY, "--domain", "uni.example", "--relay", "smtp://127.0.0.1:2525", "--outbound",
             "192.0.2.1", json=False)
    live.run("project", "add", STUDY, "--title", "Sleep in our town", "--originator", ANN, "--contact", ANN, "--department",
             "psychology", "--identity", IDENTITY, "--ethics", "EK 2026/17", json=False)
    live.run("project", "approve", STUDY, "--by", REV, json=False, expect=4)
    live.run("project", "approve", STUDY, "--by", REV, json=False, expect=4, env=live.tokens[ANN])
    live.run("project", "approve", STUDY, "--by", REV, json=False, env=live.tokens[REV])
    live.run("audit", "verify", json=False)
    live.run("audit", "verify", json=False, env={"PLACET_CLOCK": "+1h"}, expect=4)
    for key, text in (("statement", "We send research mail."), ("postal-address", "1 Road, Town"),
                      ("unofficial-sentence.en", "This message comes from the researchers named above. It is not an official "
                       "communication of the institution.")):
        live.run("institution", "set", key, text, json=False)
    live.run("institution", "set", "resolver", Unwilling().address, json=False)
    live.run("list", "add", LIST, "--project", STUDY, json=False)
    file = pathlib.Path(folder) / "people.csv"
    file.write_text("address,form\r\n" + "".join(f"p{i}@else.example,F{i}\r\n" for i in range(5)))
    args = ["import", LIST, file, "--by", ANN, "--consent-column", "form", "--consent-date", "2026-10-01",
            "--consent-kind", "signed-form"]
    live.run(*args, expect=4)
    assert live.run(*args, env=live.tokens[ANN])["added"] == 5
    (pathlib.Path(folder) / "body.md").write_text("Dear reader,\n\nmay we ask you nine questions?\n")
    number = live.run("mailing", "new", "--list", LIST, "--subject", "Nine questions", "--body",
                      pathlib.Path(folder) / "body.md", "--by", ANN, json=False, env=live.tokens[ANN]).split()[-1]
    checked = live.run("mailing", "check", number, expect=1)
    assert {f["rule"]: f["answer"] for f in checked["findings"]}["validated"] == "fail"
    sample = live.run("validate", LIST, "--by", VAL, "--sample", env=live.tokens[VAL])
    decisions = pathlib.Path(folder) / "decisions.csv"
    decisions.write_text("address,decision,reason\r\n" + "".join(f"{s['address']},accept,\r\n" for s in sample))
    live.run("validate", LIST, "--by", VAL, "--decide", decisions, env=live.tokens[VAL])
    live.run("validate", LIST, "--by", VAL, "--sign-off", "--how", "by phone", env=live.tokens[VAL])
    checked = live.run("mailing", "check", number, expect=75)
    answers = {f["rule"]: f["answer"] for f in checked["findings"]}
    assert checked["verdict"] == "unknown"
    assert [r for r in answers if answers[r] == "unknown"] == ["same-infrastructure", "statement-page"]
    live.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False, env=live.tokens[ANN], expect=75)
