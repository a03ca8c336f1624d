"""What people may ask for: to see what is held, to have a copy, to have it erased; and what ends by itself."""
import email
import email.policy
import http.client
import io
import json
import pathlib
import re
import subprocess
import time
import urllib.parse
import zipfile

import pytest

from harness.forms import Web, stamp_of
from harness.paced import Paced
from harness.placet import binary
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


# --- the file --------------------------------------------------------------------------------------

GOLDEN = pathlib.Path(__file__).parent / "golden"


def settled(text):
    """The same on every day and in every home: times, days, pseudonyms, versions, addresses of relays."""
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text)
    text = re.sub(r"\b\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December) \d{4}", "DAY", text)
    text = re.sub(r"person [0-9a-f]{16}", "person PSEUDONYM", text)
    text = re.sub(r'("queue_id": |queued as )[^\n,<]*', r"\1QUEUED", text)
    return re.sub(r"127\.0\.0\.1:\d+", "RELAY", text)


def read_zip(data):
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        assert z.testzip() is None
        return {n: z.read(n) for n in z.namelist()}


def test_the_file_holds_everything(placet, told, capture):
    tilda = "tilda@example.org"
    text = write(placet, "text.txt", "I agree that the study writes to me.\n\nI may stop at any time.\n")
    file = write(placet, "one.csv", f"Mail,Name,Note\r\n{tilda},{NAME},{NOTE}\r\n")
    placet.run("import", LIST, file, "--by", ANN, "--consent-kind", "signed-form", "--consent-ref", "form 17", "--consent-date",
               "2026-10-01", "--consent-text", text, "--map", "Note=note")
    told.sign_off()
    told.send(told.mailing(body="Dear {{name|reader}},\n\nhow do you sleep?\n"))
    plant(placet, tilda)
    change(placet, "UPDATE notice SET created = 1790000000000000")
    change(placet, "UPDATE sign_up SET asked = 1790000000000000")
    change(placet, "UPDATE complaint SET at = 1790000000000000, due = 1792592000000000")
    path = pathlib.Path(placet.folder) / "tilda.zip"
    placet.run("person", "export", tilda, "--out", path)
    files = read_zip(path.read_bytes())
    assert sorted(files) == ["messages/0001-mailing-1.eml", "person.html", "person.json"]
    for name in ("person.json", "person.html"):
        made = settled(files[name].decode())
        golden = GOLDEN / name
        if not golden.exists():
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(made)
            pytest.fail(f"{golden} was absent: it is written; read it, and keep it if it is right")
        assert made == golden.read_text()
    got = [raw for envelope, raw in capture.messages() if envelope["to"] == [tilda]][0]
    sent, again = (email.message_from_bytes(m, policy=email.policy.SMTP) for m in (got, files["messages/0001-mailing-1.eml"]))
    assert [str(m["Subject"]) for m in (sent, again)] == [str(sent["Subject"])] * 2 and again["To"] == sent["To"]
    words = [re.sub(r"(/opt-out/|Check code: )\S+", "", m.get_body(("plain",)).get_content()) for m in (sent, again)]
    assert words[0] == words[1] and f"Dear {NAME}" in words[1]
    # The links are dead: who finds the file cannot act with it.
    assert re.search(r"/opt-out/\S+", got.decode()).group() not in files["messages/0001-mailing-1.eml"].decode()
    # Nobody else is in it: staff by role, but for the originator, whom the public pages name.
    everything = b"".join(files.values()).decode()
    assert "Ann Bee" in everything and "a member of staff (validator)" in everything
    assert not re.search(r"Val Dee|Rev Eff|val@uni|rev@uni|person000\d@", everything)
    assert [a["action"] for a in show(placet, tilda)["audit"]][-1] == "person-exported"
    # Words that are no longer those that were approved are not made again.
    placet.run("institution", "set", "postal-address", "2 New Street", json=False)
    placet.run("person", "export", tilda, "--out", path)
    later = read_zip(path.read_bytes())
    assert "Dear {name}" in later["messages/0001-mailing-1.txt"].decode()


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


def test_erasing_while_a_mailing_runs(placet):
    """Who is erased before their turn gets nothing, the relay's last words do not bring the address back, and the mailing
    goes on: also in a sender that takes it up anew, and compares what it sends with what was approved."""
    everyone = people(60)
    sink = Paced()
    told = Story(placet, sink.url()).prepare(everyone)
    sink.begin_again(reply_after=0.15)
    number = told.mailing(body="Dear {{name|reader}},\n\nhow do you sleep?\n")
    placet.run("mailing", "start", number, "--by", ANN, json=False)
    sender = placet.start("send", "--until-idle", "--connections", "2", listens=False)
    sender.wait_for(lambda: sink.count > 4, 60, "the mailing runs")
    gone, when = [], {}
    for address in reversed(everyone[-8:]):
        placet.run("person", "erase", address, "--by", POST)
        gone.append(address)
        when[address] = time.monotonic()
    sender.stop()
    placet.run("send", "--until-idle", json=False, timeout=150)
    status = placet.run("mailing", "status", number)
    assert status["state"] == "done" and status["counts"]["uncertain"] == 0, status
    late = [a for a, mail, _ in sink.recipients if a in when and mail > when[a] + 0.25]
    assert not late and status["counts"]["skipped"] >= 1 and status["counts"]["accepted"] >= 52
    assert where_held(placet, *gone) == set()
    sink.stop()


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


# --- /me ---------------------------------------------------------------------------------------------


class Site:
    """The public pages, and the links that are mailed."""

    def __init__(self, placet, env=None):
        self.placet = placet
        self.address = placet.start("web", "--listen", "127.0.0.1:0", env=env).address

    def ask(self, method, path, form=None, **headers):
        conn = http.client.HTTPConnection(self.address, timeout=30)
        if form is not None:
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        conn.request(method, path, urllib.parse.urlencode(form) if form is not None else None, headers)
        answer = conn.getresponse()
        body = answer.read()
        conn.close()
        return answer.status, body if "zip" in answer.getheader("Content-Type", "") else body.decode(), answer.headers

    def fill(self, path, **fields):
        """Types into the form of a page, as a person does who takes their time."""
        page = self.ask("GET", path)[1]
        stamp = re.search(r'name="stamp" value="([^"]+)"', page).group(1)
        time.sleep(3.2)
        return self.ask("POST", path, {"stamp": stamp, "website": "", **fields})


def link(placet, kind="me"):
    """The page behind the newest link of a kind that was queued for somebody."""
    number = change(placet, f"SELECT max(id) FROM notice WHERE kind = '{kind}'")[0][0]
    tool = binary().resolve().parents[1] / "test/unit/token_tool"
    token = subprocess.run([tool, placet.home, "p", number], capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    return f"/me/{token}"


def asked(placet):
    return [tuple(r) for r in change(placet, "SELECT kind, delivery FROM notice ORDER BY id")]


def test_the_link_is_sent_to_who_is_known_and_the_answer_is_one(placet, told):
    site = Site(placet)
    pages = [site.fill("/me", address="nobody@example.org")]
    # It costs the same whether anybody is known: a row is written in either case.
    assert change(placet, "SELECT count(*) FROM setting WHERE key = '.asked'") == [("1",)]
    pages += [site.fill("/me", address=a) for a in (people(1)[0], people(1)[0])]
    assert {p[0] for p in pages} == {200} and len({p[1] for p in pages}) == 1
    assert asked(placet) == [("me", people(1)[0])]
    # Somebody else may own the spelling that was typed: the link goes to the one that is held.
    site.fill("/me", address=people(2)[1].replace("@", "+x@"))
    assert asked(placet)[1:] == [("me", people(2)[1])]
    status, page, _ = site.fill("/me", address="no address")
    assert status == 422 and "no address" in page and len(asked(placet)) == 2


def test_asking_writes_whoever_asks(placet, told):
    """A commit that writes waits for the disk; where one was queued and the other was not, a clock would tell them apart."""
    site = Site(placet)
    for path in ("/me", "/opt-out"):
        for address in ("nobody@example.org", people(1)[0], people(1)[0]):
            before = tables(placet)
            assert site.fill(path, address=address)[0] == 200
            assert tables(placet) != before, (path, address)


@pytest.mark.parametrize("engine", ["sqlite"])  # PostgreSQL sees to its log itself
def test_forms_do_not_fill_the_disk(placet, told):
    """What strangers write goes from SQLite's log into the database: else some thousand forms are gigabytes."""
    early, late = (Web(placet.start("web", "--listen", "127.0.0.1:0", env={"PLACET_CLOCK": f"+{s}s"}).address) for s in (0, 600))
    log = placet.home / "placet.db-wal"
    for path, count in (("/complaint", 500), ("/me", 400)):
        stamp = stamp_of(early.get(path)[2])
        for i in range(count):
            form = {"stamp": stamp, "address": f"n{i}@example.org", "text": "x" * 3900}
            assert late.post(path, form, f"2001:db8:{i:x}::1")[0] == 200
        assert log.stat().st_size < 20 << 20, path


def test_forms_of_other_sites_are_refused(placet, told):
    """Else any page that somebody reads could ask for links and write complaints in their name (WEB-4)."""
    site = Site(placet)
    before = tables(placet)
    for path in ("/me", "/complaint", "/opt-out"):
        stamp = re.search(r'name="stamp" value="([^"]+)"', site.ask("GET", path)[1]).group(1)
        form = {"stamp": stamp, "address": people(1)[0], "text": "Words of another site"}
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}):
            assert site.ask("POST", path, form, **headers)[0] == 403, (path, headers)
        assert site.ask("POST", path, form, **{"Sec-Fetch-Site": "same-origin"})[0] == 422  # too soon, as ever
    assert tables(placet) == before


def test_what_a_person_can_do_by_their_link(placet, told):
    tilda = "tilda@example.org"
    import_person(placet, tilda)
    told.sign_off()
    site = Site(placet)
    site.fill("/me", address=tilda.title())
    me = link(placet)
    before = tables(placet)
    for path in (me, f"{me}/export", f"{me}/erase"):
        status, page, headers = site.ask("GET", path)
        assert status == 200 and headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer"
    assert tables(placet) == before
    page = site.ask("GET", me)[1]
    assert NAME in page and NOTE in page and "Val Dee" not in page and "<script" not in page
    status, data, headers = site.ask("GET", f"{me}/export")
    assert "attachment" in headers["Content-Disposition"] and json.loads(read_zip(data)["person.json"])["address"] == tilda
    # A name is corrected wherever it stands; what no message could carry is not taken.
    assert site.ask("POST", f"{me}/correct", {"name": "see https://example.org"})[0] == 422
    assert "Tilda O." in site.ask("POST", f"{me}/correct", {"name": "Tilda O."})[1]
    assert show(placet, tilda)["lists"][0]["fields"] == {"name": "Tilda O.", "note": NOTE}
    # One consent is withdrawn; nothing is left to withdraw then.
    project = re.search(r'name="project" value="(\d+)"', page).group(1)
    assert "is withdrawn" in site.ask("POST", f"{me}/withdraw", {"project": project})[1]
    assert show(placet, tilda)["lists"][0]["why_not"] == "no-consent" and not show(placet, tilda)["opted_out"]
    assert 'name="project"' not in site.ask("GET", me)[1]
    # A form of another site is refused; the person's own is not.
    assert site.ask("POST", f"{me}/leave", {}, **{"Sec-Fetch-Site": "cross-site"})[0] == 403
    assert "You have left" in site.ask("POST", f"{me}/leave", {})[1]
    assert show(placet, tilda)["opt_out"]["way"] == "page"
    # Everything is erased in two steps, and the link is dead.
    assert "<button" in site.ask("GET", f"{me}/erase")[1] and site.ask("GET", me)[0] == 200
    assert "Nothing here names you" in site.ask("POST", f"{me}/erase", {})[1]
    assert where_held(placet, tilda, NAME, "Tilda O.", NOTE) == set()
    for path in (me, f"{me}/export", f"{me}/erase"):
        assert site.ask("GET", path)[0] == 404
    assert site.ask("POST", f"{me}/erase", {})[0] == 404
    actions = [a["action"] for a in show(placet, tilda)["audit"]]
    assert actions == ["corrected", "consent-withdrawn", "opt-out", "erased"]
    placet.run("audit", "verify")


def test_a_link_ends_after_a_week_and_cannot_be_made_up(placet, told):
    site = Site(placet)
    site.fill("/me", address=people(1)[0])
    me = link(placet)
    late = Site(placet, env={"PLACET_CLOCK": "+8d"})
    assert (site.ask("GET", me)[0], late.ask("GET", me)[0]) == (200, 404)
    for wrong in (me[:-1], me + "A", me[:-3] + me[-3:].swapcase(), "/me/x"):
        assert site.ask("GET", wrong)[0] == 404 or wrong.lower() == me.lower()
    assert site.ask("POST", me, {})[0] == 405


# --- complaints ----------------------------------------------------------------------------------------


def test_a_complaint_has_a_number_and_a_clock(placet, told):
    site = Site(placet)
    status, page, _ = site.fill("/complaint", text="You wrote to me\r\nthree times.", address="tilda@example.org", about="7K3M-Q2XV-9TFA")
    assert status == 200 and "has the number 1" in page
    assert site.fill("/complaint", text="<b>Stop</b>")[0] == 200
    status, page, _ = site.fill("/complaint", text="x" * 4001)
    assert status == 422 and "x" * 4001 in page
    one, two = placet.run("complaint", "list", "--open")
    assert one["text"] == "You wrote to me\nthree times." and one["address"] == "tilda@example.org" and not one["overdue"]
    assert asked(placet) == [("complaint", "tilda@example.org")] and two["address"] == ""
    late = {"PLACET_CLOCK": "+31d"}
    assert all(c["overdue"] for c in placet.run("complaint", "list", env=late))
    assert "OVERDUE" in placet.run("complaint", "list", env=late, json=False)
    placet.run("complaint", "close", "1", "--by", ANN, "--outcome", "x", expect=4)
    placet.run("complaint", "close", "1", "--by", POST, "--outcome", "We found the second entry.")
    placet.run("complaint", "close", "1", "--by", POST, "--outcome", "again", expect=1)
    assert [c["number"] for c in placet.run("complaint", "list", "--open")] == [2]
    assert show(placet, "tilda@example.org")["complaints"][0]["outcome"] == "We found the second entry."
    assert not re.search("tilda|three times", json.dumps(placet.run("audit", "log")))


# --- retention ---------------------------------------------------------------------------------------------


def after(days):
    return {"PLACET_CLOCK": f"+{days}d"}


def run_after(placet, days):
    """What ended by rule, of rows."""
    return {r["rule"]: r["rows"] for r in placet.run("retention", "run", env=after(days)) if r["rows"]}


def test_what_is_kept_ends_in_its_time(placet, told, capture):
    tilda = "tilda@example.org"
    import_person(placet, tilda)
    told.sign_off()
    number = told.mailing(body="Dear {{name|reader}},\n\nhow do you sleep?\n")
    told.send(number)
    site = Site(placet)
    site.fill("/me", address=tilda)
    site.fill("/complaint", text="Too many", address=tilda)
    placet.run("complaint", "close", "1", "--by", POST, "--outcome", "explained")
    change(placet, "INSERT INTO consent_text (hash, text, created) SELECT key_hash, 'I agree', 1 FROM address WHERE id = 1")
    now = time.time_ns() // 1000
    change(placet, "INSERT INTO sign_up (project_id, delivery, given, name, key_hash, text_id, asked)"
                   f" SELECT 1, 'new@example.org', 'new@example.org', 'New', key_hash, 1, {now} FROM address WHERE id = 1")
    change(placet, f"INSERT INTO asked (key_hash, kind, sent, last) SELECT key_hash, 'confirm', 3, {now} FROM address WHERE id = 1")
    placet.run("consent", "withdraw", tilda, "--project", STUDY, "--by", ANN)
    before = tables(placet)
    assert run_after(placet, 6) == {}
    dry = {r["rule"]: r["rows"] for r in placet.run("retention", "run", "--dry-run", env=after(8)) if r["rows"]}
    assert dry == {"unconfirmed": 1} == run_after(placet, 8) and run_after(placet, 8) == {}
    assert run_after(placet, 29) == {}
    # 30 days: what the relay said, addresses of system mail, and who asked; three times unanswered stays three times.
    assert run_after(placet, 31) == {"replies": 7, "notices": 2, "asked": 2}
    assert [r[0] for r in change(placet, "SELECT kind FROM asked")] == ["confirm"]
    assert all(m["reply"] == "" and m["queue_id"] for m in show(placet, tilda)["mailings"])
    assert NAME in tables(placet)["delivery"] and run_after(placet, 390) == {}
    # 13 months: a delivery is what became of it. Its link works for ever.
    assert run_after(placet, 400) == {"events": 7}
    assert NAME not in tables(placet)["delivery"]
    old = placet.run("mailing", "status", number)
    assert old["counts"]["accepted"] == 7 and show(placet, tilda)["mailings"][0]["state"] == "accepted"
    raw = next(m for e, m in capture.messages() if e["to"] == [tilda])
    link_of = re.search(r"/opt-out/[\w-]+", email.message_from_bytes(raw, policy=email.policy.SMTP).get_body(("plain",)).get_content()).group()
    late = Site(placet, env=after(5000))
    assert late.ask("GET", link_of)[0] == 200 and late.ask("POST", link_of, {"List-Unsubscribe": "One-Click"})[0] == 200
    assert show(placet, tilda)["opted_out"]
    # 6 years: consent that was withdrawn, but not that it was; closed complaints.
    assert run_after(placet, 2180) == {}
    assert run_after(placet, 2200) == {"consents": 1, "complaints": 1}
    held = show(placet, tilda)
    assert [c["action"] for c in held["consents"]] == ["withdrawn"] and held["complaints"] == []
    assert run_after(placet, 20000) == {} and show(placet, tilda)["opted_out"]
    # What an institution wants shorter is shorter; what the law wants is not.
    placet.run("institution", "set", "retention.complaints", "0", json=False, expect=2)
    placet.run("institution", "set", "retention.approvals", "5", json=False, expect=2)
    # Each run that ended something is in the ledger, and its last time is shown.
    ledger = [e["object"] for e in placet.run("audit", "log") if e["action"] == "retention"]
    assert ledger == ["unconfirmed", "replies", "notices", "asked", "events", "consents", "complaints"]
    assert {r["rule"]: r["last_rows"] for r in placet.run("retention", "show")}["events"] in (0, 7)
    assert before["opt_out"] == "" and placet.run("audit", "verify")["whole"]


def test_the_consent_of_who_was_erased_ends_too(placet, told):
    placet.run("person", "erase", people(1)[0], "--by", POST)
    told.send(told.mailing())
    assert run_after(placet, 2200)["consents"] == 1
    assert show(placet, people(1)[0])["consents"] == []


def test_the_working_role_and_the_privacy_page(placet, told):
    told.send(told.mailing())
    role = placet.start("work", env=after(31), listens=False)
    role.wait_for(lambda: change(placet, "SELECT rule FROM retention_run WHERE rule = 'complaints'"), 30, "the job ran")
    assert all(m["reply"] == "" for m in show(placet, people(1)[0])["mailings"])
    assert role.stop() in (0, None)
    placet.run("institution", "set", "retention.replies", "14", json=False)
    page = Site(placet).ask("GET", "/privacy")[1]
    for words in ("14 days", "13 months", "6 years", "for good", "/me", "/complaint"):
        assert words in page
