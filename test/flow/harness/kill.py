"""kill -9 at random moments of a sending, again and again, and the account of everybody afterwards."""
import collections
import csv
import io
import random
import re
import signal
import subprocess
import time

from .process import ROOT
from .sink import Sink
from .story import Story, people

ADDRESS = re.compile(rb"^X-Rcpt-Args: <([^>]+)>", re.M)


def arrived(sink):
    """How often each address got a message, by what smtp-sink wrote down."""
    found = collections.Counter()
    for raw in sink.messages():
        match = ADDRESS.search(raw)
        if match:
            found[match.group(1).decode()] += 1
    return found


def prepare(placet, folder, count):
    """An approved and started mailing to `count` people, and the sink that takes it."""
    sink = Sink(folder, keep=True)
    story = Story(placet, sink.url()).prepare(people(count))
    number = story.mailing()
    placet.run("mailing", "start", number, json=False)
    return sink, number


def kill_rounds(placet, rounds, shortest, longest, options=()):
    """Starts `send` and kills it, `rounds` times. Returns how many were killed at work, not after their end."""
    killed = 0
    for _ in range(rounds):
        process = subprocess.Popen(placet._argv(["send", "--until-idle", *options]), env=placet.env,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
        time.sleep(random.uniform(shortest, longest))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    return killed


def kill_senders(placet, rounds, shortest, longest, options=()):
    """Two senders run all the time; one, the other or both are killed at random moments, `rounds` times, and started
    again. Returns how many processes were killed."""
    def start():
        return subprocess.Popen(placet._argv(["send", *options]), env=placet.env, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, cwd=ROOT)
    running, killed = [start(), start()], 0
    try:
        for _ in range(rounds):
            time.sleep(random.uniform(shortest, longest))
            which = random.choice(([0], [1], [0, 1]))
            for i in which:
                running[i].send_signal(signal.SIGKILL)
            for i in which:
                killed += running[i].wait() == -signal.SIGKILL
                running[i] = start()
    finally:
        for process in running:
            process.terminate()
        ended = [process.wait(60) for process in running]
    # One that has only just been started does not hear the signal yet, and dies of it.
    assert not set(ended) - {0, 75, -signal.SIGTERM}, f"a sender ended with {ended}"
    return killed


def account(placet, sink, number, count, killed, connections=20):
    """Runs the rest, and asserts that everybody is accounted for. Returns the figures."""
    placet.run("send", "--until-idle", json=False, expect=(0, 75), timeout=600)
    status = placet.run("mailing", "status", number)
    rows = list(csv.DictReader(io.StringIO(placet.run("mailing", "report", number, json=False))))
    counts = status["counts"]
    got = arrived(sink)
    state = {row["address"]: row["state"] for row in rows}

    assert status["state"] == "done", status
    assert len(rows) == len(state) == status["recipients"] == sum(counts.values()) == count
    assert counts["accepted"] + counts["uncertain"] == count, counts
    twice = [a for a, n in got.items() if n > 1]
    assert not twice, f"mailed twice: {twice[:5]}"
    lost = [a for a, s in state.items() if s == "accepted" and got[a] != 1]
    assert not lost, f"accepted, and not in the sink: {lost[:5]}"
    strangers = [a for a in got if state.get(a) not in ("accepted", "uncertain")]
    assert not strangers, f"in the sink, and neither accepted nor uncertain: {strangers[:5]}"
    assert counts["uncertain"] <= connections * killed, (counts, killed)
    return {"recipients": count, "killed": killed, "accepted": counts["accepted"], "uncertain": counts["uncertain"],
            "uncertain_arrived": sum(1 for a, s in state.items() if s == "uncertain" and got[a]), "in_sink": sum(got.values())}
