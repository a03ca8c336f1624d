"""Every kind of answer at every stage of the conversation, in one mailing: each fault comes once, between messages that go well.

A sender without an end gets through it by itself; only a refused sender address pauses the mailing, as it must. Then the table
below says what must have become of each person whom a fault hit, and everybody else has one message and one attempt.
"""
import pytest

from account import settle
from harness.process import wait_until
from relay import Relay

STAGES = {"GREETING": "GREETING", "EHLO": "EHLO outside TLS", "STARTTLS": "STARTTLS", "EHLO again": "EHLO inside TLS", "AUTH": "AUTH",
          "MAIL": "MAIL", "RCPT": "RCPT", "DATA": "DATA", "CONTENT": "CONTENT", "DOT": "DOT", "RSET": "RSET", "QUIT": "QUIT"}
# A yes that does not belong there; where none is named, any 2xx is as good as another.
WRONG_YES = {"GREETING": "250 hello", "EHLO": "220 hello", "STARTTLS": "250 go ahead", "EHLO again": "235 hello", "AUTH": "250 fine",
             "MAIL": "252 fine", "RCPT": "251 forwards", "DATA": "250 send", "CONTENT": "250 fine", "DOT": "252 fine", "RSET": "220 fine",
             "QUIT": "250 bye"}
ANSWERS = {
    "2xx": None, "3xx": "354 go on", "4xx": "451 4.3.0 not now", "5xx": "500 5.5.0 no", "421": "421 4.3.2 goodbye", "1xx": "150 wait",
    "words": r"say hello, who is there\r\n", "binary": r"say \x00\xff\x80\x0d\x0a", "bare line feed": r"say 250 fine\n",
    "two codes": r"say 250-fine\r\n550 no\r\n", "long line": "say 250 " + "a" * 5000 + r"\r\n", "many lines": "say " + r"250-a\r\n" * 300,
    "part": "say 25 then cut", "silence": "silent", "cut": "cut", "reset": "reset", "half-close": "half-close",
}
EVERY = 2  # messages between two faults


def cells():
    return [(stage, answer) for answer in ANSWERS for stage in STAGES]


def script():
    lines, cell_of = ["speaks starttls", "user ann", "offers PIPELINING, ENHANCEDSTATUSCODES, LIMITS MAILMAX=3"], {}
    for i, (stage, answer) in enumerate(cells()):
        line = f"on {STAGES[stage]} once after {i * EVERY} messages: {ANSWERS[answer] or WRONG_YES[stage]}"
        if stage == "RSET":  # comes behind a refusal
            lines += [f"on RCPT 2 times after {i * EVERY} messages: 450 4.2.0 so that RSET comes"]
        lines.append(line)
        cell_of[line] = (stage, answer)
    return "\n".join(lines), cell_of


def wanted(stage, answer):
    """(state, attempts) of the person whom it hit, at the end; attempts 2: deferred first. None: nothing is said of one person."""
    if stage in ("MAIL", "RCPT", "DATA", "DOT") and answer == "4xx":
        return "accepted", 2
    if stage in ("RCPT", "DATA", "DOT") and answer == "5xx":
        return "failed", 1
    if stage == "DOT" and answer not in ("2xx", "421"):
        return "uncertain", 1
    if stage in ("CONTENT", "RSET", "QUIT"):
        return None
    return "accepted", 1


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def faults(request, make_faults):
    return make_faults(request.param, {"matrix": len(cells()) * EVERY + 60})


def get_through(faults, number):
    """One sender without an end does all that is due; staff resume what paused. Returns how often that was."""
    pauses = 0
    sender = faults.placet.start("send", "--connections", "3", listens=False)

    def done():
        nonlocal pauses
        status = faults.status(number)
        if status["state"] == "paused":
            pauses += 1
            faults.placet.run("mailing", "resume", number, json=False)
            return False
        return status["state"] == "done" or not (status["counts"]["queued"] or status["counts"]["attempting"])
    wait_until(done, 90, "the sender gets through", every=0.5)
    assert sender.stop() in (0, 75), sender.output()
    return pauses


def test_each_answer_at_each_stage(faults):
    text, cell_of = script()
    relay = Relay(text, faults.certificates)
    try:
        number = faults.mailing("matrix", relay)
        pauses = get_through(faults, number)
        for minutes in (20, 60, 120, 240):
            faults.send(minutes, 3)
        assert faults.status(number)["state"] == "done"
        rows = {row["address"]: row for row in faults.rows(number)}
        settle(relay.letters, list(rows.values()), faults.status(number))
        hit = {}
        for one in relay.hits:
            if one.to:
                hit.setdefault(one.to, []).append(cell_of.get(one.rule.line))
        wrong = [(cell[0], rows[to]) for to, cell in hit.items() if len(cell) == 1 and cell[0] and wanted(*cell[0]) not in (
            None, (rows[to]["state"], int(rows[to]["attempts"])))]
        assert not wrong, wrong
        calm = {to: row for to, row in rows.items() if to not in hit and (row["state"], row["attempts"]) != ("accepted", "1")}
        assert not calm, f"nothing was wrong with their conversation: {calm}"
        unplayed = {cell for line, cell in cell_of.items() if line not in {one.rule.line for one in relay.hits}}
        assert not unplayed, f"not played: {unplayed}"
        assert pauses == 1, "a refused sender address pauses, and nothing else"
    finally:
        relay.stop()
