"""Random sequences of all that can happen to people, done to the program and to the model, which must agree after each step.

A sequence is its seed: each step draws from a generator of its own, seeded by the sequence's and its number, so that steps can be left
out (`only`) and the others stay what they are.
"""
import csv
import pathlib
import random
import re
import signal
import subprocess
import time

from .forms import Web, stamp_of
from .model import DAY, VALID, Model
from .placet import Capture
from .process import free_port
from .story import ANN, IDENTITY, OFFICE, POST, REV, VAL, Story, opt_out_link, plain_text

STUDIES = {"sleep": ("sleep-a", "sleep-b"), "food": ("food-a", "food-b"), "noise": ("noise-a",)}
LISTS = {name: study for study, names in STUDIES.items() for name in names}
WORDS = "I agree that the study of Example University writes to me, once a month at most.\n"
EVIDENCE = ["--consent-kind", "signed-form", "--consent-column", "form", "--consent-date-column", "given"]
BODY = "Dear reader,\n\nmay we ask you for four minutes and nine questions?\n"


def spellings(i):
    """Of one person. At gmail dots say nothing; a trial home mails nobody there."""
    if i % 6 == 5:
        return [f"ann.bee{i}@gmail.com", f"annbee{i}@gmail.com", f"a.nn.bee{i}+x@gmail.com"]
    return [f"p{i}@example.org", f"P{i}@example.org", f"p{i}+news@example.org"]


class World:
    def __init__(self, placet, folder, seed, people=30):
        self.placet, self.folder, self.seed = placet, pathlib.Path(folder), seed
        self.people = [spellings(i) for i in range(people)]
        self.model = Model(LISTS, {a: p[0] for p in self.people for a in p})
        self.clock, self.began = 0.0, time.time()
        self.web_process = self.web = self.stamps_at = None
        self.stamps, self.links, self.backups, self.done = {}, [], [], []
        self.files = self.mailed = self.relays = 0
        self.port = free_port()
        self.relay = None
        self.draw = random.Random(seed)

    # --- the program ---

    def now(self):
        return time.time() + self.clock

    def run(self, *args, **options):
        return self.placet.run(*args, env={"PLACET_CLOCK": f"+{int(self.clock)}s"}, **options)

    def prepare(self):
        self.placet.url = f"http://127.0.0.1:{free_port()}"
        self.relay_anew()
        told = Story(self.placet, f"smtp://127.0.0.1:{self.port}")
        told.staff()
        self.placet.run("institution", "set", "fatigue-ceiling", "30", json=False)
        words = self.file("words.md", WORDS)
        for study, names in STUDIES.items():
            self.placet.run("project", "add", study, "--title", f"The {study} study", "--originator", ANN, "--contact", ANN, "--department",
                            OFFICE, "--identity", IDENTITY, "--ethics", "EK 1", "--summary", words, json=False)
            for name in names:
                self.placet.run("list", "add", name, "--project", study, json=False)
            self.placet.run("project", "edit", study, "--join-text", words, "--join-list", names[0], json=False)
            self.placet.run("project", "approve", study, "--by", REV, json=False)
        return self

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def relay_anew(self, reject=None):
        """The relay, on the same port; `reject`: addresses that it refuses for good."""
        if self.relay:
            self.relay.stop()
        self.relays += 1
        options = ["--reject", "^(" + "|".join(re.escape(a) for a in reject) + ")$"] if reject else []
        self.relay = Capture.__new__(Capture)
        self.relay.folder = self.folder / f"captured{self.relays}"
        self.relay.process = self.placet.start("capture", "--listen", f"127.0.0.1:{self.port}", "--dir", self.relay.folder, *options)
        self.seen = 0

    def captured(self):
        """What came since the last look, as (address, raw)."""
        all_of_them = self.relay.messages()
        new = all_of_them[self.seen:]
        self.seen = len(all_of_them)
        return [(envelope["to"][0], raw) for envelope, raw in new]

    def send(self, kill=False):
        if kill:
            argv = self.placet._argv(["send", "--until-idle"])
            env = {**self.placet.env, "PLACET_CLOCK": f"+{int(self.clock)}s"}
            process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            time.sleep(self.draw.uniform(0.02, 0.6))
            process.kill()
            process.wait()
        self.run("send", "--until-idle", json=False, expect=(0, 75))

    # --- its pages ---

    def open_web(self):
        if self.web is None:
            self.web_process = self.placet.start("web", "--listen", "127.0.0.1:0", env={"PLACET_CLOCK": f"+{int(self.clock)}s"})
            self.web = Web(self.web_process.address)
        return self.web

    def close_web(self, kill=False):
        if self.web is not None:
            self.web_process.kill() if kill else self.web_process.stop()
            self.web = None

    def pass_time(self, seconds):
        """The clock only goes forward, and the web role's with it."""
        self.close_web()
        self.clock += seconds

    def stamp(self, path):
        """Of a form that was opened a while ago."""
        if path not in self.stamps or not 4 < self.now() - self.stamps[path][0] < 6000:
            status, _, page = self.open_web().get(path)
            assert status == 200, (path, status)
            self.stamps[path] = (self.now(), stamp_of(page))
            self.pass_time(10)
        return self.stamps[path][1]

    def post(self, path, form):
        network = f"10.{self.draw.randrange(256)}.{self.draw.randrange(256)}.1"
        status, _, page = self.open_web().post(path, form, network)
        return status, page

    def ask_by_mail(self, path, address, pattern, **more):
        """Types an address into a form and reads the mail; None if none came, as when one was sent today."""
        status, page = self.post(path, {"address": address, "website": "", "stamp": self.stamp(path), **more})
        assert status == 200, (path, status, page)
        self.send()
        for to, raw in self.captured():
            found = re.search(pattern, plain_text(raw))
            if found and self.model.keys[to] == self.model.keys[address]:
                return re.sub(r"^https?://[^/]+", "", found.group())
        return None

    # --- steps: what happens to people ---

    def somebody(self, reserved=False):
        return self.draw.choice(self.draw.choice([p for p in self.people if not reserved or "gmail" not in p[0]]))

    def step_import(self, name=None, most=25):
        name, kill = name or self.draw.choice(list(LISTS)), self.draw.random() < 0.2
        rows = [(self.somebody(), self.draw.random() < 0.85) for _ in range(self.draw.randrange(1, most))]
        self.files += 1
        path = self.folder / f"people{self.files}.csv"
        with open(path, "w", newline="") as f:
            csv.writer(f).writerows([("address", "form", "given"), *((a, "F" if e else "", "2026-03-01" if e else "") for a, e in rows)])
        argv = ["import", name, path, "--by", ANN, *EVIDENCE]
        if kill:
            process = subprocess.Popen(self.placet._argv(argv), env=self.placet.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(self.draw.uniform(0.02, 0.3))
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.run(*argv)
        self.model.load(name, rows)
        return f"import {len(rows)} into {name}{', killed' if kill else ''}"

    def step_consent(self):
        address, study = self.somebody(), self.draw.choice(list(STUDIES))
        if self.draw.random() < 0.4:
            held = address in self.model.state.mailboxes
            self.run("consent", "add", address, "--project", study, "--kind", "oral", "--ref", "R", "--date", "2026-04-01", "--by", ANN,
                     json=False, expect=0 if held else 3)
            if held:
                self.model.state.consent[address, study] = "given"
            return f"consent of {address} to {study}"
        held = bool(self.model.of(self.model.keys[address]))
        self.run("consent", "withdraw", address, "--project", study, "--by", ANN, json=False, expect=0 if held else 3)
        if held:
            self.model.event("withdraw", self.model.keys[address], self.now(), study)
        return f"withdrawal of {address} from {study}"

    def step_staff_opt_out(self):
        address = self.somebody()
        self.run("opt-out", address, "--by", ANN, "--why", "rang us", json=False)
        self.model.event("out", self.model.keys[address], self.now(), "staff")
        return f"opt-out of {address} by staff"

    def step_link(self):
        """One-click, the button, or both of them and second thoughts; the web role may die behind the answer."""
        if not self.links:
            return None
        key, path, mailing = self.draw.choice(self.links)
        one_click, alive = self.draw.random() < 0.5, mailing in self.model.state.mailings
        status, page = self.post(path, {"List-Unsubscribe": "One-Click"} if one_click else {"confirm": "1"})
        kill = self.draw.random() < 0.3
        if kill:
            self.close_web(kill=True)
        assert status == (200 if alive else 404), (key, status, page)
        if not alive:
            return f"a link of {key} that a restore has lost"
        self.model.event("out", key, self.now(), "page")
        said = f"{key} leaves by {'one click' if one_click else 'the button'}{', web killed' if kill else ''}"
        return said + self.second_thoughts(key, path) if self.draw.random() < 0.5 else said

    def second_thoughts(self, key, path):
        if self.draw.random() < 0.2:
            self.pass_time(25 * 3600)
        fresh = self.model.is_fresh(key, self.now())
        status, _, page = self.open_web().get(path)
        assert status == 200 and ('value="undo"' in page) == fresh, (key, fresh, page)
        offered = re.findall(r'name="keep" value="([^"]+)"', page)
        act = {"act": "keep", "keep": self.draw.choice(offered)} if offered and self.draw.random() < 0.6 else {"act": "undo"}
        status, page = self.post(path, act)
        assert status == (200 if fresh else 409), (key, act, status, page)
        if fresh and act["act"] == "keep":
            self.model.event("keep", key, self.now(), act["keep"])
        elif fresh:
            self.model.event("undo", key, self.now())
        return f", and {act}" if fresh else ", too late for more"

    def step_mailed_link(self):
        address = self.somebody(reserved=True)
        key = self.model.keys[address]
        link = self.ask_by_mail("/opt-out", address, r"https?://\S+/opt-out/\S+")
        if not link:
            return f"no link for {address}"
        status, page = self.post(link, {"confirm": "1"})
        assert status == 200, (address, status, page)
        self.model.event("out", key, self.now(), "page")
        return f"{address} leaves by a mailed link"

    def step_me(self):
        address = self.somebody(reserved=True)
        key = self.model.keys[address]
        link = self.ask_by_mail("/me", address, r"https?://\S+/me/\S+")
        if not link:
            return f"no link to /me for {address}"
        status, _, page = self.open_web().get(link)
        assert status == 200, (address, status)
        projects = re.findall(r'name="project" value="(\d+)"', page)
        act = self.draw.choice(["leave", "erase", "withdraw", "withdraw"])
        if act == "withdraw" and not projects:
            return f"{address} has nothing to withdraw"
        form = {"project": self.draw.choice(projects)} if act == "withdraw" else {"confirm": "1"}
        status, page = self.post(f"{link}/{act}", form)
        assert status == 200, (address, act, status, page)
        if act == "withdraw":
            self.model.event("withdraw", key, self.now(), list(STUDIES)[int(form["project"]) - 1])
        else:
            self.model.event("out", key, self.now(), "erasure" if act == "erase" else "page")
        if act == "erase":
            self.model.event("erase", key, self.now())
        return f"{address}: {act} at /me {form}"

    def step_join(self):
        address, study = self.somebody(reserved=True), self.draw.choice(list(STUDIES))
        link = self.ask_by_mail(f"/join/{study}", address, r"https?://\S+/confirm/\S+", agree="yes", name="")
        if not link:
            return f"no confirmation for {address}"
        if self.draw.random() < 0.2:
            return f"{address} never confirms"
        status, page = self.post(link, {"confirm": "1"})
        assert status == 200 and "You have signed up" in page, (address, status, page)
        if self.draw.random() < 0.3:
            self.close_web(kill=True)
        self.model.confirm(address, STUDIES[study][0], self.now())
        return f"{address} joins {study}"

    def step_erase(self):
        address, may_return = self.somebody(), self.draw.random() < 0.5
        key = self.model.keys[address]
        held = bool(self.model.of(key))
        known = held or key in self.model.state.out
        self.run("person", "erase", address, "--by", POST, *(["--may-return"] if may_return else []), json=False,
                 expect=0 if known or not may_return else (0, 3))
        if not may_return:
            self.model.event("out", key, self.now(), "erasure")
        if self.placet.last.status == 0:
            self.model.event("erase", key, self.now())
        return f"{address} is erased{', and may return' if may_return else ''}"

    # --- steps: what staff and time do ---

    def step_validate(self, name=None):
        """Of a list on which somebody waits."""
        open_ones = [n for n in LISTS if self.model.waiting(n, self.now())]
        if not open_ones:
            return None
        name, rejected = name or self.draw.choice(open_ones), set()
        waiting = self.model.waiting(name, self.now())
        for what in ("--flagged", "--sample"):
            while rows := self.run("validate", name, "--by", VAL, what):
                no = {r["address"] for r in rows if self.draw.random() < 0.08}
                rejected |= no
                table = "address,decision,reason\n" + "".join(f"{r['address']},{'reject' if r['address'] in no else 'accept'},seen\n" for r in rows)
                self.run("validate", name, "--by", VAL, "--decide", self.file("decisions.csv", table), json=False)
        self.run("validate", name, "--by", VAL, "--sign-off", "--how", "wrote to them", json=False)
        for a in waiting:
            self.model.state.valid[a] = (a not in rejected, self.now() + VALID)
        return f"{name} is signed off: {len(waiting)}, {len(rejected)} rejected"

    def step_time(self):
        seconds = self.draw.choice([3600, 3600, 25 * 3600, 25 * 3600, 25 * 3600, 400 * DAY])
        self.pass_time(seconds)
        return f"{seconds // 3600} h later"

    def step_backup(self):
        path = self.folder / f"backup{len(self.done)}"
        self.run("backup", path, json=False)
        self.backups = [*self.backups[-2:], (path, self.model.snapshot())]
        return f"backup into {path.name}"

    def step_restore(self):
        if not self.backups:
            return None
        self.close_web()
        path, snapshot = self.draw.choice(self.backups)
        self.run("restore", path, json=False)
        self.model.restore(snapshot)
        self.captured()
        return f"restore of {path.name}"

    # --- a mailing ---

    def step_mailing(self):
        name, kill = self.draw.choice(list(LISTS)), self.draw.random() < 0.3
        if self.mailed % 20 == 19:
            self.pass_time(31 * DAY)  # nobody is to be spared for having had too much
        if self.model.waiting(name, self.now()) and self.draw.random() < 0.8:
            self.step_validate(name)
        number = self.run("mailing", "new", "--list", name, "--subject", f"Round {self.mailed}", "--body", self.file("body.md", BODY), "--by",
                          ANN, json=False).split()[-1]
        self.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False, expect=(0, 1))
        if self.placet.last.status == 1:
            people = self.model.members(name, self.now())
            nobody = not [a for a, why in people.items() if not why and "gmail" not in a]
            assert nobody or self.model.waiting(name, self.now()), (name, people, self.placet.last.stderr)
            return f"a mailing to {name} is refused"
        may = self.may_get(name)
        self.run("mailing", "approve", number, "--by", REV, json=False)
        between = [self.draw.choice([self.step_staff_opt_out, self.step_consent, self.step_erase, self.step_link])()
                   for _ in range(self.draw.randrange(3))]
        may = may & self.may_get(name)
        refused = {a for a in may if self.draw.random() < 0.1}
        self.captured()
        self.relay_anew(refused)
        self.run("mailing", "start", number, "--by", ANN, json=False, expect=(0, 1))
        if self.placet.last.status == 1:
            assert not may, (name, may, self.placet.last.stdout)
            self.relay_anew()
            return f"mailing {number} to {name} does not start, since all have left meanwhile {between}"
        self.send(kill)
        self.settle_mailing(number, may, refused, kill)
        return f"mailing {number} to {name}: {len(may)}, {len(refused)} bounce{', killed' if kill else ''}; meanwhile {between}"

    def may_get(self, name):
        return {a for a, why in self.model.members(name, self.now()).items() if not why and "gmail" not in a}

    def settle_mailing(self, number, may, refused, kill):
        state = self.run("mailing", "status", number)["state"]
        for _ in range(5):
            if state != "paused":
                break
            self.run("mailing", "resume", number, "--by", ANN, json=False)
            self.run("send", "--until-idle", json=False, expect=(0, 75))
            state = self.run("mailing", "status", number)["state"]
        assert state == "done", state
        subject = f"Round {self.mailed}"
        self.mailed += 1
        got = [(to, raw) for to, raw in self.captured() if f"\r\nSubject: {subject}\r\n".encode() in raw]
        names = [to for to, _ in got]
        assert len(names) == len(set(names)), f"mailed twice: {names}"
        assert set(names) <= may - refused, f"mailed, but may not: {set(names) - may | set(names) & refused}"
        report = {r["address"]: r for r in csv.DictReader(self.run("mailing", "report", number, json=False).splitlines())}
        for a in may - set(names):
            # Another message, such as the notice of having been removed, may have come back first.
            bounced = a in refused and (report[a]["state"] == "failed" or report[a]["skipped"] == "bounced")
            assert bounced or kill and report[a]["state"] == "uncertain", report[a]
            if bounced:
                self.model.bounce(a)
        self.relay_anew()
        self.model.state.mailings[self.mailed] = True
        self.links += [(self.model.keys[to], re.sub(r"^https?://[^/]+", "", opt_out_link(raw)), self.mailed) for to, raw in got]
        self.links = self.links[-200:]

    # --- holding them together ---

    STEPS = {"import": 4, "consent": 4, "staff_opt_out": 2, "link": 5, "mailed_link": 1, "me": 2, "join": 3, "erase": 2, "validate": 2, "time": 2,
             "backup": 2, "restore": 2, "mailing": 6}

    def step(self, number):
        self.draw = random.Random(f"{self.seed} {number}")
        what = self.draw.choices(list(self.STEPS), self.STEPS.values())[0]
        self.done.append(f"{number} {what} ...")
        if number < 2:
            said = self.step_import(list(LISTS)[self.draw.randrange(3)], 60)
        else:
            said = self.step_mailing() if number == 2 else getattr(self, f"step_{what}")()
        self.done[-1] = f"{number} {said or what + ': nothing to do'}"
        if said:
            self.compare()

    def compare(self):
        now = self.now()
        for name in LISTS:
            found = {m["address"]: m["why_not"] for m in self.run("list", "members", name)}
            wanted = self.model.members(name, now)
            different = {a: (found.get(a, "not there"), wanted.get(a, "not there")) for a in {*found, *wanted} if found.get(a) != wanted.get(a)}
            assert not different, f"{name} (found, wanted): {different}"
        self.compare_person(self.somebody())

    def compare_person(self, address):
        key, state = self.model.keys[address], self.model.state
        held = self.model.of(key)
        shown = self.run("person", "show", address, expect=(0, 3))
        if self.placet.last.status == 3:
            assert not held and key not in state.out, address
            return
        assert (shown["held"], shown["opted_out"]) == (bool(held), key in state.out), (address, shown)
        found = {(one["list"], one["address"]): one["why_not"].replace("trial", "") for one in shown["lists"]}
        wanted = {(name, a): self.model.why(name, a, self.now()) for name in LISTS for a in held if a in state.members[name]}
        assert found == wanted, (address, found, wanted)

    def play(self, steps, until=None):
        """steps: their numbers. Returns how many were made; stops at `until` (time.monotonic())."""
        made = 0
        for number in steps:
            if until and time.monotonic() > until:
                break
            self.step(number)
            made += 1
        self.run("audit", "verify", json=False)
        return made
