"""Senders on two hosts, one mailing: who leaves on one host is not written to from the other, silent senders are fenced,
claims of a dead host are taken over, and settled when it comes back."""
import csv
import http.client
import io
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from harness.hosts import join
from harness.paced import Paced
from harness.placet import Placet
from harness.process import wait_until
from harness.story import Story, people
from harness.tables import change

# What may lie between a write and its being read: the relay reads on when it has answered the message before.
INSTANT = 0.1 + 0.03


class Questions:
    """A connection that stays: to start psql for each question would hold up the relay, which lives in this process too."""

    def __init__(self, placet):
        self.psql = subprocess.Popen(["psql", "-qAt", placet.database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, statement):
        self.psql.stdin.write(f"{statement};\n\\echo end\n")
        self.psql.stdin.flush()
        return [line.rstrip("\n").split("|") for line in iter(self.psql.stdout.readline, "end\n")]

    def stop(self):
        self.psql.stdin.close()
        self.psql.wait(10)


class Two:
    """Two hosts and a relay that takes its time. `links` has the way out of each person."""

    def __init__(self, postgres, folder, count=300):
        self.folder = pathlib.Path(folder)
        self.sink = Paced()
        self.first = Placet(self.folder / "first", postgres.database(next(postgres.names)))
        self.story = Story(self.first, self.sink.url()).prepare(people(count))
        self.story.send(self.story.mailing())
        assert self.sink.count == count
        self.links = dict(self.sink.links)
        self.sink.begin_again(0.1)
        self.other = join(self.first, self.folder / "other")
        self.web = self.first.start("web", "--listen", "127.0.0.1:0")
        self.questions = Questions(self.first)
        self.senders = []

    def send(self, placet, connections=4):
        """Starts a sender; returns when it has begun."""
        before = self.living(placet)
        process = placet.start("send", "--connections", connections, listens=False)
        self.senders.append(process)
        wait_until(lambda: self.living(placet) > before, 20, "the sender begins")
        return process

    def living(self, placet):
        return next(h["senders"] for h in placet.run("host", "list") if h["own"])

    def mail(self):
        number = self.story.mailing()
        self.first.run("mailing", "start", number, json=False)
        return number

    def status(self, number):
        return self.first.run("mailing", "status", number)

    def done(self, number, seconds=60):
        return wait_until(lambda: (s := self.status(number))["state"] == "done" and s, seconds, "the mailing is done")

    def leave(self, address):
        """Returns when the answer came, on the clock of the relay."""
        c = http.client.HTTPConnection(*self.web.address.split(":"), timeout=20)
        c.request("POST", self.links[address], "List-Unsubscribe=One-Click", {"Content-Type": "application/x-www-form-urlencoded"})
        assert c.getresponse().status == 200
        c.close()
        return time.monotonic()

    def started(self, address):
        """When messages to this address began."""
        return [mail for who, mail, _ in self.sink.recipients if who == address]

    def held(self, number):
        """Who is claimed by the sender that began last, and waits there, in the order of the claims."""
        rows = self.questions.ask("SELECT a.delivery FROM delivery d JOIN address a ON a.id = d.address_id WHERE d.state ="
                                  f" 'attempting' AND d.mailing_id = {number} AND d.sender_id = (SELECT max(id) FROM sender) ORDER BY d.last, d.id")
        begun = self.begun()
        return [a for (a,) in rows if a not in begun]

    def begun(self):
        return {who for who, _, _ in self.sink.recipients}

    def account(self, number, twice=()):
        """Everybody once, or not at all as the report says."""
        rows = csv.DictReader(io.StringIO(self.first.run("mailing", "report", number, json=False)))
        state = {row["address"]: row["state"] for row in rows}
        taken = list(self.sink.taken)
        assert len(taken) - len(set(taken)) == len(twice), "mailed twice"
        assert {a for a, s in state.items() if s == "accepted"} <= set(taken)
        assert set(taken) <= {a for a, s in state.items() if s in ("accepted", "uncertain")}
        return state

    def stop(self):
        self.questions.stop()
        for placet in (self.first, self.other):
            placet.stop_all()
        self.sink.stop()


@pytest.fixture(scope="module")
def both(postgres):
    folder = tempfile.mkdtemp(prefix="placet-", dir="/tmp")
    made = Two(postgres, folder)
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def hosts(both):
    """The same two for each test: no sender runs, and the relay has taken nothing."""
    both.sink.begin_again(0.1)
    yield both
    for process in both.senders:
        process.signal(signal.SIGCONT)
        process.stop()
    both.senders.clear()


def senders(two):
    return change(two.first, "SELECT id, fenced, ended IS NULL FROM sender ORDER BY id")


def test_who_leaves_on_one_host_is_not_written_to_from_the_other(hosts):
    """Nobody's message begins after their answer, while a sender of each host is at work; and a pause holds for both."""
    hosts.send(hosts.first)
    hosts.send(hosts.other)
    number = hosts.mail()
    wait_until(lambda: len(hosts.begun()) > 20, 20, "both are at work")
    answered, took = {}, []
    for _ in range(12):
        # Those whom the other host has in its hands already.
        address = wait_until(lambda: hosts.held(number), 10, "the other host holds somebody")[-1]
        begin = time.monotonic()
        answered[address] = hosts.leave(address)
        took.append(answered[address] - begin)
    hosts.first.run("mailing", "pause", number, "--why", "a look", json=False)
    paused = time.monotonic()
    time.sleep(0.7)
    late = [who for who, mail, _ in hosts.sink.recipients if mail > paused + 0.5]
    assert not late, "begun after the pause"
    hosts.first.run("mailing", "resume", number, json=False)
    status = hosts.done(number)
    wrong = [(a, mail - at) for a, at in answered.items() for mail in hosts.started(a) if mail > at + INSTANT]
    assert not wrong, "begun after the answer, and by so much"
    assert status["counts"]["skipped"] == status["skipped"]["opted-out"] >= 2
    assert status["counts"]["accepted"] + status["counts"]["skipped"] == status["recipients"], status
    assert max(took) < 1, took
    hosts.account(number)
    assert all(s[1] == "0" for s in senders(hosts)), "nobody was fenced who lives"


def stop_between_flushes(two, process):
    """In the middle of one it holds its row, and cannot be fenced; that nothing starts holds then too, by its lease."""
    mine = "SELECT id FROM sender WHERE id = (SELECT max(id) FROM sender) FOR UPDATE SKIP LOCKED"
    for _ in range(100):
        process.signal(signal.SIGSTOP)
        time.sleep(0.05)
        if two.questions.ask(mine):
            return
        process.signal(signal.SIGCONT)
        time.sleep(0.03)
    raise AssertionError("it is always in the middle of a flush")


def test_who_stands_still_is_fenced_and_starts_nothing(hosts):
    b = hosts.send(hosts.other)
    number = hosts.mail()
    wait_until(lambda: len(hosts.begun()) > 10, 20, "it is at work")
    stop_between_flushes(hosts, b)
    time.sleep(0.3)  # what it wrote before is read by the relay
    gone = hosts.held(number)[:4]  # whose turn is next
    assert len(gone) == 4, "it holds too little to show anything"
    begin = time.monotonic()
    assert 0.4 < hosts.leave(gone[0]) - begin < 1.5
    for address in gone[1:]:
        hosts.leave(address)
    time.sleep(0.3)
    before = len(hosts.sink.recipients)
    b.signal(signal.SIGCONT)
    status = hosts.done(number)
    assert len(hosts.sink.recipients) > before
    assert not [address for address in gone if hosts.started(address)]
    assert status["counts"]["uncertain"] == 0 and status["counts"]["accepted"] + status["counts"]["skipped"] == status["recipients"]
    hosts.account(number)
    fenced = [s for s in senders(hosts) if s[1] != "0"]
    assert fenced and fenced[-1][2] == "f", "it took a new row, and ended the old one"


def test_a_dead_host_is_taken_over_and_settles_when_it_comes_back(hosts):
    """Host B dies with its folder; A ends the mailing without it. What B had counts as uncertain, until B is back."""
    hosts.sink.reply_after = 0.3
    b = hosts.send(hosts.other, connections=8)
    number = hosts.mail()
    wait_until(lambda: hosts.sink.count > 20, 20, "it is at work")
    b.kill()
    away = hosts.other.home.with_name("away")
    hosts.other.home.rename(away)
    a = hosts.send(hosts.first, connections=20)
    hosts.sink.reply_after = 0.02
    status = hosts.done(number, 60)
    lost = status["counts"]["uncertain"]
    assert lost >= 1 and status["counts"]["accepted"] + status["counts"]["skipped"] + lost == status["recipients"]
    a.stop()
    away.rename(hosts.other.home)
    # Its journal knows better: a reply counts, no dot means that nothing was sent, and the mailing goes on for those.
    hosts.other.run("send", "--until-idle", json=False, expect=(0, 75))
    status = hosts.done(number)
    assert status["counts"]["uncertain"] <= 8 and status["counts"]["uncertain"] < lost, (status, lost)
    assert status["counts"]["queued"] == status["counts"]["attempting"] == 0
    hosts.account(number)
    assert not [s for s in senders(hosts) if s[2] == "t"], "all have ended"
