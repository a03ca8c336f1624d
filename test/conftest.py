"""Fixtures for every test that drives the program: the program, its relays, and the two databases.

Any test that uses `placet` or `engine` runs twice, on SQLite and on PostgreSQL.
"""
import itertools
import os
import re
import shutil
import tempfile

import pytest

from harness import browser as browser_module
from harness.placet import Capture, Placet
from harness.postfix import Postfix
from harness.process import ROOT
from harness.process import free_port as find_free_port
from harness.sink import Sink


def need(true, what):
    """A test that lacks a tool or data is skipped, which CI counts as failed."""
    if not true:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(what)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request):
    """The name of the database engine that the test is to use."""
    return request.param


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of the tests' own."""
    from postgres import Postgres
    with Postgres(fsync=False) as server:
        server.names = (f"test{n}" for n in itertools.count())
        yield server


@pytest.fixture
def database(engine, request):
    """A fresh database's URL: None means the default, SQLite in the home."""
    if engine == "sqlite":
        yield None
    else:
        server = request.getfixturevalue("postgres")
        yield server.database(next(server.names))


@pytest.fixture
def folder():
    """A short path for the test's files: sockets' paths are bounded, and pytest's own folders are long."""
    path = tempfile.mkdtemp(prefix="placet-", dir="/tmp")
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def placet(folder, database):
    """The program with a home of its own; not yet initialised: placet.init() does that."""
    program = Placet(folder, database)
    yield program
    program.stop_all()


@pytest.fixture
def make_postfix():
    """make_postfix(tls=..., user=..., password=...): a real Postfix, ended with the test."""
    need(os.geteuid() == 0, "only root can start Postfix")
    need(shutil.which("postfix", path="/usr/sbin:/usr/bin"), "Postfix is not installed")
    made = []

    def make(**options):
        made.append(Postfix(**options))
        return made[-1]
    yield make
    for server in made:
        print(server.log()[-4000:])
        server.stop()


@pytest.fixture
def postfix(make_postfix):
    """A real Postfix that takes mail from loopback without TLS."""
    return make_postfix()


@pytest.fixture
def make_sink(folder):
    """make_sink(options=[...], keep=True): an smtp-sink, ended with the test."""
    need(os.path.exists(Sink.SINK), "smtp-sink is not installed (Debian package postfix)")
    made = []

    def make(options=(), keep=False):
        made.append(Sink(os.path.join(folder, f"sink{len(made)}"), options, keep))
        return made[-1]
    yield make
    for server in made:
        server.stop()


@pytest.fixture
def sink(make_sink):
    return make_sink()


@pytest.fixture
def capture(placet, folder):
    """The program's own capturing relay."""
    return Capture(placet, os.path.join(folder, "captured"))


@pytest.fixture
def browser(request):
    """Chromium with axe; pictures go to build/shots/NAME-OF-THE-TEST."""
    lacking = browser_module.lacking()
    need(not lacking, lacking)
    return browser_module.Browser(ROOT / "build/shots" / re.sub(r"[^\w.-]+", "-", request.node.name))


@pytest.fixture
def root():
    """For tests that mount a small disk."""
    need(os.geteuid() == 0, "only root can mount a disk")


@pytest.fixture
def free_port():
    return find_free_port
