"""Messages that others collected because they are hard, as message_parse sees them.

Subject, senders, types of parts and texts are held against Python's email parser, stalwart's parse trees and mime4j's; what
differs is listed with its reason, and a line that is not needed fails. Each HTML part goes through the writer of HTML too.
(test/flow/test_handmade.py lets `placet lint` judge the same files.)
"""
import collections
import email
import email.policy
import json
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPORA = ROOT.parent / "shared/corpora/mime"
TOOL = os.environ["MIME_TOOL"]
FILES = sorted(p for p in CORPORA.rglob("*") if p.suffix in (".eml", ".msg")) + sorted(CORPORA.rglob("mbox*/**/mbox.rlug*"))
BODY = "a line that is no field does not end the header here, nor in most programs that show mail; there it begins the body"
BLANK = "blanks between a field's name and its colon are old syntax, that programs still read (RFC 5322 4.5)"
NO_PARTS = "a multipart without parts is one here, empty, so that the rules see it; there it has what stands in it as text"
LATIN = "what is called Latin 1 is Windows-1252 here, as in programs that show mail"
EIGHT = "bytes beyond ASCII, of a charset that is named, in a transfer encoding that forbids them: read by the charset here"
NAME = "a comment behind the address is the name here, as RFC 822 had it; there it is nothing"
LOCAL = "an address without a domain is none here"

# What differs from Python's parser, and why. (file, what) each.
OTHERWISE = {
    ("hdr-fakeout.msg", "text"): BODY,
    ("basic-plain-with-bad-header-separator.msg", "text"): BODY,
    ("malformedHeader-nocrlfcrlf.msg", "text"): BODY,
    ("malformedHeaderStartsBody-nocrlfcrlf.msg", "text"): BODY,
    ("raw_email_incorrect_header.eml", "text"): BODY,
    ("raw_email_incorrect_header.eml", "from"): BODY,
    ("raw_email_incorrect_header.eml", "subject"): BODY,
    ("obsolete.msg", "text"): BLANK,
    ("obsolete.msg", "subject"): BLANK,
    ("example13.eml", "text"): BLANK,
    ("example13.eml", "subject"): BLANK,
    ("badbound.msg", "bytes"): NO_PARTS,
    ("ending-boundaries.msg", "bytes"): NO_PARTS,
    ("missing-boundary.msg", "bytes"): NO_PARTS,
    ("missing-inner-boundary.msg", "bytes"): NO_PARTS,
    ("missing-inner-start-boundary.msg", "bytes"): NO_PARTS,
    ("multipartnopart.msg", "bytes"): NO_PARTS,
    ("bad_date_header2.eml", "bytes"): NO_PARTS,
    ("missing_body.eml", "bytes"): NO_PARTS,
    ("multipartemptypart.msg", "types"): NO_PARTS,
    ("very-very-long-boundary.msg", "types"): "a boundary of more than 70 characters is none (RFC 2046 5.1.1): the part is one without parts",
    ("very-long-boundary.msg", "types"): "as above: the second part is text of the first, and is judged as such",
    ("weird-boundary.msg", "types"): "blanks at the end are no part of a boundary (RFC 2046 5.1.1)",
    ("multiple_content_types.eml", "types"): "of two Content-Type fields the first counts here; that there are two is refused anyway (FMT-2)",
    ("raw_email_with_binary_encoded.eml", "types"): "a multipart in binary is taken apart here, and is not there",
    ("raw_email_with_illegal_boundary.eml", "types"): "a boundary with characters that must be quoted is understood here",
    ("raw_email_bad_time.eml", "types"): "as above",
    ("multi-frag.msg", "bytes"): "line ends of the file, CRLF in one part and LF here",
    ("twopart.msg", "bytes"): "x-uuencode is decoded here",
    ("000.eml", "bytes"): "the line end before a boundary belongs to it",
    ("multi-bad.msg", "text"): "a boundary that was broken by a quoting program: the part goes on up to the next one here",
    ("attachment_pdf_non_ascii.eml", "text"): LATIN,
    ("attachment_pdf_non_ascii_lf.eml", "text"): LATIN,
    ("content_transfer_encoding_7-bit.eml", "text"): LATIN,
    ("content_transfer_encoding_plain.eml", "text"): EIGHT,
    ("raw_email5.eml", "text"): EIGHT,
    ("raw_email6.eml", "text"): EIGHT,
    ("raw_email10.eml", "text"): "a charset that nobody knows is read as UTF-8 here",
    ("german.msg", "from"): NAME,
    ("not-mime.msg", "from"): NAME,
    ("multi_address_bounce1.eml", "from"): NAME,
    ("multi_address_bounce2.eml", "from"): NAME,
    ("re-fwd.msg", "from"): LOCAL,
    ("uu-zeegee.msg", "from"): LOCAL,
    ("001.eml", "from"): LOCAL,
    ("004.eml", "from"): LOCAL,
    ("mix_caps_content_type.eml", "from"): "blanks in a local part without quotes: no address here",
    ("bad_subject.eml", "from"): "the blank between two encoded words goes (RFC 2047 6.2); there it stays in names",
    ("must_supply_encoding.eml", "from"): "bytes that are no UTF-8 are U+FFFD here",
    ("utf8_headers.eml", "from"): "UTF-8 in headers (RFC 6532) is understood here",
    ("raw_email_multiple_from.eml", "from"): "all mailboxes of the field are told here: that there are two is refused",
}
UNREADABLE = {  # no message: not one line of a header
    "malformedHeader-noheader.msg", "malformedHeaderStartsBody-noheader.msg",
}


def squeeze(text):
    return re.sub(r"\s+", " ", text or "").strip()


@pytest.fixture(scope="module")
def seen():
    done = subprocess.run([TOOL, *FILES], capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == len(FILES)
    return dict(zip(FILES, rows))


def leaves(part):
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        for child in part.get_payload():
            yield from leaves(child)
    else:
        yield part


def said(what):
    """What Python says, or how it fails: it does on some of these."""
    try:
        return what()
    except Exception as e:  # pylint: disable=broad-except
        return f"({e!r})"


def senders(message):
    return [(a.display_name, a.addr_spec) for a in message["from"].addresses] if message["from"] is not None else []


def differences(ours, message):
    """Names of what is not the same in both."""
    subject = next((value for name, value in ours["fields"] if name.lower() == "subject"), "")
    if squeeze(subject) != squeeze(said(lambda: str(message["subject"] or ""))):
        yield "subject"
    if [tuple(m) for m in ours["from"] or []] != said(lambda: senders(message)):
        yield "from"
    parts = list(leaves(message))
    if [p["type"] for p in ours["parts"]] != [p.get_content_type() for p in parts]:
        yield "types"
        return
    for mine, theirs in zip(ours["parts"], parts):
        if "text" in mine:
            if squeeze(mine["text"]) != squeeze(said(theirs.get_content)):
                yield "text"
        elif (theirs.get_payload(decode=True) or None) and len(theirs.get_payload(decode=True)) != mine["n"]:
            yield "bytes"
        elif isinstance(theirs.get_payload(), str) and theirs.get_payload(decode=True) is None and mine["n"] != len(theirs.get_payload()):
            yield "bytes"


def test_the_collections_are_there():
    assert CORPORA.is_dir(), f"{CORPORA} is absent"
    assert len(FILES) >= 250


def test_python_sees_the_same(seen):
    wrong, used = [], set()
    for path, ours in seen.items():
        if "error" in ours:
            assert path.name in UNREADABLE, (path, ours["error"])
            continue
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for what in set(differences(ours, message)):
            used.add((path.name, what))
            if (path.name, what) not in OTHERWISE:
                wrong.append(f"{path.relative_to(CORPORA)}: {what}")
    assert not wrong
    assert not set(OTHERWISE) - used, "these reasons are not needed"


def stalwart_value(tree, name):
    for header in tree["parts"][0]["headers"]:
        if header["name"] == name:
            return header["value"]
    return {}


def test_stalwart_sees_the_same(seen):
    """Subjects and senders, and how many parts are texts to be shown."""
    compared, wrong = collections.Counter(), []
    for path, ours in seen.items():
        told = path.with_suffix(".json")
        if "stalwart" not in str(path) or not told.exists():
            continue
        tree = json.loads(told.read_text(encoding="utf-8"))
        subject = stalwart_value(tree, "subject").get("Text")
        mine = next((value for name, value in ours["fields"] if name.lower() == "subject"), None)
        if subject is not None and mine is not None:
            compared["subject"] += 1
            if squeeze(subject) != squeeze(mine):
                wrong.append((path.name, "subject", subject, mine))
        sender = stalwart_value(tree, "from").get("Address", {}).get("List")
        if sender and ours["from"]:
            compared["from"] += 1
            if [(squeeze(a["name"]), a["address"]) for a in sender] != [(squeeze(n), a) for n, a in ours["from"]]:
                wrong.append((path.name, "from", sender, ours["from"]))
    assert compared["subject"] > 60 and compared["from"] > 50
    assert not wrong


def mime4j_leaves(node):
    inner = node.find("multipart")
    if inner is None:
        return 1
    return sum(mime4j_leaves(p) for p in inner.findall("body-part")) or 1


# Leaves of mime4j that are not ours, and why.
OTHER_LEAVES = {
    "double-bound": "it counts empty parts between boundaries that follow each other; Python does not either",
}


def test_mime4j_sees_the_same(seen):
    compared, wrong = 0, {}
    for path, ours in seen.items():
        told = path.with_suffix(".xml")
        if "error" in ours or not told.exists():
            continue
        try:
            tree = xml.etree.ElementTree.fromstring(told.read_bytes())
        except xml.etree.ElementTree.ParseError:  # a few hold controls, which no XML may
            continue
        compared += 1
        if mime4j_leaves(tree) != len(ours["parts"]):
            wrong[path.stem] = (mime4j_leaves(tree), len(ours["parts"]))
    assert compared > 50
    assert set(wrong) == set(OTHER_LEAVES), wrong


def test_html_parts_are_written_or_refused_with_a_line(seen):
    written = refused = 0
    for ours in seen.values():
        for part in ours.get("parts", []):
            written += "written" in part
            if "refused" in part:
                refused += 1
                assert re.match(r"line \d+: ", part["refused"]), part["refused"]
    assert written > 20 and refused > 10
