"""What becomes of the rows of a file: every one has a verdict, and the same file again changes nothing."""
import csv
import io
import json
import os
import pathlib
import time

import pytest

from harness.process import ROOT, Process
from harness.story import ANN, IDENTITY, LIST, OFFICE, REV, STUDY, VAL, Story, people

CORPORA = ROOT.parent / "shared/corpora/csv"
FLAGS = {"role", "disposable", "lookalike", "no-mx", "null-mx", "free-provider", "duplicate-person", "list-address",
         "non-ascii-local"}
TOMORROWS = "2999-01-01"
EVIDENCE = ["--consent-kind", "signed-form", "--consent-ref", "Form S", "--consent-date", "2026-10-01"]


class House:
    """A trial home with an approved project and empty lists."""

    def __init__(self, placet):
        self.placet = placet
        told = Story(placet, "smtp://127.0.0.1:9")
        placet.init("--postmaster", "post@uni.example")
        for address, role in ((ANN, "researcher"), (VAL, "validator"), (REV, "reviewer")):
            told.do("account", "add", address, "--name", "N N", "--role", role, json=False)
        told.do("department", "add", OFFICE, "--name", "Department of Psychology", json=False)
        told.do("identity", "add", IDENTITY, "--domain", "uni.example", "--relay", told.relay, json=False)
        told.project()

    def file(self, content, name="people.csv"):
        path = pathlib.Path(self.placet.folder) / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def load(self, content, *more, expect=0, to=LIST):
        path = content if isinstance(content, pathlib.Path) else self.file(content)
        self.said = self.placet.run("import", to, path, "--by", ANN, *more, expect=expect)
        if expect == 0:
            assert self.said["rows"] == self.said["added"] + self.said["known"] + self.said["rejected"]
            assert set(self.said["flagged"]) <= FLAGS and 0 <= self.said["not_mailable"] <= self.said["rows"]
        return self.said

    def members(self):
        return {m["address"]: m for m in self.placet.run("list", "members", LIST)}

    def figures(self):
        return tuple(self.said[k] for k in ("rows", "added", "known", "rejected", "not_mailable"))


@pytest.fixture
def house(placet):
    return House(placet)


MESSY = '''Email,Full Name,Year,form,given
ann.one@example.org,"One, Ann",1990,F1,2026-01-02
"""Bob Two"" <bob.two@example.org> ",,1991,F2,2026-01-03
CYD.THREE@EXAMPLE.ORG,Cyd,1992,F3,2026-01-04
ann.one+news@example.org,Ann again,1990,F1,2026-01-02

info@example.org,Desk,,F4,2026-01-05
,No Address,1,F5,2026-01-05
broken,No At,1,F6,2026-01-05
no.evidence@example.org,None,1,,
,,,,
ann.one@example.org,Twice,1990,F1,2026-01-02
bad.date@example.org,Date,1,F7,yesterday
too.many@example.org,Cells,1,F8,2026-01-05,extra
"two
lines@example.org",X,1,F9,2026-01-05
'''
MESSY_ARGS = ["--consent-column", "form", "--consent-date-column", "given", "--consent-kind", "signed-form"]


def test_every_row_has_a_verdict(house):
    said = house.load(MESSY, *MESSY_ARGS)
    assert house.figures() == (12, 5, 2, 5, 1)
    assert said["flagged"] == {"role": 1, "duplicate-person": 1}
    assert said["cleaned"] >= 1
    members = house.members()
    assert {a.lower() for a in members} == {"ann.one@example.org", "bob.two@example.org", "cyd.three@example.org", "info@example.org",
                                            "no.evidence@example.org"}
    assert members["ann.one@example.org"]["fields"]["name"] == "One, Ann"
    assert members["bob.two@example.org"]["fields"]["name"] == "Bob Two"
    assert members["no.evidence@example.org"]["why_not"] == "no-consent"
    assert members["info@example.org"]["flags"] == "role"


def test_rejected_rows_are_mended_and_imported_again(house):
    house.load(MESSY, *MESSY_ARGS)
    rejected = pathlib.Path(house.said["rejected_file"])
    assert rejected == pathlib.Path(house.placet.folder) / "people.csv.rejected.csv"
    rows = list(csv.DictReader(io.StringIO(rejected.read_text())))
    assert [r["line"] for r in rows] == ["8", "9", "13", "14", "15"]
    assert all(r["reason"] and r["mend"] for r in rows)
    for row, address in zip(rows, people(5, "mended.example")):
        row.update(Email=address, given="2026-01-05")
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    house.load(out.getvalue(), *MESSY_ARGS)
    assert house.figures()[:4] == (5, 5, 0, 0)
    assert len(house.members()) == 10


FORMS = ["--consent-kind", "signed-form", "--consent-ref", "F", "--consent-date", "2026-01-02"]
GUARDED = ["+43 1 234", "-", "=cmd|'/c calc'!A0", "@ann", "a;=1+1", "'=1", " =1", "it's; 'n' -1", "\uff1d1", "O'Neill", "''+1", "5-3=2"]


def test_files_are_safe_in_a_spreadsheet_and_come_back_as_they_were(house):
    """Whatever character a program cuts at, no cell begins a formula (WEB-5); read again, each text is what it was."""
    out = io.StringIO()
    csv.writer(out).writerows([["Email", "Name", "=Odd"], *([f"p{i}@", text, "x"] for i, text in enumerate(GUARDED)),
                               ['"a;=1+1"', "x", "x"], ["a\t=1+1", "x", "x"], ["a\r\n=1", "x", "x"]])
    house.load(out.getvalue(), *FORMS, "--verdicts", f"{house.placet.folder}/verdicts.csv")
    rejected = pathlib.Path(house.said["rejected_file"]).read_bytes().decode()
    for text in (rejected, pathlib.Path(f"{house.placet.folder}/verdicts.csv").read_bytes().decode()):
        for cut in ",;\t":
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=cut):
                assert not [cell for cell in row if cell.lstrip(" ")[:1] in tuple("=+-@\t\r\uff1d")], (cut, row)
    rows = list(csv.reader(io.StringIO(rejected, newline="")))
    mended = io.StringIO()
    csv.writer(mended).writerows([rows[0], *([f"p{i}@mended.example", *row[1:]] for i, row in enumerate(rows[1:1 + len(GUARDED)]))])
    house.load(mended.getvalue(), *FORMS)
    names = {a: m["fields"].get("name", "") for a, m in house.members().items()}
    assert [names[f"p{i}@mended.example"] for i in range(len(GUARDED))] == [
        {"'=1": "=1", "''+1": "'+1"}.get(text, text.strip()) for text in GUARDED]  # a guard that was there already is one


def test_nothing_is_written_where_it_would_do_harm(house):
    """Over the file that is read, over the database, into the home by a link: refused before anything is done."""
    home, folder = house.placet.home, pathlib.Path(house.placet.folder)
    path = house.file(MESSY)
    database = home / "placet.db"
    before = path.read_bytes()
    (folder / "link.csv").symlink_to(home / "placet.conf")
    (folder / "own.csv").symlink_to(path)
    for target in (path, folder / "own.csv", folder / "link.csv", database, home / "new.csv", folder / "x/../home/placet.conf",
                   home / "journal/x"):
        (folder / "x").mkdir(exist_ok=True)
        for option in ("--rejected", "--verdicts"):
            house.placet.run("import", LIST, path, "--by", ANN, *MESSY_ARGS, option, target, expect=2)
            assert "name another" in house.placet.last.stderr
    house.load(MESSY, *MESSY_ARGS)
    for target in (database, home / "placet.conf", folder / "link.csv"):
        house.placet.run("person", "export", "ann.one@example.org", "--out", target, expect=2)
    (folder / "pipe").unlink(missing_ok=True)
    os.mkfifo(folder / "pipe")
    house.placet.run("person", "export", "ann.one@example.org", "--out", folder / "pipe", expect=2)
    assert (folder / "pipe").is_fifo()
    assert path.read_bytes() == before and len(house.members()) == 5 and not (home / "new.csv").exists()


def test_the_same_file_twice(house):
    house.load(MESSY, *MESSY_ARGS)
    before, ledger = house.members(), consents(house, "ann.one@example.org")
    house.load(MESSY, *MESSY_ARGS)
    assert house.figures() == (12, 0, 7, 5, 1)
    assert house.members() == before and consents(house, "ann.one@example.org") == ledger


def test_days_of_a_continental_spreadsheet(house):
    """The text of a CSV cell that Excel wrote; with strokes nobody knows which is the month."""
    days = ("12.03.2026", "1.2.2026", "31.02.2026", "03/12/2026", "1.2.26", "1..2026", "12.", ".")
    rows = zip(people(len(days)), days)
    house.load("E-Mail;Beleg;Datum\n" + "".join(f"{a};Ordner 1;{d}\n" for a, d in rows),
               "--consent-column", "Beleg", "--consent-date-column", "Datum")
    assert house.figures() == (8, 2, 0, 6, 0)
    first, second = (consents(house, a)[0]["given_on"] for a in people(len(days))[:2])
    assert (first, second) == ("2026-03-12", "2026-02-01")
    reasons = [r["reason"] for r in csv.DictReader(open(house.said["rejected_file"], encoding="utf-8"))]
    assert "'31.02.2026'" in reasons[0]


def test_what_is_rejected_is_told(house):
    path = house.file("Email,Name\n" + "".join(f"no address {i},N\n" for i in range(7)) + "a@tal.example,A,Ulm\n")
    told = house.placet.run("import", LIST, path, "--by", ANN, "--dry-run", json=False).splitlines()
    assert sum(line.startswith("rejected, line ") for line in told) == 5
    assert "and 3 more rejected rows" in told and any("--rejected PATH" in line for line in told)
    told = house.placet.run("import", LIST, path, "--by", ANN, json=False)
    assert f"rejected rows, to mend and import again: {path}.rejected.csv" in told
    last = list(csv.DictReader(open(f"{path}.rejected.csv", encoding="utf-8")))[-1]
    assert "behind them stands 'Ulm'" in last["reason"]


def consents(house, address):
    return house.placet.run("consent", "show", address)


def test_a_dry_run_changes_nothing(house):
    path = house.file(MESSY)
    tried = house.placet.run("import", LIST, path, "--by", ANN, *MESSY_ARGS, "--dry-run")
    assert house.members() == {} and not pathlib.Path(f"{path}.rejected.csv").exists()
    real = house.load(path, *MESSY_ARGS)
    counted = ("rows", "added", "known", "rejected", "not_mailable", "flagged")
    assert {k: tried[k] for k in counted} == {k: real[k] for k in counted}


@pytest.mark.parametrize("content", [
    "address,name\na@example.org,A\nb@example.org,\"B, B\"\n",
    "address,name\r\na@example.org,A\r\nb@example.org,\"B, B\"\r\n",
    "address,name\ra@example.org,A\rb@example.org,\"B, B\"",
    "\ufeffaddress,name\r\na@example.org,A\r\nb@example.org,\"B, B\"",
    "\ufeffaddress;name\r\na@example.org;A\r\nb@example.org;B, B\r\n",
    "address\tname\na@example.org\tA\nb@example.org\tB, B\n",
    "\"address\",\"name\"\n\"a@example.org\",\"A\"\n\"b@example.org\",\"B, B\"\n",
    "\n\nE-Mail , Name\n a@example.org ,A\n,\nb@example.org, \"B, B\"\n\n",
], ids=["lf", "crlf", "cr", "bom", "semicolon", "tab", "quotes", "blanks"])
@pytest.mark.parametrize("engine", ["sqlite"])
def test_ways_to_write_a_file(house, content):
    house.load(content, *EVIDENCE)
    assert house.figures() == (2, 2, 0, 0, 0)
    assert {a: m["fields"] for a, m in house.members().items()} == {"a@example.org": {"name": "A"}, "b@example.org": {"name": "B, B"}}


@pytest.mark.parametrize("content,word", [
    ("first,last\na,b\n", "'first', 'last'"), ("email,mail\na@example.org,b@example.org\n", "'email', 'mail'"),
    ("a@example.org,b@example.org\n", "more than one address column"), ("", "empty"), ("\n\n,,\n", "empty"),
    (b"K\xfcrzel\na@example.org\n", "'Kürzel'"), (b"\xef\xbb\xbfad\xffdress,n\n", "line 1: bytes that are no"),
    ('address,n\na@example.org,x "y" z\n"b@example.org,1\n', "line 3: a quote is opened here"),
])
@pytest.mark.parametrize("engine", ["sqlite"])
def test_files_that_are_refused_whole(house, content, word):
    house.load(content, *EVIDENCE, expect=2)
    assert word in house.placet.last.stderr
    assert house.members() == {}


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_row_that_cannot_be_read_is_rejected_alone(house):
    house.load('address,name\na@example.org,"Ann "the boss" A"\nb@example.org,B\n', *EVIDENCE)
    assert house.figures() == (2, 1, 0, 1, 0)
    assert pathlib.Path(house.said["rejected_file"]).stat().st_mode & 0o777 == 0o600
    row, = csv.DictReader(io.StringIO(pathlib.Path(house.said["rejected_file"]).read_text()))
    assert row["address"] == "a@example.org" and row["name"] == '"Ann "the boss" A"' and row["line"] == "2"
    assert row["reason"] == "text behind a closing quote" and row["mend"] == "a quote in a cell is written twice"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("engine", ["sqlite"])
def test_other_charsets(house, encoding):
    house.load("sep=;\r\naddress;name\r\na@example.org;Zoë Müller\r\n".encode(encoding), *EVIDENCE)
    assert house.members()["a@example.org"]["fields"] == {"name": "Zoë Müller"}


@pytest.mark.parametrize("engine", ["sqlite"])
def test_columns_are_named(house):
    two = "email,mail,Shoe Size,x\na@example.org,b@example.org,43,left\n"
    house.load(two, *EVIDENCE, "--map", "mail=address", "email=other", "x=foot", expect=(0, 2))
    house.load("contact,Shoe Size,x\na@example.org,43,left\n", *EVIDENCE, "--map", "contact=address", "--map", "x=foot")
    assert house.members()["a@example.org"]["fields"] == {"shoe_size": "43", "foot": "left"}
    house.load(b"PK\x03\x04\x14\x00\x06\x00", *EVIDENCE, expect=2)
    assert "damaged" in house.placet.last.stderr
    for wrong in ("nothing=address", "contact=Big Words", "contact"):
        house.load("contact\na@example.org\n", *EVIDENCE, "--map", wrong, expect=2)
        assert "--map" in house.placet.last.stderr


@pytest.mark.parametrize("header,field", [
    ("E-Mail-Adresse;Fakultät", "fakultat"), ("Adresse électronique\tÉcole", "ecole"), ("Correo electrónico,Año", "ano"),
    ("Электронная почта;Группа", "column_2"), ("メールアドレス,学部", "column_2"), ("이메일,학과", "column_2"),
    ("البريد الإلكتروني,الكلية", "column_2"), ("Sähköpostiosoite,Vuosi", "vuosi"), ("EMAIL ADDRESS:,Year of Birth", "year_of_birth"),
])
@pytest.mark.parametrize("engine", ["sqlite"])
def test_headers_in_many_languages(house, header, field):
    delimiter = next(c for c in ";,\t" if c in header)
    house.load(f"{header}\na@example.org{delimiter}x\nb@example.org{delimiter}\n", *EVIDENCE)
    assert house.members()["a@example.org"]["fields"] == {field: "x"}
    assert list(house.said["file"]["columns"].values()) == ["address", field] and house.said["file"]["delimiter"] == delimiter


@pytest.mark.parametrize("engine", ["sqlite"])
def test_without_a_header(house):
    house.load("Ann,a@example.org,43\nBen,b@example.org,\n", *EVIDENCE, "--map", "1=name", "--skip", "3")
    assert house.figures() == (2, 2, 0, 0, 0) and not house.said["file"]["header"]
    assert house.members()["a@example.org"]["fields"] == {"name": "Ann"}
    house.load("Cyd,c@example.org,43\n", *EVIDENCE)
    assert house.members()["c@example.org"]["fields"] == {"column_1": "Cyd", "column_3": "43"}


@pytest.mark.parametrize("engine", ["sqlite"])
def test_values_have_bounds(house):
    house.load("address,notes\n" + "a@example.org," + "ä" * 200 + "\n" + "b@example.org," + "ä" * 201 + "\n"
               + 'c@example.org,"two\nlines"\n', *EVIDENCE)
    assert house.figures() == (3, 1, 0, 2, 0)
    reasons = [row["mend"] for row in csv.DictReader(io.StringIO(pathlib.Path(house.said["rejected_file"]).read_text()))]
    assert all("--skip 'notes'" in mend for mend in reasons)
    house.load(pathlib.Path(house.said["rejected_file"]), *EVIDENCE, "--skip", "notes")
    assert house.figures() == (2, 2, 0, 0, 0)
    assert house.members()["c@example.org"]["fields"] == {}


@pytest.mark.parametrize("engine", ["sqlite"])
def test_typing_errors_are_shown_and_kept(house):
    house.load("address\na@gmial.com\nb@example.org\n", *EVIDENCE)
    assert house.said["hinted"] == 1 and house.said["hints"] == [{"line": 2, "address": "a@gmial.com", "domain": "gmail.com"}]
    assert "a@gmial.com" in house.members()


def test_each_row_has_its_verdict_in_a_file(house):
    house.load("address\na@example.org\na+x@example.org\nA@example.org\nnobody\nb@example.org\n", *EVIDENCE, "--verdicts",
               f"{house.placet.folder}/verdicts.csv")
    rows = list(csv.DictReader(open(f"{house.placet.folder}/verdicts.csv", newline="")))
    assert {int(r["line"]): r["verdict"] for r in rows} == {2: "added", 3: "known", 4: "known", 5: "rejected", 6: "added"}
    assert len(rows) == house.said["rows"] == 5


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_first_of_the_file_counts(house):
    """Wherever a person's rows stand: they come to the database in another order than that of the file."""
    many = "".join(f"p{i}@example.org,first {i}\n" for i in range(3000)) + "".join(f"P{i}@example.org,later\n" for i in range(3000))
    house.load("address,n\n" + many, *EVIDENCE)
    assert house.figures() == (6000, 3000, 3000, 0, 0)
    assert all(m["fields"]["n"].startswith("first") for m in house.members().values())


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_summary_that_no_page_could_show_is_refused(house):
    bad = house.file("Sleep <script>alert(1)</script>\n", "summary.md")
    house.placet.run("project", "edit", STUDY, "--summary", bad, expect=2)
    assert "--summary" in house.placet.last.stderr


@pytest.mark.parametrize("engine", ["sqlite"])
def test_evidence_is_whole_or_refused(house):
    one = "address\na@example.org\n"
    for args in (["--consent-ref", "R"], ["--consent-kind", "own-sign-up", "--consent-ref", "R", "--consent-date", "2026-01-01"],
                 ["--consent-kind", "oral"], ["--consent-column", "nothing"],
                 ["--consent-kind", "oral", "--consent-ref", "R", "--consent-date", "soon"],
                 ["--consent-kind", "oral", "--consent-ref", "R", "--consent-date", TOMORROWS]):
        house.load(one, *args, expect=2)
    house.load(f"address,form,given\na@example.org,F1,{TOMORROWS}\n", *MESSY_ARGS)
    assert house.figures()[:4] == (1, 0, 0, 1)  # nobody has agreed to anything on a day that is yet to come
    house.load(one)
    assert house.figures() == (1, 1, 0, 0, 1)
    house.load(one, *EVIDENCE)  # evidence comes later: the person may be mailed from then on
    assert house.figures() == (1, 0, 1, 0, 0)
    text = house.file("I agree to nine questions.\n", "text.txt")
    house.load("address,form\nb@example.org,F1\nc@example.org,\n", "--consent-column", "form", "--consent-kind", "oral",
               "--consent-date", "2026-02-03", "--consent-text", text)
    assert house.figures() == (2, 2, 0, 0, 1)
    assert json.dumps(consents(house, "b@example.org")).count("oral") == 1


def test_an_import_brings_nobody_back(house):
    """Neither who withdrew nor who opted out: whatever evidence the file claims."""
    three = "address\na@example.org\nb@example.org\nc@example.org\n"
    house.load(three, *EVIDENCE)
    house.placet.run("consent", "withdraw", "a@example.org", "--project", STUDY, "--by", ANN, json=False)
    house.placet.run("opt-out", "b@example.org", "--by", ANN, "--why", "rang us", json=False)
    assert {a: m["why_not"] for a, m in house.members().items()}["b@example.org"] == "opted-out"
    house.load(three, *EVIDENCE)
    assert house.figures() == (3, 0, 3, 0, 2)
    house.load(three.replace("@", "+x@"), *EVIDENCE)
    assert house.figures()[1:4] == (0, 3, 0)
    why = {a: m["why_not"] for a, m in house.members().items()}
    assert (why["a@example.org"], why["b@example.org"]) == ("no-consent", "opted-out")
    assert why["c@example.org"] == "not-validated"
    assert house.placet.run("list", "show", LIST)["mailable"] == 0


def test_killed_and_run_again(house):
    """Whenever it is killed, the next run of the same file ends where an undisturbed one does."""
    wanted = people(30000)
    path = house.file("address,n\n" + "".join(f"{a},{i}\n" for i, a in enumerate(wanted)))
    start = time.monotonic()
    house.load(path, *EVIDENCE, "--dry-run")
    whole = time.monotonic() - start
    seen = []
    for share in (0.4, 0.6, 0.75, 0.9):
        process = Process(house.placet._argv(["import", LIST, path, "--by", ANN, *EVIDENCE]), f"{house.placet.folder}/killed",
                          env=house.placet.env)
        time.sleep(whole * share)
        process.kill()
        seen.append(house.placet.run("list", "show", LIST)["members"])
    print("members after each kill:", seen)
    assert seen == sorted(seen) and any(seen), "it was killed in the middle"
    house.load(path, *EVIDENCE)
    assert house.said["rows"] == 30000 and house.said["known"] >= seen[-1]
    members = house.members()
    assert sorted(members) == sorted(wanted)
    assert {m["why_not"] for m in members.values()} == {"not-validated"}
    assert all(members[a]["fields"] == {"n": str(i)} for i, a in enumerate(wanted))
    house.placet.run("audit", "verify", json=False)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_public_collections(house):
    """Files meant to trip readers of CSV: none crashes us, and each answers by the contract."""
    if not CORPORA.is_dir():
        pytest.fail(f"{CORPORA} is absent")
    files = sorted(p for p in CORPORA.rglob("*") if p.suffix in (".csv", ".tsv", ".txt") and p.stat().st_size < 1 << 20)
    assert len(files) >= 15
    for path in files[:45]:
        content = path.read_bytes()
        house.load(content, "--dry-run", expect=(0, 2))
        header = content.splitlines()[0] if content.splitlines() else b""
        first = header.split(b",")[0].strip(b'"\xef\xbb\xbf \t').decode(errors="replace")
        if house.placet.last.status == 2 and first and "no address column" in house.placet.last.stderr:
            house.load(content, "--dry-run", "--map", f"{first}=address", expect=(0, 2))
