"""What an approval binds to: recomputed by hand, and held against the store itself, by the commands and by a sender."""
import concurrent.futures
import hashlib
import json
import pathlib
import subprocess
import time

import pytest

from harness.paced import Paced
from harness.story import ANN, BODY, IDENTITY, OFFICE, POST, REV, STUDY, Story, people
from harness.tables import change
from test_varied import prepare


@pytest.fixture
def paced():
    server = Paced(0.05)
    yield server
    server.stop()


NOWHERE = "smtp://127.0.0.1:9"  # a relay that no step before sending asks for


def step(placet, verb, number, *more, expect=0, by=None, **run):
    return placet.run("mailing", verb, number, *more, *(["--by", by] if by else []), json=False, expect=expect, **run)


def submit(placet, number, *more):
    step(placet, "submit", number, "--accept-responsibility", *more, by=ANN)


def state(placet, number):
    return placet.run("mailing", "status", number)["state"]


def write(placet, name, text):
    file = pathlib.Path(placet.folder) / name
    file.write_text(text)
    return file


def refused(placet, verb, number, says, by=ANN):
    step(placet, verb, number, by=by, expect=1)
    assert says in placet.last.stderr, placet.last.stderr


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


# --- by hand -----------------------------------------------------------------------------------------

def test_a_person_can_recompute_it(placet):
    told = Story(placet, NOWHERE).prepare(people(7))
    number = told.draft()
    step(placet, "show", number, "--covers", expect=1)
    submit(placet, number, "--not-before", "2098-01-01", "--not-after", "2099-01-01T12:00:00Z")
    covers, lines = step(placet, "show", number, "--covers"), step(placet, "show", number, "--people")
    shown = placet.run("mailing", "show", number)
    assert sha(covers) == shown["bound_hash"] and shown["manifest"] == covers and shown["stands"] is True
    facts = dict(line.split(": ", 1) for line in covers.splitlines()[1:])
    assert (facts["people"], facts["people SHA-256"]) == ("7", sha(lines)) and lines.count("\n") == 7
    assert (facts["window opens"], facts["window closes"]) == ("2098-01-01T00:00:00Z", "2099-01-01T12:00:00Z")
    assert facts["body (en) SHA-256"] == sha(BODY) and facts["public text (en) SHA-256"] == sha(shown["text"])
    assert facts["identity relay"] == NOWHERE and facts["responsibility"].startswith("I, Ann Bee, answer for")
    assert "person0" not in covers + lines, "nobody is named"
    listed = placet.run("mailing", "show", number, "--people")
    assert listed["sha256"] == sha("".join(f"{line}\n" for line in listed["people"]))
    step(placet, "approve", number, by=REV)
    entry = [x for x in placet.run("audit", "log") if x["action"] == "mailing-approve"][-1]
    assert entry["detail"].startswith(f"bound to SHA-256 {sha(covers)}\n") and "Dear reader," in entry["detail"]
    assert placet.run("mailing", "show", number)["why"] == ""


# --- the store ---------------------------------------------------------------------------------------

SWAP_ARMS = "UPDATE delivery SET arm = 3 - arm WHERE id IN (SWAPPED)"
# What is changed behind the program's back, how it is put back, and what the refusal says.
BEHIND = [
    ("UPDATE mailing SET subject = subject || '.'", "UPDATE mailing SET subject = rtrim(subject, '.')",
     'subject (en) was "Four minutes on how you sleep"; now "Four minutes on how you sleep."'),
    ("UPDATE mailing SET body = replace(body, 'nine', 'mine')", "UPDATE mailing SET body = replace(body, 'mine', 'nine')",
     "body (en) SHA-256 was"),
    ("UPDATE mailing SET not_after = 4000000000000000", "UPDATE mailing SET not_after = NULL",
     'window closes was "never"; now "2096-10-02T07:06:40Z"'),
    ("UPDATE mailing SET hours = 'daily 00:00-01:00 UTC'", "UPDATE mailing SET hours = ''", 'hours was "at any time"; now "daily'),
    ("UPDATE mailing SET not_before = 1", "UPDATE mailing SET not_before = NULL", 'window opens was "at once"; now "1970-01-01'),
    ("UPDATE delivery SET fields = '{\"name\":\"Zoe\"}' WHERE id = 1", "UPDATE delivery SET fields = '{}' WHERE id = 1",
     "people SHA-256 was"),
    ("UPDATE delivery SET consent_id = 2 WHERE id = 1", "UPDATE delivery SET consent_id = 1 WHERE id = 1", "people SHA-256 was"),
    ("UPDATE consent SET given_on = '2026-10-02' WHERE id = 1", "UPDATE consent SET given_on = '2026-10-01' WHERE id = 1",
     "people SHA-256 was"),
    (SWAP_ARMS, SWAP_ARMS, "people SHA-256 was"),
    ("UPDATE identity SET relay = 'smtp://127.0.0.1:10' WHERE id = 1", f"UPDATE identity SET relay = '{NOWHERE}' WHERE id = 1",
     'identity relay was "smtp://127.0.0.1:9"; now "smtp://127.0.0.1:10"'),
    ("UPDATE identity SET domains = 'uni.example mail.uni.example' WHERE id = 1",
     "UPDATE identity SET domains = 'uni.example' WHERE id = 1", 'identity domains was "uni.example"; now'),
    ("UPDATE project SET identity_id = 2", "UPDATE project SET identity_id = 1", f'identity was "{IDENTITY}"; now "other-mail"'),
    ("UPDATE project SET link_hosts = 'survey.example'", "UPDATE project SET link_hosts = ''", 'link hosts was ""; now "survey.example"'),
    ("UPDATE mailing SET manifest = manifest || 'x'", "UPDATE mailing SET manifest = rtrim(manifest, 'x')",
     "not what its hash was made of"),
]


def test_what_is_changed_in_the_store_is_refused(placet):
    told = Story(placet, NOWHERE).prepare(people(6))
    placet.run("identity", "add", "other-mail", "--domain", "uni.example", "--relay", NOWHERE, json=False)
    number = told.draft()
    step(placet, "edit", number, "--arms", "2", by=ANN)
    submit(placet, number)
    swapped = ", ".join(row[0] for row in change(placet, "SELECT min(id) FROM delivery GROUP BY arm"))
    for verb, by in (("approve", REV), ("start", ANN)):
        for there, back, says in BEHIND:
            change(placet, there.replace("SWAPPED", swapped))
            refused(placet, verb, number, says, by)
            change(placet, back.replace("SWAPPED", swapped))
        if verb == "approve":
            step(placet, "approve", number, by=REV)
    # One recipient more, who is on the list and could be mailed.
    change(placet, "INSERT INTO address (delivery, given, key_hash, reserved, created) SELECT 'new@example.org', '', delivery_key, 1, 0"
           " FROM (SELECT key_hash AS delivery_key FROM address WHERE id = 1) AS x")
    change(placet, "INSERT INTO delivery (mailing_id, address_id, consent_id, fields, state, arm) SELECT 1, max(id), 1, '{}', 'queued', 1"
           " FROM address")
    refused(placet, "start", number, 'people was "6"; now "7"')
    shown = placet.run("mailing", "show", number)
    assert shown["stands"] is False and 'people was "6"; now "7"' in shown["differs"]
    change(placet, "DELETE FROM delivery WHERE id = (SELECT max(id) FROM delivery)")
    step(placet, "start", number, by=ANN)
    assert state(placet, number) == "sending"


def test_what_is_registered_is_changed(placet):
    """By commands: the institution's sentence, the project, its hosts. What waits for its start is void until it is as
    it was."""
    told = Story(placet, NOWHERE).prepare(people(3))
    number = told.mailing()
    sentence = placet.run("institution", "show")["unofficial-sentence.en"]
    placet.run("institution", "set", "unofficial-sentence.en", "We speak for ourselves.", json=False)
    refused(placet, "start", number, 'unofficial sentence (en) was "This message')
    placet.run("institution", "set", "unofficial-sentence.en", sentence, json=False)
    placet.run("project", "edit", STUDY, "--link-host", "survey.example", json=False)
    refused(placet, "start", number, 'project state was "approved"; now "draft"')
    placet.run("project", "approve", STUDY, "--by", REV, json=False)
    refused(placet, "start", number, 'link hosts was ""; now "survey.example"')
    submitted = told.mailing()
    # A change of what no message holds needs a new look at the project, and no new mailing.
    placet.run("project", "edit", STUDY, "--ethics", "EK 2026/18", json=False)
    refused(placet, "start", submitted, 'project state was "approved"')
    placet.run("project", "approve", STUDY, "--by", REV, json=False)
    step(placet, "start", submitted, by=ANN)


def test_who_was_approved_by_nobody(placet):
    """Into a state by the database alone: the ledger knows of no reviewer."""
    told = Story(placet, NOWHERE).prepare(people(3))
    number = told.draft()
    submit(placet, number)
    change(placet, "UPDATE mailing SET state = 'approved', approved_by = 1, approved_at = 1")
    refused(placet, "start", number, "by the audit ledger nobody approved it")
    change(placet, "UPDATE mailing SET state = 'sending'")
    placet.run("send", "--until-idle", json=False, expect=(0, 75))
    status = placet.run("mailing", "status", number)
    assert status["state"] == "paused" and "nobody approved it" in status["why"] and status["counts"]["queued"] == 3


def test_a_sender_compares_when_it_takes_it_up(placet, capture):
    """Between start and sender, and between pause and resume."""
    told = Story(placet, capture.url()).prepare(people(4))
    number = told.mailing()
    step(placet, "start", number, by=ANN)
    change(placet, "UPDATE mailing SET subject = 'Something else'")
    placet.run("send", "--until-idle", json=False, expect=(0, 75))
    status = placet.run("mailing", "status", number)
    assert status["state"] == "paused" and 'now "Something else"' in status["why"] and status["by"] == "system"
    refused(placet, "resume", number, 'now "Something else"')
    change(placet, "UPDATE mailing SET subject = 'Four minutes on how you sleep'")
    change(placet, SWAP_FIELD := "UPDATE delivery SET fields = '{\"name\":\"x\"}' WHERE id = 1")
    refused(placet, "resume", number, "people SHA-256 was")
    change(placet, SWAP_FIELD.replace('{"name":"x"}', "{}"))
    assert capture.messages() == []
    step(placet, "resume", number, by=ANN)
    placet.run("send", "--until-idle", json=False)
    assert state(placet, number) == "done" and len(capture.messages()) == 4


def test_a_removal_voids_nothing(placet, capture):
    told = Story(placet, capture.url()).prepare(people(6))
    number = told.mailing()
    gone, erased, bounced, withdrawn = people(6)[:4]
    before = step(placet, "show", number, "--people")
    placet.run("opt-out", gone, "--by", ANN, "--why", "by phone", json=False)
    placet.run("person", "erase", erased, "--by", POST, json=False)
    change(placet, f"UPDATE address SET bounced = 1 WHERE delivery = '{bounced}'")
    placet.run("consent", "withdraw", withdrawn, "--project", STUDY, "--by", ANN, json=False)
    assert step(placet, "show", number, "--people") == before and placet.run("mailing", "show", number)["stands"] is True
    assert told.send(number)["state"] == "done"
    assert {m[0]["to"][0] for m in capture.messages()} == set(people(6)[4:])


# The same of a mailing in three languages, with an image and a house template of the institution's own.
OTHERS = [
    ("UPDATE translation SET subject = subject || '!' WHERE language = 'de'",
     "UPDATE translation SET subject = rtrim(subject, '!') WHERE language = 'de'", 'subject (de) was "Wie schlafen Sie?"; now'),
    ("UPDATE translation SET body = body || 'x' WHERE language = 'ar'",
     "UPDATE translation SET body = rtrim(body, 'x') WHERE language = 'ar'", "body (ar) SHA-256 was"),
    ("UPDATE translation SET language = 'fa' WHERE language = 'ar'", "UPDATE translation SET language = 'ar' WHERE language = 'fa'",
     'languages was "en ar de"; now "en de fa"'),
    ("UPDATE image SET bytes = (SELECT key_hash FROM address WHERE id = 1)", "UPDATE image SET bytes = KEPT",
     "image two-wells (en) SHA-256 was"),
    ("UPDATE mailing SET link_fields = ''", "UPDATE mailing SET link_fields = 'survey'", 'link fields was "survey"; now ""'),
    ("UPDATE mailing SET template_id = NULL", "UPDATE mailing SET template_id = 1", 'house template was "1"; now "built in"'),
    ("UPDATE mailing SET template_id = 2", "UPDATE mailing SET template_id = 1", 'house template was "1"; now "2"'),
    ("UPDATE house_template SET text = text || ' ' WHERE id = 1", "UPDATE house_template SET text = rtrim(text, ' ') WHERE id = 1",
     "house template SHA-256 was"),
]


def set_template(placet, **change_of):
    text = placet.run("template", "show", "--built-in")["text"]
    for old, new in change_of.items():
        text = text.replace(f"{old} to answer", f"{new} to answer")
    placet.run("template", "set", write(placet, "house.txt", text.rstrip(" ")), "--why", "friendlier", "--by", POST, json=False)


def test_languages_images_and_the_house_template(placet):
    """Each is bound; a new version of the template is for mailings to come, and voids nothing."""
    told = prepare(placet, NOWHERE)
    set_template(placet, glad="happy")
    number = told.varied()
    submit(placet, number)
    told.approve(number)
    covers = step(placet, "show", number, "--covers")
    assert "image two-wells (en) SHA-256: " in covers and "\nsubject (ar): كيف تنام؟\n" in covers and "\nhouse template: 1\n" in covers
    set_template(placet, glad="pleased")
    assert placet.run("mailing", "show", number)["stands"] is True
    bytes_of = change(placet, "SELECT encode(bytes, 'hex') FROM image" if placet.database else "SELECT hex(bytes) FROM image")[0][0]
    kept = f"'\\x{bytes_of}'" if placet.database else f"x'{bytes_of}'"
    for there, back, says in OTHERS:
        change(placet, there)
        refused(placet, "start", number, says)
        change(placet, back.replace("KEPT", kept))
    step(placet, "start", number, by=ANN)
    placet.run("template", "set", write(placet, "same.txt", placet.run("template", "show", "--built-in")["text"]), "--why", "back",
               "--by", POST, json=False)
    assert placet.run("mailing", "show", number)["stands"] is True


def test_approving_while_it_is_edited(placet):
    """Whoever comes second is refused: never is something approved that the reviewer did not see."""
    told = Story(placet, NOWHERE).prepare(people(2))
    body = write(placet, "other.md", BODY + "\nThank you!\n")
    number = told.draft()
    for turn in range(4):
        submit(placet, number)
        hash_seen = placet.run("mailing", "show", number)["bound_hash"]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            argv = [["mailing", "approve", number, "--by", REV], ["mailing", "edit", number, "--body", body, "--by", ANN]]
            done = list(pool.map(lambda a: subprocess.run(placet._argv(a), env=placet.env, capture_output=True, text=True,
                                                          timeout=60, check=False), argv if turn % 2 else argv[::-1]))
        assert all(d.returncode in (0, 1) for d in done), [d.stderr for d in done]
        shown = placet.run("mailing", "show", number)
        assert shown["state"] == "draft" or (shown["state"] == "approved" and shown["bound_hash"] == hash_seen)
        if shown["state"] == "approved":
            step(placet, "edit", number, "--body", body, by=ANN)


# --- versions ----------------------------------------------------------------------------------------

def test_versions_and_what_differs(placet):
    told = Story(placet, NOWHERE).prepare(people(5))
    number = told.draft()
    assert placet.run("mailing", "versions", number) == []
    placet.run("mailing", "diff", number, expect=3)
    submit(placet, number)
    placet.run("mailing", "diff", number, expect=3)
    step(placet, "reject", number, "--why", "Four minutes are too long", by=REV)
    step(placet, "edit", number, "--body", write(placet, "b.md", BODY.replace("four minutes", "three minutes") + "\nThank you!\n"),
         "--where", "answered", by=ANN)
    differs = placet.run("mailing", "diff", number)
    assert (differs["from"], differs["to"], differs["people"]) == (1, None, {"before": "5", "now": "0"})
    assert {t["part"] for t in differs["texts"]} == {"body", "text"}
    body = next(t for t in differs["texts"] if t["part"] == "body")["lines"]
    assert [x["text"][-25:] for x in body if x["sign"] == "-"] == ["minutes and nine questions?"[-25:]]
    assert [x["text"] for x in body if x["sign"] == "+"][1:] == ["", "Thank you!"]
    assert [f["what"] for f in differs["facts"]] == ["chosen"]
    assert "version 1 was rejected by rev@uni.example" in step(placet, "show", number)
    step(placet, "edit", number, "--where", "", by=ANN)
    submit(placet, number, "--not-after", "2099-01-01")
    differs = placet.run("mailing", "diff", number)
    assert (differs["from"], differs["to"], differs["people"]) == (1, 2, None)
    assert differs["facts"] == [{"what": "window closes", "before": "never", "now": "2099-01-01T00:00:00Z"}]
    reviewed = placet.run("mailing", "show", number)["reviewed"]
    assert (reviewed["version"], reviewed["what"], reviewed["why"]) == (1, "rejected", "Four minutes are too long")
    assert reviewed["changed"] == "body (en), window closes"
    step(placet, "approve", number, by=REV)
    assert placet.run("mailing", "show", number)["reviewed"] is None
    placet.run("mailing", "diff", number, "--from", "7", expect=3)
    placet.run("mailing", "diff", number, "--from", "x", expect=2)
    became = [[x["what"] for x in v["became"]] for v in placet.run("mailing", "versions", number)]
    assert became == [["rejected"], ["approved"]]
    rows = change(placet, "SELECT manifest || texts FROM mailing_version")
    assert len(rows) >= 2 and "person0" not in json.dumps(rows), "nobody of the list is in a version"


# --- doubtful findings -------------------------------------------------------------------------------

DOUBTFUL = "Dear reader,\n\nour study is about the work of the registrar.\n"


def doubts(placet, number):
    return [i for i, f in enumerate(placet.run("mailing", "check", number)["findings"], 1) if f["answer"] == "doubtful"]


def answer(placet, number, text="It is meant so", by=REV, expect=0):
    for n in doubts(placet, number):
        step(placet, "answer", number, "--finding", n, "--text", text, by=by, expect=expect)


def test_answers_hold_for_their_submission(placet):
    told = Story(placet, NOWHERE).prepare(people(3))
    number = told.draft(body=DOUBTFUL)
    assert doubts(placet, number)
    answer(placet, number, expect=1)
    submit(placet, number)
    answer(placet, number, by=ANN, expect=4)
    answer(placet, number, "  ", expect=2)
    refused(placet, "approve", number, "doubtful", by=REV)
    answer(placet, number)
    shown = placet.run("mailing", "show", number)["answers"]
    assert {(a["text"], a["by"]) for a in shown} == {("It is meant so", REV)} and all(a["at"] for a in shown)
    assert "rev@uni.example answered on" in step(placet, "show", number)
    told_of = [x for x in placet.run("audit", "log") if x["action"] == "mailing-answer"]
    assert len(told_of) == len(shown) and all("It is meant so" in x["detail"] and x["actor"] == REV for x in told_of)
    step(placet, "withdraw", number, by=ANN)
    assert placet.run("mailing", "show", number)["answers"] == []
    submit(placet, number)
    refused(placet, "approve", number, "doubtful", by=REV)


def test_a_doubt_after_the_approval_holds_the_start(placet):
    """Facts change between approval and start: what is doubtful then goes back to the reviewer."""
    told = Story(placet, NOWHERE).prepare(people(3))
    number = told.draft(body="Dear reader,\n\nwe work with the Weather Service of our town.\n")
    submit(placet, number)
    assert doubts(placet, number) == []
    step(placet, "approve", number, by=REV)
    offices = "\n".join([*placet.run("institution", "show")["offices"].splitlines(), "Weather Service"])
    placet.run("institution", "set", "offices", offices, json=False)
    assert doubts(placet, number)
    refused(placet, "start", number, "a reviewer has to answer it")
    answer(placet, number)
    step(placet, "start", number, by=ANN)


# --- who may, and how soon ---------------------------------------------------------------------------

def test_who_may_reject_and_revoke(placet):
    told = Story(placet, NOWHERE).prepare(people(2))
    near, own = "near@uni.example", "own@uni.example"
    placet.run("account", "add", near, "--name", "Nea R", "--role", "reviewer", "--department", OFFICE, json=False)
    placet.run("account", "add", own, "--name", "Ow N", "--role", "researcher", "reviewer", json=False)
    number = told.draft()
    submit(placet, number)
    for who in (near, ANN):
        step(placet, "reject", number, "--why", "x", by=who, expect=4)
    step(placet, "approve", number, by=near, expect=4)
    step(placet, "approve", number, by=REV)
    step(placet, "revoke", number, "--why", "x", by=ANN, expect=4)
    step(placet, "revoke", number, "--why", "a wrong date", by=near)
    status = placet.run("mailing", "status", number)
    assert (status["state"], status["by"], status["why"]) == ("revoked", near, "a wrong date")


def test_revoked_while_it_is_sent(placet, paced):
    """Within a second nothing starts any more; what waits is skipped; the ledger and the public page say so."""
    told = Story(placet, paced.url()).prepare(people(60))
    number = told.mailing()
    step(placet, "start", number, by=ANN)
    sender = placet.start("send", "--until-idle", "--connections", "2", listens=False)
    limit = time.monotonic() + 30
    while len(paced.recipients) < 3 and time.monotonic() < limit:
        time.sleep(0.02)
    step(placet, "revoke", number, "--why", "a wrong date", by=REV)
    revoked_at, soon = time.monotonic(), len(paced.recipients)
    time.sleep(1)
    after = len(paced.recipients)
    time.sleep(1)
    assert len(paced.recipients) == after < 60, f"{soon} at the revocation, {after} a second later"
    assert sender.wait(30) in (0, 75) and revoked_at
    status = placet.run("mailing", "status", number)
    assert status["state"] == "revoked" and status["skipped"] == {"revoked": 60 - status["counts"]["accepted"]}
    assert [x["detail"] for x in placet.run("audit", "log") if x["action"] == "mailing-revoke"] == ["a wrong date"]


def test_a_reviewer_may_say_what_they_read(placet, capture):
    told = Story(placet, capture.url()).prepare()
    number = told.draft()
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False)
    read = placet.run("mailing", "show", number)["bound_hash"]
    placet.run("mailing", "withdraw", number, "--by", ANN, json=False)
    placet.run("mailing", "edit", number, "--subject", "Another one", "--by", ANN, json=False)
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False)
    placet.run("mailing", "approve", number, "--by", REV, "--bound", "nothing", json=False, expect=2)
    placet.run("mailing", "approve", number, "--by", REV, "--bound", read, json=False, expect=1)
    assert "read it again" in placet.last.stderr
    read = placet.run("mailing", "show", number)["bound_hash"]
    placet.run("mailing", "approve", number, "--by", REV, "--bound", read, json=False)
