"""A fast relay in a process of its own, which may be killed: it writes down each message before it answers.

    recorder.py PORT FILE [PER_SECOND]

appends to FILE a line for each message that came in whole: `D`, when its MAIL FROM was read (time.monotonic(), which all processes
of a machine share), for whom, and the path of its one-click opt-out; `N` is system mail, which has none. So nothing that was ever answered is missing in it, whenever it
is killed. With PER_SECOND it takes no more than that.
"""
import asyncio
import collections
import re
import sys
import time

from pathlib import Path

LINK = re.compile(rb"^List-Unsubscribe: <https?://[^/>]+(/opt-out/[^>]+)>", re.M)
Letter = collections.namedtuple("Letter", "mail_at to link")


class Talk(asyncio.Protocol):
    log, turn, rate = None, 0.0, 0.0

    def connection_made(self, transport):
        self.transport, self.read, self.mail_at, self.to, self.content, self.out = transport, b"", 0.0, None, False, []
        self.waits = False  # for its turn
        transport.write(b"220 recorder ESMTP\r\n")

    def data_received(self, data):
        self.read += data
        while not self.waits and (self.message() if self.content else self.command()):
            pass
        if self.out:
            self.log.flush()
            self.transport.write(b"".join(self.out))
            self.out.clear()

    def message(self):
        if self.read.startswith(b".\r\n"):
            end, self.read = b"", self.read[3:]
        elif b"\r\n.\r\n" in self.read:
            end, self.read = self.read.split(b"\r\n.\r\n", 1)
        else:
            return False
        self.content = False
        link = LINK.search(end[:8192])
        self.log.write(f"{'D' if link else 'N'} {self.mail_at} {self.to} {link.group(1).decode() if link else '-'}\n")
        if self.rate:
            self.later()
            return False
        self.out.append(b"250 2.0.0 taken\r\n")
        return True

    def later(self):
        """Its turn comes later; what it says next waits for that."""
        Talk.turn = max(Talk.turn, time.monotonic()) + 1 / self.rate
        self.waits = True
        asyncio.get_running_loop().call_later(Talk.turn - time.monotonic(), self.go_on)

    def go_on(self):
        self.waits = False
        if not self.transport.is_closing():
            self.out.append(b"250 2.0.0 taken\r\n")
            self.data_received(b"")

    def command(self):
        if b"\r\n" not in self.read:
            return False
        line, self.read = self.read.split(b"\r\n", 1)
        verb = line[:4].upper()
        if verb == b"EHLO":
            self.out.append(b"250-recorder\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n")
        elif verb == b"DATA":
            self.content = True
            self.out.append(b"354 go on\r\n")
        elif verb == b"QUIT":
            self.transport.write(b"".join([*self.out, b"221 2.0.0 bye\r\n"]))
            self.transport.close()
            self.out.clear()
            return False
        else:
            if verb == b"MAIL":
                self.mail_at = time.monotonic()
            elif verb == b"RCPT":
                self.to = line[line.index(b"<") + 1:line.index(b">")].decode()
            self.out.append(b"250 2.0.0 ok\r\n")
        return True


def letters(file):
    """What was written down of mailings, but for a line that a kill cut."""
    text = Path(file).read_text() if Path(file).exists() else ""
    rows = (line.split() for line in text[:text.rfind("\n") + 1].splitlines())
    return [Letter(float(r[1]), r[2], r[3]) for r in rows if len(r) == 4 and r[0] == "D"]


async def serve(port, file, rate):
    Talk.log, Talk.rate = open(file, "a", encoding="ascii"), rate
    server = await asyncio.get_running_loop().create_server(Talk, "127.0.0.1", port, backlog=200)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 0.0))
