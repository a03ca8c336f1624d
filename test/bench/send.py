"""./dev bench send: what sending costs, beside what others need for it and what the machine can do, all on one smtp-sink.

These choose parts of it, each a list of words:
  PLACET_BENCH_PARTS      peers sizes delay
  PLACET_BENCH_ENGINES    sqlite postgresql
  PLACET_BENCH_SIZES      10000 100000          recipients; 1000000 takes many minutes more
  PLACET_BENCH_KINDS      none rsa ed25519 both what mail is signed with
  PLACET_BENCH_PROCESSES  1 2                   send processes
  PLACET_BENCH_RTT        0 5 40                milliseconds, through a proxy that adds time and takes no throughput

peers: smtp-source, a sender by libcurl's multi interface and a nodemailer pool, 20 connections each, one constant message of
the size that ours have. sizes: a mailing for each kind, by so many processes; smtp-source runs again right before each.
The limit of RSA is 0.85 of one core's `openssl speed`, times what the sink leaves of two cores. delay: the limit is 20
connections with a message each in every round trip.
"""
import json
import os
import pathlib
import re
import shutil
import smtplib
import statistics
import subprocess
import tempfile
import time

from measure import ROOT, Ran, built, cpu_of, quiet, say, speed_of, words_of
from harness.placet import Placet
from harness.process import Process, answers, free_port
from harness.story import Story, people
from postgres import Postgres

PARTS = words_of("PLACET_BENCH_PARTS", "peers sizes delay")
ENGINES = words_of("PLACET_BENCH_ENGINES", "sqlite postgresql")
SIZES = [int(n) for n in words_of("PLACET_BENCH_SIZES", "10000 100000")]
KINDS = words_of("PLACET_BENCH_KINDS", "none rsa ed25519 both")
PROCESSES = [int(n) for n in words_of("PLACET_BENCH_PROCESSES", "1 2")]
TRIPS = words_of("PLACET_BENCH_RTT", "0 5 40")

CONNECTIONS = 20
PEER_MESSAGES = 20000  # of a peer, and of smtp-source before each of ours, at most
DELAY_MESSAGES = 10000
NAMES = {"none": "no", "rsa": "RSA-2048", "ed25519": "Ed25519", "both": "both"}


class Sink:
    """One smtp-sink for the whole run, without its counters, which cost it a write for each message."""

    def __init__(self, folder):
        self.port = free_port()
        argv = ["/usr/sbin/smtp-sink", *(["-u", "root"] if os.geteuid() == 0 else []), f"127.0.0.1:{self.port}", "256"]
        self.process = Process(argv, folder / "sink.log", cwd=folder)
        self.process.wait_for(lambda: answers(self.port), 10, "smtp-sink accepts connections")

    def cpu(self):
        return cpu_of(self.process.pid)


class Proxy:
    """A round trip of so many milliseconds between its port and the sink's."""

    def __init__(self, folder, sink, trip):
        self.process = Process([built("delay_proxy"), "0", str(sink.port), trip], folder / f"proxy-{trip}.log")
        found = self.process.wait_for(lambda: re.search(r"^listening (\d+)$", self.process.output(), re.M), 10, "the proxy listens")
        self.port = int(found.group(1))

    def measured(self):
        """Milliseconds of one NOOP, the median of twenty: what a round trip is in truth."""
        with smtplib.SMTP("127.0.0.1", self.port) as smtp:
            took = []
            for _ in range(20):
                begin = time.monotonic()
                smtp.noop()
                took.append((time.monotonic() - begin) * 1000)
        return statistics.median(took)

    def stop(self):
        """Returns what it says of its own precision."""
        self.process.stop()
        found = re.search(r"late-us median (\d+) p99 (\d+)", self.process.output())
        return f"{found.group(1)} µs late, 99 % {found.group(2)} µs" if found else ""


def measured(sink, argv, env=None, cwd=None):
    """(Ran, the sink's share of a core meanwhile)."""
    before = sink.cpu()
    ran = Ran(argv, env, cwd)
    return ran, (sink.cpu() - before) / ran.took


def smtp_source(port, messages, size):
    return ["/usr/sbin/smtp-source", "-d", "-s", CONNECTIONS, "-m", messages, "-l", size, f"127.0.0.1:{port}"]


def row(*cells):
    say("| " + " | ".join(str(c) for c in cells) + " |")


def head(*cells):
    say()
    row(*cells)
    row(*("---" for _ in cells))


# --- what people use instead -------------------------------------------------------------------------------------------

def node_tools():
    """nodemailer as the lock file pins it; False when there is no node, or npm cannot bring it."""
    folder = ROOT / "test/bench"
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    lock, stamp = folder / "package-lock.json", folder / "node_modules/.installed-lock"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        done = subprocess.run(["npm", "--prefix", folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], check=False,
                              capture_output=True, timeout=300)
        if done.returncode:
            return False
        stamp.write_bytes(lock.read_bytes())
    return True


def peers(sink, size):
    head("sender", "message", "messages/s", "CPU s per 1,000", "peak memory", "sink's share of a core")
    kinds = [("smtp-source -d -s 20", PEER_MESSAGES, smtp_source(sink.port, PEER_MESSAGES, size)),
             ("libcurl, multi", PEER_MESSAGES, [built("curl_sender"), sink.port, PEER_MESSAGES, CONNECTIONS, size])]
    if node_tools():
        # The pool of this version needs memory and time for whatever waits in it; a quarter of the messages will do.
        for name, more in (("nodemailer, pool", []), ("nodemailer, pool, TCP_NODELAY", ["now"])):
            kinds.append((name, PEER_MESSAGES // 4, ["node", ROOT / "test/bench/nodemailer_pool.mjs", sink.port, PEER_MESSAGES // 4,
                                                     CONNECTIONS, size, *more]))
    else:
        say("nodemailer is left out: npm cannot bring it.")
    for name, messages, argv in kinds:
        ran, share = measured(sink, argv)
        row(name, f"{size} B", f"{messages / ran.took:.0f}", f"{1000 * ran.cpu / messages:.3f}", f"{ran.memory:.0f} MiB", f"{share:.2f}")


# --- ours --------------------------------------------------------------------------------------------------------------

class Home:
    """A home with so many people on its list, for as many mailings as are wanted."""

    def __init__(self, folder, port, count, database=None):
        self.count, self.placet = count, Placet(folder, database)
        with quiet():
            self.story = Story(self.placet, f"smtp://127.0.0.1:{port}").prepare(people(count))
            self.placet.run("institution", "set", "fatigue-ceiling", "30", json=False)

    def started(self):
        """A new mailing, ready to be sent. Returns the size of its first message."""
        with quiet():
            number = self.story.mailing()
            size = len(self.placet.run("mailing", "preview", number, json=False))
            self.placet.run("mailing", "start", number, json=False, timeout=600)
        return size

    def send(self, sink, kind="none", processes=1):
        argv = self.placet._argv(["send", "--until-idle", "--connections", CONNECTIONS, "--dkim", kind, "--processes", processes],
                                 json=True)
        ran, share = measured(sink, argv, self.placet.env)
        accepted = json.loads(ran.output)["accepted"]
        if accepted != self.count:
            raise SystemExit(f"placet send: {accepted} of {self.count} were accepted\n{ran.output}")
        return ran, share


def one_mailing(home, sink, engine, kind, processes, server):
    size = home.started()
    few = min(home.count, PEER_MESSAGES)
    limit = few / Ran(smtp_source(sink.port, few, size)).took
    rsa = speed_of("rsa2048", 1) if kind in ("rsa", "both") else 0
    before = cpu_of(server.server.pid) if server else 0
    ran, share = home.send(sink, kind, processes)
    database = (cpu_of(server.server.pid) - before) * 1000 / home.count if server else 0
    speed, aim = home.count / ran.took, 0.85 * rsa * (2 - share)
    row(engine, f"{home.count:,}", NAMES[kind], processes, f"{speed:.0f}", f"{1000 * ran.cpu / home.count:.3f}" +
        (f" + {database:.3f}" if server else ""), f"{ran.memory:.0f} MiB", f"{share:.2f}", f"{limit:.0f}", f"{speed / limit:.2f}",
        f"{rsa:.0f}" if rsa else "", f"{speed / aim:.2f} of {aim:.0f}" if rsa else "")


def sizes(folder, sink):
    head("engine", "recipients", "signed", "processes", "messages/s", "CPU s per 1,000 (+ server)", "peak memory", "sink's share of a core",
         "smtp-source/s", "ratio", "openssl speed rsa2048/s", "of the limit")
    for engine in ENGINES:
        server = Postgres(fsync=True).__enter__() if engine == "postgresql" else None
        try:
            for count in SIZES:
                with tempfile.TemporaryDirectory(prefix=f"{engine}-{count}-", dir=folder) as name:
                    home = Home(name, sink.port, count, server and server.database(f"send{count}"))
                    for kind in KINDS:
                        for processes in PROCESSES:
                            one_mailing(home, sink, engine, kind, processes, server)
        finally:
            if server:
                server.stop()


# --- a long way --------------------------------------------------------------------------------------------------------

def delay(folder, sink):
    head("round trip", "measured", "sender", "messages", "messages/s", "limit", "ratio", "proxy")
    for trip in TRIPS:
        proxy = Proxy(folder, sink, trip)
        truth, count = proxy.measured(), DELAY_MESSAGES
        home = Home(folder / f"delay-{trip}", proxy.port, count)
        size = home.started()
        # The others need several round trips for a message: fewer of them will do.
        few = count if float(trip) < 1 else count // 10
        others = [("smtp-source", smtp_source(proxy.port, few, size)), ("libcurl", [built("curl_sender"), proxy.port, few, CONNECTIONS, size])]
        found = [("placet", count, home.send(sink)[0].took)] + [(name, few, Ran(argv).took) for name, argv in others]
        late = proxy.stop()
        for name, n, took in found:
            limit = CONNECTIONS * 1000 / float(trip) if float(trip) else 0
            row(f"{trip} ms", f"{truth:.2f} ms", name, n, f"{n / took:.0f}", f"{limit:.0f}" if limit else "",
                f"{n / took / limit:.2f}" if limit else "", late)


# --- all of it -----------------------------------------------------------------------------------------------------------

def bench_send():
    with tempfile.TemporaryDirectory(prefix="placet-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        sink = Sink(folder)
        begin = time.monotonic()
        try:
            if "peers" in PARTS:
                peers(sink, 9400)
            if "sizes" in PARTS:
                sizes(folder, sink)
            if "delay" in PARTS:
                delay(folder, sink)
        finally:
            sink.process.stop()
        say(f"\nAll of it took {(time.monotonic() - begin) / 60:.1f} minutes, at a load of {os.getloadavg()[0]:.1f} at its end.")
