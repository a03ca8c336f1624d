"""System mail: what it says, that it goes before mailings, and that nothing kills it or sends it twice (CON-3, ABU-1)."""
import email
import email.policy
import pathlib
import re
import subprocess
import time

import dkim
import pytest

from harness.kill import arrived, kill_rounds
from harness.notices import Notices
from harness.paced import Paced
from harness.placet import Capture
from harness.process import ROOT, wait_until
from harness.story import Story, people
from harness.tables import change
from test_deliver import changing, zone_of
from test_messages import Seen, flat

TEXT = "I agree that Example University writes to me about this study.\nI can leave at any time.  <b>Grüße</b> & more"
KINDS = ["confirm", "leave", "left", "removed", "me", "complaint"]
SUBJECTS = {"confirm": "Please confirm your sign-up for “Sleep in our town”", "leave": "Leaving research mail at Example University",
            "left": "You have left research mail at Example University",
            "removed": "You were removed from research mail at Example University",
            "me": "What Example University's research mail holds about you", "complaint": "We have your complaint, number 1"}
PAGES = {"confirm": "confirm", "leave": "opt-out", "left": None, "removed": "opt-out", "me": "me", "complaint": None}
INSULT = "You idiots, buy pills at http://evil.example/"


def queue_each(notices):
    """One of each kind, to KIND@example.org. Returns their numbers by kind."""
    made = {kind: notices.queue(kind, f"{kind}@example.org") for kind in KINDS if kind not in ("confirm", "complaint")}
    made["confirm"] = notices.confirm("confirm@example.org", TEXT)[1]
    made["complaint"] = notices.complaint("complaint@example.org", INSULT)[1]
    assert all(made.values())
    return made


def read(raw):
    message = email.message_from_bytes(raw, policy=email.policy.SMTP.clone(raise_on_defect=True))
    for part in message.walk():
        assert not part.defects and all(not getattr(v, "defects", None) for v in part.values())
    return message


def by_kind(capture):
    """envelope, bytes, message by the local part that it went to."""
    return {envelope["to"][0].split("@")[0]: (envelope, raw, read(raw)) for envelope, raw in capture.messages()}


def words_of(message):
    """Text part; what a reader of the HTML part sees."""
    text, page = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    return text, Seen(page)


@pytest.fixture
def told(placet, capture):
    placet.url = "http://127.0.0.1:8087"
    return Story(placet, capture.url()).prepare(people(3))


def check_frame(placet, kind, envelope, raw, message):
    """Headers and bytes, the same for all kinds."""
    assert envelope["to"] == [f"{kind}@example.org"]  # INV-1
    assert re.fullmatch(r"b\+[a-z0-9]+@uni\.example", envelope["from"])  # INV-2
    assert message["To"] == f"{kind}@example.org" and message["Subject"] == SUBJECTS[kind]
    assert message["From"].addresses[0].domain == "uni.example" and len(message["From"].addresses) == 1
    assert re.fullmatch(r"<[a-z0-9]+@uni\.example>", message["Message-ID"])
    assert message["Auto-Submitted"] == "auto-generated" and message["X-Placet-Trial"] == "yes"  # HDR-7
    assert message["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply"
    assert not [h for h in message.keys() if h.startswith(("List-", "CFBL-", "Feedback", "Precedence", "Sender", "Bcc", "Cc"))]
    assert len({h.lower() for h in message.keys() if h != "DKIM-Signature"}) == len(message.keys()) - 2  # FMT-2
    assert not re.search(rb"[^\r]\n|\r[^\n]", raw) and max(raw) < 128 and max(map(len, raw.split(b"\r\n"))) <= 998
    for i in range(2):
        assert dkim.DKIM(raw).verify(idx=i, dnsfunc=zone_of(placet))


def test_what_each_kind_says(placet, capture, told):
    notices = Notices(placet)
    queue_each(notices)
    sent = placet.run("send", "--until-idle")
    assert sent["notices"] == {"accepted": 6, "deferred": 0, "failed": 0, "uncertain": 0} and sent["accepted"] == 0
    got = by_kind(capture)
    assert sorted(got) == sorted(KINDS)
    for kind, (envelope, raw, message) in got.items():
        check_frame(placet, kind, envelope, raw, message)
        text, seen = words_of(message)
        shown = flat("".join(seen.text))
        assert flat(text.replace("\n> ", "\n")).translate({ord(c): None for c in "=-"}).split() == \
            shown.translate({ord(c): None for c in "=-"}).split(), "both parts have the same words"
        for link in seen.links:
            assert link.removeprefix("mailto:") in text.split(), link
        assert re.findall(r"\d+", flat(text)) == re.findall(r"\d+", shown)
        assert "Example University" in text and "http://127.0.0.1:8087/complaint" in text.split()
        assert flat("You get it because") in flat(text) and "not an official communication" in flat(text)
        links = re.findall(r"http://127\.0\.0\.1:8087/([a-z-]+)/([\w-]{30,})", text)
        assert [page for page, _ in links] == ([PAGES[kind]] if PAGES[kind] else []), kind
        assert "evil" not in raw.decode() and "idiots" not in raw.decode()
    assert len({m["Message-ID"] for _, _, m in got.values()}) == 6


def test_who_writes(placet, capture, told):
    """Never the institution: the study's originator, or the program (policy.md, `unofficial`)."""
    queue_each(Notices(placet))
    placet.run("institution", "set", "contact", "post@uni.example", json=False)
    placet.run("send", "--until-idle")
    for kind, (_, _, message) in by_kind(capture).items():
        text, _ = words_of(message)
        if kind == "confirm":
            assert message["From"] == "\"Ann Bee (Sleep in our town)\" <sleep@uni.example>"
            assert message["Reply-To"] == "ann@uni.example" and "ann@uni.example" in text.split()
        else:
            assert message["From"] == "Placet at Example University <placet@uni.example>"
            assert message["Reply-To"] == "post@uni.example" and "post@uni.example" in text.split()


def test_whom_to_ask_before_a_contact_is_set(placet, capture, told):
    """What the pages name then: a message that says "please tell us" must say how."""
    queue_each(Notices(placet))
    change(placet, "DELETE FROM setting WHERE key = 'contact'")
    placet.run("send", "--until-idle")
    message = by_kind(capture)["complaint"][2]
    assert message["Reply-To"] == "postmaster@uni.example" and "postmaster@uni.example" in words_of(message)[0].split()


def test_the_policy_for_system_mail(placet, capture, told):
    """It is no bulk mail, but meets `same-infrastructure`, and speaks for nobody's office (policy.md)."""
    queue_each(Notices(placet))
    placet.run("send", "--until-idle")
    for file in sorted(capture.folder.glob("*.eml")):
        findings = placet.run("lint", file, expect=(0, 1, 75))["findings"]
        assert {f["answer"] for f in findings if f["rule"] == "same-infrastructure"} == {"pass"}
        assert not [f for f in findings if f["rule"] == "unofficial" and ("From" in f["reason"] or "subject" in f["reason"])]
        assert not [f for f in findings if f["rule"] in ("plain-url", "originator") and f["answer"] == "fail"]


def test_a_confirmation_says_what_is_agreed_to(placet, capture, told):
    Notices(placet).confirm("confirm@example.org", TEXT)
    placet.run("send", "--until-idle")
    text, seen = words_of(by_kind(capture)["confirm"][2])
    for line in TEXT.split("\n"):
        assert flat(line) in flat(text.replace("\n> ", "\n")) and flat(line) in flat("".join(seen.text))
    for words in ("Sleep in our town", "Ann Bee, Department of Psychology, Example University", "do nothing to ignore",
                  "http://127.0.0.1:8087/projects/sleep"):
        assert words in flat(text)


def test_an_identity_for_system_mail_comes_first(placet, capture, told, folder):
    other = Capture(placet, f"{folder}/other")
    placet.run("identity", "add", "sys", "--domain", "sys.uni.example", "--relay", other.url(), "--purpose", "system", json=False)
    notices = Notices(placet)
    queue_each(notices)
    placet.run("send", "--until-idle")
    assert capture.messages() == [] and len(other.messages()) == 6
    for envelope, raw in other.messages():
        message = read(raw)
        assert {message["From"].addresses[0].domain, envelope["from"].split("@")[1]} == {"sys.uni.example"}
        assert message["Reply-To"] is None  # the contact is not of this identity (INV-2)
        assert dkim.DKIM(raw).verify(dnsfunc=zone_of(placet, "sys"))


# --- what is not sent, and what waits ----------------------------------------------------------------------------------


def test_strangers_are_not_mailed_from_a_trial(placet, capture, told):
    notices = Notices(placet)
    notices.queue("leave", "somebody@gmail.com")
    sent = placet.run("send", "--until-idle")
    assert sent["notices"]["failed"] == 1 and capture.messages() == [] and sent["remains"] is False
    row = notices.rows("failed")[0]
    assert row["reply"].startswith("trial") and row["address"] == "s…@g…" and row["attempts"] == 0


def test_what_is_too_late_is_not_sent(placet, capture, told):
    notices = Notices(placet)
    made = queue_each(notices)
    sent = placet.run("send", "--until-idle", env={"PLACET_CLOCK": "+170h"})
    assert sent["notices"] == {"accepted": 2, "deferred": 0, "failed": 4, "uncertain": 0}
    states = {row["kind"]: row["state"] for row in notices.rows()}
    assert len(made) == 6 and {k for k, s in states.items() if s == "accepted"} == {"removed", "complaint"}
    assert sorted(by_kind(capture)) == ["complaint", "removed"]


def test_a_refusal_and_a_delay(placet, told, folder):
    other = Capture(placet, f"{folder}/other", ["--reject", "^left", "--defer", "^me"])
    placet.run("identity", "add", "sys", "--domain", "uni.example", "--relay", other.url(), "--purpose", "system", json=False)
    notices = Notices(placet)
    queue_each(notices)
    sent = placet.run("send", "--until-idle", expect=75)
    assert sent["notices"] == {"accepted": 4, "deferred": 1, "failed": 1, "uncertain": 0}
    assert sent["remains"] is True and sent["next_due"]
    rows = {row["kind"]: row for row in notices.rows()}
    assert (rows["left"]["state"], rows["me"]["state"], rows["me"]["attempts"]) == ("failed", "deferred", 1)
    assert rows["left"]["reply"].startswith("550") and rows["confirm"]["queue_id"]
    sent = placet.run("send", "--until-idle", env={"PLACET_CLOCK": "+169h"}, expect=0)
    assert sent["notices"]["failed"] == 1  # nobody waits for a dead link
    assert [e["detail"] for e in placet.run("audit", "log") if e["action"] == "system-mail"][-1] == "1 failed"


def test_what_staff_must_mend_waits(placet, capture, told):
    placet.run("project", "edit", "sleep", "--title", "Sleep in the town", json=False)  # a draft again
    notices = Notices(placet)
    queue_each(notices)
    assert placet.run("send", "--until-idle", expect=75)["notices"]["accepted"] == 5
    row = notices.rows("queued")[0]
    assert row["kind"] == "confirm" and "approval" in row["reply"] and row["due"] and row["attempts"] == 0
    placet.run("project", "approve", "sleep", "--by", "rev@uni.example", json=False)
    assert placet.run("send", "--until-idle", env={"PLACET_CLOCK": "+6m"})["notices"]["accepted"] == 1
    assert "Sleep in the town" in by_kind(capture)["confirm"][2]["Subject"]


def test_a_relay_that_is_away(placet, told, folder, free_port):
    port = free_port()
    placet.run("identity", "add", "sys", "--domain", "uni.example", "--relay", f"smtp://127.0.0.1:{port}", "--purpose", "system",
               json=False)
    notices = Notices(placet)
    queue_each(notices)
    sent = placet.run("send", "--until-idle", expect=75)
    assert sent["remains"] and set(sent["notices"].values()) == {0}
    assert notices.states() == {"queued": 6} and {row["attempts"] for row in notices.rows()} == {0}
    placet.start("capture", "--listen", f"127.0.0.1:{port}", "--dir", f"{folder}/late")
    assert placet.run("send", "--until-idle", env={"PLACET_CLOCK": "+1m"})["notices"]["accepted"] == 6
    assert notices.states() == {"accepted": 6} and len(list(pathlib.Path(folder, "late").glob("*.eml"))) == 6


def test_opt_outs_do_not_stop_answers(placet, capture, told):
    placet.run("opt-out", "me@example.org", "--by", "ann@uni.example", "--why", "by phone")
    Notices(placet).queue("me", "me@example.org")
    assert placet.run("send", "--until-idle")["notices"]["accepted"] == 1


def test_a_local_part_that_is_not_ascii(placet, capture, told):
    Notices(placet).queue("me", "zoë@example.org")
    assert placet.run("send", "--until-idle")["notices"]["accepted"] == 1
    envelope, raw = capture.messages()[0]
    assert envelope["to"] == ["zoë@example.org"] and "\r\nTo: zoë@example.org\r\n".encode() in raw


# --- beside a mailing --------------------------------------------------------------------------------------------------


def mailed(sink):
    return list((sink.folder / "mail").iterdir())


def has_come(sink, address):
    """Looks at the newest messages alone: thousands come in."""
    files = sorted(mailed(sink), key=lambda f: f.stat().st_mtime_ns)[-1500:]
    return any(f"X-Rcpt-Args: <{address}>".encode() in f.read_bytes() for f in files)


def test_an_answer_does_not_wait_for_a_mailing(placet, folder, make_sink):
    """5,000 people are being mailed when somebody asks."""
    sink = make_sink(keep=True)
    told = Story(placet, sink.url()).prepare(people(5000))
    number = told.mailing()
    placet.run("mailing", "start", number, json=False)
    sender = placet.start("send", "--connections", "2", listens=False)
    sender.wait_for(lambda: len(mailed(sink)) > 100, 60, "the mailing is under way")
    notices, waits = Notices(placet), []
    for i in range(3):
        assert notices.queue("me", f"asks{i}@example.org")
        queued = time.monotonic()
        sender.wait_for(lambda i=i: has_come(sink, f"asks{i}@example.org"), 30, "the answer arrives")
        waits.append(time.monotonic() - queued)
    left = 5000 - len(mailed(sink))
    print("seconds:", [f"{w:.2f}" for w in waits], "still to be mailed:", left)
    sender.stop()
    assert left > 500, "the mailing was over too early to show anything"
    assert sorted(waits)[1] < 1.5 and max(waits) < 4, waits
    assert notices.states() == {"accepted": 3}


def test_killed_while_system_mail_goes_out(placet, folder, make_sink):
    sink = make_sink(keep=True)
    Story(placet, sink.url()).prepare(people(3))
    notices = Notices(placet)
    assert notices.queue_many("me", 1200) == 1200
    killed = kill_rounds(placet, 8, 0.15, 0.6)
    placet.run("send", "--until-idle", json=False, expect=(0, 75), timeout=600)
    states, got = notices.states(), arrived(sink)
    print(killed, states, len(got))
    assert killed and set(states) <= {"accepted", "uncertain"} and sum(states.values()) == 1200
    assert [a for a, n in got.items() if n > 1] == [], "nobody gets it twice"
    assert len(got) >= states["accepted"] and states.get("uncertain", 0) <= 20 * killed
    assert len(got) <= 1200 and all(a.startswith("n") for a in got)


def test_several_senders_share_the_work(placet, folder, make_sink):
    sink = make_sink(keep=True)
    Story(placet, sink.url()).prepare(people(3))
    notices = Notices(placet)
    assert notices.queue_many("leave", 600) == 600
    senders = [subprocess.Popen(placet._argv(["send", "--until-idle"]), env=placet.env, cwd=ROOT) for _ in range(3)]
    assert {p.wait(timeout=120) for p in senders} <= {0, 75}
    placet.run("send", "--until-idle", json=False)
    got = arrived(sink)
    assert notices.states() == {"accepted": 600} and len(got) == 600 and set(got.values()) == {1}


@pytest.mark.parametrize("engine", ["postgresql"])  # a lock on one table stands for a mailing of a million people
def test_a_mailing_that_is_taken_in_holds_nothing_up(placet):
    """A sender compares a mailing with what was approved before it sends any of it; others, and the lease, do not wait for that."""
    relay = Paced()
    try:
        told = Story(placet, relay.url()).prepare(people(5))
        number = told.mailing()
        placet.run("mailing", "start", number, json=False)
        with changing(placet, "LOCK TABLE image IN ACCESS EXCLUSIVE MODE"):
            sender = placet.start("send", listens=False)
            Notices(placet).queue("me", "one@example.org")
            wait_until(lambda: relay.notices, 15, "system mail goes out")
            flushes = change(placet, "SELECT flushes FROM sender")
            time.sleep(1)
            assert int(change(placet, "SELECT flushes FROM sender")[0][0]) >= int(flushes[0][0]) + 3
            assert relay.count == 0
        wait_until(lambda: relay.count == 5, 30, "the mailing goes out")
        assert sender.stop() in (0, 75), sender.output()
    finally:
        relay.stop()
