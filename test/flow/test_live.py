"""A live home, with a DNS and an https server of its own: a mailing goes out when everything is published, and is held as
soon as anything is not (policy.md: same-infrastructure, statement-page)."""
import base64
import datetime
import email
import pathlib

import dkim
import pytest

from harness import story
from harness.internet import DOMAIN, MAIL, OUTBOUND, WEB, Internet, within
from harness.placet import Capture
from harness.process import wait_until

ANN, VAL, REV, POST = (f"{who}@{DOMAIN}" for who in ("ann", "val", "rev", "post"))
STUDY, LIST, IDENTITY = "sleep", "sleepers", "sleep-mail"
PEOPLE = story.people(8)


class Live:
    """A live home up to a signed-off list; everything is published."""

    def __init__(self, net, folder):
        self.net, self.placet, self.folder = net, net.placet, pathlib.Path(folder)
        self.relay = None

    def do(self, *args, **options):
        return self.placet.run(*args, **options)

    def write(self, name, text):
        file = self.folder / name
        file.write_text(text)
        return file

    def prepare(self):
        database = ["--database", self.placet.database] if self.placet.database else []
        self.do("init", "--institution", "Example University", "--domain", DOMAIN, "--url", f"https://{WEB}", "--postmaster", POST,
                *database, json=False)
        self.settings()
        for address, name, role in ((ANN, "Ann Bee", "researcher"), (VAL, "Val Dee", "validator"), (REV, "Rev Eff", "reviewer")):
            self.placet.enrol(address, name, role)
        self.do("department", "add", "psychology", "--name", "Department of Psychology", json=False)
        self.relay = Capture(self.placet, self.folder / "captured")
        self.do("identity", "add", IDENTITY, "--domain", MAIL, "--relay", self.relay.url(), "--outbound", *OUTBOUND, json=False)
        self.do("project", "add", STUDY, "--title", "Sleep & dreams in our town", "--originator", ANN, "--contact", ANN, "--department",
                "psychology", "--identity", IDENTITY, "--ethics", "EK 2026/17", json=False)
        self.do("project", "approve", STUDY, "--by", REV, json=False)
        self.do("list", "add", LIST, "--project", STUDY, json=False)
        self.fill()
        self.net.publish(self.zone())
        self.net.ask_web()
        self.do("institution", "set", "ca-file", self.net.front.ca, json=False)
        return self

    def settings(self):
        statement = f"Our *researchers* write to people who agreed.\n\n**Check it here**: each study has a [page](https://{WEB}/check).\n"
        for key, value in (("postal-address", "1 Sample Street\nSampletown"), ("resolver", f"127.0.0.1@{self.net.dns.port}"),
                           ("unofficial-sentence.en", "This message comes from the researchers named above. It is not an official "
                                                      "communication of the institution.")):
            self.do("institution", "set", key, value, json=False)
        self.do("institution", "set", "statement", "--file", self.write("statement.md", statement), json=False)

    def fill(self):
        file = self.write("people.csv", "".join(f"{a}\n" for a in ["address", *PEOPLE]))
        self.do("import", LIST, file, "--by", ANN, "--consent-kind", "signed-form", "--consent-ref", "Form S", "--consent-date",
                "2026-10-01", json=False)
        rows = "".join(f"{a},accept,\n" for a in PEOPLE)
        self.do("validate", LIST, "--by", VAL, "--sample", json=False)
        self.do("validate", LIST, "--by", VAL, "--decide", self.write("decisions.csv", "address,decision,reason\n" + rows), json=False)
        self.do("validate", LIST, "--by", VAL, "--sign-off", "--how", "they answered", json=False)

    def zone(self):
        return self.do("identity", "dns", IDENTITY, json=False)

    def draft(self):
        return str(self.do("mailing", "new", "--list", LIST, "--subject", story.SUBJECT, "--body",
                           self.write("body.md", story.BODY), "--by", ANN)["id"])

    def approved(self):
        number = self.draft()
        self.do("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False)
        self.do("mailing", "approve", number, "--by", REV, json=False)
        return number

    def facts(self, expect):
        """What identity check finds: fact -> (answer, found, mend)."""
        told = self.do("identity", "check", IDENTITY, expect=expect)
        assert told["verdict"] == {0: "pass", 1: "fail", 75: "unknown"}[expect]
        return {f["fact"]: (f["answer"], f["found"], f["mend"]) for f in told["facts"]}

    def finding(self, number, rule, answer, expect, *words):
        """The mailing is held, and that finding says so, with a mend."""
        findings = self.do("mailing", "check", number, expect=expect)["findings"]
        found = [f for f in findings if f["rule"] == rule and f["answer"] == answer]
        assert found, findings
        assert any(all(w in f["reason"] for w in words) and f["mend"] for f in found), (words, found)


@pytest.fixture
def live(folder, database):
    net = Internet(pathlib.Path(folder), database)
    try:
        yield Live(net, folder)
    finally:
        net.stop()


def test_a_mailing_of_a_live_home(live):
    live.prepare()
    assert {a for a, _, _ in live.facts(0).values()} == {"yes"}
    assert live.do("site", "check")["verdict"] == "pass"
    assert live.do("mailing", "check", live.draft())["verdict"] == "pass"
    number = live.approved()

    # Approved, and then the page goes: it is not started, and nothing is sent.
    live.net.front.behave("404 /")
    live.do("mailing", "start", number, json=False, expect=1)
    assert "status 404" in live.placet.last.stdout
    live.net.front.behave(f"404 /projects/{STUDY}")
    live.do("mailing", "start", number, json=False, expect=1)
    live.net.front.behave("500 /")
    live.do("mailing", "start", number, json=False, expect=75)
    live.net.front.stop()
    live.do("mailing", "start", number, json=False, expect=75)
    assert "could not be fetched" in live.placet.last.stdout
    live.net.front.behave()
    live.net.front.start()
    live.do("mailing", "start", number, json=False)
    live.do("send", "--until-idle", json=False, timeout=300)
    sent = live.relay.messages()
    assert sorted(m["to"][0] if isinstance(m["to"], list) else m["to"] for m, _ in sent) == PEOPLE
    texts = {r.split()[0].rstrip("."): "".join(r.split('"')[1::2]) for r in live.net.dns.records if "_domainkey" in r}
    for _, raw in sent[:2]:
        assert email.message_from_bytes(raw)["DKIM-Signature"]
        for i in range(2):
            assert dkim.DKIM(raw).verify(idx=i, dnsfunc=lambda name, timeout=5: texts[name.decode().rstrip(".")].encode())


BREAKS = [
    # what is not published, what is instead, the fact, its answer's words
    (("v=spf1",), [f'{MAIL}. 60 IN TXT "v=spf1 ip4:192.0.2.25 -all"'], "spf", "says fail for 2001:db8::25"),
    (("v=spf1",), [f'{MAIL}. 60 IN TXT "v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 ?all"'], "spf", "an address that nobody has"),
    (("v=spf1",), [], "spf", "no SPF record"),
    (("k=ed25519",), [], "dkim", "0 TXT records"),
    (("v=DMARC1",), [], "dmarc", "DMARC record"),
    ((".ip6.arpa",), [], "reverse-names", "2001:db8::25 has no name"),
    ((f"out.{DOMAIN}. 60 IN A ",), [], "reverse-names", "does not lead back"),
]


def test_whatever_is_not_published_holds_the_mailing(live):
    live.prepare()
    zone, number = live.zone(), live.draft()
    for without, more, fact, words in BREAKS:
        live.net.publish(zone, without=without, more=more)
        answer, found, mend = live.facts(1)[fact]
        assert (answer, words in found, bool(mend)) == ("no", True, True), (fact, found)
        live.finding(number, "same-infrastructure", "fail", 1, words)
    # Another key than ours at the selector.
    other = zone.replace("p=MII", "p=MIJ")
    assert other != zone
    live.net.publish(other)
    assert "another key" in live.facts(1)["dkim"][1]
    live.finding(number, "same-infrastructure", "fail", 1, "another key")
    live.net.publish(zone)
    assert live.do("mailing", "check", number)["verdict"] == "pass"


def test_a_silent_dns_holds_and_comes_back(live):
    live.prepare()
    number = live.draft()
    live.net.dns.stop()
    with within(60):
        live.finding(number, "same-infrastructure", "unknown", 75, "SPF")
    live.net.dns.publish()
    assert live.do("mailing", "check", number)["verdict"] == "pass"
    # A good answer is believed for ten minutes: the mailing is not held by a silence that is shorter.
    live.net.dns.stop()
    findings = live.do("mailing", "check", number)["findings"]
    assert {f["answer"] for f in findings if f["rule"] in ("same-infrastructure", "statement-page")} == {"pass"}
    with within(60):
        assert {a for a, _, _ in live.facts(75).values()} == {"unknown"}


def test_the_page_must_be_the_page(live):
    live.prepare()
    assert live.do("site", "check")["verdict"] == "pass"
    for how, status, words in ((f"404 /projects/{STUDY}", 1, "status 404"), ("replace agreed did", 1, "statement as it is registered"),
                               (f"replace /projects/{STUDY} /elsewhere", 1, "no link to"), ("replace dreams naps", 1, "does not name the project"),
                               ("replace Bee Wasp", 1, "Ann Bee"), ("plain", 1, "text/html"), ("large", 1, "larger than"),
                               ("redirect / https://elsewhere.example/", 1, "sends its readers on"), ("500 /", 75, "status 500"),
                               (f"redirect / /projects/{STUDY}", 1, "statement as it is registered")):
        live.net.front.behave(how)
        told = live.do("site", "check", expect=status)
        assert any(words in p["found"] and p["mend"] for p in told["pages"]), (how, told)
    live.net.front.behave()
    # A certificate that browsers would not believe.
    live.do("institution", "set", "ca-file", "", json=False)
    told = live.do("site", "check", expect=1)
    assert "certificate" in told["pages"][0]["found"]
    live.do("institution", "set", "ca-file", live.net.front.ca, json=False)
    assert live.do("site", "check")["verdict"] == "pass"


def test_a_window_opens_only_while_all_is_published(live):
    live.prepare()
    number = live.draft()
    opens = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=12)).strftime("%Y-%m-%dT%H:%M:%S")
    live.do("mailing", "submit", number, "--by", ANN, "--accept-responsibility", "--not-before", opens, json=False)
    live.do("mailing", "approve", number, "--by", REV, json=False)
    assert live.do("mailing", "start", number)["state"] == "scheduled"
    live.net.front.behave("404 /")
    assert {"job": "facts", "rows": 1} in live.do("work", "--once")
    wait_until(lambda: datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") > opens, 30, "its window comes")
    live.do("send", "--until-idle", json=False, expect=75, timeout=300)
    assert "404" in live.placet.last.stderr and live.relay.messages() == []
    assert live.do("mailing", "status", number)["state"] == "scheduled"
    live.net.front.behave()
    live.do("work", "--once")
    live.do("send", "--until-idle", json=False, timeout=300)
    assert len(live.relay.messages()) == len(PEOPLE)


def test_a_change_of_the_identity_voids_approvals(live):
    live.prepare()
    number = live.approved()
    live.do("identity", "edit", IDENTITY, "--outbound", OUTBOUND[0], json=False)
    live.do("mailing", "start", number, json=False, expect=1)
    assert "identity outbound" in live.placet.last.stderr


def test_a_relay_that_signs_proves_it(live):
    live.prepare()
    live.do("identity", "edit", IDENTITY, "--relay-signs", json=False)
    assert live.facts(75)["dkim"][0] == "unknown"
    key = live.folder / "relay.pem"
    live.net.front._openssl("genrsa", "-traditional", "-out", str(key), "2048")
    live.net.front._openssl("rsa", "-in", str(key), "-pubout", "-outform", "DER", "-out", "relay.der")
    public = base64.b64encode((live.folder / "relay.der").read_bytes()).decode()
    record = f'relay._domainkey.{MAIL}. 60 IN TXT "v=DKIM1; k=rsa; p={public[:200]}" "{public[200:]}"'
    live.net.publish(live.zone(), more=[record])

    selector = live.do("identity", "show", IDENTITY)["selectors"][0]
    own = live.folder / "own.pem"
    live.net.front._openssl("rsa", "-traditional", "-in", str(live.placet.home / f"keys/dkim/{IDENTITY}.{selector}.pem"), "-out", str(own))

    def signed(sender, domain, by="relay", key=key):
        text = f"From: Ann Bee <sleep@{sender}>\r\nTo: {POST}\r\nSubject: A test\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nHello.\r\n"
        head = dkim.sign(text.encode(), by.encode(), domain.encode(), key.read_bytes(), include_headers=[b"From", b"Subject"])
        return head + text.encode()

    file = live.folder / "back.eml"
    for raw, status in ((signed(DOMAIN, MAIL), 1), (signed(MAIL, "elsewhere.example"), 1),
                        (signed(MAIL, MAIL).replace(b"Hello", b"Hallo"), 1), (signed(MAIL, MAIL).split(b"\r\n\r\n")[0] + b"\r\n\r\n", 1)):
        file.write_bytes(raw)
        live.do("identity", "check", IDENTITY, "--signed-message", file, expect=status, json=False)
        assert "--signed-message" in live.placet.last.stderr
    file.write_bytes(signed(MAIL, MAIL, selector, own))
    live.do("identity", "check", IDENTITY, "--signed-message", file, expect=1, json=False)
    assert "our own key" in live.placet.last.stderr
    file.write_bytes(signed(MAIL, MAIL).replace(b"\r\n", b"\n"))
    told = live.do("identity", "check", IDENTITY, "--signed-message", file)
    assert told["verdict"] == "pass" and [f["found"] for f in told["facts"] if f["fact"] == "dkim"][0].startswith("the relay signs as")
    assert live.facts(0)["dkim"][0] == "yes"
    assert live.do("mailing", "check", live.draft())["verdict"] == "pass"


def test_keys_are_changed_at_once(live):
    live.prepare()
    number = live.approved()
    live.do("mailing", "start", number, json=False)
    before = live.do("identity", "show", IDENTITY)["selectors"]
    told = live.do("identity", "rotate", IDENTITY, "--at-once")
    assert told["paused"] == 1 and told["selectors"] != before
    assert live.do("mailing", "status", number)["state"] == "paused"
    assert all(f'{s}._domainkey.{MAIL}. 3600 IN TXT "v=DKIM1; p="' in live.zone() for s in before)
    assert not any((live.placet.home / f"keys/dkim/{IDENTITY}.{s}.pem").exists() for s in before)
    assert live.facts(1)["dkim"][0] == "no"
    live.net.publish(live.zone())
    assert live.facts(0)["dkim"][0] == "yes"
    live.do("mailing", "resume", number, json=False)
    live.do("send", "--until-idle", json=False, timeout=300)
    assert all(f"s={told['selectors'][0]}".encode() in raw for _, raw in live.relay.messages())
    assert len(live.relay.messages()) == len(PEOPLE)
