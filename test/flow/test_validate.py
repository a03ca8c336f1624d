"""A list is looked at by a person: the sample of the policy, what makes it grow, and who may sign."""
import csv
import math
import pathlib
import sqlite3

import pytest

from harness.story import ANN, IDENTITY, LIST, OFFICE, REV, STUDY, VAL, Story, people

FORM = ["--consent-kind", "signed-form", "--consent-ref", "F", "--consent-date", "2026-10-01"]


class Desk:
    """A list that nobody has looked at."""

    def __init__(self, placet, addresses):
        self.placet = placet
        told = self.told = Story(placet, "smtp://127.0.0.1:9")
        placet.init("--postmaster", "post@uni.example")
        for address, roles in ((ANN, ["researcher"]), (VAL, ["validator"]), (REV, ["reviewer"])):
            told.do("account", "add", address, "--name", "N N", "--role", *roles, json=False)
        told.do("department", "add", OFFICE, "--name", "Department of Psychology", json=False)
        told.do("identity", "add", IDENTITY, "--domain", "uni.example", "--relay", told.relay, json=False)
        told.project()
        told.fill_list(addresses)

    def ask(self, *args, by=VAL, **run):
        return self.placet.run("validate", LIST, "--by", by, *args, **run)

    def sample(self):
        return [row["address"] for row in self.ask("--sample")]

    def decide(self, rows, expect=0, by=VAL):
        path = pathlib.Path(self.placet.folder) / "decisions.csv"
        with open(path, "w", newline="", encoding="utf-8") as f:
            csv.writer(f).writerows([("address", "decision", "reason"), *rows])
        return self.ask("--decide", path, by=by, expect=expect)

    def sign(self, expect=0, by=VAL):
        return self.ask("--sign-off", "--how", "wrote to them", by=by, expect=expect)

    def why(self):
        return {m["address"]: m["why_not"] for m in self.placet.run("list", "members", LIST)}


@pytest.mark.parametrize("people_on_list,sample", [(1, 1), (2, 2), (50, 48), (300, 117), (1000, 138)])
@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_numbers_of_the_policy(placet, people_on_list, sample):
    desk = Desk(placet, people(people_on_list))
    state = desk.ask()
    assert (state["population"], state["sample"], state["sample_undecided"], state["flagged"]) == (people_on_list, sample, sample, 0)
    drawn = desk.sample()
    assert len(set(drawn)) == sample and desk.sample() == drawn, "it is drawn once"
    if people_on_list > 100:
        assert drawn != sorted(drawn), "nobody can tell who comes next"


def test_flagged_ones_need_reasons(placet):
    desk = Desk(placet, ["info@example.org", "office@example.org", *people(3)])
    assert {r["address"] for r in desk.ask("--flagged")} == {"info@example.org", "office@example.org"}
    table = desk.ask("--flagged", json=False)
    assert table.splitlines()[0] == "address,flags,known" and "info@example.org,role," in table
    desk.decide([("info@example.org", "accept", "")], expect=2)
    desk.decide([("info@example.org", "maybe", "x")], expect=2)
    desk.decide([("stranger@example.org", "accept", "x")], expect=2)
    damaged = pathlib.Path(placet.folder) / "damaged.csv"
    damaged.write_text('address,decision,reason\ninfo@example.org,accept,"one "person" reads it"\n')
    desk.ask("--decide", damaged, expect=2)
    assert "line 2: text behind a closing quote" in placet.last.stderr
    desk.sign(expect=1)
    desk.decide([(a, "accept", "") for a in desk.sample()])
    desk.sign(expect=1)
    desk.decide([("info@example.org", "accept", "one person reads it"), ("office@example.org", "reject", "five people read it")])
    desk.sign()
    why = desk.why()
    assert (why["info@example.org"], why["office@example.org"], why["person0000@example.org"]) == ("", "rejected", "")
    assert desk.ask()["signed_off"] is True


def plan(population, allowed):
    """The smallest n with at most 1 in 20 that no more than so many bad ones are in it, 2 % being bad; by exact fractions."""
    bad = -(-2 * population // 100)
    for n in range(population):
        ways = sum(math.comb(bad, k) * math.comb(population - bad, n - k) for k in range(min(allowed, n) + 1))
        if 20 * ways <= math.comb(population, n):
            return n
    return population


@pytest.mark.parametrize("size", [300, 1000])
def test_failures_make_the_sample_grow(placet, size):
    desk = Desk(placet, people(size))
    desk.sign(expect=1)
    sizes, seen = [], []
    for failures in range(4):
        drawn = desk.sample()
        assert not set(drawn) & set(seen), "decisions are kept"
        seen += drawn
        sizes.append(desk.ask()["sample"])
        assert len(seen) == sizes[-1]
        if failures == 3:
            break
        desk.sign(expect=1)
        desk.decide([(drawn[0], "reject", "moved away"), *((a, "accept", "") for a in drawn[1:])])
        assert desk.ask()["failures"] == failures + 1
    assert sizes[0] == {300: 117, 1000: 138}[size], "the policy's own figures"
    assert sizes == [plan(size, 0), plan(size, 1), plan(size, 2), size], "after the third failure every address is decided"
    desk.sign(expect=1)
    desk.decide([(a, "accept", "") for a in drawn])
    desk.sign()
    why = list(desk.why().values())
    assert (why.count("rejected"), why.count("")) == (3, size - 3)


def test_who_may_decide_and_sign(placet):
    desk = Desk(placet, people(501))
    desk.ask(by=REV, expect=4)
    desk.decide([(a, "accept", "") for a in desk.sample()])
    desk.sign(by=ANN, expect=4)
    desk.sign(by=REV, expect=4)
    desk.ask("--sign-off", expect=2)
    desk.sign(by=VAL)
    desk.sign(by=VAL, expect=1)
    placet.run("account", "disable", VAL, json=False)
    desk.ask(by=VAL, expect=4)
    desk.sign(by=VAL, expect=4)


@pytest.mark.parametrize("size", [500, 501])
def test_the_originator_does_not_look_alone(placet, size):
    desk = Desk(placet, people(size))
    decided = [(a, "accept", "") for a in desk.sample()]
    desk.decide(decided, by=ANN)
    if size > 500:
        desk.sign(by=VAL, expect=4)
        assert "the originator took every decision" in placet.last.stderr
        desk.decide(decided[:1])
        desk.sign(by=ANN, expect=4)
    desk.sign(by=VAL)


def test_the_reviewer_sees_how_it_was_signed(placet):
    desk = Desk(placet, ["info@example.org", *people(60)])
    seed = desk.ask()["seed"]
    drawn = desk.sample()
    desk.decide([(drawn[0], "reject", "moved away"), ("info@example.org", "accept", "one person reads it")])
    desk.decide([(a, "accept", "") for a in desk.sample()], by=ANN)
    desk.sign()
    number = desk.told.draft()
    finding, = [f for f in placet.run("mailing", "check", number)["findings"] if f["rule"] == "validated"]
    assert finding["answer"] == "pass"
    for words in (f"sign-off 1 by {VAL} on ", f"a sample of 59 from 60 (seed {seed}), of which 1 failed, and 1 flagged ones; 1 rejected",
                  'in use: "wrote to them"', f"2 decisions by {VAL} from a file in ", f"58 decisions by {ANN} from a file in ",
                  "at 1 moment, the first ", " after the draw"):
        assert words in finding["reason"], (words, finding["reason"])
    shown, = placet.run("mailing", "show", number)["sign_offs"]
    assert [shown[k] for k in ("by", "how", "population", "sample", "seed", "flagged", "failures", "rejected")] == [
        VAL, "wrote to them", 60, 59, seed, 1, 1, 1]
    assert {(p["by"], p["source"], p["decisions"]) for p in shown["pace"]} == {(VAL, "file", 2), (ANN, "file", 58)}
    assert f"sign-off 1 by {VAL}" in placet.run("mailing", "show", number, json=False)
    # A frozen mailing tells of what was signed when it was submitted.
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False)
    desk.told.fill_list(people(70))
    desk.decide([(a, "accept", "") for a in desk.sample()])
    desk.sign()
    assert len(placet.run("mailing", "show", number)["sign_offs"]) == 1
    later = placet.run("mailing", "show", desk.told.draft(subject="Later"))["sign_offs"]
    assert [s["signoff"] for s in later] == [2, 1]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_originator_signs_a_short_list(placet):
    desk = Desk(placet, people(10))
    desk.decide([(a, "accept", "") for a in desk.sample()])
    desk.sign(by=ANN)


def test_new_addresses_open_a_new_sign_off(placet):
    desk = Desk(placet, people(60))
    desk.decide([(a, "accept", "") for a in desk.sample()])
    desk.sign()
    first = desk.ask()
    assert first["signed_off"] is True
    more = people(90)[60:]
    desk.told.fill_list(people(90))
    state = desk.ask()
    assert (state["signed_off"], state["population"], state["sample"]) == (False, 30, 29)
    assert len(desk.sample()) == 29 and set(desk.sample()) < set(more)
    why = desk.why()
    assert {why[a] for a in people(60)} == {""} and {why[a] for a in more} == {"not-validated"}
    number = desk.told.draft()
    answers = {f["rule"]: f["answer"] for f in placet.run("mailing", "check", number, expect=1)["findings"]}
    assert answers["validated"] == "fail"
    desk.decide([(a, "accept", "") for a in desk.sample()])
    desk.sign()
    assert set(desk.why().values()) == {""}


def test_it_lapses(placet):
    desk = Desk(placet, people(3))
    desk.decide([(a, "accept", "") for a in desk.sample()])
    desk.sign()
    assert placet.run("list", "show", LIST, env={"PLACET_CLOCK": "+360d"})["mailable"] == 3
    assert placet.run("list", "show", LIST, env={"PLACET_CLOCK": "+370d"})["mailable"] == 0


MASK = (1 << 64) - 1


def xoshiro(seed):
    """xoshiro256** seeded by splitmix64, as base/rng.c says it draws."""
    state = []
    for _ in range(4):
        seed = (seed + 0x9e3779b97f4a7c15) & MASK
        z = seed
        z = ((z ^ (z >> 30)) * 0xbf58476d1ce4e5b9) & MASK
        z = ((z ^ (z >> 27)) * 0x94d049bb133111eb) & MASK
        state.append(z ^ (z >> 31))
    rotate = lambda x, k: ((x << k) | (x >> (64 - k))) & MASK
    while True:
        yield (rotate((state[1] * 5) & MASK, 7) * 9) & MASK
        t = (state[1] << 17) & MASK
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= t
        state[3] = rotate(state[3], 45)


def drawn(addresses, seed):
    """The addresses in the order in which the sample takes them: Fisher and Yates, from the end, without bias."""
    stream, order = xoshiro(seed), list(addresses)
    for i in range(len(order), 1, -1):
        limit = MASK - MASK % i
        x = next(x for x in stream if x < limit)
        order[i - 1], order[x % i] = order[x % i], order[i - 1]
    return order


def test_the_sample_repeats_itself_from_its_seed(placet):
    addresses = people(120)
    desk = Desk(placet, addresses)
    state = desk.ask()
    listed = [m["address"] for m in placet.run("list", "members", LIST)]
    assert sorted(listed) == addresses
    assert desk.sample() == drawn(listed, state["seed"])[:state["sample"]]


def test_no_evidence_voids_the_import_that_claimed_it(placet, folder):
    told = Story(placet, "smtp://127.0.0.1:9").prepare(people(3))
    told.fill_list([*people(3), *people(4, "later.example.org")])
    told.do("consent", "add", people(4, "later.example.org")[3], "--project", STUDY, "--kind", "oral", "--ref", "by phone", "--date",
            "2026-10-02", "--by", ANN, json=False)
    file = pathlib.Path(folder) / "decisions.csv"
    file.write_text("address,decision,reason\n" + "".join(f"{a},{'no-evidence' if i == 1 else 'accept'},\n"
                                                           for i, a in enumerate(people(4, "later.example.org"))))
    said = told.do("validate", LIST, "--by", VAL, "--decide", file)
    assert (said["evidence_voided"], said["failures"]) == (3, 1)
    assert [(p["by"], p["source"], p["decisions"]) for p in said["pace"]] == [(VAL, "file", 4)]
    # Those of the first import keep their consent, and so does who gave it anew.
    told.do("validate", LIST, "--by", VAL, "--sign-off", "--how", "they wrote", json=False)
    assert {m["address"]: m["why_not"] for m in told.do("list", "members", LIST)} == {
        **dict.fromkeys(people(3), ""), **dict.fromkeys(people(3, "later.example.org"), "no-consent"),
        people(4, "later.example.org")[3]: ""}
    history = told.do("consent", "show", people(1, "later.example.org")[0])
    assert [c["action"] for c in history] == ["given", "voided"]
    # An import of the same file restores nothing.
    told.fill_list(people(4, "later.example.org"))
    assert told.do("list", "show", LIST)["mailable"] == 4
    assert "evidence-voided" in [e["action"] for e in told.do("audit", "log")]


def test_the_sample_is_drawn_again(placet, engine):
    told = Story(placet, "smtp://127.0.0.1:9").prepare(people(200))
    number = told.do("validate", LIST, "--by", VAL)["pace"][0]["signoff"]
    said = told.do("validate", LIST, "--by", VAL, "--reproduce", number)
    assert said["as_drawn"] is True and (said["population"], said["sample"]) == (200, 105)
    told.do("validate", LIST, "--by", VAL, "--reproduce", 77, expect=3)
    if engine == "sqlite":
        with sqlite3.connect(placet.home / "placet.db") as db:
            db.execute("UPDATE signoff_item SET place = CASE place WHEN 3 THEN 150 ELSE 3 END WHERE place IN (3, 150)")
        assert told.do("validate", LIST, "--by", VAL, "--reproduce", number, expect=1)["as_drawn"] is False
