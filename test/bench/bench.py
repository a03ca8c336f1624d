#!/usr/bin/env python3
"""./dev bench [NAME...]: figures with their limits beside them, measured in the same run on the same machine.

import   rows/s of `placet import`, against `sqlite3 .import` of the same file into a table with a unique index
send     messages/s, processor time and memory of `placet send`, beside smtp-source, libcurl, nodemailer and the machine's
         limits, on one smtp-sink, and over long ways: see send.py, which also says how to choose parts of it
render   messages/s rendered without signing on one core, with the allocations for each, against memcpy of as many bytes, the
         HMACs of its tokens, and Python's email package with a template
sign     DKIM signatures/s on one core with RSA-2048, with Ed25519 and with both, of messages of 9 kB, against `openssl speed`
         and against OpenSSL's bare RSA signature, measured by turns
figures  what looking at a mailing costs: its status, report, /metrics, and what public pages notice of it
optout   one-click opt-outs, 500/s for 20 s (PLACET_BENCH_RATE="500 2000"), while a mailing to 20,000 is sent: how long an
         answer takes from when its request was due, beside how long a write and its fdatasync take here

The others at 10,000 and 100,000 (PLACET_BENCH_SIZES="1000 10000" for others), on SQLite, and on PostgreSQL too.
"""
import email.message
import email.policy
import os
import pathlib
import random
import signal
import string
import subprocess
import sys
import tempfile
import time
import zipfile

from measure import Ran, built, quiet, say, speed_of
from send import bench_send
import figures as look
from harness.leaving import figures, leave_while_sending, out, started_late
from harness.paced import Paced
from harness.placet import Placet
from harness.story import ANN, LIST, Story, people
from postgres import Postgres

SIZES = [int(n) for n in os.environ.get("PLACET_BENCH_SIZES", "10000 100000").split()]


# --- import --------------------------------------------------------------------------------------------------------

def limit_import(folder, file):
    """sqlite3's own import of the same file."""
    script = folder / "limit.sql"
    script.write_text("PRAGMA journal_mode=WAL;\nPRAGMA synchronous=FULL;\nCREATE TABLE t(address TEXT, name TEXT, year TEXT);\n"
                      f"CREATE UNIQUE INDEX u ON t(address);\n.mode csv\n.import --skip 1 {file} t\n")
    return Ran(["sqlite3", folder / "limit.db", f".read {script}"]).took


def rows_of(count):
    """Rows as people have them: in no order that an index would like."""
    chance = random.Random(count)
    for i in range(count):
        yield f"person{chance.randrange(10 ** 9)}.{i}@d{i % 977}.example.org", f"Person {i}", str(1950 + i % 60)


def write_csv(file, count):
    with open(file, "w", encoding="utf-8") as out:
        out.write("address,name,year\n")
        out.writelines(",".join(row) + "\n" for row in rows_of(count))


def write_xlsx(file, count):
    """A workbook as spreadsheets write it: texts in a table of their own, years as numbers."""
    ns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    texts, rows = ["address", "name", "year"], ['<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>'
                                                '<c r="C1" t="s"><v>2</v></c></row>']
    for n, (address, name, year) in enumerate(rows_of(count), 2):
        rows.append(f'<row r="{n}"><c r="A{n}" t="s"><v>{len(texts)}</v></c><c r="B{n}" t="s"><v>{len(texts) + 1}</v></c>'
                    f'<c r="C{n}"><v>{year}</v></c></row>')
        texts += [address, name]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("_rels/.rels", f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{rel}/officeDocument" '
                                     'Target="xl/workbook.xml"/></Relationships>')
        book.writestr("xl/workbook.xml", f'<workbook {ns} xmlns:r="{rel}"><sheets><sheet name="People" sheetId="1" r:id="r1"/>'
                                         '</sheets></workbook>')
        book.writestr("xl/_rels/workbook.xml.rels",
                      f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/>'
                      f'<Relationship Id="r2" Type="{rel}/sharedStrings" Target="sharedStrings.xml"/></Relationships>')
        book.writestr("xl/worksheets/sheet1.xml", f"<worksheet {ns}><sheetData>{''.join(rows)}</sheetData></worksheet>")
        book.writestr("xl/sharedStrings.xml", f"<sst {ns}>{''.join(f'<si><t>{t}</t></si>' for t in texts)}</sst>")


def bench_import(engine, database, count, kind="csv"):
    with tempfile.TemporaryDirectory(prefix="placet-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        placet = Placet(folder, database)
        file = folder / f"rows.{kind}"
        with quiet():
            Story(placet, "smtp://127.0.0.1:9").prepare(["first@example.org"])
        write_csv(folder / "rows.csv", count)
        if kind == "xlsx":
            write_xlsx(file, count)
        limit = limit_import(folder, folder / "rows.csv")
        ran = Ran(placet._argv(["import", LIST, file, "--by", ANN, "--consent-kind", "signed-form", "--consent-ref", "F 1",
                                "--consent-date", "2026-10-01"]), placet.env)
        say(f"import  {engine:10} {kind:4} {count:8} rows  {count / ran.took:9.0f} rows/s  {ran.took:6.2f} s  CPU {ran.cpu:5.2f} s"
            f"  {ran.memory:5.0f} MiB   sqlite3 .import of the CSV {limit:5.2f} s   ratio {ran.took / limit:5.2f} (aim: at most 3)")


# --- opt-outs ------------------------------------------------------------------------------------------------------

def flush_ms(folder):
    """(median, 99th of 100) of a write of 200 bytes and its fdatasync, in milliseconds."""
    took = []
    fd = os.open(pathlib.Path(folder) / "flush", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for _ in range(200):
        begin = time.monotonic()
        os.write(fd, bytes(200))
        os.fdatasync(fd)
        took.append((time.monotonic() - begin) * 1000)
    os.close(fd)
    took.sort()
    return took[100], took[198]


def bench_optout(engine, database, rate, seconds=20, count=20000):
    with tempfile.TemporaryDirectory(prefix="placet-", dir="/tmp") as name:
        placet, sink = Placet(pathlib.Path(name), database), Paced()
        with quiet():
            told = Story(placet, sink.url()).prepare(people(count))
            told.send(told.mailing(), timeout=600)
            links = dict(sink.links)
            sink.begin_again(reply_after=0.02)
            answers, _, beside = leave_while_sending(placet, told, sink, rate, seconds)
            late = started_late(sink, links, answers, 0.25)
            missing = {a.path for a in answers if a.status == 200} - {links[a] for a in out(placet, LIST)}
        sink.stop()
        median, worst = flush_ms(name)
        say(f"optout  {engine:10} {rate:8} /s      {figures(answers)}   refused {sum(a.status != 200 for a in answers)}"
            f"   lost {len(missing)}   mailed after the answer {len(late)}   sending all the time: {'yes' if beside else 'no'}"
            f"   fdatasync {median:.1f} ms, 99 % {worst:.1f} ms (aim at 500/s: p99 under 20 ms)")


# --- rendering -----------------------------------------------------------------------------------------------------

def limit_render(seconds=1):
    """Messages/s of the same size and three fields, as a script would make them."""
    plain, page = ("Dear $name from $town, your number is $number.\n" + "Many households have sent us samples. " * n for n in (50, 180))
    begin, n = time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        values = {"name": "Jo Fisher", "town": "Exampleton", "number": f"EX-{n}"}
        message = email.message.EmailMessage(policy=email.policy.SMTP)
        message["From"], message["To"], message["Subject"] = "Ada <a@uni.example>", "jo.fisher@example.org", f"For {values['name']}"
        message.set_content(string.Template(plain).substitute(values), cte="quoted-printable")
        message.add_alternative(string.Template(page).substitute(values), subtype="html", cte="quoted-printable")
        size = len(message.as_bytes())
        n += 1
    return n / seconds, size


def bench_render():
    say(subprocess.run([built("bench_render")], capture_output=True, text=True, check=True).stdout.rstrip())
    speed, size = limit_render()
    say(f"render  Python's email package {size} B {speed:8.0f}/s   (aim for ours: 100,000/s at 6 kB, without an allocation)")


# --- signing -------------------------------------------------------------------------------------------------------

def bench_sign():
    limit = {kind: speed_of(kind) for kind in ("rsa2048", "ed25519")}
    lines = subprocess.run([built("bench_sign")], capture_output=True, text=True, check=True).stdout.splitlines()
    ours = {name: float(value) for name, value in (line.split() for line in lines)}
    say(f"sign    RSA-2048 {ours['rsa']:7.0f}/s   bare signature {ours['rsa-bare']:7.0f}/s   ratio {ours['rsa'] / ours['rsa-bare']:4.2f}"
        f"   openssl speed {limit['rsa2048']:7.0f}/s   ratio {ours['rsa'] / limit['rsa2048']:4.2f} (aim: 0.95)")
    say(f"sign    Ed25519  {ours['ed25519']:7.0f}/s   openssl speed {limit['ed25519']:7.0f}/s   ratio {ours['ed25519'] / limit['ed25519']:4.2f}")
    say(f"sign    both     {ours['both']:7.0f}/s   the body's hash takes {ours['body-us']:.1f} µs of each")


def bench_figures(engine, database, count):
    with tempfile.TemporaryDirectory(prefix="placet-bench-") as folder:
        placet, lines = Placet(folder, database), []
        with quiet():
            look.measure(placet, count, lines.append)
            placet.stop_all()
    say(f"figures {engine:10}", *lines)


NAMES = ["import", "send", "optout", "render", "sign", "figures"]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    wanted = sys.argv[1:] or NAMES
    unknown = set(wanted) - set(NAMES)
    if unknown:
        raise SystemExit(f"there is no bench named {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    if "render" in wanted:
        bench_render()
    if "sign" in wanted:
        bench_sign()
    if "send" in wanted:
        bench_send()
    if not {"import", "optout", "figures"} & set(wanted):
        return
    with Postgres(fsync=True) as server:
        for engine in ("sqlite", "postgresql"):
            for rate in map(int, os.environ.get("PLACET_BENCH_RATE", "500").split()) if "optout" in wanted else []:
                bench_optout(engine, server.database(f"optout{rate}") if engine == "postgresql" else None, rate)
            for count in SIZES if "figures" in wanted else []:
                bench_figures(engine, server.database(f"figures{count}") if engine == "postgresql" else None, count)
            for count in SIZES if "import" in wanted else []:
                for kind in ("csv", "xlsx") if count <= 200000 else ("csv",):
                    database = server.database(f"import{count}{kind}") if engine == "postgresql" else None
                    bench_import(engine, database, count, kind)


if __name__ == "__main__":
    main()
