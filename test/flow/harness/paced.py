"""An SMTP server that takes its time and writes down when each command came, on the clock that the test reads too.

It runs in a thread of the test's own process, so that its times and the test's (time.monotonic()) are the same clock.
"""
import asyncio
import re
import threading
import time


class Paced:
    """reply_after: seconds before each reply to DATA's dot. `recipients` is a list of (address, when MAIL FROM came, when
    RCPT TO came); `count` how many messages were taken, `taken` for whom each message came in whole, answered or not.
    All three are of mailings; `notices` says for whom system mail came, which has no List-Unsubscribe.
    `refuse`: another reply to a verb, such as {"RCPT": "450 4.2.1 busy"}; it may change at any time."""

    def __init__(self, reply_after=0.0):
        self.reply_after = reply_after
        self._seen, self._number = {}, 0
        self.taken, self.notices, self.refuse = [], [], {}
        self.links = {}  # the path behind each person's one-click address
        self.count = 0
        self.port = None
        self._server, self._writers, self._down = None, set(), False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._started = threading.Event()
        self._thread.start()
        assert self._started.wait(10)

    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def recipients(self):
        return list(self._seen.values())

    def begin_again(self, reply_after):
        """For a second mailing, while nothing is connected."""
        self.reply_after, self._seen, self.taken, self.notices, self.count = reply_after, {}, [], [], 0

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen(0))
        self._started.set()
        self._loop.run_forever()

    async def _listen(self, port):
        self._down = False
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _leave(self):
        self._down = True
        # A connection that is being taken in when asyncio closes its server would stay open, and silent.
        for listener in self._server.sockets:
            self._loop.remove_reader(listener.fileno())
        await asyncio.sleep(0.05)
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    def down(self):
        """Nobody listens any more, and who was connected is cut off."""
        asyncio.run_coroutine_threadsafe(self._leave(), self._loop).result(10)

    def up(self):
        """Back at the same address."""
        asyncio.run_coroutine_threadsafe(self._listen(self.port), self._loop).result(10)

    @property
    def connections(self):
        return len(self._writers)

    async def _serve(self, reader, writer):
        if self._down:  # it had come just before
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            writer.write(b"220 paced ESMTP\r\n")
            while (line := await reader.readline()):
                if not await self._answer(line.decode().rstrip("\r\n"), reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, line, reader, writer):
        verb, now = line[:4].upper(), time.monotonic()
        if verb == "MAIL":
            writer.to = None
        if verb == "EHLO":
            writer.write(b"250-paced\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n")
        elif verb in self.refuse:
            writer.write(self.refuse[verb].encode() + b"\r\n")
        elif verb == "MAIL":
            writer.mail_at = now
            writer.write(b"250 2.1.0 ok\r\n")
        elif verb == "RCPT":
            writer.to = line[line.index("<") + 1:line.index(">")]
            self._number += 1
            writer.number = self._number
            self._seen[writer.number] = (writer.to, writer.mail_at, now)
            writer.write(b"250 2.1.5 ok\r\n")
        elif verb == "DATA" and not writer.to:
            writer.write(b"554 5.5.1 no valid recipients\r\n")
        elif verb == "DATA":
            writer.write(b"354 go on\r\n")
            message = await reader.readuntil(b"\r\n.\r\n")
            link = re.search(rb"^List-Unsubscribe: <https?://[^/>]+(/opt-out/[^>]+)>", message, re.M)
            if link:
                self.taken.append(writer.to)
                self.links[writer.to] = link.group(1).decode()
                self.count += 1
            else:
                del self._seen[writer.number]
                self.notices.append(writer.to)
            await asyncio.sleep(self.reply_after)
            writer.write(b"250 2.0.0 taken as %d\r\n" % self.count)
        elif verb == "QUIT":
            writer.write(b"221 2.0.0 bye\r\n")
            return False
        else:
            writer.write(b"250 2.0.0 ok\r\n")
        return True

    def stop(self):
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(10)

    def _end(self):
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.call_soon(self._loop.stop)
