"""A relay that does what a page of text tells it: what it says at which stage, when it stalls, cuts and lies.

A page is read line by line; `#` begins a comment. What it does not mention goes as with any honest relay.

    offers PIPELINING, SIZE 1000       what EHLO tells (PIPELINING, 8BITMIME, ENHANCEDSTATUSCODES)
    speaks smtp|starttls|tls           how it is to be reached (smtp)
    user ann                           AUTH PLAIN with this name and the password `secret`
    certificate expired [in run 1]     or: wrong-name, self-signed; else one that is in order
    version 1.1 [in run 1]             the only version of TLS that it knows
    in pieces of 1                     so many bytes of a reply in each write
    merged                             replies wait until there is nothing to read, and leave together
    at most 10 a second                it answers no more messages than that
    closed for 1 s                     nobody listens for so long
    takes 4000 bytes                   that it has not read yet, about: the room of its socket
    on STAGE [WHEN ...]: ACT [then ACT ...]

STAGE is CONNECT (before the greeting), GREETING, EHLO, STARTTLS, TLS (in place of the handshake), AUTH, MAIL, RCPT, DATA, CONTENT
(while a message comes in; a no said there is the answer to it), DOT, RSET, QUIT, or ANY of these. Of the rules that fit, the first is played.

WHEN: `for p03` (recipients that begin so), `once`, `2 times`, `after 5 messages` (that were answered with yes), `on connection 2`,
`in run 1` (a run is whatever the test says), `inside TLS`, `outside TLS`.

ACT: `450 4.2.1 busy` is said as a reply, ` / ` between its lines; `say 250-a\\r\\n` is said as it stands, in the escapes of Python;
`offers A, B` answers EHLO; `go on` is the honest answer; `stall 2` waits; `silent` says nothing more and reads on until the client
leaves; `flood` writes a line without an end; `half-close` ends our half and reads on; `cut` closes; `reset` closes with RST.

What a relay can say of a message stands in `letters`: for whom, on which connection, whether the dot came, and the reply that was
written whole. So a test can tell who was lost, who got two, and of whom the client cannot know.
"""
import base64
import codecs
import hashlib
import pathlib
import re
import socket
import ssl
import struct
import threading
import time
import warnings

STAGES = ("CONNECT", "GREETING", "EHLO", "STARTTLS", "TLS", "AUTH", "MAIL", "RCPT", "DATA", "CONTENT", "DOT", "RSET", "QUIT", "ANY")
WHENS = (
    (r"for (\S+)", "who", str), (r"(once)", "left", lambda _: 1), (r"(\d+) times", "left", int), (r"after (\d+) messages?", "after", int),
    (r"on connection (\d+)", "connection", int), (r"in run (\d+)", "run", int), (r"(inside|outside) TLS", "inside", lambda w: w == "inside"),
)
OFFERS = ["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"]
PASSWORD = "secret"
PATIENCE = 20  # with a client that says nothing


class Gone(Exception):
    """The conversation is over."""


class Hit:
    """A rule that was played, and to whom; who is known only once RCPT came."""

    def __init__(self, rule, to):
        self.rule, self.to = rule, to


class Rule:
    def __init__(self, line):
        head, _, acts = line.partition(":")
        self.stage, _, when = head[3:].strip().partition(" ")
        assert self.stage in STAGES and acts.strip(), f"no rule: {line}"
        self.line, self.who, self.left, self.after, self.connection, self.run, self.inside = line, None, None, 0, None, None, None
        while when:
            for pattern, name, of in WHENS:
                found = re.match(pattern + r"(?:\s+|$)", when)
                if found:
                    setattr(self, name, of(found[1]))
                    when = when[found.end():]
                    break
            else:
                raise AssertionError(f"no condition: {when} in {line}")
        self.acts = [a.strip() for a in acts.split(" then ")]

    def fits(self, relay, stage, to, talk):
        return (self.stage in (stage, "ANY") and self.left != 0 and relay.taken >= self.after and self.run in (None, relay.run)
                and self.connection in (None, talk.number) and self.inside in (None, talk.inside)
                and (self.who is None or (to or "").startswith(self.who)))


class Script:
    """A page of text, read. `rest` has the lines that are not the relay's: they tell the test what must come of it."""

    def __init__(self, text):
        self.rules, self.rest, self.offers = [], [], OFFERS
        self.speaks, self.user, self.piece, self.merged, self.rate, self.closed, self.room = "smtp", None, 0, False, 0, 0, 0
        self.certificate, self.version = (None, None), (None, None)  # what, in which run
        for line in filter(None, (re.sub(r"^#.*", "", one).strip() for one in text.splitlines())):
            if line.startswith("on "):
                self.rules.append(Rule(line))
            elif not self._option(line):
                self.rest.append(line)

    def _option(self, line):
        found = re.match(r"(offers|speaks|user|certificate|version|in pieces of|merged|at most|closed for|takes)\b ?(.*)", line)
        if not found:
            return False
        name, value = found.groups()
        if name == "offers":
            self.offers = [o.strip() for o in value.split(",")]
        elif name in ("certificate", "version"):
            what, _, run = value.partition(" in run ")
            setattr(self, name, (what, int(run) if run else None))
        elif name in ("speaks", "user"):
            setattr(self, name, value)
        else:
            number = re.match(r"[\d.]*", value)[0]
            setattr(self, {"in pieces of": "piece", "merged": "merged", "at most": "rate", "closed for": "closed", "takes": "room"}[name],
                    float(number) if number else True)
        return True


class Letter:
    """One message from DATA's 354 on. `code`: of the first reply behind its dot that was written whole; None: there was none."""

    def __init__(self, to, connection, mail_at):
        self.to, self.connection, self.mail_at = to, connection, mail_at
        self.dot, self.code, self.digest = False, None, None

    @property
    def yes(self):
        return self.code is not None and self.code // 100 == 2

    @property
    def no(self):
        return self.code is not None and self.code // 100 in (4, 5)

    def __repr__(self):
        return f"<{self.to} connection {self.connection} {'dot' if self.dot else 'no dot'} {self.code} {(self.digest or '')[:6]}>"


class Talk:
    """One connection."""

    def __init__(self, relay, sock, number):
        self.relay, self.script, self.sock, self.number = relay, relay.script, sock, number
        self.inside, self.read, self.held = False, b"", []
        self.mail_at, self.to, self.letter, self.named, self.hit = None, None, None, None, None

    # --- bytes ---

    def line(self):
        while b"\r\n" not in self.read:
            self.more()
        one, self.read = self.read.split(b"\r\n", 1)
        return one.decode("ascii", "replace")

    def more(self):
        self.flush()
        got = self.sock.recv(65536)
        if not got:
            raise Gone
        self.read += got

    def say(self, data, letter=None):
        """A reply, or what is to pass for one. What it means for the conversation is seen by its first digit."""
        code = int(data[:3]) if re.match(rb"\d{3}", data) else None
        self.held.append((data, letter, code))
        if not self.script.merged:
            self.flush()
        return code

    def flush(self):
        held, self.held = self.held, []
        if self.script.merged and held:
            self.sock.sendall(b"".join(data for data, _, _ in held))
        for data, letter, code in held:
            if not self.script.merged:
                self.send(data)
            if letter:
                self.relay.answered(letter, code)

    def send(self, data):
        step = int(self.script.piece) or len(data)
        for at in range(0, len(data), step):
            self.sock.sendall(data[at:at + step])
            if step < len(data):
                time.sleep(0.0003)

    def leave(self, how):
        try:
            self.flush()
            if how == "reset":
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif how == "half-close":
                self.sock.shutdown(socket.SHUT_WR)
            if how in ("half-close", "silent"):
                while self.sock.recv(65536):
                    pass
        except OSError:
            pass
        raise Gone

    # --- the page ---

    def play(self, stage, honest, letter=None):
        """What the page says of this stage, else `honest`; the code of the reply that was said, or None."""
        to = letter.to if letter else self.named
        rule = self.relay.rule(stage, to, self)
        code = None
        for act in rule.acts if rule else ["go on"]:
            verb, _, rest = act.partition(" ")
            if act == "go on":
                code = self.say(honest.encode() + b"\r\n", letter) if honest else code
            elif verb == "say":
                code = self.say(codecs.decode(rest, "unicode_escape").encode("latin-1"), letter)
            elif verb == "offers":
                code = self.say(self.hello(rest.split(",")))
            elif verb == "stall":
                time.sleep(float(rest))
            elif act == "flood":
                while True:
                    self.sock.sendall(b"a" * 4096)
            elif act in ("cut", "reset", "half-close", "silent"):
                self.leave(act)
            else:
                assert re.match(r"\d{3}", act), f"no act: {act}"
                lines = act.split(" / ")
                code = self.say("".join(f"{one[:3]}{'-' if i + 1 < len(lines) else ' '}{one[4:]}\r\n" for i, one in enumerate(lines)).encode(),
                                letter)
        return code

    def hello(self, offers):
        offers = [o.strip() for o in offers if o.strip()]
        return "".join(f"250{'-' if i < len(offers) else ' '}{o}\r\n" for i, o in enumerate(["relay.test", *offers])).encode()

    def offers(self):
        more = ["STARTTLS"] if self.script.speaks == "starttls" and not self.inside else ["AUTH PLAIN"] if self.script.user else []
        return self.hello([*self.script.offers, *more])[:-2].decode()

    # --- the conversation ---

    def run(self):
        try:
            self.sock.settimeout(PATIENCE)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.script.speaks == "tls":
                self.shake_hands()
            self.play("CONNECT", None)
            self.play("GREETING", "220 relay.test ESMTP")
            while True:
                self.command(self.line())
        except (Gone, OSError):
            pass
        finally:
            self.relay.over(self)
            self.sock.close()

    def command(self, line):
        verb = re.split(r"[ :]", line.upper())[0]
        if verb in ("EHLO", "HELO"):
            self.mail_at = self.to = None
            self.play("EHLO", self.offers())
        elif verb == "STARTTLS":
            if self.play("STARTTLS", "220 2.0.0 go ahead") == 220:
                self.flush()
                self.shake_hands()
        elif verb == "AUTH":
            wanted = base64.b64encode(f"\0{self.script.user}\0{PASSWORD}".encode()).decode()
            self.play("AUTH", "235 2.7.0 welcome" if line.split(" ", 2)[1:] == ["PLAIN", wanted] else "535 5.7.8 who are you")
        elif verb == "MAIL":
            self.mail_at, self.to, self.named, self.hit = time.monotonic(), None, None, None
            if (self.play("MAIL", "250 2.1.0 ok") or 0) // 100 != 2:
                self.mail_at = None
        elif verb == "RCPT":
            self.recipient(line)
        elif verb == "DATA":
            self.data()
        elif verb in ("RSET", "NOOP"):
            self.mail_at = self.to = None
            self.play("RSET", "250 2.0.0 ok")
        elif verb == "QUIT":
            self.play("QUIT", "221 2.0.0 bye")
            self.leave("half-close")
        else:
            self.say(b"500 5.5.2 what?\r\n")

    def recipient(self, line):
        self.named = re.search(r"<([^>]*)>", line)[1]
        if self.hit and self.hit.rule.stage == "MAIL" and not self.hit.to:
            self.hit.to = self.named
        self.hit = None
        code = self.play("RCPT", "250 2.1.5 ok" if self.mail_at else "503 5.5.1 MAIL first")
        self.to = self.named if code is not None and code // 100 == 2 and self.mail_at else None

    def data(self):
        if self.play("DATA", "354 go on" if self.to else "554 5.5.1 no valid recipients") != 354:
            return
        self.letter = letter = Letter(self.to, self.number, self.mail_at)
        if self.to:
            self.relay.letters.append(letter)
        early = self.play("CONTENT", None, letter)
        while not (self.read.startswith(b".\r\n") or b"\r\n.\r\n" in self.read):
            self.more()
        content, self.read = (b"", self.read[3:]) if self.read.startswith(b".\r\n") else self.read.split(b"\r\n.\r\n", 1)
        letter.digest, letter.dot = hashlib.sha256(content).hexdigest(), True
        if early and early // 100 in (4, 5):
            self.relay.answered(letter, early)  # a no while it came in was the answer; a yes behind it would be to something else
        else:
            self.relay.wait_for_turn()
            self.play("DOT", f"250 2.0.0 queued as {self.relay.number():07}", letter)
        self.letter = self.mail_at = self.to = None

    def shake_hands(self):
        self.play("TLS", None)
        self.sock = self.relay.tls().wrap_socket(self.sock, server_side=True)
        self.inside, self.read, self.mail_at = True, b"", None


class Relay:
    """text: the page. run: which run it is, for rules that hold in one alone. certificates: of certificates.py, for TLS."""

    def __init__(self, text, certificates=None):
        self.script, self.certificates, self.run = Script(text), certificates, 1
        self.letters, self.hits, self.connections, self.taken, self._queued = [], [], 0, 0, 0
        self.lock, self.turn, self.begun = threading.Lock(), 0.0, time.monotonic()
        self.talks, self.ending = set(), False
        self.server = socket.socket()
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.script.room:
            self.server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(self.script.room))
        self.server.bind(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self._listen, daemon=True)
        if not self.script.closed:
            self.server.listen(64)
        self.thread.start()

    def url(self):
        scheme = {"smtp": "smtp", "starttls": "smtp+starttls", "tls": "smtps"}[self.script.speaks]
        return f"{scheme}://{self.script.user + '@' if self.script.user else ''}127.0.0.1:{self.port}"

    def _listen(self):
        if self.script.closed:
            time.sleep(self.script.closed)
            self.server.listen(64)
        while not self.ending:
            try:
                sock, _ = self.server.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                talk = Talk(self, sock, self.connections)
                self.talks.add(talk)
            threading.Thread(target=talk.run, daemon=True).start()

    def rule(self, stage, to, talk):
        with self.lock:
            for rule in self.script.rules:
                if rule.fits(self, stage, to, talk):
                    rule.left = rule.left and rule.left - 1
                    self.hits.append(Hit(rule, to))
                    talk.hit = self.hits[-1]
                    return rule
        return None

    def answered(self, letter, code):
        with self.lock:
            if letter.dot and letter.code is None:
                letter.code = code
                self.taken += letter.yes and bool(letter.to)

    def number(self):
        with self.lock:
            self._queued += 1
            return self._queued

    def wait_for_turn(self):
        if not self.script.rate:
            return
        with self.lock:
            self.turn = max(self.turn, time.monotonic()) + 1 / self.script.rate
            wait = self.turn - time.monotonic()
        time.sleep(wait)

    def over(self, talk):
        with self.lock:
            self.talks.discard(talk)

    def tls(self):
        kind, in_run = self.script.certificate
        version, version_run = self.script.version
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificates.of(kind if in_run in (None, self.run) else None))
        if version and version_run in (None, self.run):
            assert version == "1.1"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
            context.set_ciphers("ALL:@SECLEVEL=0")
        return context

    def stop(self):
        self.ending = True
        with self.lock:
            talks = list(self.talks)
        for s in [self.server, *(t.sock for t in talks)]:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()
        self.thread.join(5)


def page(name):
    """The text of test/fault/cases/NAME.txt."""
    return (pathlib.Path(__file__).parent / "cases" / f"{name}.txt").read_text(encoding="utf-8")
