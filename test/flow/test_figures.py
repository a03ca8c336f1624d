"""What those who watch see: the status of a mailing, once and again and again; the figures for Prometheus."""
import csv
import fcntl
import io
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from harness.process import free_port, wait_until
from harness.story import Story, people
from harness.tables import change


def watching(placet, number, *options, json_lines=False):
    """`mailing status --watch` beside the test; what it prints is a pipe."""
    argv = [placet.binary, "--home", placet.home, *(["--json"] if json_lines else []), "mailing", "status", number, "--watch", *options]
    return subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=placet.env)


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, placet, *args, columns=100, rows=24):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(placet.binary, [str(placet.binary), "--home", str(placet.home), *[str(a) for a in args]],
                      {**placet.env, "TERM": "xterm"})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.text = ""

    def read(self, seconds):
        """Reads on for so long, or until the command ends."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode()
                except OSError:
                    break
        return self.text

    def wait(self):
        self.read(20)
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)

    def screen(self):
        """The lines as they stand there, by the few codes that the program uses."""
        lines, row, column = [""], 0, 0
        for part in re.findall(r"\033\[\d*[AJK]|\r\n|\r|[^\033\r]+", self.text):
            if code := re.fullmatch(r"\033\[(\d*)A", part):
                row, column = row - int(code.group(1)), 0
                assert row >= 0, "above the first line"
            elif part == "\033[K":
                lines[row] = lines[row][:column]
            elif part == "\033[J":
                lines = lines[:row + 1]
                lines[row] = lines[row][:column]
            elif part == "\r\n":
                row, column = row + 1, 0
                lines += [""] * (row + 1 - len(lines))
            else:
                lines[row] = lines[row][:column].ljust(column) + part + lines[row][column + len(part):]
                column += len(part)
        return lines


def told(placet, relay, count=30):
    story = Story(placet, relay).prepare(people(count))
    # The same people get several mailings here.
    placet.run("institution", "set", "fatigue-ceiling", "30", json=False)
    return story


def watch_on_a_terminal(placet, number):
    terminal = Terminal(placet, "mailing", "status", number, "--watch", columns=60)
    terminal.read(1.5)
    before = terminal.screen()
    assert before[0] == f"mailing {number} is sending: 30 recipients" and "no sender is running" in "\n".join(before)
    assert "hours" not in "\n".join(before)
    placet.run("send", "--until-idle", json=False)
    assert terminal.wait() == 0
    lines = terminal.screen()
    assert lines[0] == f"mailing {number} is done: 30 recipients" and lines[1] == "  [########################] 100.0 %"
    assert "accepted 30" in lines[2] and sum(line.startswith("mailing") for line in lines) == 1 and max(map(len, lines)) < 60
    assert "no sender" not in "\n".join(lines)


def end_it(placet, number):
    terminal = Terminal(placet, "mailing", "status", number, "--watch")
    terminal.read(1)
    os.write(terminal.fd, b"\x03")
    assert terminal.wait() == 0
    assert terminal.screen()[-1].strip() in ("", "^C")
    pipe = watching(placet, number)
    pipe.stdout.readline()
    pipe.send_signal(signal.SIGTERM)
    assert pipe.wait(20) == 0


def cut_connections(placet):
    """Of everybody with the server, as a restart of it does."""
    if placet.database:
        change(placet, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
               " AND pid <> pg_backend_pid()")


def watch_lines(placet, number):
    plain, objects = watching(placet, number), watching(placet, number, json_lines=True)
    first = plain.stdout.readline()
    assert re.fullmatch(rf"\S+Z mailing {number} sending 0.0 %: queued 30, .*; unknown\n", first)
    values = [json.loads(objects.stdout.readline())]
    cut_connections(placet)
    placet.run("mailing", "pause", number, "--why", "lunch", json=False)
    out, err = plain.communicate(timeout=30)
    assert plain.returncode == 0 and "\033" not in out and ("still trying" in err or not placet.database)
    assert re.search(rf"mailing {number} paused 0.0 %: .*; lunch\n$", out)
    values += [json.loads(line) for line in objects.communicate(timeout=30)[0].splitlines()]
    assert objects.returncode == 0 and values[0]["state"] == "sending" and values[-1]["state"] == "paused"
    assert values[0]["rate"] is None and values[-1]["recipients"] == 30 and values[-1]["why"] == "lunch"


def watch_to_its_end(placet, number):
    placet.run("mailing", "resume", number, json=False)
    objects = watching(placet, number, json_lines=True)
    placet.run("send", "--until-idle", json=False)
    values = [json.loads(line) for line in objects.communicate(timeout=30)[0].splitlines()]
    status = placet.run("mailing", "status", number)
    assert values[-1]["counts"] == status["counts"] and values[-1]["percent"] == 100 and values[-1]["state"] == "done"
    assert status["ended"] is not None and status["ends"] is status["waits_since"] is None


def look_at_the_report(placet, number, relay):
    rows = list(csv.DictReader(io.StringIO(placet.run("mailing", "report", number, json=False), newline="")))
    assert len(rows) == 30 == len({row["address"] for row in rows})
    for row in rows:
        assert (row["state"], row["attempts"], row["relay"], row["reason"], row["maybe_twice"]) == ("accepted", "1", relay, "", "0")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["first"]) and row["first"] <= row["last"]
    summary = placet.run("mailing", "report", number, "--summary")
    assert summary["relays"] == [{"relay": relay, "recipients": 30, "accepted": 30}] and summary["failed"] == summary["deferred"] == []
    assert (summary["attempts"], summary["maybe_twice"], summary["first"]) == (30, 0, min(row["first"] for row in rows))
    told = placet.run("mailing", "report", number, "--summary", json=False)
    assert f"  relay {relay}: 30 recipients, 30 accepted\n" in told and "maybe sent twice" not in told


def watch_what_is_over(placet, draft, cancelled):
    assert placet.run("mailing", "status", draft, "--watch", json=False).count("\n") == 1
    placet.run("mailing", "cancel", cancelled, json=False)
    assert placet.run("mailing", "status", cancelled, "--watch")["state"] == "cancelled"
    for every in ("0", "x", "3601"):
        placet.run("mailing", "status", cancelled, "--watch", "--every", every, expect=2)
    placet.run("mailing", "status", cancelled, "--every", "1", expect=2)
    placet.run("mailing", "status", "4711", "--watch", expect=3)


def test_watching_a_mailing(placet, sink):
    """On a terminal one block that is drawn over; elsewhere lines, or a JSON object on each; until it ends or stands still."""
    story = told(placet, sink.url())
    first, second = story.mailing(), story.mailing()
    placet.run("mailing", "start", first, json=False)
    end_it(placet, first)
    watch_on_a_terminal(placet, first)
    placet.run("mailing", "start", second, json=False)
    watch_lines(placet, second)
    watch_to_its_end(placet, second)
    look_at_the_report(placet, second, sink.url())
    watch_what_is_over(placet, story.draft(), story.mailing())


# --- /metrics ----------------------------------------------------------------------------------------------------------

NAME, LABEL = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r"[a-zA-Z_][a-zA-Z0-9_]*"
SAMPLE = re.compile(rf'({NAME})(?:\{{((?:{LABEL}="(?:[^"\\\n]|\\["\\n])*",?)*)\}})? (-?[0-9]+(?:\.[0-9]+)?)')


def parse(text):
    """Prometheus' text format 0.0.4, more strictly than Prometheus: {(name, labels): value}, {name: type}."""
    assert text.endswith("\n") and "\r" not in text
    types, values, now = {}, {}, None
    for line in text[:-1].split("\n"):
        if told := re.fullmatch(rf"# HELP ({NAME}) (\S.*\.)", line):
            now = told.group(1)
            assert now not in types and re.fullmatch(r"placet_[a-z_]+", now)
            types[now] = None
        elif told := re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge)", line):
            assert told.group(1) == now and types[now] is None, line
            types[now] = told.group(2)
            assert (types[now] == "counter") == now.endswith("_total")
        else:
            name, labels, value = SAMPLE.fullmatch(line).groups()
            labels = tuple(re.findall(rf'({LABEL})="((?:[^"\\]|\\.)*)"', labels or ""))
            assert name == now and types[now] and (name, labels) not in values, line
            values[name, labels] = float(value)
    again = {(s.name, tuple(s.labels.items())): s.value for f in text_string_to_metric_families(text) for s in f.samples}
    assert again == values
    return values, types


class Metrics:
    def __init__(self, placet):
        self.port, self.types, self.seen = free_port(), {}, {}
        self.web = placet.start("web", "--listen", "127.0.0.1:0", "--admin-listen", f"127.0.0.1:{self.port}")

    def get(self, path="/metrics", port=None):
        with urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}{path}", timeout=20) as answer:
            return answer.headers, answer.read().decode()

    def scrape(self):
        """Checks what must hold of each scrape; waits until the last one is no longer handed out."""
        time.sleep(1.05)
        headers, text = self.get()
        assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8" and headers["Cache-Control"] == "no-store"
        assert "@" not in text and "person" not in text
        values, self.types = parse(text)
        for key, value in values.items():
            assert value >= (self.seen.get(key, 0) if self.types[key[0]] == "counter" else 0), key
        self.seen.update(values)
        return {name + "".join(f",{v}" for _, v in labels): value for (name, labels), value in values.items()}


def metrics_do_not_hold_up_pages(placet, metrics):
    """While the database lets nobody read what a sender does, everything else is answered."""
    if not placet.database:
        return  # nothing keeps readers of SQLite waiting
    locked = threading.Thread(target=change, args=(placet, "BEGIN; LOCK TABLE sender IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3)"))
    locked.start()
    time.sleep(1)
    began, took = time.monotonic(), []
    scraping = threading.Thread(target=lambda: took.append((metrics.get(), time.monotonic() - began)))
    scraping.start()
    for _ in range(10):
        asked = time.monotonic()
        metrics.get("/healthz")
        metrics.get("/privacy", int(metrics.web.address.rpartition(":")[2]))
        assert time.monotonic() - asked < 1
    locked.join()
    scraping.join()
    assert took[0][1] > 0.5


def test_metrics(placet, sink):
    story = told(placet, sink.url())
    placet.run("relay", "add", "sleep-mail", "smtp+starttls://ann.bee@127.0.0.1:2", json=False)
    number, metrics = story.mailing(), Metrics(placet)
    values = metrics.scrape()
    assert values["placet_database_up"] == 1 and values["placet_mailings,approved"] == 1 and values["placet_senders,alive"] == 0
    assert values["placet_oldest_waiting_seconds,mailing"] == 0 == values["placet_web_answers_total,/privacy,2xx"]
    assert values["placet_relay_up,sleep-mail,smtp+starttls://127.0.0.1:2"] == 1
    assert values["placet_database_bytes"] > 100000 and ("placet_database_log_bytes" in values) == (not placet.database)
    placet.run("mailing", "start", number, json=False)
    metrics.get("/privacy", int(metrics.web.address.rpartition(":")[2]))
    values = metrics.scrape()
    assert values["placet_mailings,sending"] == 1 == values["placet_web_answers_total,/privacy,2xx"]
    assert values[f"placet_recipients,{number},queued"] == 30 and values[f"placet_recipients,{number},accepted"] == 0
    assert 1 <= values["placet_oldest_waiting_seconds,mailing"] < 60
    metrics_do_not_hold_up_pages(placet, metrics)
    cut_connections(placet)
    wait_until(lambda: metrics.scrape()["placet_database_up"], 20, "the database is there again")
    sender = placet.start("send", listens=False)
    wait_until(lambda: placet.run("mailing", "status", number)["state"] == "done", 60, "the mailing is done")
    status, values = placet.run("sender", "status"), metrics.scrape()
    assert [(s["alive"], s["accepted"], s["failed"]) for s in status["senders"]] == [(True, 30, 0)] and status["mailings"] == []
    assert "sender 1: runs for" in placet.run("sender", "status", json=False)
    assert values["placet_senders,alive"] == 1 and values["placet_last_flush_age_seconds"] < 5
    assert values["placet_outcomes_total,accepted"] == 30
    for relay, up, accepted in ((sink.url(), 1, 30), ("smtp+starttls://127.0.0.1:2", 0, 0)):
        assert values[f"placet_relay_up,sleep-mail,{relay}"] == up
        assert values[f"placet_relay_accepted_total,sleep-mail,{relay}"] == accepted
    assert {r["state"] for r in status["relays"]} == {"up", "down"} and any("refused" in r["why"] for r in status["relays"])
    sender.stop()
    values = metrics.scrape()
    assert values["placet_outcomes_total,accepted"] == 30 and values["placet_senders,alive"] == 0
    assert "placet_last_flush_age_seconds" not in values and placet.run("sender", "status")["senders"] == []
    assert values["placet_mailings,done"] == 1 and f"placet_recipients,{number},queued" not in values
    assert values["placet_oldest_waiting_seconds,mailing"] == 0
