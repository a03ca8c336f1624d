"""DKIM judged by an implementation that is not ours: Debian's python3-dkim.

The tool signs a message with a fresh RSA and a fresh Ed25519 key. dkimpy must
accept both signatures, must refuse them after each of the changes below, and
must agree with our own verifier about signatures that dkimpy made.

Run by meson; by hand: DKIM_TOOL=build/test/unit/dkim_tool python3 -m pytest test/oracle
"""

import base64
import os
import subprocess

import pytest

try:
    import dkim
except ImportError:
    if os.environ.get("CI") == "true":
        raise
    pytest.skip("python3-dkim is not installed", allow_module_level=True)

TOOL = os.environ.get("DKIM_TOOL", "build/test/unit/dkim_tool")

HEAD = (
    b"From: Ann Bee <ann@uni.example>\r\n"
    b"To: someone@example.org\r\n"
    b"Subject: =?UTF-8?Q?Four_minutes?=\r\n"
    b" about  sleep\r\n"
    b"Date: Mon, 23 Nov 2026 04:13:44 +0000\r\n"
    b"Message-ID: <abc@uni.example>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"List-Unsubscribe: <https://uni.example/opt-out/x>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"X-Free: yes\r\n"
)
BODIES = [
    b"",
    b"\r\n\r\n",
    b"Hello\r\n",
    b"Hello",
    b"Hello  there \t\r\n\r\n \r\n\tyou\r\n\r\n\r\n",
    b"\r\n\r\nlate\r\n" + b"word " * 2000 + b"\r\n",
]


def sign(body, head=HEAD):
    out = subprocess.run([TOOL], input=head + b"\r\n" + body, stdout=subprocess.PIPE, check=True).stdout
    records, message = out.split(b"\n\n", 1)
    keys = dict(line.split(b" ", 1) for line in records.split(b"\n"))
    return keys, message


def judge(keys, message):
    """dkimpy's verdict on each signature of the message, topmost first."""

    def lookup(name, timeout=5):
        name = name if isinstance(name, bytes) else name.encode()
        return keys.get(name.split(b"._domainkey.")[0])

    verdicts = []
    for i in range(message.count(b"DKIM-Signature:")):
        try:
            verdicts.append(dkim.DKIM(message).verify(idx=i, dnsfunc=lookup))
        except dkim.DKIMException:
            verdicts.append(False)
    return verdicts


@pytest.mark.parametrize("body", BODIES)
def test_both_signatures_hold(body):
    keys, message = sign(body)
    assert message.startswith(b"DKIM-Signature: v=1; a=rsa-sha256;")
    assert len(keys) == 2
    assert judge(keys, message) == [True, True]


HARMLESS = [
    (b"X-Free: yes", b"X-Free: no"),
    (b"From: Ann Bee", b"from:   Ann Bee"),
    (b"Four_minutes?=\r\n about  sleep", b"Four_minutes?= about sleep"),
    (b"Hello  there", b"Hello there"),
    (b"you\r\n\r\n\r\n", b"you\r\n"),
]
TAMPERINGS = [
    (b"Hello", b"Hullo"),
    (b"you\r\n", b"you\r\nand more\r\n"),
    (b"\tyou", b"you"),
    (b"ann@uni", b"eve@uni"),
    (b"someone@", b"anyone@"),
    (b"about", b"without"),
    (b"Mon, 23", b"Tue, 24"),
    (b"<abc@", b"<abd@"),
    (b"opt-out/x", b"opt-out/y"),
    (b"One-Click", b"Two-Click"),
    (b"text/plain", b"text/html"),
    (b"X-Free: yes\r\n", b"X-Free: yes\r\nFrom: eve@evil.example\r\n"),
    (b"X-Free: yes\r\n", b"X-Free: yes\r\nSubject: other\r\n"),
    (b"X-Free: yes\r\n", b"X-Free: yes\r\nCc: eve@evil.example\r\n"),
    (b"X-Free: yes\r\n", b"X-Free: yes\r\nReply-To: eve@evil.example\r\n"),
    (b"To: someone@example.org\r\n", b""),
]


@pytest.mark.parametrize("old,new", HARMLESS)
def test_relays_may(old, new):
    keys, message = sign(BODIES[4])
    assert old in message
    assert judge(keys, message.replace(old, new)) == [True, True]


@pytest.mark.parametrize("old,new", TAMPERINGS)
def test_nobody_may(old, new):
    keys, message = sign(BODIES[4])
    assert old in message
    assert judge(keys, message.replace(old, new)) == [False, False]


def test_other_key():
    keys, _ = sign(b"x\r\n")
    _, message = sign(b"x\r\n")
    assert judge(keys, message) == [False, False]


@pytest.fixture(scope="module")
def rsa_pem():
    return subprocess.run(["openssl", "genrsa", "-traditional", "2048"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout


def record_of(pem):
    der = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"], input=pem, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True).stdout
    return "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("forms", [(b"relaxed", b"relaxed"), (b"simple", b"simple"), (b"simple", b"relaxed"),
                                   (b"relaxed", b"simple")])
def test_we_accept_theirs(rsa_pem, forms, body):
    message = HEAD + b"\r\n" + body
    mark = dkim.sign(message, b"sel", b"uni.example", rsa_pem, canonicalize=forms)
    record = record_of(rsa_pem)

    def ours(text):
        return subprocess.run([TOOL, record], input=text, stdout=subprocess.PIPE, check=True).stdout.split()[0]

    assert ours(mark + message) == b"pass"
    assert ours(mark + message.replace(b"Ann Bee", b"Eve Bee")) == b"fail"
    assert ours(mark + message + b"more\r\n") == b"fail"
    respaced = message.replace(b"about  sleep", b"about sleep")
    assert ours(mark + respaced) == (b"pass" if forms[0] == b"relaxed" else b"fail")


def test_body_length_is_told(rsa_pem):
    message = HEAD + b"\r\nHello\r\n"
    mark = dkim.sign(message, b"sel", b"uni.example", rsa_pem, length=True)
    out = subprocess.run([TOOL, record_of(rsa_pem)], input=mark + message + b"appended\r\n", stdout=subprocess.PIPE,
                         check=True).stdout
    assert out.startswith(b"pass") and b"first 7 of 17 octets" in out
