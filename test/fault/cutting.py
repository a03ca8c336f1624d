"""A proxy that cuts a conversation after byte N of one direction, and the mailing that goes through it."""
import socket
import struct
import threading

from account import settle
from harness.process import wait_until
from relay import Relay

PAGE = "offers PIPELINING, 8BITMIME, ENHANCEDSTATUSCODES, LIMITS MAILMAX=3"
WHOLE = PAGE.replace("=3", "=9")  # as long, and far from the end nobody opens the next connection, which might take the third message
OF_A_CUT = 6  # people at most: three on the connection that is cut, three on the next one, which is not
CLIENT, SERVER = "client", "server"


def shut(sock, reset):
    if reset:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    sock.close()


class Line:
    """One connection: to the sender, to the relay, and what went through."""

    def __init__(self, proxy, near, cut):
        self.near, self.far = near, socket.create_connection(("127.0.0.1", proxy.relay.port))
        for s in (self.near, self.far):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.cut, self.seen, self.was_cut = cut, {CLIENT: b"", SERVER: b""}, False
        self.lock, self.ended = threading.Lock(), False
        if cut and cut[1] == 0:
            self.end(True)
        for name, come, go in ((CLIENT, self.near, self.far), (SERVER, self.far, self.near)):
            threading.Thread(target=self.pump, args=(name, come, go), daemon=True).start()

    def pump(self, name, come, go):
        try:
            while data := come.recv(65536):
                last = self.cut and self.cut[0] == name and len(self.seen[name]) + len(data) >= self.cut[1]
                data = data[:self.cut[1] - len(self.seen[name])] if last else data
                self.seen[name] += data
                go.sendall(data)
                if last:
                    self.end(True)
        except OSError:
            pass
        self.end(False)

    def end(self, cut):
        with self.lock:
            if self.ended:
                return
            self.ended, self.was_cut = True, cut
        reset = cut and self.cut[1] % 2 == 1
        shut(self.near, reset)
        shut(self.far, reset)


class Proxy:
    """cuts: (direction, after how many bytes), one for every second connection; the others are left alone."""

    def __init__(self, relay, cuts):
        self.relay, self.cuts, self.lines, self.port = relay, list(cuts), [], None
        self.server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    def listen(self):
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            number = len(self.lines)
            self.lines.append(Line(self, near, self.cuts[number // 2] if number % 2 and number // 2 < len(self.cuts) else None))

    def stop(self):
        shut(self.server, False)
        self.thread.join(5)


def through(faults, case, cuts, page=PAGE):
    """A mailing of all people of `case` through a proxy with these cuts, to its end. Returns (proxy, figures)."""
    relay = Relay(page)
    proxy = Proxy(relay, cuts)
    try:
        number = faults.mailing(case, proxy)
        sender = faults.placet.start("send", "--connections", "1", listens=False)
        wait_until(lambda: faults.status(number)["state"] != "sending", 60 + len(cuts), "the mailing ends by itself", every=0.5)
        assert sender.stop() in (0, 75), sender.output()
        status, rows = faults.status(number), faults.rows(number)
        assert status["state"] == "done", status
        counted = settle(relay.letters, rows, status)
        assert counted["accepted"] + counted["uncertain"] == len(rows) and counted["uncertain"] <= len(cuts), counted
        uncut = [row for row in rows if row["state"] == "accepted" and row["attempts"] != "1"]
        assert not uncut, f"a cut is no attempt of the recipient's: {uncut}"
    finally:
        proxy.stop()
        relay.stop()
    return proxy, counted


def whole(faults, case):
    """What a connection with three messages carries in each direction, from a first mailing to three people. `case` is as long as the
    word of the mailing that is cut, so that both are of the same size."""
    proxy, counted = through(faults, case, [], WHOLE)
    assert counted["accepted"] == 3
    return max((line.seen for line in proxy.lines), key=lambda seen: len(seen[CLIENT]))


def found(data, what):
    """Where each occurrence begins."""
    at, all_of = data.find(what), []
    while at >= 0:
        all_of.append(at)
        at = data.find(what, at + 1)
    return all_of
