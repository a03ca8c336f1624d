"""What those who watch see: the status of a mailing, once and again and again."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

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
    watch_what_is_over(placet, story.draft(), story.mailing())
