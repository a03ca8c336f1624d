"""What it costs to look at a mailing, at any size: status, report, /metrics, and what public pages notice of it."""
import os
import statistics
import subprocess
import threading
import time
import urllib.request

from harness.process import free_port
from harness.story import Story, people
from harness.tables import change

COUNTER = {"sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) ",
           "postgresql": "WITH n (i) AS (SELECT i FROM generate_series(1, {count}) AS i) "}
ADDRESSES = ("INSERT INTO address (delivery, given, key_hash, reserved, created) SELECT 'somebody' || i || '@department' || (i % 500) ||"
             " '.uni.example', '', {hash}, 1, 0 FROM n")
# As a mailing of which most was accepted: replies and queue ids as long as Postfix makes them.
DELIVERIES = ("INSERT INTO delivery (mailing_id, address_id, fields, state, attempts, first, last, due, relay, queue_id, reply)"
              " SELECT {mailing}, id, '{{\"name\":\"Some Body\"}}', CASE WHEN id % 10 < 6 THEN 'accepted' WHEN id % 10 < 8 THEN 'queued' WHEN id % 10 = 8"
              " THEN 'deferred' ELSE 'failed' END, 1, 1790000000000000 + id, 1790000000000000 + id, CASE WHEN id % 10 = 8 THEN"
              " 4000000000000000 ELSE 0 END, 'smtp://127.0.0.1:25', '4X' || id, CASE WHEN id % 10 < 6 THEN '250 2.0.0 Ok: queued as 4X' || id"
              " ELSE '550 5.1.1 <somebody@uni.example>: Recipient address rejected: User unknown' END FROM address WHERE delivery LIKE 'somebody%'")


def peak(pid, so_far):
    """(Not ru_maxrss: that begins with our own.)"""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            return max(so_far, *(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:")), 0)
    except OSError:
        return so_far


def fill(placet, mailing, count):
    """`count` deliveries, behind the program's back."""
    engine = "postgresql" if placet.database else "sqlite"
    with_n = COUNTER[engine].format(count=count)
    hashed = "decode(md5(i::text) || md5('x' || i), 'hex')" if placet.database else "randomblob(32)"
    change(placet, with_n + ADDRESSES.format(hash=hashed), seconds=900)
    change(placet, DELIVERIES.format(mailing=mailing), seconds=1800)
    if placet.database:
        change(placet, "VACUUM ANALYZE delivery", seconds=600)
        change(placet, "ANALYZE", seconds=600)


def run(placet, *args):
    """Seconds of a command whose output goes nowhere, and its peak memory in MiB."""
    argv = [str(a) for a in (placet.binary, "--home", placet.home, *args)]
    began, most = time.monotonic(), 0.0
    with open(os.devnull, "wb") as nowhere, subprocess.Popen(argv, stdout=nowhere, env=placet.env) as process:
        while process.poll() is None:
            most = peak(process.pid, most)
            time.sleep(0.005)
        assert process.returncode == 0, argv
    return time.monotonic() - began, most


def get(port, path):
    began = time.monotonic()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        answer.read()
    return time.monotonic() - began


def scrape(placet):
    """(seconds of the first scrape, of later ones, and of the slowest of many public pages meanwhile)."""
    admin = free_port()
    web = placet.start("web", "--listen", "127.0.0.1:0", "--admin-listen", f"127.0.0.1:{admin}")
    public = int(web.address.rpartition(":")[2])
    pages, ended = [get(public, "/")], threading.Event()

    def visit():
        while not ended.is_set():
            pages.append(get(public, "/"))
            time.sleep(0.005)
    visitor = threading.Thread(target=visit)
    visitor.start()
    first, later = get(admin, "/metrics"), []
    for _ in range(5):
        time.sleep(1.1)
        later.append(get(admin, "/metrics"))
    ended.set()
    visitor.join()
    web.stop()
    return first, statistics.median(later), max(pages[1:])


def measure(placet, count, say):
    story = Story(placet, "smtp://127.0.0.1:1").prepare(people(20))
    mailing = story.mailing()
    placet.run("mailing", "start", mailing, json=False)
    fill(placet, mailing, count)
    status, _ = run(placet, "--json", "mailing", "status", mailing)
    report, memory = run(placet, "mailing", "report", mailing)
    summary, _ = run(placet, "mailing", "report", mailing, "--summary")
    senders, _ = run(placet, "--json", "sender", "status")
    first, later, page = scrape(placet)
    say(f"{count:9} recipients: status {status:.3f} s; report {report:.2f} s, {memory:.0f} MiB; summary {summary:.2f} s; sender status"
        f" {senders:.3f} s; /metrics {first * 1000:.0f} ms, then {later * 1000:.1f} ms; slowest page meanwhile {page * 1000:.1f} ms")
