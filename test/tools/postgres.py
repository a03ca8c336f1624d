"""
A throw-away PostgreSQL server for tests: a fresh cluster in a temporary
folder, reached by a Unix socket, without passwords, ended and removed in any
case.

    python3 test/tools/postgres.py run [--no-fsync] -- COMMAND...

runs COMMAND with PLACET_TEST_POSTGRESQL set to the server's URL, and ends
with its exit code. From pytest: `with Postgres() as pg: pg.url`.
"""
import argparse
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

WAIT_SECONDS = 60


def bin_folder():
    """The folder with initdb: of the newest version installed."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[-2]))
    if found:
        return found[-1]
    initdb = shutil.which("initdb")
    if initdb:
        return os.path.dirname(os.path.realpath(initdb))
    raise RuntimeError("PostgreSQL is not installed: there is no /usr/lib/postgresql/*/bin/initdb")


def unprivileged():
    """The user to run the server as: PostgreSQL refuses root. None: the current one."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    raise RuntimeError("there is no user postgres or nobody to run the server as")


class Postgres:
    """A running server; `url` names its database."""

    def __init__(self, fsync=True, settings=()):
        self.fsync = fsync
        self.settings = list(settings)
        self.user = unprivileged()
        self.folder = None
        self.server = None
        self.argv = None
        self.url = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *ignored):
        self.stop()

    def as_user(self):
        """What Popen needs to run a program as the unprivileged user."""
        if not self.user:
            return {"cwd": self.folder}
        return {"cwd": self.folder, "user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def start(self):
        self.folder = tempfile.mkdtemp(prefix="placet-pg-", dir="/tmp")  # short: a socket's path is limited
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        data = os.path.join(self.folder, "data")
        subprocess.run([os.path.join(bin_folder(), "initdb"), "-D", data, "-U", "placet", "-A", "trust", "-E", "UTF8",
                        "--locale=C", "--no-sync"], check=True, stdout=subprocess.DEVNULL, env=self.environment(),
                       **self.as_user())
        settings = ["listen_addresses=", "unix_socket_directories=" + self.folder, "max_connections=60",
                    "log_min_messages=fatal"] + self.settings
        if not self.fsync:
            settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        self.url = "postgresql://placet@/postgres?host=" + self.folder.replace("/", "%2F")
        self.argv = [os.path.join(bin_folder(), "postgres"), "-D", data] + [word for s in settings for word in ("-c", s)]
        self.serve()

    def serve(self):
        """Starts the server itself; its data are there."""
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.server = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           env=self.environment(), **self.as_user())
        self.wait()

    def rest(self):
        """Ends the server, and every connection to it; serve() starts it again with what it held."""
        self.server.send_signal(signal.SIGINT)
        self.server.wait(20)

    @staticmethod
    def environment():
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}

    def wait(self):
        """Until the server answers."""
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            ready = subprocess.run([os.path.join(bin_folder(), "pg_isready"), "-q", "-h", self.folder, "-U", "placet"],
                                   check=False)
            if ready.returncode == 0:
                return
            if self.server.poll() is not None:
                break
            time.sleep(0.05)
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            raise RuntimeError("the PostgreSQL server did not start:\n" + log.read())

    def stop(self):
        """Ends the server by its process id (SIGINT: at once, but cleanly), and removes everything."""
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)
            try:
                self.server.wait(20)
            except subprocess.TimeoutExpired:
                self.server.send_signal(signal.SIGQUIT)
                self.server.wait()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.server = self.folder = None

    def database(self, name):
        """Makes another database, empty; returns its URL."""
        subprocess.run([os.path.join(bin_folder(), "createdb"), "-h", self.folder, "-U", "placet", name], check=True)
        return self.url.replace("/postgres?", "/" + name + "?")


def end_on_signal(number, _frame):
    raise SystemExit(128 + number)


def main():
    parser = argparse.ArgumentParser(description="Run a command beside a throw-away PostgreSQL server.")
    parser.add_argument("verb", choices=["run"])
    parser.add_argument("--no-fsync", action="store_true", help="faster, and not for measuring")
    parser.add_argument("command", nargs="+", help="after --: the command and its arguments")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, end_on_signal)
    with Postgres(fsync=not args.no_fsync) as server:
        return subprocess.call(args.command, env=dict(os.environ, PLACET_TEST_POSTGRESQL=server.url))


if __name__ == "__main__":
    sys.exit(main())
