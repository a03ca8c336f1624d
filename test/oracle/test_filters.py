"""What mail servers make of our messages: rspamd and SpamAssassin with the rules that Debian packs, and without a network.

Both must call each message clean, and whatever they count against one is in a table with a reason. A message that each of
them has to refuse shows that they judge at all.

Run by meson; by hand: MESSAGE_TOOL=... python3 -m pytest test/oracle/test_filters.py
"""
import email.utils
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import message_samples
import pytest

TOOL = os.environ.get("MESSAGE_TOOL", "build/test/unit/message_tool")
HELO = "out1.research-mail.example.ac.uk"
NOW = email.utils.formatdate()  # filters count it against a message when it is a day old
ARRIVAL = (f"Return-Path: <b+aeawfddjuwegpx4nnkxkhmopp7eu3y7rlu@research-mail.example.ac.uk>\r\n"
           f"Received: from {HELO} ({HELO} [IPv6:2001:db8:1::25])\r\n by mx.example.org (Postfix) with ESMTPS id 4TqKx21ZbBz9sR1\r\n"
           f" for <jo.fisher@example.org>; {NOW}\r\n").encode()
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

# Symbols with a weight above nought, and why they stand.
EXPLAINED = {
    "FROM_NAME_HAS_TITLE": "the sample's originator is called Dr Ada Byron, and policy wants the registered name",
    "HTML_OBFUSCATE_05_10": "Japanese puts no blanks between words, so that emphasis, links and values stand inside of what it takes for words",
}
CLEAN = 1.5  # points: half of what makes rspamd look twice (4), under a third of what makes SpamAssassin call it spam (5)


@pytest.fixture(scope="module")
def messages():
    """The samples, which bear a fixed date, as if they had been sent just now."""
    return {name: ARRIVAL + re.sub(rb"(?m)^Date: [^\r]*", f"Date: {NOW}".encode(), raw, count=1)
            for name, raw in message_samples.render(TOOL).items()}


def spam(raw):
    """The message with the words that every filter must know in its text part."""
    return raw.replace(b"\r\n\r\n--=_", b"\r\n\r\nx\r\n--=_", 1).replace(b"quoted-printable\r\n\r\n", b"quoted-printable\r\n\r\n" + GTUBE.replace(b"-", b"=\r\n-", 1) + b"\r\n", 1)


# --- SpamAssassin --------------------------------------------------------------------------------------------------

def assassin(raws, folder):
    """(score, {symbol: points}) of each."""
    files = []
    for i, raw in enumerate(raws):
        files.append(pathlib.Path(folder, f"{i:03}.eml"))
        files[-1].write_bytes(raw)
    env = {**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    out = subprocess.run(["spamassassin", "--local", "--test-mode", "--nocreate-prefs", *map(str, files)], stdout=subprocess.PIPE, check=True, env=env,
                         timeout=120).stdout.decode(errors="replace")
    reports = re.findall(r"^Content analysis details: +\((-?[0-9.]+) points[^\n]*\n(.*?)(?=^X-Spam|\Z)", out, re.M | re.S)
    assert len(reports) == len(raws), out[-2000:]
    return [(float(score), {s: float(p) for p, s in re.findall(r"^ *(-?[0-9.]+) +([A-Z][A-Z0-9_]+) ", rest, re.M)}) for score, rest in reports]


def test_spamassassin(messages):
    with tempfile.TemporaryDirectory() as folder:
        found = dict(zip([*messages, "gtube"], assassin([*messages.values(), spam(messages["plain"])], folder)))
    judge(found)


# --- rspamd --------------------------------------------------------------------------------------------------------

# What would ask the network, or needs a store of its own.
ELSEWHERE = """arc asn bimi dkim dkim_signing dmarc fuzzy_check greylist hfilter history_redis mx_check neural ratelimit rbl replies reputation
rspamd_update spf surbl url_redirector whitelist""".split()


@pytest.fixture(scope="module")
def rspamd():
    """Its address, while it runs on loopback with its own folder; its resolver is a port where nobody listens."""
    with tempfile.TemporaryDirectory() as name, socket.socket() as place:
        folder = pathlib.Path(name)
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
        place.close()
        (folder / "local.d").mkdir()
        for module in ELSEWHERE:
            (folder / "local.d" / f"{module}.conf").write_text("enabled = false;\n")
        (folder / "rspamd.conf").write_text(f"""
            options {{ .include "$CONFDIR/options.inc"
                pidfile = "{folder}/pid"; control_socket = "{folder}/control"; tempdir = "{folder}"; filters = "chartable,regexp";
                dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.05s; retransmits = 1; }} }}
            logging {{ type = "file"; filename = "{folder}/log"; level = "notice"; }}
            worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
            .include "$CONFDIR/common.conf"
        """)
        variables = [word for v in ("DBDIR", "LOCAL_CONFDIR", "RUNDIR", "LOGDIR") for word in ("--var", f"{v}={folder}")]
        process = subprocess.Popen(["rspamd", "--no-fork", "--insecure", "--config", str(folder / "rspamd.conf"), *variables], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            wait_for(f"http://127.0.0.1:{port}/ping", process, folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(url, process, log):
    begin = time.monotonic()
    while time.monotonic() - begin < 120:
        assert process.poll() is None, log.read_text() if log.exists() else "rspamd ended"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"rspamd does not answer: {log.read_text() if log.exists() else ''}")


def ask_rspamd(url, raw):
    request = urllib.request.Request(url + "/checkv2", data=raw, headers={"IP": "2001:db8:1::25", "Helo": HELO, "Hostname": HELO, "Rcpt": "jo.fisher@example.org",
                                                                         "From": "b+aeawfddjuwegpx4nnkxkhmopp7eu3y7rlu@research-mail.example.ac.uk"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        said = json.load(answer)
    if said["action"] == "reject":  # at once, without a look at the rest
        return 15.0, {}
    assert not said.get("is_skipped"), said
    return said["score"], {s["name"]: s["score"] for s in said["symbols"].values()}


def test_rspamd(messages, rspamd):
    judge({name: ask_rspamd(rspamd, raw) for name, raw in [*messages.items(), ("gtube", spam(messages["plain"]))]})


# --- both ----------------------------------------------------------------------------------------------------------

def judge(found):
    """{name: (score, {symbol: points})}."""
    score, symbols = found.pop("gtube")
    assert score > 10, f"spam is not found to be spam: {score} {symbols}"
    counted = {}
    for name, (score, symbols) in found.items():
        print(f"{name:12} {score:5.2f} " + " ".join(f"{s}={p}" for s, p in sorted(symbols.items(), key=lambda s: -s[1]) if p))
        assert symbols, name
        for symbol, points in symbols.items():
            if points > 0:
                counted.setdefault(symbol, []).append(name)
    assert not {s: n for s, n in counted.items() if s not in EXPLAINED}, f"count against messages: {counted}"
    assert not [(n, s) for n, (s, _) in found.items() if s > CLEAN], found
