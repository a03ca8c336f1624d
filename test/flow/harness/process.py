"""Processes of a test: started in a group of their own, waited for with a bound, always ended by their own pid."""
import contextlib
import os
import pathlib
import random
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]


def free_port():
    """A port on 127.0.0.1 that nobody used a moment ago, below those that the kernel gives to whoever asks for any."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        with contextlib.suppress(OSError), socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
            return port


def wait_until(true, seconds, what, every=0.02):
    """Asks `true()`, `every` so many seconds, until it says something true, which is returned; fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        answer = true()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)


def answers(port):
    """Does something accept connections on this port of 127.0.0.1?"""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


class Process:
    """A program that runs beside the test; what it prints goes to a file, and into the report when a test fails."""

    def __init__(self, argv, log, env=None, cwd=None):
        self.argv = [os.fspath(a) for a in argv]
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            self.popen = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                          env=env, cwd=cwd, start_new_session=True)
        self.pid = self.popen.pid

    def output(self):
        return self.log.read_text(errors="replace")

    def running(self):
        return self.popen.poll() is None

    def wait_for(self, true, seconds, what):
        """Like wait_until, but a process that ends meanwhile fails at once."""
        def ask():
            answer = true()
            if not answer and not self.running():
                raise AssertionError(f"{self.argv[0]} ended ({self.popen.returncode}) before: {what}\n{self.output()}")
            return answer
        try:
            return wait_until(ask, seconds, what)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.output()}") from None

    def wait(self, seconds=60):
        return self.popen.wait(timeout=seconds)

    def signal(self, number):
        """To the whole group: a role's children too. Fine when all of it is gone."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass

    def kill(self):
        self.signal(signal.SIGKILL)
        self.popen.wait(timeout=10)

    def stop(self, seconds=20):
        """Asks it to end; whatever of the group is left afterwards is killed. Returns the exit status."""
        if self.running():
            self.popen.terminate()
        try:
            self.popen.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            pass
        self.signal(signal.SIGKILL)
        return self.popen.wait(timeout=10)
