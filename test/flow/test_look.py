"""Looking at a mailing before others get it: previews of people drawn at random, and tests mailed to staff by the way
that the mailing itself will take (policy.md: marked [Test], dead tokens, to enabled accounts, ten a day each)."""
import email
import email.policy
import pathlib
import re
import urllib.error
import urllib.request

import dkim
import pytest

from harness.story import ANN, BODY, LIST, POST, REV, VAL, Story, people
from harness.tables import change
from test_deliver import zone_of


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.SMTP.clone(raise_on_defect=True))


def text_of(raw):
    return parse(raw).get_body(("plain",)).get_content()


def test_mail(placet, number, *more, to=VAL, by=ANN, **run):
    return placet.run("mailing", "test", number, "--to", to, "--by", by, *more, **run)


test_mail.__test__ = False


def send(placet, expect=0, **more):
    placet.run("send", "--until-idle", json=False, expect=expect, **more)


def states(placet):
    return [(row["kind"], row["state"]) for row in placet.run("notice", "list")]


@pytest.fixture
def told(placet, capture):
    return Story(placet, capture.url()).prepare(people(12))


# --- tests to staff ----------------------------------------------------------------------------------

def test_the_real_path(placet, capture, told):
    """A draft; the sender, the relay, the signatures; but for [Test], the account and its tokens the message that the
    preview shows."""
    number = told.draft(subject="Four minutes, {{name|reader}}")
    done = test_mail(placet, number)
    assert (done["id"], done["to"]) == (int(number), VAL) and states(placet) == [("test", "queued")]
    assert capture.messages() == [], "it waits for the sending role"
    send(placet)
    (envelope, raw), = capture.messages()
    message = parse(raw)
    assert envelope["to"] == [VAL] and re.fullmatch(r"b\+\S+@uni\.example", envelope["from"])
    assert message["Subject"] == "[Test] Four minutes, reader" and message["To"] == VAL
    assert message["From"].endswith("<sleep@uni.example>") and message["X-Placet-Trial"]
    for i in range(2):
        assert dkim.DKIM(raw).verify(idx=i, dnsfunc=zone_of(placet)), f"signature {i}"
        assert not dkim.DKIM(raw.replace(b"[Test]", b"[Rest]")).verify(idx=i, dnsfunc=zone_of(placet)), "and hold its subject"
    preview = placet.run("mailing", "preview", number)["message"].encode()
    dead = re.compile(r"(opt-out/|code: )\S+")
    assert dead.sub("", text_of(raw)).split() == dead.sub("", text_of(preview)).split()
    assert states(placet) == [("test", "accepted")] and placet.run("mailing", "status", number)["recipients"] == 0
    entry = [x for x in placet.run("audit", "log") if x["action"] == "mailing-test"]
    assert [(x["actor"], x["object"], x["detail"]) for x in entry] == [(ANN, f"mailing {number}", f"to {VAL}")]


def test_check_message_knows_a_test(placet, capture, told, folder):
    """It is ours and unaltered, but no answer to anybody, and no approved mailing."""
    test_mail(placet, told.draft())
    send(placet)
    file = pathlib.Path(folder) / "test.eml"
    file.write_bytes(capture.messages()[0][1])
    found = placet.run("check-message", file)
    assert (found["answer"], found["notice"], found["test"], found["mailing"]) == ("unaltered", True, True, None)
    assert "a test of a mailing" in placet.run("check-message", file, json=False)


def test_its_links_are_dead(placet, capture, told):
    """Whoever clicks in a test opts nobody out, by neither way, and /check knows nothing of it."""
    test_mail(placet, told.mailing())
    send(placet)
    web = placet.start("web", "--listen", "127.0.0.1:0")
    raw = capture.messages()[0][1]
    link = re.search(r"/opt-out/\S+", text_of(raw)).group()
    one_click = re.search(r"<https?://[^/>]+(/[^>]+)>", str(parse(raw)["List-Unsubscribe"]))
    for path in (link, one_click.group(1)):
        for data in (None, b"List-Unsubscribe=One-Click"):
            try:
                urllib.request.urlopen(urllib.request.Request(f"http://{web.address}{path}", data=data), timeout=20)
            except urllib.error.HTTPError as refused:
                assert refused.code in (400, 403, 404, 405, 410)
    assert change(placet, "SELECT count(*) FROM opt_out") == [("0",)]
    assert placet.run("person", "show", VAL, expect=(0, 3)) is None or not placet.run("person", "show", VAL)["opted_out"]


def test_who_may_and_to_whom(placet, capture, told):
    number = told.draft()
    for by in (ANN, REV, POST):
        test_mail(placet, number, by=by)
    test_mail(placet, number, by=VAL, expect=4)
    test_mail(placet, number, to="stranger@uni.example", expect=3)
    test_mail(placet, number, to="person0001@example.org", expect=3)
    test_mail(placet, "77", expect=3)
    placet.run("account", "disable", VAL, json=False)
    test_mail(placet, number, expect=1)
    assert "disabled" in placet.last.stderr
    placet.run("account", "add", "real@uni-real.com", "--name", "Re Al", "--role", "validator", json=False)
    test_mail(placet, number, to="real@uni-real.com", expect=1)
    assert "reserved domains" in placet.last.stderr
    test_mail(placet, number, "--language", "de", to=ANN, expect=2)
    assert "not there in the language" in placet.last.stderr
    send(placet)
    assert len(capture.messages()) == 3


def test_ten_a_day_for_each_account(placet, capture, told):
    number, other = told.draft(), told.draft(subject="Other")
    ids = set()
    for turn in range(10):
        test_mail(placet, number if turn % 2 else other)
    test_mail(placet, number, expect=1)
    assert "ten tests" in placet.last.stderr
    test_mail(placet, number, to=ANN)
    test_mail(placet, number, expect=1, env={"PLACET_CLOCK": "+23h"})
    test_mail(placet, number, env={"PLACET_CLOCK": "+25h"})
    send(placet, env={"PLACET_CLOCK": "+25h"})
    for _, raw in capture.messages():
        ids.add(parse(raw)["Message-ID"])
    assert len(ids) == len(capture.messages()) == 12, "no two have one Message-ID"


def test_it_shows_the_longest_of_those_who_are_chosen(placet, capture):
    """And leaves nothing of them in the queue; when they are erased before it goes out, it shows somebody invented."""
    told = Story(placet, capture.url())
    rows = ["address,name,notes", *(f"{a},P{i}," for i, a in enumerate(people(5))), "long@example.org,Wilhelmina Longest-Name,",
            "noted@example.org,Jo," + "what is on the list and not in the message " * 4]
    told.fill_list = lambda _: placet.run(
        "import", LIST, write(placet, "named.csv", "\r\n".join(rows)), "--by", ANN, "--consent-kind", "signed-form", "--consent-ref",
        "Form S", "--consent-date", "2026-10-01")
    told.prepare()
    number = told.draft(body="Dear {{name|reader}},\n\n" + BODY)
    assert "Wilhelmina Longest-Name" in placet.run("mailing", "preview", number)["message"]
    test_mail(placet, number)
    assert "Wilhelmina" not in str(change(placet, "SELECT * FROM notice"))
    send(placet)
    assert "Dear Wilhelmina Longest-Name," in text_of(capture.messages()[0][1])
    test_mail(placet, number)
    placet.run("person", "erase", "long@example.org", "--by", POST, json=False)
    send(placet)
    assert "Wilhelmina" not in text_of(capture.messages()[1][1])


def test_a_row_that_cannot_be_read_hides_nobody(placet, capture):
    """The gate looks at everybody or says that it could not: it never passes those behind the row."""
    told = Story(placet, capture.url())
    told.fill_list = lambda _: placet.run(
        "import", LIST, write(placet, "named.csv", "address,name\r\nann@example.org,Ann\r\nbob@example.org,see www.evil.example"),
        "--by", ANN, "--consent-kind", "signed-form", "--consent-ref", "Form S", "--consent-date", "2026-10-01")
    told.prepare()
    number = told.draft(body="Dear {{name|reader}},\n\n" + BODY)
    assert "www.evil.example" not in str(placet.run("mailing", "check", number, expect=1))
    change(placet, "UPDATE member SET fields = '{' WHERE address_id = (SELECT min(address_id) FROM member)")
    placet.run("mailing", "check", number, json=False, expect=70)
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False, expect=70)
    assert "JSON" in placet.last.stderr


def test_what_stops_a_mailing_tells_nobodys_values(placet, capture):
    """A message that breaks a rule as it goes out pauses its mailing; why is kept in the ledger, from which nothing is erased."""
    told = Story(placet, capture.url())
    told.fill_list = lambda _: placet.run(
        "import", LIST, write(placet, "named.csv", "address,topic\r\nann@example.org,the rain bureau\r\n"
                              "bob@example.org,how people of our town sleep when it rains"),
        "--by", ANN, "--consent-kind", "signed-form", "--consent-ref", "Form S", "--consent-date", "2026-10-01")
    told.prepare()
    number = told.mailing(subject="{{topic|Sleep}}")
    placet.run("opt-out", "bob@example.org", "--by", ANN, "--why", "rang us", json=False)
    placet.run("mailing", "start", number, "--by", ANN, json=False)
    placet.run("institution", "set", "offices", "rain bureau", json=False)  # an office since now
    placet.run("send", "--until-idle", json=False, expect=None)
    shown = next(m for m in placet.run("mailing", "list") if m["state"] == "paused")
    assert "breaks unofficial" in shown["why"] and not capture.messages()
    assert "the rain bureau" not in str(placet.run("audit", "log")) + shown["why"]


def test_a_relay_that_signs_gets_it_unsigned(placet, capture):
    told = Story(placet, capture.url())
    told.identity_options = ["--relay-signs"]
    told.prepare(people(3))
    test_mail(placet, told.draft())
    send(placet)
    assert b"DKIM-Signature" not in capture.messages()[0][1]


def test_it_goes_before_mailings_and_in_every_state(placet, capture, told):
    number = told.draft()
    steps = [None, ("submit", ANN, "--accept-responsibility"), ("approve", REV), ("start", ANN), ("pause", ANN), ("cancel", ANN)]
    for step in steps:
        if step:
            placet.run("mailing", step[0], number, "--by", step[1], *step[2:], json=False)
        test_mail(placet, number)
    other = told.mailing()
    placet.run("mailing", "start", other, "--by", ANN, json=False)
    # One connection: with several the relay may see them in another order than they began.
    placet.run("send", "--until-idle", "--connections", "1", json=False)
    to = [envelope["to"][0] for envelope, _ in capture.messages()]
    assert to[:6] == [VAL] * 6 and len(to) == 6 + 12


def test_what_cannot_be_made_is_refused_or_told(placet, capture, told):
    number = told.draft(body="Dear {{name|reader}},\n\nbroken: {{\n")
    test_mail(placet, number, expect=2)
    good = told.draft()
    test_mail(placet, good)
    file = write(placet, "broken.md", "{{")
    placet.run("mailing", "edit", good, "--body", file, "--by", ANN, json=False)
    send(placet)
    row, = placet.run("notice", "list")
    assert row["state"] == "failed" and row["reply"] and capture.messages() == []


# --- previews at random ------------------------------------------------------------------------------

def write(placet, name, text):
    file = pathlib.Path(placet.folder) / name
    file.write_text(text)
    return file


def recipients(folder):
    files = sorted(pathlib.Path(folder).iterdir())
    assert [f.name for f in files] == [f"{i:03}.eml" for i in range(1, len(files) + 1)]
    return [parse(f.read_bytes())["To"] for f in files]


def test_twenty_at_random(placet):
    told = Story(placet, "smtp://127.0.0.1:9").prepare(people(60))
    number, folder = told.draft(), pathlib.Path(placet.folder)
    drawn = placet.run("mailing", "preview", number, "--random", "20", "--dir", folder / "a")
    assert drawn["messages"] == 20 and drawn["dir"] == str(folder / "a")
    first = recipients(folder / "a")
    assert len(set(first)) == 20 and set(first) <= set(people(60))
    raw = (folder / "a" / "001.eml").read_bytes()
    assert b"DKIM-Signature" not in raw and raw.decode() == placet.run("mailing", "preview", number, "--to", first[0])["message"].replace(
        parse(placet.run("mailing", "preview", number, "--to", first[0])["message"].encode())["Date"], parse(raw)["Date"])
    placet.run("mailing", "preview", number, "--random", "20", "--seed", drawn["seed"], "--dir", folder / "b")
    assert recipients(folder / "b") == first
    # The draw is the same when it is submitted; another seed draws others.
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False)
    placet.run("mailing", "preview", number, "--random", "20", "--seed", drawn["seed"], "--dir", folder / "c")
    placet.run("mailing", "preview", number, "--random", "20", "--seed", drawn["seed"] ^ 1, "--dir", folder / "d")
    assert recipients(folder / "c") == first and recipients(folder / "d") != first
    assert placet.run("mailing", "preview", number, "--random", "1000", "--dir", folder / "e")["messages"] == 60
    for bad in (["--random", "0"], ["--random", "1001"], ["--random", "x"]):
        placet.run("mailing", "preview", number, *bad, "--dir", folder / "f", expect=2)
    placet.run("mailing", "preview", number, "--random", "3", expect=2)
    placet.run("mailing", "preview", number, "--seed", "3", expect=2)
    placet.run("mailing", "preview", number, "--random", "3", "--dir", folder / "a", expect=2)
    assert "not empty" in placet.last.stderr
    placet.run("mailing", "preview", number, "--random", "3", "--dir", placet.home / "x", expect=2)
