"""placet demo: shows the whole way, tells the truth in its counts, and leaves nothing behind."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.request

import jsonschema
import pytest

from harness.placet import SANITIZER_EXIT, Placet, binary
from harness.process import ROOT, wait_until


@pytest.fixture
def env(folder):
    """A surrounding without a home of the user's, and with a folder for temporary files of the test's own."""
    (pathlib.Path(folder) / "tmp").mkdir()
    return {**Placet(folder).env, "TMPDIR": f"{folder}/tmp"}


@pytest.fixture
def start(env):
    """start(*args): `placet demo` beside the test."""
    started = []

    def run(*args):
        started.append(subprocess.Popen([binary(), *args], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE))
        return started[-1]
    yield run
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)


def left_behind(env):
    return os.listdir(env["TMPDIR"])


def once(env, *args):
    done = subprocess.run([binary(), *args, "demo", "--once"], env=env, capture_output=True, stdin=subprocess.DEVNULL,
                          timeout=200, encoding="utf-8")
    print(done.stdout[-6000:], done.stderr)
    assert done.returncode == 0, done.stderr
    return done.stdout


def children_of(pid):
    """Processes whose parent it is."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def alive(pid):
    """Neither gone nor dead and waiting to be reaped by whoever adopted it."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_once_tells_each_step(env):
    said = once(env)
    assert left_behind(env) == []
    for step in ("init --trial", "import ", "validate ", "mailing check 1", "mailing approve 1", "send --until-idle",
                 "template set house.txt", "project image ", "mailing edit 1 --language de", "check-message mail/"):
        assert f"$ placet {step}" in said, step
    assert "verdict: fail" in said and "verdict: pass" in said and said.index("verdict: fail") < said.index("verdict: pass")
    assert re.search(r"fail +unofficial", said) and re.search(r"fail +same-infrastructure", said)
    assert "sent by us, unaltered" in said and said.endswith("the folder is removed.\n\n")
    told = said[said.index("what is not in the approved text"):].split("\n\n")[0].splitlines()
    assert [line.strip() for line in told[1:]] == ["- What did you see that no bank can measure?"] and "subject is not" not in said
    assert "\033" not in said, "colour where no terminal is"


def test_its_lines_fit_the_screen(env):
    """But for addresses on the web, which cannot be broken."""
    long = [line for line in once(env).splitlines() if len(line) > 80 and "http" not in line and env["TMPDIR"] not in line]
    assert not long


def test_counts_add_up(env):
    shown = json.loads(once(env, "--json"))
    jsonschema.validate(shown, json.loads((ROOT / "doc/schemas/demo.json").read_text()))
    came, counts = shown["import"], shown["status"]["counts"]
    assert came["rows"] == came["added"] + came["known"] + came["rejected"]
    assert 250 <= came["rows"] <= 350 and came["rejected"] and came["known"] and came["not_mailable"] and came["cleaned"]
    assert shown["status"]["state"] == "done"
    assert sum(counts.values()) == shown["status"]["recipients"] == came["added"]
    assert counts["accepted"] == shown["captured"] > 200
    assert sum(shown["status"]["skipped"].values()) == counts["skipped"]


def first_json(process):
    text = ""
    while not text.endswith("\n}\n"):
        line = process.stdout.readline().decode()
        assert line, process.stderr.read().decode()
        text += line
    return json.loads(text)


def test_its_addresses_answer_until_it_is_ended(start, env):
    process = start("--json", "demo")
    shown = first_json(process)
    for name in ("mailbox", "message", "statement", "project", "check", "opt_out"):
        with urllib.request.urlopen(shown[name], timeout=30) as page:
            assert page.status == 200 and b"<h1" in page.read(), name
    assert pathlib.Path(shown["home"], "placet.conf").exists()
    children = children_of(process.pid)
    assert len(children) == 3
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert left_behind(env) == []
    assert not [c for c in children if alive(c)]


def test_interrupted_on_the_way(start, env):
    process = start("demo")
    wait_until(lambda: left_behind(env), 30, "the folder is there")
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 75 and b"interrupted" in messages
    assert left_behind(env) == []


def test_children_die_with_it(start):
    process = start("--json", "demo")
    first_json(process)
    children = children_of(process.pid)
    assert children
    process.kill()
    process.communicate(timeout=60)
    wait_until(lambda: not [c for c in children if alive(c)], 30, "its children end")


def test_a_reader_who_goes_away(env):
    """| head ends it, and nothing stays behind."""
    process = subprocess.Popen([binary(), "demo", "--once"], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=200) not in (0, SANITIZER_EXIT)
    process.stderr.close()
    assert left_behind(env) == []
