"""curl's conversations with mail servers, spoken by our client.

Each file of the folder says what a server answers (<reply>) and what curl says to it (<protocol>, <upload>). The server here
answers as the file says; ours must say what curl says, or what DEVIATIONS makes of it, for the reason that stands there. A file
that is not run stands in ELSEWHERE with its reason; each file is in exactly one place.
"""
import base64
import os
import pathlib
import re
import shlex
import socket
import subprocess
import tempfile
import threading

import pytest

FOLDER = pathlib.Path("../shared/corpora/smtp/curl")
TOOL = os.environ["SMTP_TOOL"]
FILES = sorted(p.name for p in FOLDER.glob("test*"))

# --- what we say instead: functions from curl's lines to ours --------------------------------------


def at_once(lines):
    """The login's first message in the AUTH command itself; "=" if it is empty."""
    out, rest = [], list(lines)
    while rest:
        line = rest.pop(0)
        out.append(f"{line} {rest.pop(0) or '='}" if re.fullmatch("AUTH [^ ]+", line) else line)
    return out


def asked_for_user(lines):
    """LOGIN has no first message: the user's name waits to be asked for."""
    i = next(i for i, line in enumerate(lines) if line.startswith("AUTH LOGIN "))
    return [*lines[:i], "AUTH LOGIN", lines[i][11:], *lines[i + 1:]]


def each_by_itself(lines):
    """A message for each recipient; RSET behind one that was refused."""
    mail = next(line for line in lines if line.startswith("MAIL"))
    out = lines[:lines.index(mail)]
    for line in RECIPIENTS[0]:
        good = "@" in line
        out += [mail, f"RCPT TO:<{line}>", "DATA" if good else "RSET"]
    return out + ["QUIT"]


def reset(lines):
    """The transaction that a refusal ended is undone in words before QUIT."""
    return [*lines[:-1], "RSET", "QUIT"]


def hello_and_goodbye(lines):
    return [lines[0], "QUIT"]


def quit_too(lines):
    return [*lines, "QUIT"]


def best_at_once(lines):
    """What curl comes to after `*`, said at first."""
    i = lines.index("*")
    return at_once([lines[0], *lines[i + 1:]])


def no_second_name(lines):
    """PLAIN names the user once, as who logs in, and not again as whom to be."""
    return [f"AUTH PLAIN {without_authzid(line[11:])}" if line.startswith("AUTH PLAIN ") else line for line in at_once(lines)]


IR = (at_once, "RFC 4954 lets the first message stand in the AUTH command, which spares a round trip; we always do so")
ONE = (each_by_itself, "INV-1: each recipient has a message, and a transaction, of its own; a refused one does not stop the others")
RSET = (reset, "a refused transaction is followed by RSET, since the connection goes on to be used")
OLD = (hello_and_goodbye, "CRAM-MD5, DIGEST-MD5 and NTLM are broken by today's measure: we know SCRAM, PLAIN under TLS, tokens, certificates")
DOWN = (best_at_once, "of CRAM-MD5, DIGEST-MD5, NTLM and PLAIN we know only the last, and so begin with it")
BYE = (quit_too, "a refused login ends with QUIT")
LOCAL = (hello_and_goodbye, "what cannot be delivered by this relay fails here, without a word on the wire")

DEVIATIONS = {
    "test903": [IR], "test908": [IR], "test942": [IR], "test943": [IR], "test946": [IR], "test992": [IR],
    "test920": [(asked_for_user, "LOGIN was never written down, and servers differ in whether they take a name with the command")],
    "test948": [IR, BYE], "test949": [BYE],
    "test905": [OLD], "test906": [OLD], "test907": [OLD], "test921": [OLD], "test932": [OLD], "test933": [OLD], "test934": [OLD],
    "test935": [DOWN], "test936": [DOWN], "test937": [DOWN],
    "test938": [(no_second_name, IR[1] + "; nobody else's name is ever asked for")],
    "test939": [(lambda lines: [*lines[:2], "QUIT"], "a login that is configured is not left out: without AUTH the relay is at fault")],
    "test940": [(hello_and_goodbye, "a login that is configured is not left out: without AUTH the relay is at fault")],
    "test980": [BYE],
    "test1406": [ONE], "test917": [ONE], "test918": [ONE], "test919": [],
    "test3002": [ONE], "test3003": [ONE], "test3004": [ONE], "test3005": [ONE], "test3006": [ONE], "test3007": [RSET],
    "test914": [RSET], "test916": [RSET],
    "test913": [(hello_and_goodbye, "larger than the SIZE that the relay states: known without asking")],
    "test955": [LOCAL], "test956": [LOCAL],
}
DEVIATIONS = {name: how for name, how in DEVIATIONS.items() if how}

LONG_LINES = ("test900", "test1711")

# What is said the same, about content that is made in another way.
CONTENT = {
    "test1187": "the MIME parts are curl's work; ours are made by src/compose. The message is taken as curl made it",
    "test646": "the same", "test648": "the same", "test652": "the same",
    "test900": "a line of 64 kB is no mail (RFC 5321 4.5.3.1.6) and would end our program as a bug: the same text in lines of 76",
    "test1711": "the same",
    "test941": "line ends are CRLF before the client sees a message",
}

ELSEWHERE = {
    **dict.fromkeys(("test923", "test924", "test925", "test926", "test950", "test957", "test958", "test961", "test964", "test967",
                     "test968"), "VRFY: nobody is asked for who exists; the reply to RCPT is what counts"),
    **dict.fromkeys(("test927", "test969"), "EXPN: lists are ours"),
    "test959": "curl built without IDN; test962 is the same with it", "test960": "curl built without IDN; test963 is the same with it",
    "test928": "HELP by itself", "test929": "NOOP by itself", "test930": "RSET by itself",
    "test931": "curl's URL; test_relay.c has ours",
    "test1320": "through an HTTP proxy: we have none",
    "test1507": "curl's callback that stops it; test_talk.c has dot() that says no",
    "test649": "an encoder of curl's fails before there is a message",
    "test3227": "a test of curl's MIME functions",
    "test953": "to log in as one and be another: no such thing is configured here",
    "test954": "the same, refused",
}

# --- the files -------------------------------------------------------------------------------------


def section(text, name):
    """Attributes and text of the first <name>, or None."""
    found = re.search(rf"<{name}\b([^>]*)>\n?(.*?)</{name}>", text, re.S)
    return found.groups() if found else None


def unhex(text):
    return re.sub(r"%([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), text)


def expand(text, name, port):
    """curl's macros; each character stands for a byte."""
    for macro, value in (("%HOSTIP", "127.0.0.1"), ("%SMTPPORT", str(port)), ("%TESTNUMBER", name[4:]), ("%LT", "<"), ("%GT", ">"),
                         ("%CR", "\r")):
        text = text.replace(macro, value)
    text = re.sub(r"%hex\[(.*?)\]hex%", lambda m: unhex(m[1]), text)
    text = re.sub(r"%repeat\[(\d+) x (.*?)\]%", lambda m: unhex(m[2]) * int(m[1]), text)
    return re.sub(r"%b64\[(.*?)\]b64%", lambda m: base64.b64encode(unhex(m[1]).encode("latin-1")).decode(), text)


def without_authzid(line):
    """PLAIN that names the same user twice, as PLAIN that names it once."""
    try:
        parts = base64.b64decode(line, validate=True).split(b"\0")
    except ValueError:
        return line
    if len(parts) == 3 and parts[0] == parts[1]:
        parts[0] = b""
    return base64.b64encode(b"\0".join(parts)).decode() if len(parts) == 3 else line


class Server:
    """Answers as the file says. It is asked by one client after the other, and hears all of them in `lines`."""

    def __init__(self, name):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.text = expand((FOLDER / name).read_text("latin-1"), name, self.port)
        self.capabilities, self.kinds, self.custom = [], [], {}
        commands = section(self.text, "servercmd")
        for line in commands[1].splitlines() if commands else []:
            self.command(line)
        self.lines, self.contents = [], []
        self.last = "334 "
        threading.Thread(target=self.serve, daemon=True).start()

    def command(self, line):
        if line.startswith("CAPA "):
            self.capabilities = shlex.split(line[5:])
        elif line.startswith("AUTH "):
            self.kinds = line[5:].split()
        elif line.startswith("REPLY "):
            quoted = re.fullmatch(r'REPLY (?:"([^"]*)"|(\S*)) (.*)', line)
            said = quoted[1] if quoted[1] is not None else quoted[2]
            self.custom[without_authzid(said)] = quoted[3].replace("\\r\\n", "\r\n")
        else:
            raise AssertionError(f"no such command of the file: {line}")

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer, peer.makefile("rwb", buffering=0) as stream:
                try:
                    self.talk(stream)
                except OSError:
                    pass

    def talk(self, stream):
        stream.write(b"220 smtp.example\r\n")
        for raw in stream:
            line = raw.decode("latin-1").removesuffix("\r\n")
            self.lines.append(line)
            answer = self.answer(line)
            stream.write(answer.encode("latin-1") + b"\r\n")
            if answer.startswith("354"):
                content = b""
                for raw in stream:
                    content += raw
                    if raw == b".\r\n":
                        break
                self.contents.append(content.decode("latin-1"))
                stream.write(b"250 256 bytes\r\n")
            if line == "QUIT":
                return

    def answer(self, line):
        verb = line.split(" ")[0]
        if verb == "AUTH":
            return self.login(line)
        for said in (line, without_authzid(line), verb):
            if said in self.custom:
                return self.custom[said]
        if verb == "EHLO":
            offers = self.capabilities + ([f"AUTH {' '.join(self.kinds)}"] if self.kinds else [])
            return "\r\n".join(["250-smtp.example"] * bool(offers) + [f"250-{o}" for o in offers[:-1]]
                               + [f"250 {(offers or ['smtp.example'])[-1]}"])
        if verb in ("MAIL", "RCPT"):
            address = re.search("<(.*)>", line)[1]
            return "250 fine" if "@" in address or (verb == "MAIL" and not address) else "501 Invalid address"
        if verb in ("HELO", "RSET"):
            return "250 fine"
        if verb == "DATA":
            return "354 Show me the mail"
        return "221 bye" if verb == "QUIT" else self.last  # who was to say two things at once is asked for the second again

    def login(self, line):
        _, kind, *first = line.split(" ")
        said = self.custom.get(f"AUTH {kind}", self.custom.get("AUTH", "504 no"))
        if first and said.startswith("334"):
            # Somebody who says at once what would have been asked for has been asked.
            said = self.custom.get(without_authzid(first[0].replace("=", "", first[0] == "=")), said)
        self.last = said
        return said


# --- curl's command as ours ------------------------------------------------------------------------

def with_a_labels(address):
    """Domains reach the client as A-labels: src/mail/domain.c."""
    local, at, domain = address.partition("@")
    if domain.isascii():
        return address
    return local + at + domain.encode("latin-1").decode().encode("idna").decode()


RECIPIENTS = [[]]  # of the file that is run


def options_of(server, command):
    """The arguments of smtp_tool, for one URL of curl's command line."""
    words = shlex.split(command.replace("\n", " "))
    url = re.fullmatch(r"smtp://(?:([^@]*)@)?127\.0\.0\.1:\d+/(\d*)", words[0])
    user, auth = None, None
    if url[1] is not None:
        user, auth = url[1].split(";AUTH=")
    scheme, query, rest = "smtp", "", []
    values = {"-u": None, "--oauth2-bearer": None, "--login-options": None, "--mail-from": None}
    recipients = []
    for i, word in enumerate(words):
        if word in values:
            values[word] = words[i + 1]
        elif word == "--mail-rcpt":
            recipients.append(words[i + 1])
        elif word == "--ssl":
            scheme = "smtp+starttls"
    if values["-u"]:
        user, _, password = values["-u"].partition(":")
        rest += ["--password", password] if password else []
    if values["--oauth2-bearer"]:
        server.token.write_text(values["--oauth2-bearer"] + "\n")
        rest += ["--token-file", str(server.token)]
    if values["--login-options"]:
        auth = values["--login-options"].removeprefix("AUTH=")
    if "EHLO" in server.custom:
        query = "?helo"
    at = f"{user}@" if user else ""
    rest += ["--auth", auth] if auth else []
    recipients = [with_a_labels(r) for r in recipients]
    return [f"{scheme}://{at}127.0.0.1:{server.port}{query}", "--helo", url[2], "--from", with_a_labels(values["--mail-from"] or ""),
            *rest], recipients


def crlf(text):
    return re.sub("\r?\n", "\r\n", text)


def message_of(server, name):
    if name in ("test1187", "test646", "test648", "test652"):
        return re.sub(r"(?m)^\.", "", crlf(section(server.text, "upload")[1]).removesuffix(".\r\n"))
    source = section(server.text, "stdin") or section(server.text, "file") or ("", "body\n")
    text = crlf(source[1])
    if 'nonewline="yes"' in source[0]:
        text = text.removesuffix("\r\n")
    if name in LONG_LINES:
        text = re.sub("(.{76})", "\\1\r\n", text)
    return text


def envelope_of_tool(server):
    """For curl's test programs, whose envelope stands in what is expected only."""
    lines = section(server.text, "protocol")[1]
    sender, to = re.search("MAIL FROM:<(.*)>", lines)[1], re.search("RCPT TO:<(.*)>", lines)[1]
    return f"smtp://127.0.0.1:{server.port}/{re.search('EHLO (.*)', lines)[1]} --mail-from {sender} --mail-rcpt {to}"


def commands_of(server):
    command = section(server.text, "command")[1].strip()
    if section(server.text, "tool"):
        return [envelope_of_tool(server)]
    if "-K " in command:  # the sender stands in a file, with a line break in it
        sender = re.search('mail-from = "(.*)"', server.text)[1].encode().decode("unicode_escape")
        command += f" --mail-from {shlex.quote(sender)}"
    return [c.strip() for c in command.split("-:\n")]


def play(name, folder):
    """What we said, and the contents, of one file."""
    server = Server(name)
    server.token = folder / "token"
    printed = ""
    for command in commands_of(server):
        arguments, RECIPIENTS[0] = options_of(server, command)
        for address in RECIPIENTS[0]:
            arguments += ["--to", address]
        if any(ord(c) > 127 for a in arguments for c in a):
            arguments.append("--utf8")
        done = subprocess.run([os.fsencode(TOOL), *(a.encode("latin-1") for a in arguments)],
                              input=message_of(server, name).encode("latin-1"), capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()
        printed += done.stdout.decode()
    server.listener.close()
    return server, printed


RUN = [name for name in FILES if name not in ELSEWHERE]


def test_each_file_has_its_place():
    assert (len(FILES), len(RUN), len(DEVIATIONS)) == (90, 65, 37)  # doc/SMTP.md says so
    assert sorted(RUN + list(ELSEWHERE)) == FILES
    assert set(DEVIATIONS) | set(CONTENT) <= set(RUN)


@pytest.mark.parametrize("name", RUN)
def test_conversation(name):
    with tempfile.TemporaryDirectory() as folder:
        server, printed = play(name, pathlib.Path(folder))
    expected = section(server.text, "protocol")[1].splitlines()
    ours = expected
    for change, _ in DEVIATIONS.get(name, []):
        ours = change(ours)
    assert server.lines == ours, printed
    assert (ours != expected) == (name in DEVIATIONS), "it says what curl says: take it out of DEVIATIONS"
    upload = section(server.text, "upload")
    if upload and name not in LONG_LINES:
        wanted = crlf(upload[1])
    else:
        wanted = re.sub(r"(?m)^\.", "..", message_of(server, name)) + ".\r\n"
    assert server.contents == [wanted] * ours.count("DATA")
    assert printed.count(" accepted ") == ours.count("DATA")
