"""Pace: limits of a second and of a day, by identity and recipient domain, over several senders; warm-up; hours."""
import datetime
import time

import pytest

from harness.internet import Dns
from harness.paced import Paced
from harness.story import ANN, IDENTITY, REV, Story, people

UTC = datetime.timezone.utc
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@pytest.fixture
def relay():
    relay = Paced()
    yield relay
    relay.stop()


def step(placet, *words, **run):
    return placet.run(*words, json=False, **run)


def counts(placet, number):
    status = placet.run("mailing", "status", number)
    return status["state"], {k: v for k, v in status["counts"].items() if v}


def instant(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


class Noon:
    """Clocks from the noon that comes: hours later it is still the same day, whatever the hour at which the test runs."""

    def __init__(self):
        now = datetime.datetime.now(UTC)
        self.at = now.replace(hour=12, minute=0, second=0, microsecond=0) + datetime.timedelta(days=now.hour >= 12)
        self.away = int((self.at - now).total_seconds()) + 1

    def clock(self, hours=0):
        return {"PLACET_CLOCK": f"+{self.away + 3600 * hours}s"}

    def midnight(self, days=1):
        return self.at.replace(hour=0) + datetime.timedelta(days=days)


def assert_held(times, rate, burst=1):
    """Times since before the first moment: a busy machine can make each of them later, and none earlier."""
    for i, t in enumerate(sorted(times)):
        assert i < rate * t + burst, f"{i + 1} messages within {t:.3f} s"


def test_rates_hold_over_two_senders(placet, relay):
    slow, other = people(15), people(60, "example.com")
    told = Story(placet, relay.url()).prepare(slow + other)
    step(placet, "pace", "set", "example.org", "--per-second", "5")
    step(placet, "identity", "pace", IDENTITY, "--per-second", "30")
    number = told.mailing()
    step(placet, "mailing", "start", number)
    began = time.monotonic()
    step(placet, "send", "--until-idle", "--processes", "2")
    assert counts(placet, number) == ("done", {"accepted": 75})
    assert sorted(relay.taken) == sorted(slow + other)
    of_slow = [t - began for to, t, _ in relay.recipients if to in slow]
    of_other = [t - began for to, t, _ in relay.recipients if to in other]
    assert_held(of_slow, 5)
    assert_held(of_slow + of_other, 30)
    assert sorted(of_other)[45] < max(of_slow), "who falls under no limit of a domain is not held up by it"
    limits = {x["name"]: x for x in placet.run("pace", "list")}
    assert limits["example.org"]["used"] == 15
    assert placet.run("identity", "pace", IDENTITY)["used"] == 75


def test_so_many_a_day(placet, capture):
    told = Story(placet, capture.url()).prepare(people(8) + people(4, "example.com") + people(3, "example.net"))
    step(placet, "pace", "set", "example.org", "--per-day", "3")
    step(placet, "pace", "set", "*", "--per-day", "2")
    number = told.mailing()
    step(placet, "mailing", "start", number)
    noon = Noon()
    sent = placet.run("send", "--until-idle", expect=75, env=noon.clock())
    status = placet.run("mailing", "status", number, env=noon.clock())
    assert counts(placet, number) == ("sending", {"accepted": 7, "queued": 8})
    assert status["next_due"] == sent["next_due"] and instant(sent["next_due"]) == noon.midnight()
    star = next(x for x in placet.run("pace", "list", env=noon.clock()) if x["name"] == "*")
    assert (star["used"], star["domains"]) == (4, 2)
    # What a limit that is taken away kept back goes out at once.
    step(placet, "pace", "remove", "*", env=noon.clock())
    assert placet.run("send", "--until-idle", expect=75, env=noon.clock())["accepted"] == 3
    assert placet.run("send", "--until-idle", expect=75, env=noon.clock(24))["accepted"] == 3
    assert placet.run("send", "--until-idle", env=noon.clock(48))["accepted"] == 2
    assert counts(placet, number) == ("done", {"accepted": 15})


def test_an_identity_warms_up(placet, capture):
    told = Story(placet, capture.url()).prepare(people(16))
    step(placet, "identity", "pace", IDENTITY, "--warm-up", "2", "--per-day", "5")
    number = told.mailing()
    step(placet, "mailing", "start", number)
    # Days on which nothing is sent do not count.
    noon = Noon()
    for hours, accepted in ((0, 2), (1, 0), (72, 4), (120, 5)):
        sent = placet.run("send", "--until-idle", expect=75, env=noon.clock(hours))
        assert sent["accepted"] == accepted and sent["next_due"], hours
    paced = placet.run("identity", "pace", IDENTITY, env=noon.clock(120))
    assert (paced["used"], paced["days"], paced["today"]) == (5, 3, 5) and paced["warm_since"]
    assert instant(sent["next_due"]) == noon.midnight(6)
    step(placet, "identity", "pace", IDENTITY, "--warm-up", "0", "--per-day", "0", env=noon.clock(120))
    assert placet.run("send", "--until-idle", env=noon.clock(120))["accepted"] == 5


def test_what_a_fault_gives_back_is_no_use(placet, folder):
    """The relay is away: the day's messages are still there when it comes back."""
    told = Story(placet, "smtp://127.0.0.1:9").prepare(people(3))
    step(placet, "identity", "pace", IDENTITY, "--warm-up", "3")
    number = told.mailing()
    step(placet, "mailing", "start", number)
    step(placet, "send", "--until-idle", expect=75)
    paced = placet.run("identity", "pace", IDENTITY)
    assert (paced["used"], paced["today"]) == (0, 3)
    assert counts(placet, number) == ("sending", {"queued": 3})


class Loopback:
    """The network as it is."""
    prefix = []


def test_a_provider_of_many_domains(placet, capture):
    """Two domains whose mail goes to one provider share its limit, once placet work has asked."""
    told = Story(placet, capture.url()).prepare(people(4) + people(4, "example.com") + people(4, "example.net"))
    dns = Dns(Loopback, placet.folder)
    dns.records = ["example.org. IN MX 10 mx1.big.test.", "example.com. IN MX 20 mx.small.test.", "example.com. IN MX 5 in.big.test.",
                   "example.net. IN MX 5 mx.small.test."]
    dns.publish()
    try:
        step(placet, "institution", "set", "resolver", f"127.0.0.1@{dns.port}")
        step(placet, "pace", "set", "mx:big.test", "--per-day", "3")
        number = told.mailing()
        assert {"job": "groups", "rows": 3} in placet.run("work", "--once")
        assert {"job": "groups", "rows": 0} in placet.run("work", "--once")
    finally:
        dns.stop()
    step(placet, "mailing", "start", number)
    assert placet.run("send", "--until-idle", expect=75)["accepted"] == 3 + 4
    assert next(x for x in placet.run("pace", "list"))["used"] == 3


def test_no_domain_is_hit_in_one_burst(placet, relay):
    """Lists come sorted by domain, in several files; what goes out is mixed."""
    domains = ["example.org", "example.com", "example.net", "one.test", "two.test", "three.test"]
    told = Story(placet, relay.url())
    told.staff()
    told.project()
    for file in range(3):
        told.fill_list([f"of{file}-{i:02}@{d}" for d in domains[2 * file:] + domains[:2 * file] for i in range(20)])
    told.sign_off()
    number = told.mailing()
    step(placet, "mailing", "start", number)
    step(placet, "send", "--until-idle", "--connections", "1")
    order = [to.split("@")[1] for to in relay.taken]
    files = [to[:3] for to in relay.taken]
    assert len(order) == 360
    # 17 of each domain are to be expected, 33 of each file.
    for i in range(len(order) - 99):
        assert max(order[i:i + 100].count(d) for d in domains) <= 40
        assert max(files[i:i + 100].count(f) for f in set(files)) <= 60


# --- hours --------------------------------------------------------------------------------------------

def span(begin, end):
    return f"{DAYS[begin.weekday()]} {begin:%H:%M}-{end:%H:%M} UTC"


def test_hours_open(placet, capture):
    told = Story(placet, capture.url()).prepare(people(3))
    now = datetime.datetime.now(UTC)
    opens = (now + datetime.timedelta(hours=30)).replace(minute=0, second=0, microsecond=0)
    own = span(opens, opens + datetime.timedelta(hours=1, minutes=59) if opens.hour < 22 else opens.replace(minute=59))
    step(placet, "institution", "set", "send-hours", "mon-sun 00:00-24:00 Europe/Berlin")
    number = told.draft()
    submit = ("mailing", "submit", number, "--by", ANN, "--accept-responsibility", "--hours")
    step(placet, *submit, "mon-fri 25:00-26:00 UTC", expect=2)
    assert "08:00-18:00" in placet.last.stderr
    step(placet, *submit, own, "--not-after", f"{opens - datetime.timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}", expect=2)
    step(placet, *submit, own.replace(" UTC", "  utc").replace("utc", "UTC"))
    assert placet.run("mailing", "show", number)["hours"] == own
    step(placet, "mailing", "approve", number, "--by", REV)
    step(placet, "mailing", "start", number)
    sent = placet.run("send", "--until-idle", expect=75)
    status = placet.run("mailing", "status", number)
    assert status["state"] == "sending" and status["counts"]["queued"] == 3
    assert instant(sent["next_due"]) == opens and status["next_due"] == sent["next_due"]
    assert "closed until" in step(placet, "mailing", "status", number)
    # The institution's hours hold as well, and may be changed while it waits.
    step(placet, "institution", "set", "send-hours", span(opens.replace(minute=20), opens.replace(minute=40)))
    seconds = int((opens - datetime.datetime.now(UTC)).total_seconds())
    sent = placet.run("send", "--until-idle", expect=75, env={"PLACET_CLOCK": f"+{seconds + 300}s"})
    assert instant(sent["next_due"]) == opens.replace(minute=20)
    placet.run("send", "--until-idle", env={"PLACET_CLOCK": f"+{seconds + 1300}s"})
    assert counts(placet, number) == ("done", {"accepted": 3})


def test_hours_close_while_it_is_sent(placet, relay):
    told = Story(placet, relay.url()).prepare(people(200))
    step(placet, "identity", "pace", IDENTITY, "--per-second", "20")
    now = datetime.datetime.now(UTC)
    closes = (now + datetime.timedelta(hours=26)).replace(minute=30, second=0, microsecond=0)
    number = told.draft()
    step(placet, "mailing", "submit", number, "--by", ANN, "--accept-responsibility", "--hours",
         span(closes.replace(minute=0), closes))
    step(placet, "mailing", "approve", number, "--by", REV)
    step(placet, "mailing", "start", number)
    shift = int((closes - datetime.datetime.now(UTC)).total_seconds()) - 5
    open_for = (closes - datetime.datetime.now(UTC)).total_seconds() - shift
    sent = placet.run("send", "--until-idle", expect=75, env={"PLACET_CLOCK": f"+{shift}s"}, timeout=60)
    closed = time.monotonic() + (closes - datetime.datetime.now(UTC)).total_seconds() - shift
    assert 0 < sent["accepted"] < 20 * (open_for + 1) and len(relay.taken) == sent["accepted"]
    assert max(t for _, t, _ in relay.recipients) < closed + 1
    assert instant(sent["next_due"]) == closes.replace(minute=0) + datetime.timedelta(days=7)
    assert counts(placet, number) == ("sending", {"accepted": sent["accepted"], "queued": 200 - sent["accepted"]})
