"""Header text judged by Python's decoder (FMT-4): what it reads is what was put in.

Run by meson; by hand: HEADER_TOOL=build/test/unit/header_tool python3 -m pytest test/oracle/test_header_oracle.py
"""

import os
import random
import subprocess
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr

TOOL = os.environ.get("HEADER_TOOL", "build/test/unit/header_tool")
PARTS = ["a", "Word", " ", "  ", "\u00e4", "\u8abf", "\U0001f393", "=?", "?=", "_", "questionnaire", ".", ",", '"', "\\",
         "(x)", "@", "<", ">", "\u00e9" * 20, "x" * 50, "\u0645\u06cc\u200c\u0631"]


def decoded(raw):
    return str(make_header(decode_header(raw.replace("\r\n", "").replace("\n", "")))).replace("\n", "")


def test_python_reads_what_was_written():
    rng = random.Random(20261123)
    texts = ["".join(rng.choice(PARTS) for _ in range(rng.randint(1, 25))).strip(" ") or "x" for _ in range(1000)]
    out = subprocess.run([TOOL], input="\n".join(texts).encode() + b"\n", stdout=subprocess.PIPE, check=True).stdout
    messages = out.split(b"\r\n\r\n")[:-1]
    assert len(messages) == len(texts)
    for text, raw in zip(texts, messages):
        assert max(map(len, raw.split(b"\r\n"))) <= 78 and raw.isascii()
        message = message_from_bytes(raw + b"\r\n\r\n")
        assert decoded(message["Subject"]) == text
        name, address = parseaddr(message["To"].replace("\r\n", "").replace("\n", ""))
        assert (decoded(name), address) == (text, "a@b.example")
