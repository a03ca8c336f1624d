"""Addresses that are looked at again: mail came back, the validation lapsed, somebody signed up by themselves."""
import csv
import io
import pathlib

from harness.placet import Capture
from harness.story import ANN, LIST, STUDY, VAL, Story, confirm_link, people
from harness.tables import change
from test_signup import SignUp, ZOE

FIRST = "person0000@example.org"


class Desk(Story):
    """What a validator types."""
    clock = "+0d"

    def validate(self, *args, **run):
        return self.do("validate", LIST, "--by", VAL, *args, env={"PLACET_CLOCK": self.clock}, **run)

    def flagged(self, what="--flagged"):
        return {row["address"]: row for row in self.validate(what)}

    def decide(self, *rows, expect=0):
        path = pathlib.Path(self.placet.folder) / "again.csv"
        with open(path, "w", newline="", encoding="utf-8") as f:
            csv.writer(f).writerows([("address", "decision", "reason"), *rows])
        return self.validate("--decide", path, expect=expect)

    def sign(self, expect=0):
        return self.validate("--sign-off", "--how", "wrote to them", expect=expect)

    def why(self, list_name=LIST):
        return {m["address"]: m["why_not"] for m in self.do("list", "members", list_name, env={"PLACET_CLOCK": self.clock})}

    def sent(self):
        """A mailing goes out; who is refused bounces."""
        number = self.mailing()
        self.send(number)
        return number


def test_who_bounced_is_decided_anew(placet, folder):
    relay = Capture(placet, f"{folder}/captured", ["--reject", "^person000[01]@"])
    told = Desk(placet, relay.url()).prepare(people(5))
    # Nobody bounced: nothing is opened.
    assert told.validate("--bounced")["bounced"] == 0 and told.validate()["signed_off"] is True
    told.sent()
    assert [told.why()[a] for a in people(3)] == ["bounced", "bounced", ""]
    # They hold up nobody: neither this list, nor one of newcomers.
    assert told.validate()["signed_off"] is True
    told.fill_list(people(7))
    state = told.validate()
    assert (state["population"], state["flagged"]) == (2, 0)
    state = told.validate("--bounced")
    assert (state["bounced"], state["flagged"], state["flagged_undecided"], state["population"]) == (2, 2, 2, 2)
    assert told.validate("--bounced")["bounced"] == 0, "they are in it already"
    rows = told.flagged()
    assert {a: row["flags"] for a, row in rows.items()} == {a: "bounced" for a in people(2)}
    assert any(fact.startswith("mail to it came back on ") for fact in rows[FIRST]["facts"])
    text = told.do("validate", LIST, "--by", VAL, json=False)
    assert "2 bounced: Mail to it came back for good" in text and "0 % is decided" in text
    told.sign(expect=1)
    told.decide((FIRST, "accept", ""), expect=2)
    told.decide((FIRST, "accept", "rang: the mailbox had been full"), (people(2)[1], "reject", "left the university"),
                *((a, "accept", "") for a in told.flagged("--sample")))
    assert told.why()[FIRST] == "bounced", "until it is signed"
    told.sign()
    assert [told.why()[a] for a in people(3)] == ["", "bounced", ""]
    assert told.validate("--bounced")["bounced"] == 0, "a rejection stands"
    assert any("1 bounced ones accepted again" in e["detail"] for e in told.do("audit", "log"))
    # The next bounce voids it again.
    told.sent()
    assert told.why()[FIRST] == "bounced" and told.validate("--bounced")["bounced"] == 1


def test_a_bounce_after_the_decision_counts(placet, folder):
    relay = Capture(placet, f"{folder}/captured", ["--reject", "^person0000@"])
    told = Desk(placet, relay.url()).prepare(people(3))
    told.sent()
    told.validate("--bounced")
    told.decide((FIRST, "accept", "wrote to me"))
    # A message that was under way comes back now.
    change(placet, "UPDATE address SET bounced_at = bounced_at + 3600000000 WHERE bounced = 1")
    told.sign()
    assert told.why()[FIRST] == "bounced"


def test_who_left_is_not_asked_for_again(placet, folder):
    relay = Capture(placet, f"{folder}/captured", ["--reject", "^person000[01]@"])
    told = Desk(placet, relay.url()).prepare(people(3))
    told.sent()
    told.do("opt-out", FIRST, "--by", ANN, "--why", "rang", json=False)
    told.do("consent", "withdraw", people(2)[1], "--project", STUDY, "--by", ANN, json=False)
    assert told.validate("--bounced")["bounced"] == 0 and told.validate()["signed_off"] is True


def test_a_validation_lapses(placet, folder):
    relay = Capture(placet, f"{folder}/captured", ["--reject", "^person0001@"])
    told = Desk(placet, relay.url()).prepare(people(4))
    told.sent()
    number = told.draft()
    told.clock = "+8d"
    late = {"PLACET_CLOCK": "+370d"}
    assert set(told.why().values()) == {"", "bounced"}
    told.clock = late["PLACET_CLOCK"]
    assert told.why() == {people(2)[1]: "bounced", **{a: "lapsed" for a in people(4) if a != people(2)[1]}}
    answers = {f["rule"]: f for f in told.do("mailing", "check", number, env=late, expect=1)["findings"]}
    assert answers["validated"]["answer"] == "fail"
    # A new sign-off, for those whom mail reaches.
    state = told.validate()
    assert (state["signed_off"], state["population"], state["flagged"], state["sample"]) == (False, 3, 0, 3)
    facts = told.flagged("--sample")[FIRST]["facts"]
    assert not any("mailed on" in fact for fact in facts), "longer ago than the period"
    told.decide(*((a, "accept", "") for a in told.flagged("--sample")))
    told.sign()
    assert set(told.why().values()) == {"", "bounced"}
    assert told.validate("--bounced")["bounced"] == 1


def test_a_shorter_period(placet):
    told = Desk(placet, "smtp://127.0.0.1:9").prepare(people(1))
    placet.run("institution", "set", "validity-months", "6", json=False)
    told.fill_list(people(2))
    told.sign_off()
    told.clock = "+180d"
    assert told.why() == {people(2)[0]: "", people(2)[1]: ""}
    told.clock = "+184d"
    assert told.why() == {people(2)[0]: "", people(2)[1]: "lapsed"}, "as the period was when each was signed"


def test_signs_of_use_are_shown_and_decide_nothing(placet, capture):
    told = SignUp(placet, capture).begin(people(2))
    number = told.mailing()
    told.send(number)
    told.join(ZOE, name="Zoe Zeit")
    (_, raw), = told.send_mail()
    told.press(confirm_link(raw))
    on = f"{STUDY}-sign-up"

    def sample(days, list_name):
        rows = told.do("validate", list_name, "--by", VAL, "--sample", env={"PLACET_CLOCK": f"+{days}d"})
        return {row["address"]: row["facts"] for row in rows}
    # Her own sign-up is in her list's next sign-off.
    state = told.do("validate", on, "--by", VAL)
    assert (state["signed_off"], state["population"]) == (False, 1)
    facts = sample(0, on)[ZOE]
    assert facts[0] == "name matches: zoe" and facts[1].startswith("confirmed itself on ") and "agreed on " in facts[2]
    assert [m["why_not"] for m in told.do("list", "members", on)] == ["not-validated"]
    # Mailed once more, within the period of the next sign-off: a sign of use, when 14 days are over.
    again = told.mailing(subject="Once more")
    told.do("mailing", "start", again, "--by", ANN, json=False, env={"PLACET_CLOCK": "+350d"})
    told.do("send", "--until-idle", json=False, env={"PLACET_CLOCK": "+350d"})
    late = sample(368, LIST)
    assert set(late) == set(people(2))
    assert all(any(f.startswith("mailed on ") and f.endswith(", no bounce") for f in facts) for facts in late.values())
    assert {m["why_not"] for m in told.do("list", "members", LIST, env={"PLACET_CLOCK": "+368d"})} == {"lapsed"}


def test_what_a_validator_sees(placet):
    told = Desk(placet, "smtp://127.0.0.1:9").prepare(people(1))
    file = pathlib.Path(placet.folder) / "named.csv"
    file.write_text("address,name,year\nann.smith@gmail.com,Ann Smith,2004\nsmiht@gmial.com,Ann Smith,\n"
                    "info@example.org,Ann Smith,\ns1234567@uni.exmaple,Bo Li,\nx@g\u043eogle.com,Olga Bear,\n")
    told.do("import", LIST, file, "--by", ANN, "--consent-kind", "signed-form", "--consent-ref", "F 7", "--consent-date", "2026-10-01")
    shown = {**told.flagged(), **told.flagged("--sample")}
    assert shown["ann.smith@gmail.com"]["known"] == {"name": "Ann Smith", "year": "2004"}
    agreed = "agreed on 1 October 2026, with a signed form (F 7)"
    assert shown["ann.smith@gmail.com"]["facts"] == ["name matches: ann", agreed]
    assert shown["smiht@gmial.com"]["facts"] == ["name nearly matches: smiht for smith", "perhaps gmail.com was meant", agreed]
    assert shown["info@example.org"]["facts"] == ["name does not match", agreed]
    assert shown["s1234567@uni.exmaple"]["facts"][:2] == ["name does not match", "looks like a student number"]
    assert "perhaps uni.example was meant" in shown["s1234567@uni.exmaple"]["facts"]
    fake = next(v for a, v in shown.items() if a.startswith("x@xn--"))
    assert "its domain reads g\u043eogle.com" in fake["facts"] and "lookalike" in fake["flags"]
    table = list(csv.DictReader(io.StringIO(told.do("validate", LIST, "--by", VAL, "--flagged", json=False))))
    info = next(row for row in table if row["address"] == "info@example.org")
    assert info["known"] == f"name=Ann Smith; name does not match; {agreed}"
    text = told.do("validate", LIST, "--by", VAL, json=False)
    assert "1 role: The part before the @ names a post or an office" in text and "1 lookalike: " in text
