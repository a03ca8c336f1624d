"""What all of ./dev bench measures with: processes with their time, processor time and peak memory; limits of this machine."""
import os
import pathlib
import re
import select
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/flow"), str(ROOT / "test/tools")]

TICK = os.sysconf("SC_CLK_TCK")


def say(*words):
    print(*words, flush=True)


class quiet:
    """The harness tells what it does; the figures are what is wanted here."""

    def __enter__(self):
        self.out, sys.stdout = sys.stdout, open(os.devnull, "w", encoding="utf-8")

    def __exit__(self, *_):
        sys.stdout.close()
        sys.stdout = self.out


def built(name):
    """A program of test/bench, beside the one that is measured."""
    return pathlib.Path(os.environ["PLACET_BIN"]).resolve().parents[1] / "test/bench" / name


def words_of(name, default):
    """A list of words from the environment."""
    return os.environ.get(name, default).split()


def family(pid):
    """A process and all below it."""
    found, look = [], [pid]
    while look:
        pid = look.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as children:
                    look += map(int, children.read().split())
        except OSError:
            pass
    return found


def peak(pid):
    """A process's peak memory in MiB, as long as it is there. (Not ru_maxrss: that begins with our own.)"""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            return max((int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:")), default=0)
    except OSError:
        return 0


def cpu_of(pid):
    """Processor seconds so far of a process and all below it, with those that have ended."""
    total = 0
    for one in family(pid):
        try:
            with open(f"/proc/{one}/stat", encoding="ascii", errors="replace") as stat:
                total += sum(map(int, stat.read().rpartition(")")[2].split()[11:15]))
        except OSError:
            pass
    return total / TICK


class Ran:
    """took: seconds; cpu: of the process and its children; memory: MiB, of the one that needed most; output."""

    def __init__(self, argv, env=None, cwd=None):
        begin, self.memory = time.monotonic(), 0
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen([str(a) for a in argv], env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=subprocess.STDOUT)
            descriptor, ended = os.pidfd_open(process.pid), select.poll()
            ended.register(descriptor, select.POLLIN)
            # Looked at often only in the beginning: on two cores that costs what is measured.
            while not ended.poll(5 if time.monotonic() - begin < 1 else 100):
                self.memory = max(self.memory, *map(peak, family(process.pid)))
            os.close(descriptor)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = status
            self.took = time.monotonic() - begin
            output.seek(0)
            self.output = output.read().decode(errors="replace")
        self.cpu = used.ru_utime + used.ru_stime
        if status:
            raise SystemExit(f"{' '.join(map(str, argv[:6]))}: status {status}\n{self.output[-2000:]}")


def speed_of(kind, seconds=3):
    """Signatures/s of one core, as `openssl speed` counts them."""
    done = subprocess.run(["openssl", "speed", "-seconds", str(seconds), kind], capture_output=True, text=True, check=True).stdout
    line = re.search(r"^(?:rsa 2048 bits| ?253 bits EdDSA \(Ed25519\))\s+\S+\s+\S+\s+(\S+)", done, re.M)
    return float(line.group(1))
