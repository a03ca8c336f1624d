"""Decisions, homes and imports that somebody tries to bend: what stands, what is refused, and what the ledger says."""
import os
import pathlib
import random
import re
import shutil
import subprocess

import pytest

from harness.placet import Placet
from harness.story import ANN, LIST, STUDY, VAL, Story, people

FORM = ["--consent-kind", "signed-form", "--consent-ref", "F", "--consent-date", "2026-10-01"]
NOWHERE = "smtp://127.0.0.1:9"  # a relay that nothing here asks for


class Unsigned(Story):
    """A story in which nobody looks at a list by himself."""

    def sign_off(self):
        pass


@pytest.fixture
def told(placet):
    """An approved project with a list of one, which is not decided yet."""
    return Unsigned(placet, NOWHERE).prepare(people(1))


def write(placet, name, rows):
    file = pathlib.Path(placet.folder) / name
    file.write_text("".join(row + "\r\n" for row in rows), newline="")
    return file


def fill(placet, name, addresses):
    return placet.run("import", name, write(placet, f"{name}.csv", ["address", *addresses]), "--by", ANN, *FORM)


def add_list(placet, name, addresses):
    placet.run("list", "add", name, "--project", STUDY, json=False)
    fill(placet, name, addresses)


def validate(placet, name, *args, by=VAL, **run):
    return placet.run("validate", name, "--by", by, *args, **run)


def sample(placet, name):
    return [row["address"] for row in validate(placet, name, "--sample")]


def decide(placet, name, rows, **run):
    file = write(placet, "decisions.csv", ["address,decision,reason", *(f"{a},{d},asked" for a, d in rows)])
    return validate(placet, name, "--decide", file, **run)


def accept_sample(placet, name, **run):
    return decide(placet, name, [(a, "accept") for a in sample(placet, name)], **run)


def sign(placet, name, **run):
    return validate(placet, name, "--sign-off", "--how", "wrote to them", **run)


def why(placet, name):
    return {m["address"]: m["why_not"] for m in placet.run("list", "members", name)}


# --- sign-offs ------------------------------------------------------------------------------------------

def test_a_rejection_outlasts_a_sign_off_that_did_not_look(placet, told):
    """What a person rejected, only a person accepts: the sign-off of another list, in whose sample the address is not,
    says nothing about it (VAL: every address stands on somebody's word)."""
    add_list(placet, "large", people(60)[1:] + people(240, "example.net"))
    outside = next(a for a in people(60)[1:] if a not in set(sample(placet, "large")))
    add_list(placet, "small", [outside])
    assert sample(placet, "small") == [outside]
    decide(placet, "small", [(outside, "reject")])
    sign(placet, "small")
    accept_sample(placet, "large")
    sign(placet, "large")
    after = why(placet, "large")
    assert after.pop(outside) == "rejected" == why(placet, "small")[outside]
    assert set(after.values()) == {""}


def test_a_failure_in_the_sample_stands(placet, told):
    """Policy, decisions kept: a rejection has made the sample grow, and is not taken back in the same sign-off. Each file
    of decisions leaves an entry in the ledger (AUD-1)."""
    add_list(placet, "large", people(200, "example.net"))
    first = sample(placet, "large")
    decide(placet, "large", [(first[0], "reject")])
    grown = validate(placet, "large")["sample"]
    assert grown > len(first)
    decide(placet, "large", [(first[0], "accept")], expect=1)
    assert validate(placet, "large")["failures"] == 1
    accept_sample(placet, "large")
    sign(placet, "large")
    assert why(placet, "large")[first[0]] == "rejected"
    entries = [e for e in placet.run("audit", "log") if e["action"] == "decided"]
    assert len(entries) == 2 and {(e["actor"], e["object"]) for e in entries} == {(VAL, "large")}
    assert "1 decisions" in entries[0]["detail"] and placet.run("audit", "verify")["whole"] is True


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_originator_and_a_list_that_grew(placet, told):
    """More than 500 addresses are never signed off by the originator alone, however many imports they came in."""
    add_list(placet, "large", people(300))
    accept_sample(placet, "large")
    sign(placet, "large", by=ANN)
    fill(placet, "large", people(300, "example.net"))
    accept_sample(placet, "large")
    sign(placet, "large", by=ANN, expect=4)
    sign(placet, "large", by=VAL)


# --- homes ----------------------------------------------------------------------------------------------

def database_of(placet):
    return placet.database or f"sqlite:{next(placet.home.glob('*.db'))}"


def test_a_database_has_one_home(placet, folder):
    """Another home over the same data would have other keys: it would not know who opted out."""
    placet.init()
    other = Placet(f"{folder}/other", database_of(placet))
    other.init(json=False, expect=1)
    assert "belongs to a home" in other.last.stderr
    live = Placet(f"{folder}/live", database_of(placet))
    live.init(json=False, expect=(1, 4), trial=False)
    assert placet.run("audit", "verify")["whole"] is True


def test_a_home_with_another_hash_key(placet, told):
    """With another key no opt-out would be found again; the home notices, and does nothing."""
    key = placet.home / "keys/hash.key"
    kept = shutil.copy(key, placet.home / "kept.key")
    raw = key.read_bytes()
    at = next(i for i, b in enumerate(raw) if chr(b) in "0123456789abcdef")
    key.chmod(0o600)
    key.write_bytes(raw[:at] + (b"0" if raw[at:at + 1] != b"0" else b"1") + raw[at + 1:])
    placet.run("opt-out", people(1)[0], "--by", ANN, "--why", "rang", json=False, expect=4)
    assert "hash.key" in placet.last.stderr
    placet.run("send", "--until-idle", json=False, expect=4)
    shutil.copy(kept, key)
    placet.run("opt-out", people(1)[0], "--by", ANN, "--why", "rang", json=False)


# --- imports --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_file_that_cannot_be_read_twice(placet, told, folder):
    """An import judges the whole file before it takes any of it, so that a pipe is refused instead of half read."""
    options = ["--by", ANN, *FORM, "--rejected", f"{folder}/rejected.csv"]
    placet.run("import", LIST, "/dev/stdin", *options, json=False, stdin="address\r\nnew@example.org\r\n", expect=2)
    assert "regular file" in placet.last.stderr
    os.mkfifo(f"{folder}/fifo")
    placet.run("import", LIST, f"{folder}/fifo", *options, json=False, expect=2, timeout=20)
    assert list(why(placet, LIST)) == people(1)


def batches(placet):
    """(import, rows, hash) of each batch in the ledger."""
    found = [re.match(r"import (\d+), (\d+) rows, SHA-256 ([0-9a-f]{64})$", e["detail"])
             for e in placet.run("audit", "log") if (e["action"], e["object"]) == ("import-batch", "large")]
    return [(int(m[1]), int(m[2]), m[3]) for m in found]


def test_imports_that_are_killed(placet, told):
    """Decision 8: bulk work leaves one entry in the ledger for each batch that was committed, and none for others; the
    chain is whole after any kill, and the next import completes the list; in seconds, although PostgreSQL knows nothing yet
    of the sizes of a new home's tables."""
    everyone = people(20000, "example.net")
    file = write(placet, "many.csv", ["address", *everyone])
    placet.run("list", "add", "large", "--project", STUDY, json=False)
    argv, killed = placet._argv(["import", "large", file, "--by", ANN, *FORM]), 0
    for seconds in (0.2, 0.4, 0.8):
        process = subprocess.Popen(argv, env=placet.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(random.uniform(seconds / 2, seconds))
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
        process.wait()
        done = batches(placet)
        # The next run begins anew, in the same record and with the same batches: what is there is known by then.
        assert len({number for number, _, _ in done}) <= 1
        assert placet.run("list", "show", "large")["members"] == sum(rows for _, rows, _ in set(done)), "no other"
        assert placet.run("audit", "verify")["whole"] is True
    assert killed
    assert placet.run("import", "large", file, "--by", ANN, *FORM, timeout=20)["rejected"] == 0
    assert placet.run("list", "show", "large")["members"] == len(everyone)
    assert placet.run("audit", "verify")["whole"] is True
