"""The first mailing of README.md works as it is written there."""
import email
import email.policy
import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest

from harness.placet import SANITIZER_EXIT, binary
from harness.process import ROOT, free_port

PORTS = ("8080", "2525", "8025")


def lines():
    """The shell lines between the marks, as they stand."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    part = re.search(r"^<!-- first-mailing:.*?-->\n(.*?)^<!-- end of first-mailing -->", text, re.S | re.M).group(1)
    return "\n".join(re.findall(r"^```\n(.*?)^```", part, re.S | re.M))


@pytest.fixture
def script(database):
    """The lines with ports of this test's own, which other tests running now cannot have, and its database."""
    text = lines()
    for port in PORTS:
        assert f"127.0.0.1:{port}" in text
        text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}")
    return text.replace("placet init --trial", f"placet init --trial --database '{database}'") if database else text


@pytest.fixture
def shell(placet, folder):
    """shell(script): runs it, its first failing line ending it, with the program in the PATH; ends what it left behind."""
    bin = pathlib.Path(folder) / "bin"
    bin.mkdir()
    (bin / "placet").symlink_to(pathlib.Path(binary()).resolve())
    groups = []

    def run(script):
        log = pathlib.Path(folder) / "shell.log"
        env = {**placet.env, "PATH": f"{bin}:{os.environ['PATH']}"}
        with open(log, "wb") as out:
            process = subprocess.Popen(["bash", "-c", "set -euo pipefail\n" + script], cwd=folder, env=env, stdout=out,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        groups.append(process.pid)
        return process.wait(timeout=120), log.read_text(errors="replace")
    yield run
    for group in groups:
        try:
            os.killpg(group, signal.SIGTERM)
        except ProcessLookupError:
            pass


def test_first_mailing(shell, script, folder):
    code, said = shell(script)
    print(said)
    assert code == 0 and code != SANITIZER_EXIT, said
    messages = [email.message_from_bytes(f.read_bytes(), policy=email.policy.SMTP)
                for f in sorted((pathlib.Path(folder) / "mail").glob("*.eml"))]
    assert sorted(m["To"] for m in messages) == ["jan@upland.example", "maud@river.example"]
    assert sorted(m["Subject"] for m in messages) == ["How many stars, Jan Vos?", "How many stars, Maud Pike?"]
    assert "accepted 2, deferred 0, failed 0, uncertain 0, skipped 0" in said
    page = re.search(r"^mailbox http://127\.0\.0\.1:(\d+)/", said, re.M)
    socket.create_connection(("127.0.0.1", int(page.group(1))), timeout=5).close()


def test_the_mailing_takes_ten_lines():
    blocks = re.split(r"\n(?=printf 'Name)", lines())
    assert len(blocks) == 2
    assert len(blocks[1].strip().splitlines()) == 10
