"""Many people leave at once: requests at a fixed rate, whatever the answers take (open loop), from a process of its own.

    leaving.py ADDRESS RATE CONNECTIONS < paths > answers

reads paths, one a line, and prints one line for each that was answered: path, status, when it was due, when it was
answered (time.monotonic(), which all processes of a machine share). A connection that breaks ends what waited on it.
"""
import asyncio
import collections
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

BODY = b"List-Unsubscribe=One-Click"
Answer = collections.namedtuple("Answer", "path status due at")


async def ask(reader, writer, path):
    writer.write(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s"
                 % (path.encode(), len(BODY), BODY))
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])


async def serve_queue(address, queue):
    host, port = address.rsplit(":", 1)
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
        while (item := await queue.get()) is not None:
            path, due = item
            status = await ask(reader, writer, path)
            print(path, status, due, time.monotonic(), flush=False)
        writer.close()
    except (OSError, asyncio.IncompleteReadError):
        return


async def load(address, rate, connections, paths):
    queue = asyncio.Queue()
    workers = [asyncio.create_task(serve_queue(address, queue)) for _ in range(connections)]
    await asyncio.sleep(0.3)
    begin = time.monotonic()
    for i, path in enumerate(paths):
        due = begin + i / rate
        while (wait := due - time.monotonic()) > 0 and not all(w.done() for w in workers):
            await asyncio.sleep(min(wait, 0.2))
        if all(w.done() for w in workers):
            break
        queue.put_nowait((path, due))
    for _ in workers:
        queue.put_nowait(None)
    await asyncio.gather(*workers)


class Leavers:
    """The process: started at once; answers() waits for its end."""

    def __init__(self, address, paths, rate, connections=64):
        self.process = subprocess.Popen([sys.executable, __file__, address, str(rate), str(connections)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.out = None
        self.thread = threading.Thread(target=self._talk, args=("\n".join(paths),))
        self.thread.start()

    def _talk(self, text):
        self.out = self.process.communicate(text)[0]

    def answers(self, timeout=300):
        self.thread.join(timeout)
        assert self.out is not None and self.process.returncode == 0, "the clients did not end"
        return [Answer(p, int(s), float(d), float(a)) for p, s, d, a in (line.split() for line in self.out.splitlines())]


def figures(answers):
    """p50, p99 and the longest, in milliseconds, counted from when a request was due; and the rate of answers."""
    took = sorted((a.at - a.due) * 1000 for a in answers)
    seconds = max(a.at for a in answers) - min(a.due for a in answers)
    return {"answers": len(took), "per_second": round(len(took) / seconds), "p50_ms": round(took[len(took) // 2], 1),
            "p99_ms": round(took[int(len(took) * 0.99)], 1), "max_ms": round(took[-1], 1)}


def leave_while_sending(placet, told, sink, rate, seconds, connections=8):
    """People of a mailing leave at `rate` while it is sent to `sink` (Paced). Returns (answers, number of the mailing, by
    address: path)."""
    links = dict(sink.links)
    chosen = random.Random(7).sample(sorted(links), min(int(rate * seconds), len(links)))
    web = placet.start("web", "--listen", "127.0.0.1:0")
    number = told.mailing()
    placet.run("mailing", "start", number, json=False)
    sender = placet.start("send", "--until-idle", "--connections", connections, listens=False)
    while not sink.recipients and sender.running():
        time.sleep(0.01)
    answers = Leavers(web.address, [links[a] for a in chosen], rate).answers()
    beside = sender.running()
    assert sender.wait(600) in (0, 75), sender.output()
    web.stop()
    return answers, number, beside


def started_late(sink, links, answers, instant):
    """Whom a message started to after their answer, by more than what lies between a write and its being read."""
    by_path = {a.path: a for a in answers}
    return [(who, mail - by_path[links[who]].at) for who, mail, _ in sink.recipients
            if links[who] in by_path and mail > by_path[links[who]].at + instant]


def out(placet, name):
    return {m["address"] for m in placet.run("list", "members", name, timeout=600) if m["why_not"] == "opted-out"}


def copy_database(placet, folder):
    """An old copy of an SQLite home's database, and a function that puts it in place of the newer one."""
    files = [f for f in pathlib.Path(placet.home).glob("placet.db*") if not f.name.endswith("-shm")]
    for f in files:
        shutil.copy2(f, folder)

    def put_back():
        for f in pathlib.Path(placet.home).glob("placet.db*"):
            f.unlink()
        for f in files:
            shutil.copy2(pathlib.Path(folder) / f.name, f)
    return put_back


def kill_rounds(placet, links, name, rounds, rate=400, restore=True):
    """The web role is killed (-9) at random moments while people leave; every second time the database is replaced by an
    older copy (SQLite). Whoever was answered has left. Returns how many were."""
    left, random_order = set(), random.Random(3)
    waiting = sorted(links)
    random_order.shuffle(waiting)
    by_path = {path: who for who, path in links.items()}
    for i in range(rounds):
        with tempfile.TemporaryDirectory(prefix="placet-", dir="/tmp") as folder:
            put_back = copy_database(placet, folder) if restore and i % 2 and not placet.database else None
            web = placet.start("web", "--listen", "127.0.0.1:0")
            mine = [waiting.pop() for _ in range(min(len(waiting), int(rate)))]
            clients = Leavers(web.address, [links[a] for a in mine], rate, 16)
            time.sleep(0.5 + random_order.uniform(0.05, 0.6))
            web.kill()
            answered = {by_path[a.path] for a in clients.answers(60) if a.status == 200}
            left |= answered
            if put_back:
                put_back()
            found = out(placet, name)
            assert left <= found, f"round {i}: answered, and not out: {sorted(left - found)[:5]} of {len(left - found)}"
    return len(left)


if __name__ == "__main__":
    asyncio.run(load(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.stdin.read().split()))
