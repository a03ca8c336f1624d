"""Several hosts on one PostgreSQL database: a second home, and what is said on one host to the senders of the other."""
import http.client
import shutil
import threading
import time

import pytest

from harness.hosts import join, numbers
from harness.placet import Capture, Placet
from harness.story import Story, opt_out_link, people
from harness.tables import change


@pytest.fixture
def server(postgres):
    return postgres


@pytest.fixture
def first(postgres, folder):
    program = Placet(f"{folder}/first", postgres.database(next(postgres.names)))
    yield program
    program.stop_all()


@pytest.fixture
def joined(folder):
    """joined(first): another host beside it, ended with the test."""
    made = []

    def make(first):
        made.append(join(first, f"{folder}/host{len(made) + 2}"))
        return made[-1]
    yield make
    for program in made:
        program.stop_all()


def leave(address, link):
    """Presses the button of a link, as a mail program does. Returns status, seconds."""
    begin = time.monotonic()
    host, port = address.rsplit(":", 1)
    c = http.client.HTTPConnection(host, int(port), timeout=20)
    c.request("POST", "/opt-out/" + link.rsplit("/", 1)[1], "List-Unsubscribe=One-Click",
              {"Content-Type": "application/x-www-form-urlencoded"})
    status = c.getresponse().status
    c.close()
    return status, time.monotonic() - begin


def mailed(placet, folder, count):
    """An installation that has mailed `count` people. Returns the links by which they leave."""
    capture = Capture(placet, f"{folder}/captured")
    story = Story(placet, capture.url()).prepare(people(count))
    number = story.mailing()
    story.send(number)
    links = [opt_out_link(raw) for _, raw in capture.messages()]
    capture.stop()
    return links


def pretend_sender(placet, host):
    """A sender of a host that says nothing. Returns its number."""
    change(placet, f"INSERT INTO sender (host, journal, started, flushes) VALUES ('{host}', 'none', 1, 7)")
    return change(placet, "SELECT max(id) FROM sender")[0][0]


def fenced(placet, sender):
    return change(placet, f"SELECT fenced FROM sender WHERE id = {sender}")[0][0] == "1"


def out(placet):
    return int(change(placet, "SELECT count(*) FROM opt_out")[0][0])


# --- a second home -------------------------------------------------------------------------------


def test_a_second_host(first, joined, folder):
    first.init()
    first.start("web", "--listen", "127.0.0.1:0").stop()
    other = joined(first)
    rows = first.run("host", "list")
    assert [r["own"] for r in rows] == [True, False] and other.run("host", "list")[1]["own"]
    assert len({r["id"] for r in rows}) == 2
    assert other.run("institution", "show") == first.run("institution", "show")
    other.start("web", "--listen", "127.0.0.1:0").stop()
    assert [e["action"] for e in first.run("audit", "log")][-1] == "host-join"
    first.run("host", "join", f"{folder}/host2/copy", expect=1)
    assert "is a home already" in first.last.stderr
    number = other.run("host", "list")[1]["id"]
    pretend_sender(first, number)
    first.run("host", "remove", number[:16], expect=1)
    assert "has not ended" in first.last.stderr
    change(first, "UPDATE sender SET ended = 1")
    first.run("host", "remove", number[:16])
    assert len(first.run("host", "list")) == 1
    first.run("host", "remove", number[:16], expect=3)


def test_who_may_not_join(first, folder, postgres):
    lone = Placet(f"{folder}/lone")
    lone.init()
    other = Placet(f"{folder}/other")
    other.run("host", "join", lone.home, expect=1)
    assert "SQLite" in other.last.stderr and not other.home.exists()
    assert lone.run("host", "list") == []
    first.init()
    copy = f"{folder}/strange"
    shutil.copytree(first.home, copy)
    shutil.copy2(lone.home / "keys/hash.key", f"{copy}/keys/hash.key")
    other.run("host", "join", copy, expect=4)
    assert "not the key" in other.last.stderr and not other.home.exists()
    other.run("host", "join", f"{folder}/nowhere", expect=3)


def test_a_copied_folder_is_refused_while_the_first_is_in_use(first, folder):
    first.init()
    first.start("web", "--listen", "127.0.0.1:0").stop()
    copy = Placet(f"{folder}/copied", first.database)
    shutil.copytree(first.home, copy.home)
    sender = pretend_sender(first, numbers(first)[0])
    beat = Beat(first, sender)
    copy.run("send", "--until-idle", expect=1, json=False)
    assert "is one of the two folders a copy" in copy.last.stderr
    beat.stop()
    # The first folder is gone, and this is the only one from now on.
    web = copy.start("web", "--listen", "127.0.0.1:0")
    web.stop()
    copy.stop_all()


# --- the answer ----------------------------------------------------------------------------------


class Beat:
    """Flushes of senders, as if they lived."""

    def __init__(self, placet, *senders):
        self.ending = threading.Event()
        which = ", ".join(str(s) for s in senders)
        self.thread = threading.Thread(target=self._run, args=(placet, which))
        self.thread.start()

    def _run(self, placet, which):
        while not self.ending.is_set():
            change(placet, f"UPDATE sender SET flushes = flushes + 1 WHERE id IN ({which}) AND fenced = 0")
            time.sleep(0.02)

    def stop(self):
        self.ending.set()
        self.thread.join()


def test_an_answer_waits_for_senders_of_other_hosts(first, joined, folder):
    links = mailed(first, folder, 6)
    other = joined(first)
    web = first.start("web", "--listen", "127.0.0.1:0")
    host = numbers(other)[0]
    # Nobody has to hear of it: in the database all the same, before a sender may come.
    status, took = leave(web.address, links[0])
    assert status == 200 and out(first) == 1 and took < 0.4
    # One that lives: three flushes.
    living = pretend_sender(first, host)
    beat = Beat(first, living)
    status, took = leave(web.address, links[1])
    assert (status, out(first)) == (200, 2) and not fenced(first, living) and took < 0.5
    # One that says nothing is fenced after half a second, and waited for once.
    silent = pretend_sender(first, host)
    status, took = leave(web.address, links[2])
    assert status == 200 and 0.5 <= took < 2 and fenced(first, silent) and not fenced(first, living)
    status, took = leave(web.address, links[3])
    assert status == 200 and took < 0.5
    # One that moves, but too slowly: its leases have ended, and it is not fenced.
    slow = pretend_sender(first, host)
    threading.Timer(0.2, change, (first, f"UPDATE sender SET flushes = flushes + 1 WHERE id = {slow}")).start()
    status, took = leave(web.address, links[4])
    assert status == 200 and 0.5 <= took < 2 and not fenced(first, slow)
    change(first, f"UPDATE sender SET ended = 1 WHERE id = {slow}")
    beat.stop()
    # The command waits as well.
    change(first, f"UPDATE sender SET fenced = 0, flushes = 1 WHERE id = {silent}")
    first.run("opt-out", "person0001@example.org", "--by", "rev@uni.example", "--why", "wrote to us", json=False)
    assert fenced(first, silent)


def test_nobody_else_waits_meanwhile(first, joined, folder):
    links = mailed(first, folder, 2)
    host = numbers(joined(first))[0]
    web = first.start("web", "--listen", "127.0.0.1:0")
    pretend_sender(first, host)
    answers = []
    leaver = threading.Thread(target=lambda: answers.append(leave(web.address, links[0])))
    leaver.start()
    time.sleep(0.1)
    for _ in range(10):
        begin = time.monotonic()
        c = http.client.HTTPConnection(*web.address.split(":"), timeout=10)
        c.request("GET", "/robots.txt")
        assert c.getresponse().status == 200
        c.close()
        assert time.monotonic() - begin < 0.2
    assert not answers
    # Who waits when the server ends is answered.
    assert web.stop() == 0
    leaver.join()
    assert answers[0][0] == 200


def test_without_the_database_nobody_can_be_told(first, joined, folder, postgres):
    """With one host the journal is enough (test_optout.py); with several, senders of others hear through the database."""
    links = mailed(first, folder, 2)
    joined(first)
    web = first.start("web", "--listen", "127.0.0.1:0")
    assert leave(web.address, links[0])[0] == 200
    postgres.rest()
    try:
        status, took = leave(web.address, links[1])
        assert status == 503 and took < 5
    finally:
        postgres.serve()
    deadline = time.monotonic() + 20
    while out(first) < 2:
        assert time.monotonic() < deadline, "what was written is not in the database"
        time.sleep(0.1)
