"""kill -9 of one sender, of the parent of several, of all of them, again and again; and the report adds up all the same."""
import os
import random
import signal
import subprocess
import time

import pytest

from engines import CASE, Underway

PEOPLE, CONNECTIONS, ROUNDS = 300, 4, 8


@pytest.fixture(params=["sqlite", "postgresql"])
def faults(request, make_faults):
    return make_faults(request.param, {CASE: PEOPLE})


def children(pid):
    told = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(n) for n in told.stdout.split()]


def strike(draw, sender):
    """Kills one, the parent, or all. Returns what it was."""
    mine, kind = children(sender.pid), draw.choice(["child", "parent", "all"])
    assert sender.running(), sender.output()
    if kind == "all" or not mine:
        sender.kill()
        return kind
    os.kill(draw.choice(mine) if kind == "child" else sender.pid, signal.SIGKILL)
    return kind


def test_any_process_is_killed(faults):
    draw, told = random.Random(11), []
    with Underway(faults, rate=60, connections=CONNECTIONS) as mail:
        for i in range(ROUNDS):
            sender = mail.send("--processes", "2")
            mail.wait_for(min(mail.relay.taken + 12, PEOPLE))
            if mail.relay.taken > PEOPLE - 40:
                break
            time.sleep(draw.uniform(0, 0.1))
            told.append(strike(draw, sender))
            time.sleep(0.3)
            if i % 2:
                sender.kill()  # else what is left of it goes on beside the next one
        for sender in mail.senders:
            sender.kill()
        assert len(told) >= 4, told
        print(told, mail.finish(uncertain=CONNECTIONS * ROUNDS * 2))
