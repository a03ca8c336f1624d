"""What people hand in when they ask whether a message is genuine: as their programs make it, and as somebody who means harm does.

Each table yields (name, what is handed in, answer). A message is bytes, a text is str. Answers: "unaltered", "compare", "none".
"""
import base64
import email
import email.policy
import quopri
import re
import textwrap
import unicodedata
import urllib.parse

from .story import check_code, html_text, plain_text

SIGNED = ["From", "To", "Subject", "Date", "Message-ID", "Reply-To", "Content-Type", "MIME-Version", "List-Id", "List-Unsubscribe",
          "List-Unsubscribe-Post", "Feedback-ID"]


def split(raw):
    head, body = raw.split(b"\r\n\r\n", 1)
    return re.split(rb"\r\n(?![ \t])", head), body


def join(fields, body):
    return b"\r\n".join(fields) + b"\r\n\r\n" + body


def has(raw, name):
    return any(f.lower().startswith(name.lower().encode() + b":") for f in split(raw)[0])


def mapped(raw, name, change):
    """Each field of that name goes through `change(name, value)`, which gives fields."""
    fields, body = split(raw)
    out = []
    for field in fields:
        label, value = field.split(b":", 1)
        out += change(label, value) if label.lower() == name.lower().encode() else [field]
    return join(out, body)


def on_top(raw, *lines):
    return b"".join(line.encode() + b"\r\n" for line in lines) + raw


def refold(value):
    """The same words, with a line break wherever there was a blank."""
    return b" " + re.sub(rb"[ \t\r\n]+", b"\r\n\t", value.strip())


def untouched(raw):
    """Ways in which a message reaches its reader, and is saved, without a change that matters."""
    fields, body = split(raw)
    yield "as it is", raw
    yield "LF", raw.replace(b"\r\n", b"\n")
    yield "mbox line", b"From mailbox@example.org Mon Nov 23 13:00:00 2026\r\n" + raw
    yield "byte order mark", b"\xef\xbb\xbf" + raw
    for lines in (1, 3):
        yield f"{lines} more blank lines at its end", raw + b"\r\n" * lines
    yield "no line end at its end", raw.rstrip(b"\r\n")
    yield "blanks at the ends of lines", join(fields, re.sub(rb"(?<=[a-z.])\r\n", b"  \t\r\n", body))
    for n in (1, 7):
        yield f"{n} times Received", on_top(raw, *[f"Received: from mx{i}.example.org (mx{i}.example.org [192.0.2.{i}])\r\n\tby mail with ESMTPS;\r\n"
                                                   "\tMon, 23 Nov 2026 13:00:00 +0000" for i in range(n)])
    for line in ("Return-Path: <b+x@uni.example>", "Delivered-To: person0000@example.org", "Authentication-Results: mx.example.org; dkim=pass",
                 "Received-SPF: pass", "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=example.org; s=a; b=AAAA", "X-Spam-Status: No, score=-1.2",
                 "X-MS-Exchange-Organization-SCL: -1", "X-Gm-Message-State: AOJu0Yz", "X-Mozilla-Status: 0001", "Envelope-To: person0000@example.org",
                 "Delivery-date: Mon, 23 Nov 2026 13:00:00 +0000", "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=x; h=From; bh=AAAA; b=AAAA"):
        yield f"with {line.split(':')[0]}", on_top(raw, line)
    for name in [n for n in SIGNED if has(raw, n)]:
        yield f"{name} in capitals", mapped(raw, name, lambda k, v: [k.upper() + b":" + v])
        yield f"{name} in small letters", mapped(raw, name, lambda k, v: [k.lower() + b" :" + v])
        if name not in ("Message-ID", "Content-Type", "List-Unsubscribe"):
            yield f"{name} folded anew", mapped(raw, name, lambda k, v: [k + b":" + refold(v)])
    yield "fields in another order", join(sorted(fields, key=lambda f: f.lower()), body)
    yield "fields the other way round", join(fields[::-1], body)
    for kind in (b"rsa-sha256", b"ed25519-sha256"):
        yield f"without {kind.decode()}", mapped(raw, "DKIM-Signature", lambda k, v, kind=kind: [] if kind in v else [k + b":" + v])
    yield from attached(raw)


def attached(raw):
    """Forwarded as an attachment."""
    head = ("From: Cem <cem@example.org>\r\nTo: it@uni.example\r\nSubject: Fwd: is this real?\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/mixed; boundary=\"xyz\"\r\n\r\n--xyz\r\nContent-Type: text/plain\r\n\r\nIs this real?\r\n\r\n--xyz\r\n").encode()
    for name, part in (("rfc822", "Content-Type: message/rfc822\r\n"), ("Thunderbird", "Content-Type: message/rfc822; charset=UTF-8; "
                       "name=\"study.eml\"\r\nContent-Disposition: attachment; filename=\"study.eml\"\r\nContent-Transfer-Encoding: 8bit\r\n")):
        yield f"attached: {name}", head + part.encode() + b"\r\n" + raw + b"\r\n--xyz--\r\n"
    coded = base64.encodebytes(raw).replace(b"\n", b"\r\n")
    yield "attached as a file", (head + b"Content-Type: application/octet-stream; name=\"study.eml\"\r\nContent-Transfer-Encoding: base64\r\n"
                                 b"Content-Disposition: attachment; filename=\"study.eml\"\r\n\r\n" + coded + b"\r\n--xyz--\r\n")


def altered(raw, other):
    """What was changed after it was signed. `other` is a message of another mailing."""
    fields, body = split(raw)
    for name, value in (("From", "\"Ann Bee\" <sleep@uni.example.evil.test>"), ("To", "somebody@example.org"), ("Subject", "Your account is closed"),
                        ("Date", "Tue, 24 Nov 2026 10:00:00 +0000"), ("Reply-To", "ann@evil.test"), ("List-Unsubscribe", "<https://evil.test/>"),
                        ("List-Unsubscribe-Post", "No"), ("List-Id", "<evil.uni.example>"), ("Feedback-ID", "a:b:c:d"), ("MIME-Version", "1.1")):
        if has(raw, name):
            yield f"another {name}", mapped(raw, name, lambda k, v, value=value: [k + b": " + value.encode()])
            yield f"no {name}", mapped(raw, name, lambda k, v: [])
        yield f"a second {name} on top", on_top(raw, f"{name}: {value}")
        yield f"a second {name} below", join(fields + [f"{name}: {value}".encode()], body)
    yield "a letter more in Subject", mapped(raw, "Subject", lambda k, v: [k + b":" + v + b"s"])
    yield "Subject tagged", mapped(raw, "Subject", lambda k, v: [k + b": [EXT] " + v.strip()])
    yield "From of another person at the same domain", mapped(raw, "From", lambda k, v: [k + b": Other <other@uni.example>"])
    for line in ("Sender: Bank <bank@evil.test>", "Resent-From: bank@evil.test", "Cc: all@example.org", "X-Face: iVBORw0KGgo", "Importance: high",
                 "Content-Disposition: attachment; filename=a.exe", "Organization: Bank", "X-Priority: 1", "List-Archive: <https://evil.test/>",
                 "In-Reply-To: <a@b>", "no header at all", "X-A: b\r\n \r\nPay here: https://evil.test/", "X-A: b\rFrom: bank@evil.test"):
        yield f"with {line[:24]!r}", on_top(raw, line)
    yield "a NUL", on_top(raw, "X-A: b\0")
    for at in range(12):
        place = next(i for i in range((at + 1) * len(body) // 14, len(body)) if body[i:i + 1].isalpha())
        yield f"a letter changed at {place}", join(fields, body[:place] + (b"q" if body[place:place + 1] != b"q" else b"k") + body[place + 1:])
    for name, extra in (("a line", b"Pay at https://evil.test/\r\n"), ("a part", b"\r\n--x\r\n\r\nPay\r\n--x--\r\n"),
                        ("a list's footer", b"\r\n_______________\r\nlist mailing list\r\nlist@example.org\r\n")):
        yield f"{name} behind its end", raw + extra
    boundary = re.search(rb'boundary="?([^"\r\n;]+)', b"\r\n".join(fields)).group(1)
    yield "a part before the others", join(fields, body.replace(b"--" + boundary, b"--" + boundary + b"\r\nContent-Type: text/html\r\n\r\n<p>Pay</p>\r\n--" +
                                                                boundary, 1))
    yield "another boundary", mapped(raw, "Content-Type", lambda k, v: [k + b": multipart/mixed; boundary=\"evil\""])
    yield "shown as text", mapped(raw, "Content-Type", lambda k, v: [k + b": text/html"])
    yield "cut short", raw[:len(raw) * 2 // 3]
    yield "the body of another", join(fields, split(other)[1])
    yield "the headers of another", join(split(other)[0], body)
    yield "the code of another", raw.replace(check_code(raw).encode(), check_code(other).encode())
    yield "the link led elsewhere", raw.replace(b"uni.example", b"uni-example.test")
    yield "one signature, l=0", mapped(raw, "DKIM-Signature", lambda k, v: [k + b":" + v + b" l=0;"])
    yield "without signatures", mapped(raw, "DKIM-Signature", lambda k, v: [])
    yield from recoded(raw)
    yield "wrapped by a list", (b"From: a list <list@example.org>\r\nSubject: [list] x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
                                b"boundary=li\r\n\r\n--li\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + plain_text(raw).encode() +
                                b"\r\n--li\r\nContent-Type: text/plain\r\n\r\n-- \r\nlist@example.org\r\n--li--\r\n")


def recoded(raw):
    """By a gateway that decodes and encodes."""
    for name, encoding in (("base64", "base64"), ("8bit", "8bit"), ("quoted-printable", "quoted-printable")):
        text = plain_text(raw).encode()
        coded = {"base64": base64.encodebytes(text), "8bit": text, "quoted-printable": quopri.encodestring(text)}[encoding]
        head = [f for f in split(raw)[0] if not re.match(rb"(?i)content-|mime-version", f)]
        yield f"recoded in {name}", join(head + [b"MIME-Version: 1.0", b"Content-Type: text/plain; charset=utf-8",
                                                 b"Content-Transfer-Encoding: " + encoding.encode()], coded.replace(b"\n", b"\r\n"))
    latin = plain_text(raw).encode("latin-1", "replace")
    head = [f for f in split(raw)[0] if not re.match(rb"(?i)content-|mime-version", f)]
    yield "recoded in Latin-1", join(head + [b"MIME-Version: 1.0", b"Content-Type: text/plain; charset=iso-8859-1"], latin)
    html = html_text(raw).encode()
    yield "HTML alone", join(head + [b"MIME-Version: 1.0", b"Content-Type: text/html; charset=utf-8", b"Content-Transfer-Encoding: base64"],
                             base64.encodebytes(html).replace(b"\n", b"\r\n"))


def quoted(text, mark="> "):
    return "".join(mark + line + "\n" for line in text.splitlines())


def rewrapped(text, width):
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n\n".join("\n".join(textwrap.wrap(" ".join(p.split()), width, break_long_words=False, break_on_hyphens=False)) for p in paragraphs)


def each_link(text, change):
    return re.sub(r"https?://[^\s<>]+", lambda m: change(m.group()), text)


def safe(url):
    return "https://eur02.safelinks.protection.outlook.com/?url=" + urllib.parse.quote(url, safe="") + "&data=05%7C02%7Ccem%40example.org%7C1&sdata=a%3D&reserved=0"


def v2(url):
    coded = urllib.parse.quote(url, safe="").replace("-", "%2D").replace("%", "-").replace("-2F", "_")
    return f"https://urldefense.proofpoint.com/v2/url?u={coded}&d=DwMF&c=x&r=y&m=z&s=q&e="


PROGRAMS = {
    "Gmail": "---------- Forwarded message ---------\nVon: Ann Bee <sleep@uni.example>\nDate: Mo., 23. Nov. 2026 um 13:00 Uhr\nSubject: {subject}\n"
             "To: <person0000@example.org>\n\n\n{text}",
    "Outlook": "________________________________\nFrom: Ann Bee <sleep@uni.example>\nSent: 23 November 2026 13:00\nTo: person0000@example.org\n"
               "Subject: {subject}\n\n[You don't often get email from sleep@uni.example. Learn why this is important at https://aka.ms/LearnAbout ]\n\n{text}",
    "Apple": "\n\nBegin forwarded message:\n\n> From: Ann Bee <sleep@uni.example>\n> Subject: {subject}\n> Date: 23 November 2026 at 13:00:00 CET\n"
             "> To: person0000@example.org\n> \n{quoted}",
    "Thunderbird": "\n-------- Forwarded Message --------\nSubject: \t{subject}\nDate: \tMon, 23 Nov 2026 13:00:00 +0000\nFrom: \tAnn Bee\n"
                   "To: \tperson0000@example.org\n\n\n\n{text}",
    "Gmail reply": "Is this real?\n\nOn Mon, Nov 23, 2026 at 1:00 PM Ann Bee <sleep@uni.example> wrote:\n\n{quoted}",
    "German reply": "Ist das echt?\n\nAm 23.11.26 um 13:00 schrieb Ann Bee:\n{quoted}",
    "Outlook Web": "EXTERNAL EMAIL: Do not click links or open attachments unless you recognize the sender.\n\n{text}\n\nGet Outlook for iOS<https://aka.ms/o0ukef>",
    "quoted twice": "{twice}",
}


def texts(raw):
    """What people paste of a genuine message."""
    text = plain_text(raw).replace("\r\n", "\n")
    subject = email.message_from_bytes(raw, policy=email.policy.default)["Subject"]
    code = check_code(raw)
    bare = text.replace(code, "")
    for way, form in PROGRAMS.items():
        for kind, words in (("", text), (", no code", bare), (", no code, wrapped at 60", rewrapped(bare, 60))):
            yield f"{way}{kind}", form.format(subject=subject, text=words, quoted=quoted(words), twice=quoted(quoted(words), ">"))
    for width in (30, 40, 50, 60, 65, 72, 78, 80, 100, 998):
        yield f"wrapped at {width}", rewrapped(bare, width)
        yield f"quoted and wrapped at {width}", quoted(rewrapped(bare, width))
    yield "as one line", " ".join(bare.split())
    yield "CRLF", bare.replace("\n", "\r\n")
    yield "a blank line behind each", bare.replace("\n", "\n\n")
    yield "no-break spaces", bare.replace(" ", "\u00a0")
    yield "tabs", bare.replace(" ", "\t")
    yield "decomposed", unicodedata.normalize("NFD", bare)
    yield "in capitals", bare.upper()
    yield "other quotes", bare.replace("“", "\"").replace("”", "\"").replace("’", "'").replace("–", "-")
    yield "soft hyphens", bare.replace("study", "stu\u00addy")
    yield "a byte order mark", "\ufeff" + bare
    for way, change in (("Safe Links", safe), ("Proofpoint 2", v2), ("Proofpoint 3", lambda u: f"https://urldefense.com/v3/__{u}__;!!abc!def$ "),
                        ("Barracuda", lambda u: "https://linkprotect.cudasvc.com/url?a=" + urllib.parse.quote(u, safe="") + "&c=E,1,x"),
                        ("brackets", lambda u: f"<{u}>"), ("words before it", lambda u: f"{u}<{u}>"), ("no links", lambda u: "")):
        yield f"links: {way}", each_link(bare, change)
    start = bare.index("Dear ")
    inner = bare[start:bare.index("\n----", start) if "\n----" in bare[start:] else len(bare)]
    yield "the words alone", inner
    yield "the words alone, quoted", quoted(inner)
    yield "its first half", bare[:len(bare) // 2]
    yield "from the second sentence on", inner.split(".", 1)[1]
    yield "a footer in another language", inner + "\n\nSie erhalten diese Nachricht, weil Sie zugestimmt haben. Abmelden: https://uni.example/x\n"
    yield "a signature below", bare + "\n-- \nCem\nSent from my phone\n"
    yield "the code alone", f"The code is {code}."
    yield "the code in small letters", f"it says {code.lower()}"
    yield "the code with other hyphens", f"it says {code.replace('-', chr(0x2011))}"
    yield "from HTML", html_as_text(raw)
    yield "from HTML, no code", html_as_text(raw).replace(code, "")


def html_as_text(raw):
    html = re.sub(r"(?is)<(style|title)\b.*?</\1>", "", html_text(raw))
    html = re.sub(r"(?i)</(p|h\d|li|div|td|tr|table)>|<br[^>]*>|<hr[^>]*>", "\n\n", html)
    from html import unescape
    return unescape(re.sub(r"<[^>]+>", "", html))


def foreign(raw):
    """Imitations, and what has nothing to do with us. None of them is ours."""
    text = plain_text(raw).replace("\r\n", "\n").replace(check_code(raw), "")
    start = text.index("Dear ")
    end = text.index("\n----", start)
    lure = "Dear user,\n\nyour mailbox is full. Sign in at https://uni-example.test/login within 24 hours, or you will lose access.\n"
    yield "a lure", lure
    yield "a lure in the house's frame", text[:start] + lure + text[end:]
    yield "a lure with a code that was made up", lure + "\nCheck code: ABCD-EFGH-JKMN\n"
    yield "a lure with the statement page", lure + "\nhttp://127.0.0.1:8080/\n"
    yield "the frame alone", text[end:]
    yield "one greeting", "Dear reader,"
    yield "a short answer", "Thank you very much."
    yield "a newsletter", "Our autumn programme is out now. Come and see us in the town hall on Sunday. We look forward to meeting you there."
    yield "nothing but links", "https://evil.test/ https://uni-example.test/check"
    yield "nothing that is said", "--- *** ---"
    yield "no language", "\u4f60\u597d\u3002\u8bf7\u70b9\u51fb\u8fd9\u91cc\u767b\u5f55\u60a8\u7684\u8d26\u6237\u3002"
    head = b"From: Ann Bee <sleep@uni.example>\r\nTo: person0000@example.org\r\nSubject: Your mailbox\r\nDate: Mon, 23 Nov 2026 13:00:00 +0000\r\n"
    yield "a lure as a message", head + b"\r\n" + lure.encode()
    yield "a lure with the same Subject", mapped(join(head.rstrip().split(b"\r\n"), lure.encode()), "Subject", lambda k, v: [k + b": Four minutes on how you sleep"])
    signature = [f for f in split(raw)[0] if f.lower().startswith(b"dkim-signature")][0]
    yield "a lure with a signature that was copied", signature + b"\r\n" + head + b"\r\n" + lure.encode()
    yield "a lure with a Message-ID that was made up", head + b"Message-ID: <m.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@uni.example>\r\n\r\n" + lure.encode()
    yield "a lure as HTML", head + b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>Your mailbox is <a href='https://evil.test/'>full</a></p>"
    yield "a lure with a message of somebody else attached", (
        head + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + lure.encode() +
        b"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@evil.test\r\nSubject: x\r\n\r\nPay.\r\n--b--\r\n")
