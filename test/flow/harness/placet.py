"""The program under test: one home, commands run to their end, and roles that run beside the test."""
import collections
import json as json_module
import os
import pathlib
import re
import subprocess

from .process import ROOT, Process

# A sanitizer's finding must never look like one of the program's own exit codes.
SANITIZER_EXIT = 86
Done = collections.namedtuple("Done", "status stdout stderr")


def binary():
    """PLACET_BIN, else the sanitized program, else the plain one."""
    given = os.environ.get("PLACET_BIN")
    if given:
        return pathlib.Path(given)
    for build in ("build-asan", "build"):
        if (ROOT / build / "src/placet").exists():
            return ROOT / build / "src/placet"
    raise AssertionError("there is no program to test: run ./dev build, or set PLACET_BIN")


class Placet:
    """folder: where the home and the logs go. database: the URL for init, None for the default (SQLite)."""

    def __init__(self, folder, database=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.home = self.folder / "home"
        self.database = database
        self.url = "http://127.0.0.1:8080"  # the home's web address, for init()
        self.binary = binary()
        self.processes = []
        self.last = None
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PLACET_", "PG"))}
        self.env["ASAN_OPTIONS"] = f"exitcode={SANITIZER_EXIT}:detect_leaks=1"
        self.env["LSAN_OPTIONS"] = f"exitcode={SANITIZER_EXIT}"
        self.env["UBSAN_OPTIONS"] = f"halt_on_error=1:print_stacktrace=1:exitcode={SANITIZER_EXIT}"

    def _argv(self, args, json=False):
        return [str(self.binary), "--home", str(self.home)] + (["--json"] if json else []) + [str(a) for a in args]

    def run(self, *args, json=True, expect=0, stdin=None, env=None, timeout=120):
        """Runs a command to its end. Returns the JSON value that it prints, or the text if json=False.

        expect: the exit status, or several; None takes any. `last` has status, stdout and stderr.
        """
        argv = self._argv(args, json)
        done = subprocess.run(argv, input=stdin if stdin is None or isinstance(stdin, bytes) else stdin.encode(),
                              stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, timeout=timeout,
                              env={**self.env, **(env or {})})
        self.last = Done(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
        self._print(argv)
        assert done.returncode != SANITIZER_EXIT, f"a sanitizer complains:\n{self.last.stderr}"
        if expect is not None:
            allowed = expect if isinstance(expect, (tuple, list, set)) else (expect,)
            assert done.returncode in allowed, f"{' '.join(argv[3:])}: exit {done.returncode}, not {expect}\n{self.last.stderr}"
        if not json or not self.last.stdout.strip():
            return self.last.stdout if not json else None
        return json_module.loads(self.last.stdout)

    def _print(self, argv):
        """Into pytest's report, which shows it if the test fails."""
        print("$ placet", *argv[3:], f"-> {self.last.status}")
        print(self.last.stdout[:4000], self.last.stderr[:4000], sep="")

    def init(self, *more, domain="uni.example", trial=True, **run):
        """Makes the home: a trial home unless told otherwise."""
        args = ["init", "--institution", "Example University", "--domain", domain, "--url",
                self.url if trial else f"https://mail.{domain}"]
        args += ["--trial"] if trial else []
        args += ["--database", self.database] if self.database else []
        return self.run(*args, *more, **run)

    def start(self, *args, env=None, listens=True, seconds=30):
        """Starts a role or `capture`. Waits for `listening A`; `.address` is A, `.addresses` has all printed."""
        log = self.folder / f"{args[0]}-{len(self.processes)}.log"
        process = Process(self._argv(args), log, env={**self.env, **(env or {})})
        self.processes.append(process)
        process.addresses = []
        if listens:
            process.addresses = process.wait_for(lambda: re.findall(r"^listening (\S.*)$", process.output(), re.M),
                                                 seconds, f"placet {args[0]} listens")
            process.address = process.addresses[0]
        return process

    def stop_all(self):
        """Ends what start() started; a sanitizer's complaint in any of it fails the test."""
        for process in reversed(self.processes):
            process.stop()
        logs = [(p.argv[3:], p.output()) for p in self.processes]
        for argv, output in logs:
            print("$ placet", *argv, "...")
            print(output[-4000:])
        bad = [o for _, o in logs if "AddressSanitizer" in o or "LeakSanitizer" in o or "runtime error:" in o]
        assert not bad, f"a sanitizer complains:\n{bad[0][-8000:]}"


class Capture:
    """`placet capture`: the strict relay of the program itself."""

    def __init__(self, placet, folder, options=()):
        self.folder = pathlib.Path(folder)
        self.process = placet.start("capture", "--listen", "127.0.0.1:0", "--dir", self.folder, *options)

    def url(self):
        return f"smtp://{self.process.address}"

    def mailbox(self):
        """The address of its mailbox page, where it was started with --web."""
        return re.search(r"^mailbox (\S+)$", self.process.output(), re.M).group(1)

    def messages(self):
        """(envelope, bytes) of each message, in order of arrival."""
        return [(json_module.loads(f.with_suffix(".json").read_text()), f.read_bytes())
                for f in sorted(self.folder.glob("*.eml")) if f.with_suffix(".json").exists()]

    def stop(self):
        self.process.stop()
