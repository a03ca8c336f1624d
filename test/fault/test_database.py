"""The database goes away, is locked, or has no room, in the middle of a mailing; so does the journal's folder."""
import contextlib
import os
import pathlib
import random
import sqlite3
import subprocess
import time

import pytest

from engines import CASE, Underway
from harness.placet import Placet
from harness.process import wait_until
from home import FaultHome
from postgres import Postgres, bin_folder

PEOPLE = 140


@pytest.fixture
def server():
    """A PostgreSQL of the test's own, which it may end. It keeps its word on COMMIT; only the machine itself may not die."""
    with Postgres(settings=["fsync=off", "full_page_writes=off"]) as one:
        yield one


def home(folder, database=None, people=PEOPLE):
    placet = Placet(folder, database)
    return FaultHome(placet, folder, {CASE: people})


@contextlib.contextmanager
def ended(faults):
    yield faults
    faults.placet.stop_all()


def psql(server, database, text):
    subprocess.run([os.path.join(bin_folder(), "psql"), "-q", "-h", server.folder, "-U", "placet", database, "-c", text], check=True,
                   stdout=subprocess.DEVNULL, timeout=60)


def test_postgresql_is_restarted_and_away(server, folder):
    with ended(home(folder, server.database("away"))) as faults, Underway(faults) as mail:
        mail.send()
        mail.wait_for(20)
        server.rest()
        server.serve()
        mail.wait_for(70)
        server.rest()
        time.sleep(3)
        assert mail.stands(), "without the database nobody can say who left"
        server.serve()
        mail.finish()


def test_connections_of_postgresql_are_ended(server, folder):
    with ended(home(folder, server.database("ended"))) as faults, Underway(faults) as mail:
        mail.send()
        for i in range(6):
            mail.wait_for(20 * (i + 1))
            psql(server, "ended", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'ended'")
        mail.finish()


def backends(server, database):
    told = subprocess.run(["pgrep", "-P", str(server.server.pid), "-f", f"placet {database}"], capture_output=True, text=True, check=False)
    return [int(n) for n in told.stdout.split()]


def test_processes_of_postgresql_are_killed(server, folder):
    with ended(home(folder, server.database("killed"))) as faults, Underway(faults) as mail:
        mail.send()
        for i in range(3):
            mail.wait_for(30 * (i + 1))
            mine = wait_until(lambda: backends(server, "killed"), 20, "the server has processes for us again")
            os.kill(random.choice(mine), 9)
        mail.finish()


@contextlib.contextmanager
def locked(placet):
    db = sqlite3.connect(placet.home / "placet.db", isolation_level=None, timeout=20)
    db.execute("BEGIN IMMEDIATE")
    yield
    db.execute("ROLLBACK")
    db.close()


def test_sqlite_is_locked(folder):
    with ended(home(folder)) as faults, Underway(faults) as mail:
        mail.send()
        for seconds in (2, 4):
            mail.wait_for(mail.relay.taken + 20)
            with locked(faults.placet):
                time.sleep(seconds)
        mail.finish()


@contextlib.contextmanager
def mounted(path, size):
    """A small disk of its own, with what was in the folder."""
    copy = pathlib.Path(f"{path}.was")
    if path.exists():
        path.rename(copy)
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", path], check=True, timeout=20)
    try:
        if copy.exists():
            subprocess.run(["cp", "-a", f"{copy}/.", path], check=True, timeout=20)
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True, timeout=20)


def fill(path):
    """Takes all room; returns a function that gives it back."""
    stuff = path / "stuff"
    with open(stuff, "wb", buffering=0) as f, contextlib.suppress(OSError):
        while True:
            f.write(b"x" * 4096)
    return stuff.unlink


def put_onto(faults, path, size, stack):
    faults.placet.stop_all()
    stack.enter_context(mounted(path, size))


@pytest.mark.usefixtures("root")
def test_disk_of_sqlite_is_full(folder):
    with contextlib.ExitStack() as stack:
        faults = stack.enter_context(ended(home(folder)))
        put_onto(faults, faults.placet.home, "24m", stack)
        mail = stack.enter_context(Underway(faults))
        mail.send()
        mail.wait_for(40)
        give_back = fill(faults.placet.home)
        time.sleep(3)
        give_back()
        mail.finish()


@pytest.mark.usefixtures("root")
def test_journals_disk_is_full(folder, database):
    """A sender that is at work has its room; one that begins has none, and says so."""
    with contextlib.ExitStack() as stack:
        faults = stack.enter_context(ended(home(folder, database)))
        put_onto(faults, faults.placet.home / "journal", "4m", stack)
        mail = stack.enter_context(Underway(faults))
        at_work = mail.send()
        mail.wait_for(40)
        give_back = fill(faults.placet.home / "journal")
        mail.wait_for(90)
        assert at_work.stop() in (0, 75), at_work.output()
        begins = mail.send()
        time.sleep(2)
        assert mail.stands(), "nothing is sent that could not be written down"
        give_back()
        if not begins.running():
            assert "No space left" in begins.output(), begins.output()
        mail.finish()


@pytest.mark.usefixtures("root")
def test_journals_disk_is_read_only(folder, database):
    with contextlib.ExitStack() as stack:
        faults = stack.enter_context(ended(home(folder, database)))
        journal = faults.placet.home / "journal"
        put_onto(faults, journal, "4m", stack)
        mail = stack.enter_context(Underway(faults))
        subprocess.run(["mount", "-o", "remount,ro", journal], check=True, timeout=20)
        begins = mail.send()
        time.sleep(1.5)
        assert mail.relay.taken == 0, "nothing is sent that could not be written down"
        subprocess.run(["mount", "-o", "remount,rw", journal], check=True, timeout=20)
        if not begins.running():
            assert "Read-only" in begins.output(), begins.output()
        mail.finish()
