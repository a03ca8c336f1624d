"""Backups: made while everything runs, restored without mailing anybody twice, and without forgetting who left."""
import pathlib
import shutil

import pytest

from harness.placet import Placet
from harness.story import ANN, LIST, Story, people
from harness.tables import change


def holds(placet):
    """What a home says of itself, but for the ledger."""
    return {"members": sorted((m["address"], m["why_not"]) for m in placet.run("list", "members", LIST)),
            "mailings": [(m["id"], m["state"]) for m in placet.run("mailing", "list")]}


@pytest.fixture
def story(placet, capture):
    return Story(placet, capture.url()).prepare(people(12))


def test_a_backup_brings_all_back(placet, story, database, tmp_path):
    done = story.mailing()
    story.send(done)
    before = holds(placet)
    placet.run("backup", tmp_path / "b")
    assert sorted(p.name for p in (tmp_path / "b").iterdir()) == ["backup.json", "data", "id", "keys", "opt-out.log", "placet.conf"]
    story.fill_list(people(30))
    placet.run("restore", tmp_path / "b")
    assert holds(placet) == before
    placet.run("audit", "verify", json=False)
    assert "restored" in placet.run("audit", "log", json=False)
    story.fill_list(people(30))  # numbers go on behind those that the backup had
    assert len(holds(placet)["members"]) == 30
    placet.run("backup", tmp_path / "b", expect=1)


def test_who_left_since_stays_away(placet, story, tmp_path):
    first, second = people(2)
    placet.run("opt-out", first, "--by", ANN, "--why", "rang us")
    placet.run("backup", tmp_path / "b")
    placet.run("opt-out", second, "--by", ANN, "--why", "rang us")

    placet.run("restore", tmp_path / "b")
    why = dict(holds(placet)["members"])
    assert why[first] == why[second] == "opted-out"


def test_what_had_not_started_is_a_draft_and_nobody_gets_it_twice(placet, story, capture, tmp_path):
    approved, sending = story.mailing(), story.mailing()
    placet.run("mailing", "start", sending, "--by", ANN, json=False)
    placet.run("backup", tmp_path / "b")
    placet.run("send", "--until-idle", json=False)
    got = len(capture.messages())
    assert got == 12
    placet.run("restore", tmp_path / "b")
    assert dict((str(i), s) for i, s in holds(placet)["mailings"]) == {str(approved): "draft", str(sending): "paused"}
    counts = placet.run("mailing", "status", sending)["counts"]
    assert counts["uncertain"] == 12
    placet.run("mailing", "resume", sending, "--by", ANN, json=False)
    placet.run("send", "--until-idle", json=False, expect=(0, 75))
    assert len(capture.messages()) == got


def test_a_home_is_made_anew(placet, story, tmp_path):
    before = holds(placet)
    placet.run("opt-out", people(1)[0], "--by", ANN, "--why", "rang us")
    placet.run("backup", tmp_path / "b")
    after = holds(placet)
    assert before != after
    if placet.database:
        change(placet, "DROP SCHEMA public CASCADE")
        change(placet, "CREATE SCHEMA public")
    shutil.rmtree(placet.home)
    placet.run("restore", tmp_path / "b")
    assert holds(placet) == after
    placet.run("audit", "verify", json=False)


def test_a_role_keeps_a_restore_away(placet, story, tmp_path):
    placet.run("backup", tmp_path / "b")
    web = placet.start("web", "--listen", "127.0.0.1:0")
    placet.run("restore", tmp_path / "b", expect=1)
    assert "stop it first" in placet.last.stderr
    web.stop()
    placet.run("restore", tmp_path / "b")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_an_interrupted_restore_is_settled_by_the_next(placet, story, tmp_path):
    """Put in place, and killed before it was settled: whoever comes next does it."""
    number = story.mailing()
    placet.run("backup", tmp_path / "b")
    note = placet.home / "journal/restoring"
    note.write_text('{"word": "not known to the data", "at": 1}')
    assert holds(placet)["mailings"] == [(int(number), "draft")]
    assert not note.exists()
    note.write_text('{"word": "x"')
    placet.run("mailing", "list", expect=2)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_what_is_no_backup_of_ours_is_refused(placet, story, tmp_path):
    placet.run("restore", tmp_path / "nothing", expect=(2, 3))
    placet.run("backup", tmp_path / "b")
    (tmp_path / "b/data/placet.db").write_bytes((tmp_path / "b/data/placet.db").read_bytes()[:8192])
    before = holds(placet)
    placet.run("restore", tmp_path / "b", expect=2)
    assert holds(placet) == before
    other = Placet(pathlib.Path(tmp_path) / "other")
    other.init()
    other.run("backup", tmp_path / "c")
    placet.run("restore", tmp_path / "c", expect=4)
    assert holds(placet) == before
