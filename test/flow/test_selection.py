"""Selections: whom --where leaves in and who is told to be out, reminders for those who have not answered, arms that anybody
can compute again, and what voids an approval."""
import collections
import csv
import hashlib
import io
import pathlib

import pytest

from harness.story import ANN, BODY, LIST, REV, STUDY, VAL, Story, html_text, people, plain_text

NOWHERE = "smtp://127.0.0.1:9"
PEOPLE = [("ann@example.org", "2001", "Köln", "f"), ("bob@example.org", "2004", "KÖLN", "m"), ("cem@example.org", "2005", "Ulm", "m"),
          ("dee@example.org", "", "Ulm am See", "f"), ("eva@example.org", "2010", "", "f"), ("fay@example.org", "1999", "Bern", "f")]


class Study(Story):
    """A list whose people have fields."""

    def __init__(self, placet, relay=NOWHERE, rows=PEOPLE):
        super().__init__(placet, relay)
        self.rows = rows
        self.prepare()

    def fill_list(self, addresses):
        file = pathlib.Path(self.placet.folder) / "people.csv"
        with open(file, "w", newline="", encoding="utf-8") as f:
            csv.writer(f).writerows([("address", "year", "city", "sex"), *self.rows])
        return self.do("import", LIST, file, "--by", ANN, "--consent-kind", "signed-form", "--consent-ref", "Form S",
                       "--consent-date", "2026-10-01", timeout=1200)

    def choose(self, *options, body=BODY, expect=0):
        file = pathlib.Path(self.placet.folder) / "body.md"
        file.write_text(body)
        said = self.do("mailing", "new", "--list", LIST, "--subject", "Nine questions", "--body", file, "--by", ANN, *options,
                       json=False, expect=expect)
        return said.split()[-1] if expect == 0 else self.placet.last.stderr

    def submit(self, number, **run):
        self.do("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False, **run)

    def told(self, number):
        """{address: (in or out, skipped, reason)}"""
        table = self.do("mailing", "selection", number, "--csv", json=False)
        return {r["address"]: (r["selection"], r["skipped"], r["reason"]) for r in csv.DictReader(io.StringIO(table))}

    def chosen(self, number):
        return sorted(a.split("@")[0] for a, (which, _, _) in self.told(number).items() if which == "in")

    def answered(self, *addresses, options=()):
        file = pathlib.Path(self.placet.folder) / "answered.csv"
        file.write_text("".join(f"{a}\n" for a in ["when;Email", *(f"2026;{a}" for a in addresses)]))
        return self.do("list", "answered", LIST, file, "--by", ANN, *options)

    def arms(self, number):
        table = self.do("mailing", "arms", number, "--csv", json=False)
        return list(csv.DictReader(io.StringIO(table)))


@pytest.fixture
def study(placet):
    return Study(placet)


def test_who_is_in_and_who_is_out(study):
    cases = {"year >= 2004": "bob cem eva", "not year >= 2004": "ann dee fay", "year < 2004": "ann fay", "year != 2004": "ann cem eva fay",
             "city = 'köln'": "ann bob", 'city starts with "ulm"': "cem dee", "city is empty": "eva", "year is not empty and sex = 'f'":
             "ann eva fay", "city in (\"Bern\", 'ULM')": "cem fay", 'address contains "e@"': "dee", "mailed": "", "not mailed in 14 days":
             "ann bob cem dee eva fay", "joined in 9999 days": "ann bob cem dee eva fay", "joined in 1 day": "", "flag role": "",
             "(year = 2001 or city = \"Ulm\") and sex = 'm'": "cem"}
    number = study.choose()
    for where, names in cases.items():
        study.do("mailing", "edit", number, "--where", where, "--by", ANN)
        assert study.chosen(number) == names.split(), where
        said = study.do("mailing", "selection", number)
        assert (said["in"], said["left_out"]) == (len(names.split()), 6 - len(names.split())), where
    study.do("mailing", "edit", number, "--where", "", "--by", ANN)
    assert study.do("mailing", "selection", number)["left_out"] == 0 and len(study.chosen(number)) == 6


def test_it_is_told_why(study):
    study.do("opt-out", "cem@example.org", "--by", VAL, "--why", "by phone", json=False)
    number = study.choose("--where", "year>=2004 AND not city contains 'k'")
    reasons = {"ann@example.org": ("out", "", "left out: not among people whose year is at least 2004"),
               "bob@example.org": ("out", "", "left out: not among people whose city is empty or does not contain “k”"),
               "cem@example.org": ("in", "opted-out", "skipped: opted out of mail"),
               "dee@example.org": ("out", "", "left out: not among people whose year is at least 2004"),
               "eva@example.org": ("in", "", "will be mailed"),
               "fay@example.org": ("out", "", "left out: not among people whose year is at least 2004")}
    assert study.told(number) == reasons
    said = study.do("mailing", "selection", number)
    assert said["where"] == 'year >= 2004 and not city contains "k"'
    assert said["words"] == "people whose year is at least 2004 and whose city is empty or does not contain “k”"
    assert (said["in"], said["left_out"], said["mailable"], said["skipped"]) == (2, 4, 1, {"opted-out": 1})
    for verb in ("check", "show"):
        shown = study.do("mailing", verb, number)["selection"]
        assert shown == {k: v for k, v in said.items() if k != "id"}
    validated = next(f for f in study.do("mailing", "check", number)["findings"] if f["rule"] == "validated")
    assert "4 more of the list are left out by --where" in validated["reason"]
    # Who is left out is no recipient.
    study.submit(number)
    status = study.do("mailing", "status", number)
    assert (status["recipients"], status["counts"]["queued"], status["skipped"]) == (2, 1, {"opted-out": 1})
    said = study.do("mailing", "selection", number)
    assert (said["frozen"], said["in"], said["left_out"]) == (True, 2, 4)
    told = study.told(number)
    assert told["ann@example.org"] == ("out", "", "left out by the expression at submission")
    assert told["eva@example.org"] == ("in", "", "will be mailed")


def test_who_comes_later_is_told_apart(study):
    number = study.choose("--where", "sex = 'f'")
    study.submit(number)
    study.rows = [("zoe@example.org", "2004", "Ulm", "f")]
    study.placet.env["PLACET_CLOCK"] = "+1h"
    study.fill_list(None)
    assert study.told(number)["zoe@example.org"] == ("out", "", "came onto the list after the submission")
    assert study.told(number)["bob@example.org"] == ("out", "", "left out by the expression at submission")
    assert study.do("mailing", "selection", number)["left_out"] == 2


@pytest.mark.parametrize("options,says", [
    (["--where", "yaer = 2004"], "--where: column 1: nobody on the list has a field “yaer”; is “year” meant? There are address, "),
    (["--where", "year = 1 and k = 2"], "--where: column 14: nobody on the list has a field “k”; there are address, "),
    (["--where", "city = Ulm"], '--where: column 8: text stands in quotes: "Ulm"'),
    (["--where", "year >"], "--where: column 7: a number, a day such as 2026-11-23 or a text in quotes is wanted here, and not the end"),
    (["--arms", "1"], "--arms 1: with one arm there is nothing to allocate"),
    (["--arms", "101"], "--arms 101: a number from 2 to 100 is wanted"),
    (["--stratify", "sex"], "--stratify sex: it is for --arms"),
    (["--arms", "2", "--stratify", "size"], "--stratify size: nobody on the list has this field; there are: "),
])
def test_what_cannot_be_meant_is_refused(study, options, says):
    assert says in study.choose(*options, expect=2)


def test_a_field_that_vanished_holds_the_draft(study):
    number = study.choose("--where", "[city] is not empty")
    study.rows = []
    study.do("list", "add", "others", "--project", STUDY, json=False)
    assert "import people first" in study.placet.run("mailing", "new", "--list", "others", "--subject", "x", "--body",
                                                     pathlib.Path(study.placet.folder) / "body.md", "--by", ANN, "--where",
                                                     "city = 'x'", json=False, expect=2) + study.placet.last.stderr
    assert study.chosen(number) == ["ann", "bob", "cem", "dee", "fay"]


def test_a_reminder_leaves_out_who_answered(placet, capture):
    study = Study(placet, capture.url())
    first = study.choose()
    study.submit(first)
    study.do("mailing", "approve", first, "--by", REV, json=False)
    study.send(first)
    assert len(capture.messages()) == 6
    # Under another spelling of the same mailbox; one whom nobody knows; one that is no address.
    done = study.answered("ANN@example.org", "cem+study@example.org", "who@example.org", "nobody")
    assert (done["rows"], done["known"], done["unknown"], done["unreadable"], done["changed"]) == (4, 2, 2, 1, 2)
    assert "line 5" in placet.last.stderr
    again = study.answered("ann@example.org", "dee@example.org")
    assert (again["known"], again["changed"]) == (2, 1)
    undone = study.answered("dee@example.org", options=["--no-longer"])
    assert (undone["known"], undone["changed"]) == (1, 1)
    reminder = study.choose("--where", "not answered")
    assert study.chosen(reminder) == ["bob", "dee", "eva", "fay"]
    assert study.told(reminder)["ann@example.org"][2] == "left out: not among people who have not answered"
    study.submit(reminder)
    study.do("mailing", "approve", reminder, "--by", REV, json=False)
    study.send(reminder)
    assert sorted(m[0]["to"][0] if isinstance(m[0]["to"], list) else m[0]["to"] for m in capture.messages()[6:]) == [
        f"{n}@example.org" for n in ("bob", "dee", "eva", "fay")]
    # And both mailings count as mail.
    later = study.choose("--where", "mailed by this project in 1 day")
    assert len(study.chosen(later)) == 6
    study.do("mailing", "edit", later, "--where", "not mailed in 1 week", "--by", ANN)
    assert study.chosen(later) == []
    study.placet.env["PLACET_CLOCK"] = "+8d"
    assert len(study.chosen(later)) == 6
    placet.env.pop("PLACET_CLOCK")
    log = study.do("audit", "log")
    assert [e["action"] for e in log].count("answered") == 2 and "answered-undone" in [e["action"] for e in log]
    study.do("list", "answered", LIST, pathlib.Path(placet.folder) / "answered.csv", "--by", VAL, json=False, expect=4)


@pytest.mark.parametrize("change", [["--where", "sex = 'm'"], ["--where", ""], ["--arms", "3"], ["--stratify", "city"], ["--arms", "0"]])
def test_a_changed_choice_voids_the_approval(study, change):
    number = study.choose("--where", "sex = 'f'", "--arms", "2")
    study.submit(number)
    study.do("mailing", "approve", number, "--by", REV, json=False)
    before = study.do("mailing", "show", number)["bound_hash"]
    study.do("mailing", "edit", number, *change, "--by", ANN)
    status = study.do("mailing", "status", number)
    assert (status["state"], status["why"]) == ("draft", "the selection was changed")
    study.submit(number)
    assert study.do("mailing", "show", number)["bound_hash"] != before


def test_removals_void_nothing_and_move_nobody(study):
    number = study.choose("--where", "year is not empty", "--arms", "2")
    study.submit(number)
    study.do("mailing", "approve", number, "--by", REV, json=False)
    before = {r["address"]: r["arm"] for r in study.arms(number)}
    study.do("opt-out", "ann@example.org", "--by", VAL, "--why", "by phone", json=False)
    study.answered("bob@example.org")
    study.do("mailing", "start", number, "--by", ANN, json=False)
    assert study.do("mailing", "status", number)["state"] == "sending"
    assert {r["address"]: r["arm"] for r in study.arms(number)} == before
    assert study.do("mailing", "arms", number)["as_dealt"] is True


def deal_again(rows, seed, arms):
    """The procedure of doc/SELECTION.md, from the seed and the addresses alone."""
    def digest(text):
        return hashlib.sha256(f"{seed}\n{text}".encode()).digest()
    order = sorted(rows, key=lambda r: (digest(r[1]) if r[1] else b"", digest(r[0])))
    return {address: str(i % arms + 1) for i, (address, _) in enumerate(order)}


@pytest.mark.parametrize("arms,stratum", [(2, ""), (3, "city"), (7, "sex")])
def test_arms_are_even_and_can_be_computed_again(placet, arms, stratum):
    rows = [(a, str(1990 + i % 20), ["Köln", "Ulm", "Bern", ""][i * i % 4 if i % 3 else i % 4], "fm"[i % 5 == 0])
            for i, a in enumerate(people(101))]
    study = Study(placet, rows=rows)
    study.do("opt-out", rows[3][0], "--by", VAL, "--why", "by phone", json=False)
    number = study.choose("--arms", str(arms), *(["--stratify", stratum] if stratum else []))
    study.do("mailing", "arms", number, json=False, expect=1)
    study.submit(number)
    said = study.do("mailing", "arms", number)
    dealt = study.arms(number)
    assert said["people"] == sum(said["sizes"]) == len(dealt) == 100 and said["as_dealt"] is True
    assert max(said["sizes"]) - min(said["sizes"]) <= 1
    field = {"": lambda r: "", "city": lambda r: r[2], "sex": lambda r: r[3]}[stratum]
    expected = deal_again([(r[0], field(r)) for r in rows if r != rows[3]], said["seed"], arms)
    assert {r["address"]: r["arm"] for r in dealt} == expected
    within = collections.defaultdict(collections.Counter)
    for r in dealt:
        within[r["stratum"]][r["arm"]] += 1
    assert len(within) == {"": 1, "city": 4, "sex": 2}[stratum]
    for sizes in within.values():
        counts = [sizes[str(i + 1)] for i in range(arms)]
        assert max(counts) - min(counts) <= 1
    report = list(csv.DictReader(io.StringIO(study.do("mailing", "report", number, json=False))))
    assert {r["address"]: r["arm"] for r in report if r["arm"]} == expected
    assert [r["address"] for r in report if not r["arm"]] == [rows[3][0]]
    # Submitting again throws no dice again.
    study.do("mailing", "withdraw", number, "--by", ANN, json=False)
    study.submit(number)
    assert study.do("mailing", "arms", number)["seed"] == said["seed"]
    assert {r["address"]: r["arm"] for r in study.arms(number)} == expected


def test_another_mailing_is_dealt_otherwise(placet):
    study = Study(placet, rows=[(a, "2000", "Ulm", "f") for a in people(60)])
    dealt = []
    for _ in range(2):
        number = study.choose("--arms", "2")
        study.submit(number)
        dealt.append({r["address"]: r["arm"] for r in study.arms(number)})
    assert dealt[0] != dealt[1]


@pytest.mark.parametrize("engine", ["sqlite"])  # one is enough to tamper with
def test_a_tampered_arm_is_found(placet):
    import sqlite3
    study = Study(placet)
    number = study.choose("--arms", "2")
    study.submit(number)
    study.do("mailing", "approve", number, "--by", REV, json=False)
    with sqlite3.connect(placet.home / "placet.db") as db:
        db.execute("UPDATE delivery SET arm = 3 - arm WHERE id = (SELECT min(id) FROM delivery)")
    assert study.do("mailing", "arms", number, expect=1)["as_dealt"] is False
    study.do("mailing", "start", number, "--by", ANN, json=False, expect=1)


def test_the_arm_stands_in_the_message(placet, capture):
    study = Study(placet, capture.url())
    placet.run("project", "edit", STUDY, "--link-host", "survey.uni.example", json=False)
    placet.run("project", "approve", STUDY, "--by", REV, json=False)
    body = "Dear reader,\n\nyou are in group {{arm}} of our study. May we ask you nine questions?\n\n"
    body += "[The questions](https://survey.uni.example/nine?group={{arm}}).\n"
    number = study.choose("--arms", "3", body=body)
    assert "group 1 of" in study.do("mailing", "preview", number)["message"].replace("=\r\n", "")
    study.submit(number)
    study.do("mailing", "approve", number, "--by", REV, json=False)
    study.send(number)
    arms = {r["address"]: r["arm"] for r in study.arms(number)}
    assert sorted(arms.values()) == list("112233")
    for envelope, raw in capture.messages():
        to = envelope["to"] if isinstance(envelope["to"], str) else envelope["to"][0]
        assert f"in group {arms[to]} of our study" in plain_text(raw).replace("\r\n", " ").replace("\n", " ")
        assert f"https://survey.uni.example/nine?group={arms[to]}" in plain_text(raw)
        assert f'href="https://survey.uni.example/nine?group={arms[to]}"' in html_text(raw)
    assert "group={arm}" in study.do("mailing", "show", number)["text"]
    # Without arms it is a field like any other, which nobody has.
    plain = study.choose(body=body)
    assert "arm: there is no value for this person" in str(study.do("mailing", "check", plain, expect=1))
    plain = study.choose(body=body.partition("[")[0])
    assert study.do("mailing", "check", plain, expect=1)["verdict"] == "fail"
