"""Many leave at once, while a mailing is sent and while the web role is killed: a short version of `./dev bench optout` and
`./dev soak optout`."""
from harness.leaving import figures, kill_rounds, leave_while_sending, out, started_late
from harness.paced import Paced
from harness.story import LIST, Story, people

INSTANT = 0.25  # as in test_optout.py


def test_many_leave_while_a_mailing_is_sent(placet):
    everyone = people(1200)
    sink = Paced()
    told = Story(placet, sink.url()).prepare(everyone)
    told.send(told.mailing())
    links = dict(sink.links)
    sink.begin_again(reply_after=0.03)
    answers, number, beside = leave_while_sending(placet, told, sink, rate=150, seconds=3)
    print(figures(answers))
    assert beside and len(answers) == 450 and {a.status for a in answers} == {200}
    assert not started_late(sink, links, answers, INSTANT)
    left = {a.path for a in answers}
    assert out(placet, LIST) == {who for who, path in links.items() if path in left}
    status = placet.run("mailing", "status", number)
    assert status["state"] == "done" and status["skipped"]["opted-out"] > 100
    placet.run("audit", "verify", json=False)
    sink.stop()


def test_nobody_who_was_answered_is_lost(placet):
    sink = Paced()
    told = Story(placet, sink.url()).prepare(people(600))
    told.send(told.mailing())
    assert kill_rounds(placet, dict(sink.links), LIST, 4, rate=150) > 50
    sink.stop()
