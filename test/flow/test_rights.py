"""What people may ask for: to see what is held, to have a copy, to have it erased; and what ends by itself."""
import pathlib

import pytest

from harness.story import ANN, LIST, POST, REV, STUDY, VAL, Story, people
from harness.tables import change

NAME, NOTE = "Tilda Swinburne-Okonkwo", "the one with the blue door"


def write(placet, name, text):
    path = pathlib.Path(placet.folder) / name
    path.write_text(text, newline="")
    return path


def import_person(placet, address, name=NAME, ref="Form of Tilda Swinburne-Okonkwo"):
    file = write(placet, "one.csv", f"Mail,Name,Note\r\n{address},{name},{NOTE}\r\n")
    return placet.run("import", LIST, file, "--by", ANN, "--consent-kind", "signed-form", "--consent-ref", ref, "--consent-date",
                      "2026-10-01", "--map", "Note=note")


def tables(placet):
    """Every row of every table as text, by table."""
    if placet.database:
        names = [n for n, in change(placet, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
                                            " AND table_type = 'BASE TABLE'")]
        return {n: "\n".join("|".join(r) for r in change(placet, f"SELECT * FROM {n}")) for n in names}
    names = [n for n, in change(placet, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {n: "\n".join("|".join(r) for r in change(placet, f"SELECT * FROM {n}")) for n in names}


def where_held(placet, *words):
    """Names of tables, and of files of the home beside the database, that hold one of the words."""
    said = {n for n, text in tables(placet).items() if any(w.lower() in text.lower() for w in words)}
    files = [p for p in placet.home.rglob("*") if p.is_file() and not p.name.startswith("placet.db")]
    return said | {p.name for p in files if any(w.encode().lower() in p.read_bytes().lower() for w in words)}


def show(placet, address, **options):
    return placet.run("person", "show", address, **options)


@pytest.fixture
def told(placet, capture):
    return Story(placet, capture.url()).prepare(people(6))


# --- person show ---------------------------------------------------------------------------------


def test_what_decides_is_told_in_words(placet, told):
    one = show(placet, people(1)[0])
    assert (one["held"], one["opted_out"], one["opt_out"]) == (True, False, None)
    assert one["lists"][0]["may_be_mailed"] and one["lists"][0]["explained"] == "may be mailed"
    assert one["mailboxes"][0]["validation"]["accepted"] and one["mailboxes"][0]["validation"]["by"] == "Val Dee"
    import_person(placet, "tilda@example.org")
    tilda = show(placet, "Tilda+news@Example.ORG")
    assert tilda["mailboxes"][0]["address"] == "tilda@example.org"
    assert tilda["lists"][0]["fields"] == {"name": NAME, "note": NOTE}
    assert tilda["lists"][0]["why_not"] == "not-validated"
    assert f"placet validate {LIST} shows" in tilda["lists"][0]["explained"]
    placet.run("consent", "withdraw", "tilda@example.org", "--project", STUDY, "--by", ANN)
    tilda = show(placet, "tilda@example.org")
    assert tilda["lists"][0]["why_not"] == "no-consent" and [c["stands"] for c in tilda["consents"]] == [False, False]
    assert [(a["action"], a["by"]) for a in tilda["audit"]] == [("consent-withdrawn", "Ann Bee")]
    later = show(placet, people(1)[0], env={"PLACET_CLOCK": "+400d"})
    assert later["lists"][0]["why_not"] == "lapsed"
    placet.run("opt-out", people(1)[0], "--by", ANN, "--why", "rang us")
    left = show(placet, people(1)[0])
    assert left["lists"][0]["why_not"] == "opted-out" and left["opt_out"]["why"] == "rang us"
    text = show(placet, people(1)[0], json=False)
    assert "opted out of all mail" in text and "only they can come back" in text
    show(placet, "nobody@example.org", expect=3)


# --- erasing ---------------------------------------------------------------------------------------


def plant(placet, address):
    """The person stands wherever a person can stand."""
    hash_of = f"(SELECT key_hash FROM address WHERE delivery = '{address}')"
    placet.run("opt-out", address, "--by", ANN, "--why", f"{NAME} rang us")
    change(placet, "INSERT INTO consent_text (hash, text, created) SELECT key_hash, 'I agree', 1 FROM address WHERE delivery = "
                   f"'{address}'")
    change(placet, "INSERT INTO sign_up (project_id, delivery, given, name, key_hash, text_id, asked)"
                   f" SELECT 1, '{address}', '{address}', '{NAME}', {hash_of}, max(id), 1 FROM consent_text")
    change(placet, "INSERT INTO notice (kind, delivery, utf8, reserved, key_hash, created, state, reply)"
                   f" SELECT 'me', '{address}', 0, 1, {hash_of}, 1, 'queued', '450 {address} is busy'")
    change(placet, "INSERT INTO complaint (address, key_hash, about, text, at, due) SELECT "
                   f"'{address}', {hash_of}, '', 'I am {NAME.upper()} <{address}>, and you wrote to me.', 1, 2")
    change(placet, f"UPDATE delivery SET reply = '250 ok <{address}>' WHERE address_id ="
                   f" (SELECT id FROM address WHERE delivery = '{address}')")


@pytest.mark.parametrize("option", [[], ["--may-return"]])
def test_nothing_that_names_them_stays(placet, told, option):
    tilda = "tilda@example.org"
    import_person(placet, tilda)
    told.sign_off()
    sent = told.mailing(body="Dear {{name|reader}},\n\nhow do you sleep?\n")
    told.send(sent)
    waiting = told.mailing(body="Dear {{name|reader}},\n\nand now?\n")
    plant(placet, tilda)
    assert {"address", "member", "delivery", "consent", "sign_up", "notice", "complaint", "opt_out"} <= where_held(placet, tilda, NAME)
    placet.run("person", "erase", tilda, "--by", REV, *option, expect=4)
    done = placet.run("person", "erase", tilda, "--by", POST, *option)
    assert (done["mailboxes"], done["lists"], done["skipped"], done["opted_out"]) == (1, 1, 1, True)
    assert where_held(placet, tilda, NAME, NOTE) == set()
    held = show(placet, tilda)
    assert not held["held"] and held["opted_out"] and held["lists"] == []
    assert [(c["action"], c["kind"], c["given_on"], c["ref"]) for c in held["consents"]] == [("given", "signed-form", "2026-10-01", "")]
    assert [m["state"] for m in held["mailings"]] == ["skipped", "accepted"]
    assert "I am [erased] <[erased]>" in held["complaints"][0]["text"]
    assert held["audit"][-1]["action"] == "erased"
    # It was a removal: what was approved may still be sent.
    status = told.send(waiting)
    assert (status["state"], status["counts"]["accepted"], status["counts"]["skipped"]) == ("done", 6, 1)
    again = placet.run("person", "erase", tilda, "--by", POST, *option)
    assert (again["mailboxes"], again["lists"]) == (0, 0)
    placet.run("audit", "verify")


def test_who_was_erased_stays_away_or_may_return(placet, told):
    one, two = people(2)
    placet.run("person", "erase", one, "--by", POST)
    placet.run("person", "erase", two, "--by", POST, "--may-return")
    assert show(placet, one)["opted_out"] and not show(placet, two)["opted_out"]
    told.fill_list([one, two])
    assert show(placet, one)["lists"][0]["why_not"] == "opted-out"
    assert show(placet, two)["lists"][0]["why_not"] == "not-validated"
    assert [c["stands"] for c in show(placet, two)["consents"]] == [False, True]
    placet.run("person", "erase", "unknown@example.org", "--by", POST, "--may-return", expect=3)
    placet.run("person", "erase", "unknown@example.org", "--by", POST)
    assert show(placet, "unknown@example.org")["opt_out"]["way"] == "erasure"


def test_an_open_sign_off_closes_over_who_was_erased(placet, told):
    import_person(placet, "tilda@example.org")
    told.fill_list(["info@example.org", *(f"new{i}@example.org" for i in range(4))])
    placet.run("validate", LIST, "--by", VAL, "--sample")
    for gone in ("info@example.org", "new2@example.org"):
        placet.run("person", "erase", gone, "--by", POST)
    told.sign_off()
    assert placet.run("validate", LIST, "--by", VAL)["signed_off"]
    assert show(placet, "new3@example.org")["lists"][0]["may_be_mailed"]
