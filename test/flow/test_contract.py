"""The contract: every command that it names exists with its options, prints JSON that its schema describes, ends with the
exit code that it promises, and has its help and its manual page."""
import json
import pathlib
import re
import shutil
import subprocess

import jsonschema
import pytest

from harness import story
from harness.notices import Notices
from harness.placet import Placet, binary
from harness.process import ROOT
from harness.tables import change

SCHEMAS = ROOT / "doc/schemas"
# Roles that run until they are told to stop.
WITHOUT_JSON = {"web", "serve", "capture"}
# Make a home of their own.
APART = {"demo", "host join", "host remove"}

RELAY = "weight= connections= per-second= auth= relay-password-file= token-file= client-cert= client-key= ca-file= chunking"
# Operands, options that must be given, and options that may be. "x=": takes a value; "x=+": several; "x": a switch.
CONTRACT = {
    "init": ("", "institution= domain=+ url=", "database= postmaster= trial"),
    "serve": ("", "", ""),
    "web": ("", "", "listen= admin-listen="),
    "send": ("", "", "until-idle connections= processes= dkim= no-dkim"),
    "sender status": ("", "", ""),
    "capture": ("", "listen= dir=", "web= reject= defer="),
    "institution show": ("", "", ""),
    "institution set": ("KEY [VALUE]", "", "file="),
    "account add": ("ADDRESS", "name= role=+", "department= password-file="),
    "account list": ("", "", ""),
    "account disable": ("ADDRESS", "", ""),
    "account reset": ("ADDRESS", "", ""),
    "token add": ("ACCOUNT", "scope=", ""),
    "department add": ("SLUG", "name=", ""),
    "department list": ("", "", ""),
    "identity add": ("NAME", "domain=+ relay=", "outbound=+ purpose= relay-signs relay-password-file="),
    "identity list": ("", "", ""),
    "identity show": ("NAME", "", ""),
    "identity dns": ("NAME", "", ""),
    "identity pace": ("NAME", "", "per-second= per-day= warm-up="),
    "pace set": ("NAME", "", "per-second= per-day="),
    "pace remove": ("NAME", "", ""),
    "pace list": ("", "", ""),
    "identity edit": ("NAME", "", "domain=+ relay= outbound=+ relay-signs no-relay-signs relay-password-file="),
    "identity check": ("NAME", "", "signed-message="),
    "identity rotate": ("NAME", "", "at-once"),
    "identity hold": ("NAME", "by= why=", ""),
    "identity release": ("NAME", "by= why=", ""),
    "stop-all": ("", "why=", "identity="),
    "spam-report add": ("[MAILING|CODE]", "source= by=", "identity= address= provider= n= delivered="),
    "relay add": ("IDENTITY URL", "", RELAY),
    "relay edit": ("IDENTITY URL", "", RELAY + " no-chunking"),
    "relay remove": ("IDENTITY URL", "", ""),
    "relay list": ("[IDENTITY]", "", ""),
    "site check": ("", "", ""),
    "site export": ("DIR", "", ""),
    "project add": ("SLUG", "title= originator= contact= department= identity= ethics=",
                    "summary= audience= data= link-host=+ join-text= join-list="),
    "project edit": ("SLUG", "", "title= originator= contact= department= identity= ethics= summary= audience= data= link-host=+ join-text= join-list="),
    "project qr": ("SLUG", "", "svg="),
    "project image": ("SLUG [FILE]", "", "alt= name= remove="),
    "project close": ("SLUG", "", ""),
    "project list": ("", "", ""),
    "project show": ("SLUG", "", ""),
    "project approve": ("SLUG", "by=", ""),
    "list add": ("NAME", "project=", ""),
    "list list": ("", "", ""),
    "list show": ("NAME", "", ""),
    "list members": ("NAME", "", ""),
    "list export": ("NAME", "", ""),
    "list answered": ("NAME FILE", "by=", "no-longer"),
    "import": ("LIST FILE", "by=", "consent-kind= consent-ref= consent-date= consent-text= consent-column= consent-date-column= "
               "map=+ dry-run rejected= skip=+ sheet= verdicts="),
    "consent add": ("ADDRESS", "project=", ""),
    "consent withdraw": ("ADDRESS", "project=", ""),
    "consent show": ("ADDRESS", "", ""),
    "validate": ("LIST", "by=", "flagged sample bounced decide= sign-off how= reproduce="),
    "mailing new": ("", "list= subject= body= by=", "where= arms= stratify= link-field=+ language="),
    "mailing edit": ("ID", "", "subject= body= where= arms= stratify= link-field=+ language= drop-language="),
    "mailing list": ("", "", ""),
    "mailing show": ("ID", "", "covers people"),
    "mailing versions": ("ID", "", ""),
    "mailing diff": ("ID", "", "from= to="),
    "mailing check": ("ID", "", ""),
    "mailing selection": ("ID", "", "csv"),
    "mailing arms": ("ID", "", "csv"),
    "mailing preview": ("ID", "", "to= random= seed= dir="),
    "mailing test": ("ID", "to= by=", "language="),
    "mailing submit": ("ID", "by=", "accept-responsibility not-before= not-after= hours="),
    "mailing approve": ("ID", "by=", "bound="),
    "mailing answer": ("ID", "finding= text= by=", ""),
    "mailing reject": ("ID", "by= why=", ""),
    "mailing withdraw": ("ID", "", ""),
    "mailing revoke": ("ID", "by= why=", ""),
    "mailing start": ("ID", "", ""),
    "mailing pause": ("ID", "", ""),
    "mailing resume": ("ID", "", ""),
    "mailing cancel": ("ID", "", ""),
    "mailing retry-uncertain": ("ID", "", "now"),
    "mailing status": ("ID", "", "watch every="),
    "mailing report": ("ID", "", "summary"),
    "opt-out": ("ADDRESS", "by= why=", ""),
    "person show": ("ADDRESS", "", ""),
    "person export": ("ADDRESS", "", "out="),
    "work": ("", "", "once"),
    "retention show": ("", "", ""),
    "retention run": ("", "", "dry-run"),
    "complaint list": ("", "", "open"),
    "complaint show": ("N", "", ""),
    "complaint close": ("N", "by= outcome=", ""),
    "person erase": ("ADDRESS", "", "may-return"),
    "notice list": ("", "", "state="),
    "template show": ("", "", "version= built-in"),
    "template set": ("FILE", "why= by=", ""),
    "template list": ("", "", ""),
    "template check": ("FILE", "", ""),
    "template preview": ("[FILE]", "", "version= language= html="),
    "lint": ("FILE", "", "project="),
    "check-message": ("FILE|CODE", "", ""),
    "audit log": ("", "", ""),
    "audit verify": ("", "", ""),
    "backup": ("DIR", "", ""),
    "restore": ("DIR", "", ""),
    "demo": ("", "", "once"),
    "host join": ("FOLDER", "", ""),
    "host list": ("", "", ""),
    "host remove": ("ID", "", ""),
}


def text_of(*words, expect=0):
    done = subprocess.run([binary(), *words], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == expect, done.stderr
    return done.stdout


def commands():
    """Names as `placet --help` lists them."""
    return re.findall(r"^  (\S+(?: \S+)?)  +\S", text_of("--help"), re.M)


def usage_of(name):
    """operands, {option: (needed, takes a value, several)} as the usage line of --help says."""
    line = re.match(r"usage: placet (.*)\n", text_of(*name.split(), "--help")).group(1)
    assert line.startswith(name), line
    words, options = line[len(name):], {}
    for bracket, option, value, many in re.findall(r"(\[)?--([a-z-]+)(?: ([A-Z][\w=:]*)(\.\.\.)?)?\]?", words):
        options[option] = (not bracket, bool(value), bool(many))
    return re.split(r" \[?--", words)[0].strip(), options


@pytest.mark.parametrize("name", CONTRACT)
def test_the_command_exists_with_its_options(name):
    operands, needed, possible = CONTRACT[name]
    assert name in commands()
    found, options = usage_of(name)
    assert found == operands
    for must, words in ((True, needed), (False, possible)):
        for word in words.split():
            option, _, value = word.partition("=")
            assert options.get(option) == (must, "=" in word, value == "+"), option
    # What is more must not be needed, or scripts of the contract would break; but who acts is always asked for.
    extra = {o for o, (must, _, _) in options.items() if must} - {w.split("=")[0] for w in needed.split()}
    assert extra <= {"by"} or name == "consent add" and extra <= {"by", "kind", "ref", "date"}


# --- help and manual pages ---------------------------------------------------------------------------------------------


def manual():
    return binary().resolve().parent.parent / "man/man1"


@pytest.mark.parametrize("name", commands())
def test_the_command_has_help_and_a_manual_page(name):
    told = text_of(*name.split(), "--help")
    page = manual() / f"placet-{name.replace(' ', '-')}.1"
    source = page.read_text().replace("\\-", "-")
    for option in usage_of(name)[1]:
        assert f"--{option}" in told
        assert re.search(rf"^\.It Fl -{option}\b", source, re.M), option
    for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "ENVIRONMENT", "FILES", "EXIT STATUS", "SEE ALSO"):
        assert f".Sh {section}\n" in source
    for other in re.findall(r"^\.Xr (\S+) 1$", source, re.M):
        assert (manual() / f"{other}.1").exists()


def test_the_overview_lists_every_command():
    source = (manual() / "placet.1").read_text()
    assert re.findall(r"^\.It Cm (.*)$", source, re.M) == commands()
    assert {p.stem for p in manual().iterdir()} == {"placet", *(f"placet-{n.replace(' ', '-')}" for n in commands())}


def test_mandoc_finds_nothing():
    assert shutil.which("mandoc"), "mandoc is not installed"
    pages = sorted(manual().iterdir())
    done = subprocess.run(["mandoc", "-T", "lint", *pages], capture_output=True, text=True, timeout=60, check=False)
    # It looks for other pages only where they are installed; the test above looks here.
    complaints = [line for line in done.stdout.splitlines() if "referenced manual not found" not in line]
    assert len(pages) > 50 and complaints == []


# --- schemas ---------------------------------------------------------------------------------------------------------


def schema_of(name):
    return json.loads((SCHEMAS / f"{name.replace(' ', '-')}.json").read_text())


def strict(schema):
    """The same, but refusing what it does not describe: users may meet extra keys, this test may not."""
    if isinstance(schema, list):
        return [strict(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    made = {k: ({n: strict(s) for n, s in v.items()} if k == "properties" else strict(v)) for k, v in schema.items()}
    if "properties" in schema:
        made.setdefault("additionalProperties", False)
    return made


def test_every_command_has_a_schema():
    have = {p.stem for p in SCHEMAS.glob("*.json")}
    assert have == {n.replace(" ", "-") for n in commands() if n not in WITHOUT_JSON}


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda p: p.stem)
def test_the_schema_is_one(path):
    schema = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["description"] and schema["title"].replace(" ", "-") == f"placet-{path.stem}"


# What a command did that somebody should hear of is logged besides, as roles log it.
MESSAGE = re.compile(r"placet: [^:]+: .+|usage: placet .+|time=\S+Z level=(?:warn|info) role=placet event=[a-z-]+ .+")


class Asker:
    """Runs commands with --json and holds what they print to their schemas."""

    def __init__(self, placet):
        self.placet, self.asked = placet, set()

    def __call__(self, name, *args, expect=0, **options):
        value = self.placet.run(*name.split(), *args, json=True, expect=expect, **options)
        assert value is not None, "no JSON value was printed"
        jsonschema.Draft202012Validator(strict(schema_of(name))).validate(value)
        self.asked.add(name)
        for line in self.placet.last.stderr.splitlines():
            assert MESSAGE.fullmatch(line), line
        return value

    def refuse(self, *args, expect, says, **options):
        """A call that ends with a message alone."""
        self.placet.run(*args, json=True, expect=expect, **options)
        out, err = self.placet.last.stdout, self.placet.last.stderr
        assert out == "" and says in err
        assert all(MESSAGE.fullmatch(line) for line in err.splitlines()) and err.startswith("placet: "), err


@pytest.fixture
def ask(placet):
    return Asker(placet)


def write(folder, name, text):
    path = pathlib.Path(folder) / name
    path.write_text(text)
    return path


def set_up(ask, folder, relay):
    """Everything up to an approved project with a list."""
    made = ask("init", "--institution", "Example University", "--domain", "uni.example", "--url", ask.placet.url, "--trial",
               "--postmaster", story.POST, *(["--database", ask.placet.database] if ask.placet.database else []))
    assert made["trial"] is True
    ask("institution set", "fatigue-ceiling", "30")
    ask("institution set", "statement", "--file", write(folder, "statement.md", "We ask people.\n"))
    assert ask("institution show")["fatigue-ceiling"] == 30
    ask("department add", story.OFFICE, "--name", "Psychology")
    assert len(ask("department list")) == 1
    for address, role in ((story.ANN, "researcher"), (story.VAL, "validator"), (story.REV, "reviewer")):
        ask("account add", address, "--name", "A person", "--role", role)
    ask("account add", "gone@uni.example", "--name", "Gone", "--role", "reviewer", "validator", "--department", story.OFFICE,
        "--password-file", write(folder, "password", "a long enough one\n"))
    ask("account reset", "gone@uni.example")
    ask("token add", "gone@uni.example", "--scope", "act")
    assert ask("account disable", "gone@uni.example")["disabled"] is True
    assert len(ask("account list")) == 5
    ask("identity add", story.IDENTITY, "--domain", "uni.example", "mail.uni.example", "--relay", relay, "--outbound", "192.0.2.1",
        "2001:db8::1")
    ask("identity list")
    assert ask("identity show", story.IDENTITY)["domains"] == ["uni.example", "mail.uni.example"]
    assert "v=DKIM1" in ask("identity dns", story.IDENTITY)["zone"]
    assert ask("identity pace", story.IDENTITY, "--per-second", "5000", "--warm-up", "100000")["today"] == 100000
    assert ask("pace set", "Example.ORG", "--per-second", "2500.5")["per_second"] == 2500.5
    ask("pace set", "*", "--per-day", "1000000")
    ask("pace set", "mx:mail.example.net", "--per-day", "9")
    assert ask("pace remove", "mx:mail.example.net")["name"] == "mx:mail.example.net"
    assert [x["name"] for x in ask("pace list")] == ["*", "example.org"]
    assert ask("identity edit", story.IDENTITY, "--outbound", "192.0.2.2")["outbound"] == "192.0.2.2"
    assert len(ask("identity rotate", story.IDENTITY)["keys"]) == 4
    assert {f["answer"] for f in ask("identity check", story.IDENTITY)["facts"]} == {"trial"}
    second = "smtp://second@127.0.0.1:2525"
    assert ask("relay add", story.IDENTITY, second, "--weight", "0", "--relay-password-file", write(folder, "secret", "s3cret\n"))["password"]
    assert ask("relay edit", story.IDENTITY, second, "--per-second", "5", "--auth", "login", "--chunking")["weight"] == 0
    assert [(r["url"], r["own"], r["per_second"]) for r in ask("relay list", story.IDENTITY)] == [(relay, True, 0), (second, False, 5)]
    assert ask("relay remove", story.IDENTITY, second)["chunking"] is True
    assert ask("site check")["verdict"] == "pass"
    ask("project add", story.STUDY, "--title", "Sleep", "--originator", story.ANN, "--contact", story.ANN, "--department",
        story.OFFICE, "--identity", story.IDENTITY, "--ethics", "EK 1", "--link-host", "survey.uni.example")
    ask("project approve", story.STUDY, "--by", story.REV)
    assert ask("project edit", story.STUDY, "--title", "Sleep well", "--join-text",
               write(folder, "join.md", "I agree to mail of Example University.\n"))["join_list"] == "sleep-sign-up"
    ask("project approve", story.STUDY, "--by", story.REV)
    assert ask("project image", story.STUDY)["images"] == []
    assert ask("project qr", story.STUDY)["url"].endswith("/join/" + story.STUDY)
    ask("project list")
    assert ask("project show", story.STUDY)["state"] == "approved"
    ask("list add", story.LIST, "--project", story.STUDY)
    ask("list list")


def fill_list(ask, folder):
    people = write(folder, "people.csv", "Mail,Name,form\nann.one@example.org,Ann,F1\nbob@example.org,Bob,\n"
                   "info@example.org,Desk,F3\nbroken,Nobody,F4\n\"ann.one+x@example.org\",Twin,F5\ncem@example.org,Cem,F6\n,,\n"
                   "dee@example.org,Dee,F7\n")
    options = ["--by", story.ANN, "--consent-column", "form", "--consent-date", "2026-03-01"]
    dry = ask("import", story.LIST, people, "--dry-run", *options)
    done = ask("import", story.LIST, people, *options)
    again = ask("import", story.LIST, people, *options)
    for result in (dry, done, again):
        assert result["rows"] == result["added"] + result["known"] + result["rejected"] == 7
    assert (done["added"], done["known"], done["rejected"], again["added"]) == (5, 1, 1, 0)
    assert done["flagged"] == {"role": 1, "duplicate-person": 1} and done["not_mailable"] == 1
    assert pathlib.Path(done["rejected_file"]).name == "people.csv.rejected.csv" and dry["rejected_file"] is None
    assert len(ask("list members", story.LIST)) == len(ask("list export", story.LIST)) == 5
    by = ["--by", story.VAL]
    ask("validate", story.LIST, *by, "--flagged")
    assert ask("validate", story.LIST, *by, "--bounced")["bounced"] == 0
    waiting = ask("validate", story.LIST, *by, "--sample")
    rows = [f"{w['address']},accept," for w in waiting] + ["info@example.org,accept,answered by phone"]
    state = ask("validate", story.LIST, *by, "--decide", write(folder, "decisions.csv", "\n".join(["address,decision,reason", *rows])))
    assert state["decided"] == 5 and state["sample_undecided"] == state["flagged_undecided"] == 0
    assert ask("validate", story.LIST, *by, "--sign-off", "--how", "they answered")["signed_off"] is True
    state = ask("validate", story.LIST, *by)
    assert state["signed_off"] is True and [(p["by"], p["source"], p["decisions"]) for p in state["pace"]] == [(story.VAL, "file", 5)]
    assert ask("validate", story.LIST, *by, "--reproduce", state["pace"][0]["signoff"])["as_drawn"] is True
    assert ask("list show", story.LIST)["mailable"] == 4
    one = ["bob@example.org", "--project", story.STUDY, "--by", story.ANN]
    ask("consent add", *one, "--kind", "oral", "--ref", "by phone", "--date", "2026-03-02")
    ask("consent withdraw", *one)
    assert [c["action"] for c in ask("consent show", "bob@example.org")] == ["given", "withdrawn"]


def draft(ask, folder, body=story.BODY):
    file = write(folder, "body.md", body)
    return ask("mailing new", "--list", story.LIST, "--subject", "News", "--body", file, "--by", story.ANN)["id"]


def approved(ask, folder, *submit):
    number = draft(ask, folder)
    assert ask("mailing submit", number, "--by", story.ANN, "--accept-responsibility", *submit)["state"] == "submitted"
    assert ask("mailing approve", number, "--by", story.REV)["state"] == "approved"
    return number


def answer_a_doubt(ask, folder):
    """A doubtful finding is answered in writing before the mailing is approved."""
    number = draft(ask, folder, "Dear reader,\n\nour study is about the work of the registrar.\n")
    answers = [f["answer"] for f in ask("mailing check", number)["findings"]]
    ask("mailing submit", number, "--by", story.ANN, "--accept-responsibility")
    ask.refuse("mailing", "approve", number, "--by", story.REV, expect=1, says="doubtful")
    for n in (i for i, answer in enumerate(answers, 1) if answer == "doubtful"):
        ask("mailing answer", number, "--finding", n, "--text", "it is meant so", "--by", story.REV)
    assert {(a["text"], a["by"]) for a in ask("mailing show", number)["answers"]} == {("it is meant so", story.REV)}
    ask("mailing approve", number, "--by", story.REV)
    ask("mailing cancel", number)


def choose(ask, folder):
    """A selection in two arms, and who has answered."""
    by = ["--by", story.ANN]
    done = ask("list answered", story.LIST, write(folder, "answered.csv", "address\nANN.one@example.org\nzoe@example.org\n"), *by)
    assert (done["rows"], done["known"], done["unknown"], done["changed"]) == (2, 1, 1, 1)
    number = draft(ask, folder)
    ask("mailing edit", number, "--where", "not answered", "--arms", "2", "--stratify", "name", *by)
    assert ask("mailing selection", number)["left_out"] == 1
    ask("mailing submit", number, *by, "--accept-responsibility")
    assert sum(ask("mailing arms", number)["sizes"]) == ask("mailing selection", number)["mailable"]
    ask("mailing withdraw", number, *by)
    ask("list answered", story.LIST, pathlib.Path(folder) / "answered.csv", "--no-longer", *by)


def stop_everything(ask, number):
    why = ["--by", story.REV, "--why", "a word is wrong"]
    assert ask("stop-all", "--identity", story.IDENTITY, *why)["paused"] == [
        {"id": number, "project": story.STUDY, "subject": "News", "was": "scheduled"}]
    assert ask("stop-all", *why) == {"identity": None, "paused": []}
    held = ask("identity hold", story.IDENTITY, *why)
    assert (held["held"]["by"], held["held"]["why"], held["paused"]) == (story.REV, "a word is wrong", [])
    assert "a word is wrong" in ask("mailing status", number)["held"]
    ask.refuse("mailing", "resume", number, expect=1, says="is held since")
    ask.refuse("identity", "release", story.IDENTITY, *why, expect=4, says="postmaster")
    assert ask("identity release", story.IDENTITY, "--by", story.POST, "--why", "mended")["held"] is None
    ask.refuse("identity", "release", story.IDENTITY, "--by", story.POST, "--why", "again", expect=1, says="not held")


def try_every_step(ask, folder):
    number, by = draft(ask, folder), ["--by", story.ANN]
    ask("mailing edit", number, "--subject", "Other news", *by)
    assert ask("mailing show", number)["bound_hash"] == ""
    assert ask("mailing check", number, expect=(0, 1, 75))["verdict"] in ("pass", "doubtful", "fail")
    assert "X-Placet-Trial: yes" in ask("mailing preview", number)["message"]
    assert ask("mailing preview", number, "--random", "2", "--dir", pathlib.Path(folder) / "drawn")["messages"] == 2
    assert ask("mailing test", number, "--to", story.VAL, *by)["to"] == story.VAL
    for back in (("withdraw", *by), ("reject", "--by", story.REV, "--why", "a word is wrong")):
        ask("mailing submit", number, *by, "--accept-responsibility")
        assert ask("mailing show", number)["stands"] is True and len(ask("mailing show", number, "--people")["people"]) == 5
        assert ask(f"mailing {back[0]}", number, *back[1:])["state"] == "draft"
    assert [v["became"][0]["what"] for v in ask("mailing versions", number)] == ["withdrawn", "rejected"]
    assert ask("mailing diff", number, "--from", "1", "--to", "2")["differ"] is False
    ask("mailing edit", number, "--subject", "No news", *by)
    assert [t["part"] for t in ask("mailing diff", number)["texts"]] == ["subject"]
    assert ask("mailing show", number)["reviewed"]["changed"] == "subject (en)"
    choose(ask, folder)
    ask("mailing revoke", approved(ask, folder), "--by", story.REV, "--why", "a mistake")
    ask("mailing cancel", approved(ask, folder), *by)
    later = approved(ask, folder, "--not-before", "2099-01-01", "--hours", "Mon-Fri 8:00-18:00 Europe/Berlin")
    assert ask("mailing show", later)["hours"] == "mon-fri 08:00-18:00 Europe/Berlin"
    assert ask("mailing start", later)["state"] == "scheduled"
    assert ask("mailing pause", later, "--why", "wait")["state"] == "paused"
    assert ask("mailing resume", later)["state"] == "scheduled"  # its window has not come
    stop_everything(ask, later)
    ask("mailing cancel", later)
    answer_a_doubt(ask, folder)
    states = [m["state"] for m in ask("mailing list")]
    assert states == ["draft", "draft", "revoked", "cancelled", "cancelled", "cancelled"]


def send_one(ask, folder):
    number = approved(ask, folder)
    assert len(ask("mailing show", number)["bound_hash"]) == 64
    assert ask("opt-out", "cem@example.org", "--by", story.ANN, "--why", "by phone")["opted_out"] is True
    assert ask("mailing start", number)["state"] == "sending"
    ask("mailing pause", number)
    assert ask("mailing resume", number)["state"] == "sending"
    sent = ask("send", "--until-idle", "--processes", "2", expect=75)
    assert (sent["accepted"], sent["deferred"], sent["skipped"], sent["remains"]) == (2, 1, 1, True)
    status = ask("mailing status", number)
    assert sum(status["counts"].values()) == status["recipients"] == 5
    assert status["skipped"] == {"no-consent": 1, "opted-out": 1} and status["next_due"] == sent["next_due"] is not None
    assert ask("mailing retry-uncertain", number)["queued"] == 0
    report = ask.placet.run("mailing", "report", number, json=False)
    assert report.startswith("address,state,skipped,reason,attempts,first,last,relay,queue_id,reply,maybe_twice,arm\r\n")
    assert report.count("\r\n") == 6
    summary = ask("mailing report", number, "--summary")
    assert summary["counts"] == status["counts"] and summary["deferred"] == [{"code": "4.2.0", "recipients": 1}]
    assert [r["accepted"] for r in summary["relays"]] == [2] and summary["arms"] == [] and summary["attempts"] == 3
    assert [m["id"] for m in ask("sender status")["mailings"]] == [number]
    told = ask("spam-report add", number, "--address", "dee@example.org", "--source", "by phone", "--by", story.REV)
    assert [(f["scope"], f["reports"], f["delivered"], f["level"]) for f in told["figures"]] == [
        ("mailing", 1, 2, "warn"), ("identity", 1, 2, "warn")] and told["opted_out"]
    ask("mailing cancel", number)
    assert ask("mailing status", number, "--watch")["state"] == "cancelled"


def complain(placet):
    change(placet, "INSERT INTO complaint (address, about, text, at, due) VALUES ('', '', 'Too many', 1, 2)")


def use_templates(ask, folder):
    assert ask("template list") == [] and ask("template show")["version"] is None
    file = write(folder, "house.txt", ask("template show", "--built-in")["text"].replace("glad to answer", "happy to answer"))
    assert ask("template check", file)["good"] is True
    assert ask("template check", write(folder, "bad.txt", "[en]\n{content}\n"), expect=1)["reason"]
    assert ask("template set", file, "--why", "friendlier", "--by", story.POST)["version"] == 1
    assert [v["why"] for v in ask("template list")] == ["friendlier"]
    assert ask("template show", "--version", "1")["by"] == story.POST
    assert "<html" in ask("template preview", "--language", "de")["html"]


def test_json_is_as_the_schemas_say(ask, placet, folder):
    from harness.placet import Capture
    capture = Capture(placet, f"{folder}/captured", ["--defer", "^dee@"])
    set_up(ask, folder, capture.url())
    fill_list(ask, folder)
    use_templates(ask, folder)
    try_every_step(ask, folder)
    send_one(ask, folder)
    assert ask("person show", "cem@example.org")["lists"][0]["why_not"] == "opted-out"
    assert ask("person export", "cem@example.org", "--out", f"{folder}/cem.zip")["bytes"] == pathlib.Path(f"{folder}/cem.zip").stat().st_size
    exported = ask("site export", f"{folder}/site")
    assert exported["pages"] == len(list(pathlib.Path(f"{folder}/site").rglob("*.html"))) > 4 and exported["removed"] == 0
    ask.refuse("site", "export", folder, expect=2, says="new folder or an empty one")
    complain(placet)
    assert [r["rule"] for r in ask("retention show")][0] == "replies"
    assert all(r["rows"] == 0 for r in ask("retention run", "--dry-run") + ask("retention run"))
    assert ask("work", "--once") == [{"job": "retention", "rows": 0}, {"job": "keys", "rows": 0},
                                     {"job": "facts", "rows": 0}, {"job": "groups", "rows": 0}, {"job": "pace", "rows": 0}]
    assert [c["number"] for c in ask("complaint list", "--open")] == [ask("complaint show", "1")["number"]] == [1]
    assert ask("complaint close", "1", "--by", story.POST, "--outcome", "explained")["closed_by"] is not None
    assert ask("person erase", "cem@example.org", "--by", story.POST)["mailboxes"] == 1
    assert ask("person show", "cem@example.org")["opted_out"] is True
    Notices(placet).queue("me", "dee@example.org")
    row = ask("notice list", "--state", "queued")[0]
    assert (row["kind"], row["address"], row["due"]) == ("me", "d…@e…", None) and ask("notice list", "--state", "failed") == []
    ask.refuse("notice", "list", "--state", "gone", expect=2, says="queued, attempting")
    assert ask("lint", next(pathlib.Path(f"{folder}/captured").glob("*.eml")), "--project", story.STUDY, expect=(0, 1, 75))["findings"]
    # One of the mailing: the others are "[Test] ...", and have no code.
    genuine = next(f for f in pathlib.Path(f"{folder}/captured").glob("*.eml") if b"\r\nSubject: News\r\n" in f.read_bytes())
    found = ask("check-message", genuine)
    assert found["answer"] == "unaltered" and found["remarks"] == found["unknown"] == found["links"] == []
    assert ask("check-message", found["code"], expect=5)["mailing"] == found["mailing"]
    assert ask("check-message", "AAAA-BBBB-CCCC", expect=1)["answer"] == "none"
    assert ask("project close", story.STUDY)["state"] == "closed"
    entries = ask("audit log")
    assert [e["seq"] for e in entries] == list(range(1, len(entries) + 1))
    assert ask("audit verify") == {"whole": True, "entries": len(entries), "broken": None}
    assert not re.search(r"(ann\.one|cem|dee|bob|info)@example\.org", json.dumps(entries))  # AUD-6
    assert [h["own"] for h in ask("host list")] in ([], [True])
    assert ask("backup", f"{folder}/backup") == {"backup": f"{folder}/backup"}
    assert ask("restore", f"{folder}/backup")["backup"] == f"{folder}/backup"
    assert set(commands()) - WITHOUT_JSON - APART == ask.asked


def test_hosts_are_as_their_schemas_say(postgres, folder):
    first = Placet(f"{folder}/first", postgres.database(next(postgres.names)))
    first.init()
    first.start("web", "--listen", "127.0.0.1:0").stop()
    ask = Asker(Placet(f"{folder}/second", first.database))
    number = ask("host join", first.home)["id"]
    assert [(h["id"] == number, h["own"]) for h in ask("host list")] == [(False, False), (True, True)]
    assert ask("host remove", number[:16]) == {"removed": number[:16]}


def test_the_demonstration_is_as_its_schema_says():
    value = json.loads(text_of("--json", "demo", "--once"))
    jsonschema.Draft202012Validator(strict(schema_of("demo"))).validate(value)
    for part, name in (("import", "import"), ("status", "mailing status")):
        jsonschema.Draft202012Validator(strict(schema_of(name))).validate(value[part])


# --- exit codes --------------------------------------------------------------------------------------------------------


def test_bad_input_ends_with_2(ask, placet, folder):
    ask.refuse(expect=2, says="no command")
    ask.refuse("fly", expect=2, says="there is no command 'fly'")
    ask.refuse("mailing", "fly", expect=2, says="the verbs are")
    ask.refuse("mailing", expect=2, says="needs a verb")
    ask.refuse("list", "add", "x", expect=2, says="--project")
    ask.refuse("list", "show", "x", "y", expect=2, says="one word too many")
    ask.refuse("list", "show", "x", "--fly", expect=2, says="--fly")
    ask.refuse("list", "show", expect=2, says="NAME")
    ask.refuse("init", "--institution", "X", "--domain", "uni.example", "--url", "http://uni.example", expect=2, says="--url")
    ask.refuse("init", "--institution", "X", "--domain", "uni.example", "--url", "127.0.0.1:8080", "--trial", expect=2,
               says="http://127.0.0.1:PORT")
    ask.refuse("import", "all", expect=2, says="FILE is missing")
    ask.refuse("init", "--institution", "X", "--domain", "no domain", "--url", "https://uni.example", expect=2, says="--domain")
    placet.init()
    ask.refuse("account", "add", "not an address", "--name", "N", "--role", "reviewer", expect=2, says="write it as name@host")
    ask.refuse("account", "add", "a@uni.example", "--name", "N", "--role", "king", expect=2, says="--role king")
    ask.refuse("account", "add", "a@uni.example", "--name", "", "--role", "reviewer", expect=2, says="--name")
    ask.refuse("institution", "set", "fatigue-ceiling", "many", expect=2, says="fatigue-ceiling")
    ask.refuse("mailing", "show", "seven", expect=2, says="'seven' is no number")
    ask.refuse("lint", write(folder, "not-a-message", "\0\0\0"), expect=2, says="not-a-message")
    ask.refuse("check-message", write(folder, "not-a-message", "\0\0\0"), expect=2, says="not-a-message")
    ask.refuse("check-message", f"{folder}/absent.eml", expect=2, says="absent.eml")
    ask.refuse("mailing", "report", "1", expect=2, says="CSV")


def test_import_names_the_columns(ask, placet, folder):
    story.Story(placet, "smtp://127.0.0.1:1").prepare(story.people(2))
    for columns in ("Name,Year", "Mail,E-Mail"):
        file = write(folder, "people.csv", f"{columns}\nx,y\n")
        ask.refuse("import", story.LIST, file, "--by", story.ANN, expect=2, says="the columns are '" + columns.split(",")[0])
    assert ask("import", story.LIST, write(folder, "p.csv", "Name,Post\nAnn,a@example.org\n"), "--by", story.ANN, "--map",
               "Post=address")["added"] == 1


def test_what_is_not_there_ends_with_3(ask, placet, folder):
    ask.refuse("list", "list", expect=3, says="no home")
    placet.init()
    body = write(folder, "body.md", "Dear reader")
    for words in (("list", "show", "x"), ("list", "members", "x"), ("list", "add", "x", "--project", "y"), ("project", "show", "x"),
                  ("identity", "show", "x"), ("identity", "dns", "x"), ("relay", "list", "x"),
                  ("relay", "add", "x", "smtp://127.0.0.1:25"), ("mailing", "show", "7"), ("mailing", "check", "7"),
                  ("mailing", "status", "7"), ("mailing", "cancel", "7"), ("account", "disable", "x@uni.example"),
                  ("account", "reset", "x@uni.example"), ("token", "add", "x@uni.example", "--scope", "act"),
                  ("consent", "show", "x@example.org"), ("person", "show", "x@example.org"), ("institution", "set", "no-key", "1"),
                  ("validate", "x", "--by", "y@uni.example"), ("import", "x", body, "--by", "y@uni.example"),
                  ("opt-out", "x@example.org", "--by", "y@uni.example", "--why", "asked"),
                  ("mailing", "new", "--list", "x", "--subject", "S", "--body", body, "--by", "y@uni.example"),
                  ("lint", f"{folder}/absent.eml"), ("lint", body, "--project", "x"),
                  ("consent", "withdraw", "x@example.org", "--project", "y", "--by", "z@uni.example")):
        ask.refuse(*words, expect=3, says=": ")


def test_what_is_not_allowed_ends_with_4(ask, placet, folder):
    told = story.Story(placet, "smtp://127.0.0.1:1").prepare(story.people(2))
    ask.refuse("project", "approve", story.STUDY, "--by", story.ANN, expect=4, says="reviewer")
    ask.refuse("import", story.LIST, write(folder, "p.csv", "mail\na@example.org\n"), "--by", story.REV, expect=4, says=story.REV)
    ask.refuse("validate", story.LIST, "--by", story.REV, expect=4, says=story.REV)
    number = told.draft()
    ask.refuse("mailing", "submit", number, "--by", story.REV, "--accept-responsibility", expect=4, says="originator")
    ask.refuse("mailing", "edit", number, "--subject", "X", "--by", story.VAL, expect=4, says="originator")
    ask.refuse("mailing", "approve", number, "--by", story.VAL, expect=4, says="reviewer")
    ask.refuse("identity", "add", "far", "--domain", "uni.example", "--relay", "smtps://mx.example.net", expect=4, says="loopback")
    placet.run("account", "disable", story.ANN)
    ask.refuse("mailing", "edit", number, "--subject", "X", "--by", story.ANN, expect=4, says="disabled")


def test_a_refusal_ends_with_1(ask, placet):
    told = story.Story(placet, "smtp://127.0.0.1:1").prepare(story.people(3))
    number = told.draft()
    ask.refuse("mailing", "submit", number, "--by", story.ANN, expect=1, says="--accept-responsibility")
    ask.refuse("mailing", "approve", number, "--by", story.REV, expect=1, says="only a submitted one")
    ask.refuse("mailing", "start", number, expect=1, says="only an approved one")
    ask.refuse("mailing", "resume", number, expect=1, says="cannot resume")
    ask.refuse("init", "--institution", "X", "--domain", "uni.example", "--url", placet.url, "--trial", expect=1, says="is a home already")
    ask.refuse("department", "add", story.OFFICE, "--name", "Again", expect=1, says="one already")
    told.fill_list(["later@example.org"])
    ask.refuse("validate", story.LIST, "--by", story.VAL, "--sign-off", "--how", "x", expect=1, says="undecided")
    bad = told.draft(body="Dear reader, the *IT Service* asks you: [click here](http://bad.example/)\n")
    assert ask("mailing check", bad, expect=1)["verdict"] == "fail"
    assert ask("mailing submit", bad, "--by", story.ANN, "--accept-responsibility", expect=1)["verdict"] == "fail"


def test_a_live_home_asks_for_proof(ask, placet, folder):
    placet.init(trial=False)
    for address, role in (("rev@uni.example", "reviewer"), ("ann@uni.example", "researcher")):
        placet.run("account", "add", address, "--name", "N", "--role", role)
    words = ["opt-out", "somebody@example.org", "--why", "asked", "--by"]
    ask.refuse(*words, "ann@uni.example", expect=4, says="PLACET_TOKEN_FILE")
    token = write(folder, "token", ask("token add", "ann@uni.example", "--scope", "act")["token"] + "\n")
    ask.refuse(*words, "rev@uni.example", expect=4, says="PLACET_TOKEN_FILE", env={"PLACET_TOKEN_FILE": str(token)})
    ask("opt-out", *words[1:], "ann@uni.example", env={"PLACET_TOKEN_FILE": str(token)})
    ask.refuse("list", "list", expect=4, says="trial", env={"PLACET_CLOCK": "+2h"})
    ask.refuse("serve", expect=4, says="live home")
    ask.refuse("send", "--no-dkim", expect=4, says="trial")
    ask.refuse("send", "--dkim", "rsa", expect=4, says="trial")
    ask.refuse("send", "--dkim", "md5", expect=2, says="ed25519")


def test_home_is_found(placet, folder):
    placet.init()
    env = {**placet.env, "PLACET_HOME": str(placet.home)}
    done = subprocess.run([placet.binary, "institution", "show", "--json"], env=env, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0 and json.loads(done.stdout)["name"] == "Example University"
    env["PLACET_HOME"] = f"{folder}/nowhere"
    done = subprocess.run([placet.binary, "institution", "show"], env=env, capture_output=True, timeout=60, check=False)
    assert done.returncode == 3 and b"no home" in done.stderr


def test_a_broken_ledger_is_told(ask, placet):
    placet.init()
    for slug in ("a", "b"):
        placet.run("department", "add", slug, "--name", slug)
    spoil = "UPDATE audit SET detail = 'C' WHERE seq = 2"
    client = ["psql", "-q", "-d", placet.database] if placet.database else ["sqlite3", placet.home / "placet.db"]
    subprocess.run([*client, *(["-c"] if placet.database else []), spoil], check=True, timeout=60)
    assert ask("audit verify", expect=1) == {"whole": False, "entries": 2, "broken": 2}
