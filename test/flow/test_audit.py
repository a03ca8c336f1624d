"""The ledger: whole after everything that is done, and broken at the row that somebody changed."""
import pytest

from harness.story import ANN, LIST, REV, Story, people
from harness.tables import change


@pytest.fixture
def lived(placet, capture):
    """A home in which a mailing went its whole way, and more."""
    told = Story(placet, capture.url()).prepare(["info@example.org", *people(5)])
    told.send(told.mailing())
    number = told.mailing()
    placet.run("mailing", "revoke", number, "--by", REV, "--why", "a wrong word", json=False)
    placet.run("opt-out", "person0001@example.org", "--by", ANN, "--why", "rang us", json=False)
    placet.run("list", "export", LIST, json=False)
    return placet


def test_the_chain_is_whole(lived):
    entries = lived.run("audit", "log")
    assert lived.run("audit", "verify") == {"whole": True, "entries": len(entries), "broken": None}
    assert [e["seq"] for e in entries] == list(range(1, len(entries) + 1))
    assert all(e["actor"] and e["os_user"] and e["action"] and e["at"] for e in entries)
    assert any("a wrong word" in e["detail"] for e in entries)
    # What staff wrote of a person stands where it can be erased; the ledger names the person by a pseudonym (AUD-6).
    held = lived.run("person", "show", "person0001@example.org")
    assert held["opt_out"]["why"] == "rang us" and "rang us" not in str(entries)
    assert [e["detail"] for e in entries if e["object"] == held["pseudonym"]] == ["staff"]


@pytest.mark.parametrize("column,value", [("detail", "'nothing happened'"), ("actor", "'somebody@uni.example'"), ("at", "at + 1"),
                                          ("action", "'slept'"), ("object", "'else'"), ("os_user", "'root2'")])
def test_a_changed_entry_is_named(lived, column, value):
    change(lived, f"UPDATE audit SET {column} = {value} WHERE seq = 7")
    said = lived.run("audit", "verify", expect=1)
    assert (said["whole"], said["broken"]) == (False, 7)
    lived.run("audit", "verify", json=False, expect=1)
    assert "entry 7 " in lived.last.stdout


def test_a_removed_entry_is_noticed(lived):
    change(lived, "DELETE FROM audit WHERE seq = 9")
    assert lived.run("audit", "verify", expect=1)["broken"] in (9, 10)
