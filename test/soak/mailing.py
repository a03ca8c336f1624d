#!/usr/bin/env python3
"""./dev soak mailing [PEOPLE]: a mailing to 100,000 people that is paused and resumed, whose relay is killed and started again, which
a second relay joins, and which 500 people leave while it runs; two send processes, on both engines.

Afterwards the report adds up, everybody is accounted for by what the relays wrote down, nobody got two, and nobody got anything that
started after the answer to their opt-out. Prints the figures of each engine; ends with 1 if any of it is not so.
"""
import collections
import contextlib
import csv
import io
import pathlib
import random
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/flow"), str(ROOT / "test/tools")]
from harness.leaving import Leavers
from harness.placet import Placet
from harness.process import ROOT as SOURCE
from harness.process import Process, free_port, wait_until
from harness.recorder import letters
from harness.story import ANN, BODY, IDENTITY, LIST, REV, Story
from postgres import Postgres

LEAVE, CONNECTIONS, PROCESSES = 500, 20, 2
SECONDS = 60      # that the mailing is to take at least, so that all of it finds its place
INSTANT = 0.25    # between the write of MAIL FROM and its being read by a busy relay


class RelayProcess:
    def __init__(self, folder, name, rate):
        self.folder, self.name, self.rate, self.port = folder, name, rate, free_port()
        self.file = f"{folder}/{name}.letters"
        self.start()

    def start(self):
        self.process = Process([sys.executable, SOURCE / "test/flow/harness/recorder.py", str(self.port), self.file, str(self.rate)],
                               f"{self.folder}/{self.name}.log")
        self.process.wait_for(lambda: "listening" in self.process.output(), 10, "the relay listens")

    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    def letters(self):
        return letters(self.file)


class Run:
    def __init__(self, engine, folder, database, people):
        self.engine, self.folder, self.people, self.database = engine, pathlib.Path(folder), people, database
        self.rate = max(people / SECONDS, 50)
        self.placet = Placet(folder, database)
        self.relays = [RelayProcess(folder, "first", 0)]
        self.told = []

    def tell(self, what):
        self.told.append(f"{time.monotonic() - self.began:.1f} s {what}")

    def counts(self):
        return self.placet.run("mailing", "status", self.number)

    def done(self):
        """How many messages the relays wrote down."""
        return sum(pathlib.Path(r.file).read_bytes().count(b"D ") for r in self.relays)

    def reach(self, share):
        wanted = self.before + int(share * self.people)
        wait_until(lambda: self.done() >= wanted, 600, f"{share:.0%} are sent: {self.sender.output()[-2000:]}", every=0.2)

    def prepare(self):
        told = Story(self.placet, self.relays[0].url())
        told.staff()
        told.project()
        file = self.folder / "people.csv"
        with open(file, "w", newline="", encoding="utf-8") as f:
            csv.writer(f).writerows([("address", "part"), *((f"person{i:06}@example.org", "early" if i < LEAVE else "late")
                                                            for i in range(self.people))])
        self.placet.run("import", LIST, file, "--by", ANN, "--consent-kind", "signed-form", "--consent-ref", "Form S", "--consent-date",
                        "2026-10-01", timeout=1800)
        told.sign_off()
        # A first mailing gives the links of those who will leave.
        first = self.mailing("--where", "part = 'early'")
        self.placet.run("send", "--until-idle", json=False, timeout=600)
        assert self.placet.run("mailing", "status", first)["state"] == "done"
        self.links = {one.to: one.link for one in self.relays[0].letters()}
        assert len(self.links) == LEAVE
        self.before = self.done()
        self.relays[0].process.kill()
        self.relays[0].rate = self.rate
        self.relays[0].start()

    def mailing(self, *where):
        file = self.folder / "body.md"
        file.write_text(BODY)
        p = self.placet
        number = p.run("mailing", "new", "--list", LIST, "--subject", "Four minutes", "--body", file, "--by", ANN, *where, json=False).split()[-1]
        p.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False, timeout=1800)
        p.run("mailing", "approve", number, "--by", REV, json=False, timeout=1800)
        p.run("mailing", "start", number, "--by", ANN, json=False, timeout=1800)
        return number

    def pause_and_resume(self):
        self.placet.run("mailing", "pause", self.number, "--by", ANN, json=False)
        paused = time.monotonic()
        time.sleep(3)
        late = max((one.mail_at for one in self.relays[0].letters()), default=0) - paused
        assert late < 1, f"{late:.1f} s after the answer to pause a message began"
        self.placet.run("mailing", "resume", self.number, "--by", ANN, json=False)
        self.tell(f"paused (the last message began {late:+.2f} s after the answer) and resumed")

    def kill_the_relay(self):
        self.relays[0].process.kill()
        time.sleep(3)
        self.relays[0].start()
        self.tell("the relay was killed, and is back after 3 s")

    def second_relay(self):
        second = RelayProcess(self.folder, "second", self.rate)
        self.relays.append(second)
        self.placet.run("relay", "add", IDENTITY, second.url(), json=False)
        joined = time.monotonic()
        wait_until(second.letters, 30, "the second relay gets work", every=0.1)
        self.tell(f"a second relay has work after {second.letters()[0].mail_at - joined:.1f} s")

    def play(self):
        self.began = time.monotonic()
        web = self.placet.start("web", "--listen", "127.0.0.1:0")
        self.number = self.mailing()
        self.sender = self.placet.start("send", "--connections", str(CONNECTIONS), "--processes", str(PROCESSES), listens=False)
        self.reach(0.05)
        who = sorted(self.links)
        random.Random(5).shuffle(who)
        leavers = Leavers(web.address, [self.links[a] for a in who], LEAVE / (SECONDS * 0.7), 16)
        self.reach(0.15)
        self.pause_and_resume()
        self.reach(0.35)
        self.kill_the_relay()
        self.reach(0.5)
        self.second_relay()
        wait_until(lambda: self.counts()["state"] != "sending", 900, "it ends by itself", every=1)
        self.tell("the mailing has ended")
        self.answers = leavers.answers()
        assert self.sender.stop() in (0, 75), self.sender.output()
        web.stop()

    def account(self):
        status = self.counts()
        rows = list(csv.DictReader(io.StringIO(self.placet.run("mailing", "report", self.number, json=False, timeout=600))))
        state = {row["address"]: row["state"] for row in rows}
        counts = {k: v for k, v in status["counts"].items() if v}
        assert status["state"] == "done" and len(rows) == len(state) == status["recipients"] == self.people, status
        assert collections.Counter(state.values()) == counts and set(counts) <= {"accepted", "uncertain", "skipped"}, counts
        early = set(self.links.values())
        got = [one for relay in self.relays for one in relay.letters() if one.link not in early]
        times = collections.Counter(one.to for one in got)
        assert max(times.values()) == 1, f"mailed twice: {[a for a, n in times.items() if n > 1][:5]}"
        lost = [a for a, s in state.items() if s == "accepted" and not times[a]]
        assert not lost, f"accepted, and at no relay: {lost[:5]}"
        strangers = [a for a in times if state[a] not in ("accepted", "uncertain")]
        assert not strangers, f"at a relay, and the report says otherwise: {strangers[:5]}"
        assert counts.get("uncertain", 0) <= CONNECTIONS, counts
        return counts, got, {row["address"]: row for row in rows}

    def hold_to_opt_outs(self, got, rows):
        answered = {a.path: a.at for a in self.answers if a.status == 200}
        assert len(answered) == LEAVE, collections.Counter(a.status for a in self.answers)
        begun = {one.to: one.mail_at for one in got}
        late = {a: begun[a] - answered[p] for a, p in self.links.items() if a in begun and begun[a] > answered[p] + INSTANT}
        assert not late, f"started after the answer: {late}"
        spared = [a for a in self.links if a not in begun]
        wrong = [rows[a] for a in spared if rows[a]["skipped"] != "opted-out" and rows[a]["state"] != "uncertain"]
        assert not wrong, f"not written to, and not for their opt-out: {wrong[:3]}"
        return len(spared)

    def end(self):
        with contextlib.suppress(AssertionError), contextlib.redirect_stdout(io.StringIO()):
            self.placet.stop_all()
        for relay in self.relays:
            relay.process.stop()


def run(engine, database, people):
    with tempfile.TemporaryDirectory(prefix="placet-", dir="/tmp") as folder:
        one = Run(engine, folder, database, people)
        try:
            with open(f"{folder}/told.log", "w", encoding="utf-8") as log, contextlib.redirect_stdout(log):
                one.prepare()
                one.play()
                counts, got, rows = one.account()
                spared = one.hold_to_opt_outs(got, rows)
                one.placet.run("audit", "verify", json=False, timeout=600)
                one.placet.stop_all()
            print(engine, counts, f"{LEAVE} left, {spared} of them before their message;", "; ".join(one.told), flush=True)
        finally:
            one.end()


def main():
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
    run("sqlite", None, people)
    with Postgres(fsync=False) as server:
        run("postgresql", server.database("mailing"), people)


if __name__ == "__main__":
    main()
