"""2,100 messages, each with its own words, values and language, held to judges that are not ours.

What was written is known from message_maker.py. Read back by Python's email package (its strict policy finds no defect),
mblaze, python3-dkim, opendkim-testmsg and mailauth; requirement ids (FMT, HDR, BODY, DKIM) are those of standards.md.

Run by meson; by hand: MESSAGE_TOOL=... DKIM_KEYS_MODULE=... python3 -m pytest test/oracle/test_messages_2000.py
"""
import base64
import concurrent.futures
import email
import email.policy
import functools
import html.parser
import json
import os
import pathlib
import quopri
import re
import subprocess
import tempfile

import dkim
import message_maker as maker
import pytest
from email.header import decode_header, make_header
from message_maker import filled, flat, flat_text, nfc

TOOL = os.environ.get("MESSAGE_TOOL", "build/test/unit/message_tool")
PRELOAD = os.environ.get("DKIM_KEYS_MODULE", "build/test/unit/dkim_keys.so")
HERE = pathlib.Path(__file__).parent
MAILINGS, PEOPLE = 420, 5
DOMAIN = "research-mail.example.ac.uk"
ALWAYS = """From To Subject Date Message-ID List-Id List-Unsubscribe List-Unsubscribe-Post List-Post List-Help List-Owner Precedence
Feedback-ID CFBL-Address CFBL-Feedback-ID X-Auto-Response-Suppress MIME-Version Content-Language Content-Type""".split()
SIGNED = """From Reply-To To Cc Subject Date Message-ID MIME-Version Content-Type List-Id List-Unsubscribe List-Unsubscribe-Post List-Post
List-Help List-Owner Feedback-ID CFBL-Address CFBL-Feedback-ID""".split()
HOUSE = ["University of Example", "Department of Hydrology", "Dr Ada Byron", "water-study@" + DOMAIN, "1 College Lane", "Exampleton EX1 2MP",
         f"https://{DOMAIN}/", f"https://{DOMAIN}/projects/water", "7K3M-Q2XV-9TFA",
         "It is not an official communication of", "Stop all research mail to me"]


class Made:
    """One message: what was asked for, and what came."""

    def __init__(self, number, draft, person, wanted, subject, answer):
        self.number, self.draft, self.person, self.wanted, self.subject = number, draft, person, wanted, subject
        self.images = wanted.images
        self.values, self.token = person["values"], person["opt_out_token"]
        self.raw = answer["message"].encode()
        self.public, self.fields = answer["public"], answer["fields"]

    @functools.cached_property
    def parsed(self):
        # The strict policy raises on any defect in the structure or in a header.
        return email.message_from_bytes(self.raw, policy=email.policy.SMTP.clone(raise_on_defect=True))


def ask(mailings, *options):
    """What message_tool answers, one object for each line."""
    done = subprocess.run([TOOL, *options], input="".join(json.dumps(m) + "\n" for m in mailings).encode(), stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def make(keys, count=MAILINGS, people=PEOPLE):
    makers = [maker.Maker(i) for i in range(count)]
    mailings = [m.mailing(people) for m in makers]
    answers = ask([m for m, _ in mailings])
    keys.update({f"{selector}._domainkey.{DOMAIN}": record for selector, record in answers.pop(0).items()})
    out = []
    for m, (mailing, wanted) in zip(makers, mailings):
        for person in mailing["people"]:
            answer = answers.pop(0)
            assert "error" not in answer, (m.number, answer, person)
            out.append(Made(len(out), mailing["draft"], person, wanted, m.wanted_subject, answer))
    assert not answers
    return out


@pytest.fixture(scope="module")
def keys():
    return {}


@pytest.fixture(scope="module")
def messages(keys):
    return make(keys)


def each(messages, judge):
    """Judges all; fails with the first faults, by number of the message."""
    faults = []
    for m in messages:
        try:
            judge(m)
        except Exception as fault:  # pylint: disable=broad-except
            faults.append(f"message {m.number} (mailing {m.number // PEOPLE}): {fault!r}"[:1500])
    assert not faults, f"{len(faults)} of {len(messages)}:\n" + "\n".join(faults[:5])


def test_there_are_more_than_two_thousand_different(messages):
    assert len({m.raw for m in messages}) == len(messages) > 2000
    assert len({m.draft["language"] for m in messages}) >= 60
    assert len({v for m in messages for v in m.values.values()} & set(maker.HOSTILE)) == len(set(maker.HOSTILE)), "each value was tried"


# --- the bytes -----------------------------------------------------------------------------------------------------

ENCODED = re.compile(rb"=\?([^?]*)\?([BQbq])\?([^? ]*)\?=")


def judge_head(head):
    lines = head.split(b"\r\n")
    for line in lines:
        assert len(line) <= 78 or b" " not in line.strip().replace(b": ", b":"), f"FMT-1: {line!r}"
        assert len(line) <= 998 and line.strip() and line == line.rstrip(), f"FMT-1: {line!r}"
        assert all(32 <= c < 127 for c in line), f"FMT-7: {line!r}"
        words = ENCODED.findall(line)
        assert not words or len(line) <= 76, f"FMT-4: {line!r}"
        for found in ENCODED.finditer(line):
            assert len(found[0]) <= 75 and found[1] == b"UTF-8", f"FMT-4: {found[0]!r}"
            data, charset = decode_header(found[0].decode())[0]
            assert data.decode(charset), "FMT-4: a code point is split"
    whole = head.replace(b"\r\n ", b"\x00")
    assert not re.search(rb"<[^>\r\n]*\x00[^>\r\n]*>", re.sub(rb'"(?:\\.|[^"\\])*"', b"", whole)), "FMT-1: folded inside of < >"
    fields = [(n.decode(), v) for n, _, v in (row.partition(b": ") for row in whole.split(b"\r\n"))]
    assert all(re.fullmatch("[A-Za-z][A-Za-z-]*", n) for n, _ in fields), fields
    return {n: v.replace(b"\x00", b" ").decode() for n, v in fields}, [n for n, _ in fields]


def judge_names(m, names):
    names = [n for n in names if n != "DKIM-Signature"]
    wanted = set(ALWAYS) | ({"Reply-To"} if m.draft["reply_to"] else set()) | ({"X-Placet-Trial"} if m.draft["trial"] else set())
    assert len(names) == len(set(names)) and set(names) == wanted, f"FMT-2, FMT-15, HDR-11: {set(names) ^ wanted}"


def judge_fields(m, h):
    token = "[A-Za-z0-9_-]+"
    assert re.fullmatch(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} 2026 [0-9:]{8} \+0000", h["Date"]), "FMT-12"
    assert re.fullmatch(rf"<{token}@{DOMAIN}>", h["Message-ID"]), "FMT-13"
    assert h["To"] == "jo.fisher@example.org", "FMT-14"
    assert re.search(rf"<water\.{DOMAIN}>$", h["List-Id"]) and len("List-Id: " + h["List-Id"]) <= 255, "HDR-1"
    assert re.fullmatch(rf"<https://{DOMAIN}/opt-out/{token}>, <mailto:unsub\+{token}@{DOMAIN}\?subject=unsubscribe>", h["List-Unsubscribe"]), "HDR-2"
    assert h["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and h["List-Post"] == "NO", "HDR-3, HDR-5"
    assert h["List-Help"] == f"<https://{DOMAIN}/>" and re.fullmatch(rf"<mailto:{token}@{DOMAIN}>", h["List-Owner"]), "HDR-5"
    assert h["Precedence"] == "bulk" and h["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply", "HDR-6, HDR-8"
    assert re.fullmatch("[!-9;-~]+(:[!-9;-~]+){1,3}", h["Feedback-ID"]), "HDR-9"
    assert re.fullmatch(rf"fbl\+({token})@{DOMAIN}; report=arf", h["CFBL-Address"]).group(1) == h["CFBL-Feedback-ID"], "HDR-10"
    assert h["MIME-Version"] == "1.0" and h["Content-Language"] == m.draft["language"], "FMT-9"


def judge_parts(body, boundary):
    assert len(boundary) <= 70 and boundary.startswith(b"=_"), "FMT-10"
    plain, page = cut(body, boundary)
    head, _, inside = page.partition(b"\r\n\r\n")
    if head.startswith(b"Content-Type: multipart/related"):
        inner = re.fullmatch(rb'Content-Type: multipart/related; type="text/html";\r\n boundary="(=_[0-9a-f.i]+)"', head).group(1)
        page, *images = cut(inside, inner)
        for image in images:
            assert all(len(line) <= 76 for line in image.split(b"\r\n\r\n")[1].split(b"\r\n")), "FMT-1"
    for kind, part in zip((b"plain", b"html"), (plain, page)):
        head, _, text = part.partition(b"\r\n\r\n")
        assert head == b"Content-Type: text/" + kind + b"; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable", "FMT-6, FMT-7"
        judge_encoded(text)
    return page


def cut(body, boundary):
    """The parts between the lines with this boundary, of which the last is closed."""
    pieces = re.split(rb"(?:\A|\r\n)--" + re.escape(boundary) + rb"(?:\r\n|(--\r\n\Z))", body)
    assert pieces[0] == b"" and pieces[-2:] == [b"--\r\n", b""], "FMT-10"
    return pieces[2:-2:2]


def judge_encoded(text):
    for line in text.split(b"\r\n"):
        assert len(line) <= 76 and not line.endswith((b" ", b"\t")), f"FMT-8: {line!r}"
        assert not line.startswith((b".", b"From ")), f"FMT-8: {line!r}"
        assert re.fullmatch(rb"(?:[\t !-<>-~]|=[0-9A-F]{2})*=?", line), f"FMT-8: {line!r}"
    assert not re.search(rb"=0[AD]", text), "FMT-8: a line break was encoded"
    whole = quopri.decodestring(text).decode()
    assert "\r" not in whole.replace("\r\n", ""), "FMT-8"


def judge_bytes(m):
    assert b"\r" not in m.raw.replace(b"\r\n", b"") and b"\n" not in m.raw.replace(b"\r\n", b""), "FMT-1: a bare line break"
    assert m.raw.isascii() and len(m.raw) <= 100_000, "FMT-7, FMT-16"
    head, _, body = m.raw.partition(b"\r\n\r\n")
    values, names = judge_head(head)
    judge_names(m, names)
    judge_fields(m, values)
    boundary = re.fullmatch(r'multipart/alternative; boundary="(=_[0-9a-f]{32})"', values["Content-Type"]).group(1).encode()
    page = judge_parts(body, boundary)
    assert len(page) <= 90_000, "FMT-16"


def test_bytes(messages):
    each(messages, judge_bytes)


# --- what is read --------------------------------------------------------------------------------------------------

class Page(html.parser.HTMLParser):
    """The visible text, where it goes, what stands in <bdi>, and every element and attribute."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.text, self.links, self.values, self.tags, self.attributes, self.root, self.images = [], [], [], set(), set(), [], []
        self.hidden = self.isolated = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.hidden += tag in ("title", "style")
        if tag == "img":
            self.images.append((dict(attrs)["src"], dict(attrs)["alt"]))
        self.links += [v for k, v in attrs if k == "href"]
        if tag in ("html", "div"):
            self.root.append((dict(attrs).get("lang"), dict(attrs).get("dir")))
        if tag == "bdi":
            self.isolated += 1
            self.values.append("")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("title", "style")
        self.isolated -= tag == "bdi"

    def handle_data(self, data):
        if not self.hidden:
            self.text.append(data)
        if self.isolated:
            self.values[-1] += data


TAGS = set("""html head meta title style body div table tr td th thead tbody h1 h2 h3 h4 h5 h6 p br a bdi em strong code pre blockquote ul ol li hr img span""".split())
ATTRIBUTES = set("""lang dir class style role width cellpadding cellspacing border align href http-equiv content name scope start title src alt height""".split())


def in_order(wanted, values, found, where):
    at = 0
    for words in wanted:
        if isinstance(words, maker.Only):
            shown = words.words in found
            assert shown == words.holds(values), f"{where}: {words} and {values.get(words.name)!r}"
            continue
        if isinstance(words, set):
            missing = {w for w in words if w not in found}
            assert not missing, f"{where} lacks {missing} of a table"
            continue
        next_at = found.find(words, at)
        assert next_at >= 0, f"{where} lacks {words[:200]!r} in {found[at:at + 400]!r}"
        at = next_at + len(words)


def judge_text(m, text):
    """To the character: what the public proof shows, with this person's values in the braces."""
    in_order([w if not isinstance(w, str) else flat_text(filled(w, m.values)) for w in m.wanted.text], m.values, flat_text(text), "the text")
    if "{if " in m.public or re.search(r"://[^\s]*\{inside", m.public):
        return  # who sees what, and what stands inside of links, was just looked at
    known = {**{n: None for n in m.fields}, "token": m.token, "code": "7K3M-Q2XV-9TFA", "consent": m.person["consent"]}
    pieces, at = [], 0
    for found in re.finditer(r"\{([a-z0-9_]+)\}", m.public):
        if found[1] not in known:
            continue
        pieces.append(re.escape(m.public[at:found.start()]))
        value = known[found[1]] or m.values.get(found[1])
        pieces.append(re.escape(value) if value else "[^\n]{0,200}")
        at = found.end()
    pieces.append(re.escape(m.public[at:]))
    assert re.fullmatch("".join(pieces), text), "the text part is not what was approved with this person's values"


def judge_page(m, page, text):
    in_order([w if not isinstance(w, str) else flat(filled(w, m.values)) for w in m.wanted.html], m.values, flat("".join(page.text)), "the HTML")
    assert page.tags <= TAGS and page.attributes <= ATTRIBUTES, f"BODY-3: {page.tags - TAGS} {page.attributes - ATTRIBUTES}"
    direction = "rtl" if m.draft["language"] in maker.RTL else "ltr"
    assert page.root[:2] == [(m.draft["language"], direction)] * 2, f"BODY-4, BODY-6: {page.root}"
    allowed = {nfc(v) for v in m.values.values() if v} | {nfc(m.person["consent"])}
    allowed |= {nfc(m.draft["project_title"]), *page.links, *(link.removeprefix("mailto:") for link in page.links)}
    strange = {v for v in map(nfc, page.values) if v not in allowed} - {"friend", "ß & <b>", "\"x\"", "日本", "مرحبا"}
    assert direction == "rtl" or not strange, f"BODY-6: {strange}"
    missing = {v for n, v in m.values.items() if v and n in m.fields and f"\x02{n}|" in "".join(w for w in m.wanted.html if isinstance(w, str))} - set(page.values)
    assert not {v for v in missing if nfc(v) not in map(nfc, page.values)}, f"BODY-6: not kept apart: {missing}"


def judge_same_facts(m, page, text):
    """BODY-1: each address and each number in the HTML stands in the text, and what the house says in both."""
    shown = "".join(page.text)
    squeezed = flat_text(text)
    for link in page.links:
        address = re.sub("^mailto:", "", link)
        assert re.match("(https|mailto):", link) and address in re.split(r"[\s<>]+", text) or address in text, f"BODY-2: {link}"
    numbers = set(re.findall(r"\d+", shown)) - set(re.findall(r"\d+", text))
    assert not {n for n in numbers if n not in squeezed}, f"BODY-1: numbers {numbers}"
    leave = f"https://{DOMAIN}/opt-out/{m.token}"
    assert leave in text.split() and page.links.count(leave) >= 2, "FMT-16: near the top as well as at the end"
    for words in HOUSE:
        assert flat_text(words) in squeezed and flat(words) in flat(shown), f"BODY-1: {words}"


def judge_images(m, page, parts):
    """Each that the writer named, once, inline, found by its Content-ID alone, with the words that stand for it."""
    own = {p["Content-ID"].strip("<>"): p for p in parts}
    assert len(own) == len(parts) == len(set(m.images))
    for p in parts:
        assert (p.get_content_type(), p.get_content_disposition(), p["Content-Transfer-Encoding"]) == ("image/png", "inline", "base64")
        assert p.get_content() == base64.b64decode(maker.PIXELS)
    assert sorted(page.images) == sorted((f"cid:{i}", maker.IMAGES[n]["alt"]) for n in m.images for i in own if i.startswith(n + ".")), page.images


def judge_read(m):
    message = m.parsed
    assert message.get_content_type() == "multipart/alternative"
    plain, page = message.iter_parts()
    assert plain.get_content_type() == "text/plain", "FMT-9"
    seen_images = []
    if m.images:
        assert page.get_content_type() == "multipart/related" and page.get_param("type") == "text/html", "FMT-9"
        page, *seen_images = page.iter_parts()
    assert page.get_content_type() == "text/html", "FMT-9"
    for part in message.walk():
        assert not part.defects and not any(getattr(v, "defects", ()) for v in part.values()), "defects"
    text = plain.get_content().replace("\r\n", "\n")
    seen = Page(page.get_content())
    judge_text(m, text)
    judge_page(m, seen, text)
    judge_same_facts(m, seen, text)
    judge_images(m, seen, seen_images)
    missing = {w for w in m.wanted.links if filled(w, m.values) not in seen.links}
    assert not missing, f"links {missing}"


def test_read_by_python(messages):
    each(messages, judge_read)


def test_the_default_policy_finds_no_defect(messages):
    def judge(m):
        for part in email.message_from_bytes(m.raw, policy=email.policy.default).walk():
            assert not part.defects and not any(getattr(v, "defects", ()) for v in part.values())
        for part in email.message_from_bytes(m.raw).walk():  # the old parser
            assert not part.defects
    each(messages, judge)


def subject_of(m):
    return ("[Test] " if m.person["test"] else "") + filled(nfc(m.subject), m.values)


def judge_subject(m):
    # RFC 2047 cannot say where a blank stood at an end; all else must come back.
    old = email.message_from_bytes(m.raw)
    for found in (str(m.parsed["Subject"]), str(make_header(decode_header(old["Subject"].replace("\r\n", ""))))):
        assert " ".join(found.split()) == " ".join(subject_of(m).split()), (found, subject_of(m))
    mailbox = m.parsed["From"].addresses
    assert len(mailbox) == 1 and mailbox[0].addr_spec == "water@" + DOMAIN
    assert mailbox[0].display_name == nfc(m.draft["from_name"]), mailbox[0].display_name


def test_headers_decoded_by_python(messages):
    each(messages, judge_subject)


def test_headers_decoded_by_mblaze(messages):
    with tempfile.TemporaryDirectory() as folder:
        for m in messages:
            pathlib.Path(folder, f"{m.number:05}").write_bytes(m.raw)
        files = sorted(map(str, pathlib.Path(folder).iterdir()))
        out = subprocess.run(["mhdr", "-d", "-h", "subject", *files], stdout=subprocess.PIPE, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout
    found = out.decode().split("\n")[:-1]
    assert len(found) == len(messages)
    faults = [(m.number, f, subject_of(m)) for m, f in zip(messages, found) if " ".join(f.split()) != " ".join(subject_of(m).split())]
    assert not faults, faults[:5]


# --- signatures ----------------------------------------------------------------------------------------------------

# What somebody on the way might do; each must break both signatures.
TAMPERINGS = {
    "subject": (rb"\r\nSubject: ", b"\r\nSubject: x"), "from": (rb"\r\nFrom: ", b"\r\nFrom: x "), "to": (rb"\r\nTo: jo", b"\r\nTo: ju"),
    "date": (rb"\r\nDate: ...", b"\r\nDate: Tue"), "message id": (rb"\r\nMessage-ID: <", b"\r\nMessage-ID: <x"),
    "second from": (rb"\r\nFrom: ", b"\r\nFrom: Eve <eve@evil.example>\r\nFrom: "), "second subject": (rb"\r\nSubject: ", b"\r\nSubject: Pay\r\nSubject: "),
    "from below": (rb"\r\nMIME-Version", b"\r\nFrom: eve@evil.example\r\nMIME-Version"), "cc": (rb"\r\nDate: ", b"\r\nCc: eve@evil.example\r\nDate: "),
    "second reply-to": (rb"\r\nDate: ", b"\r\nReply-To: eve@evil.example\r\nDate: "), "unsubscribe": (rb"/opt-out/AQFv", b"/opt-out/AQFw"),
    "no one-click": (rb"\r\nList-Unsubscribe-Post: [^\r]*", b""), "second list-id": (rb"\r\nList-Id: ", b"\r\nList-Id: <x.y>\r\nList-Id: "),
    "type": (rb"\r\nContent-Type: multipart/alternative", b"\r\nContent-Type: multipart/mixed"), "second type": (rb"\r\nContent-Type: mul", b"\r\nContent-Type: text/html\r\nContent-Type: mul"),
    "boundary": (rb'boundary="=_', b'boundary="=x'), "complaints": (rb"\r\nCFBL-Address: fbl", b"\r\nCFBL-Address: eve"),
    "a word": (rb"official", b"officiel"), "a link": (rb"href=3D\"https", b"href=3D\"http"), "added": (rb"\Z", b"more\r\n"), "put in front": (rb"\r\n\r\n--=_", b"\r\n\r\nhello\r\n--=_"),
    "hidden part": (rb"\r\n--(=_[0-9a-f]+)--\r\n\Z", rb"\r\n--\1\r\nContent-Type: text/html\r\n\r\n<p>Pay</p>\r\n--\1--\r\n"),
    "a blank in a word": (rb"communication", b"communi cation"), "cut off": (rb"\r\n--=_[0-9a-f]+--\r\n\Z", b"\r\n"), "signature": (rb" bh=.", b" bh=-"),
}


def tampered(m):
    what = list(TAMPERINGS)[m.number % len(TAMPERINGS)]
    pattern, new = TAMPERINGS[what]
    changed, n = re.subn(pattern, new, m.raw, count=0 if what == "signature" else 1)
    assert n and changed != m.raw, what
    return changed


def by_dkimpy(raw, keys):
    def lookup(name, timeout=5):
        return keys.get((name if isinstance(name, str) else name.decode()).rstrip("."), "").encode() or None
    out = []
    for i in range(2):
        try:
            out.append(dkim.DKIM(raw).verify(idx=i, dnsfunc=lookup))
        except (dkim.DKIMException, ValueError):  # its own words, or base64's
            out.append(False)
    return out


def test_signatures_by_python(messages, keys):
    def judge(m):
        assert by_dkimpy(m.raw, keys) == [True, True], "refused"
    each(messages, judge)


def test_tampering_by_python(messages, keys):
    def judge(m):
        assert by_dkimpy(tampered(m), keys) == [False, False], f"accepted, tampered: {list(TAMPERINGS)[m.number % len(TAMPERINGS)]}"
    each(messages[::4], judge)


def by_mailauth(raws, keys):
    asked = "".join(json.dumps({"message": raw.decode(), "keys": keys}) + "\n" for raw in raws)
    done = subprocess.run(["node", HERE / "verify_mailauth.cjs"], input=asked.encode(), stdout=subprocess.PIPE, check=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_signatures_by_mailauth(messages, keys):
    good = by_mailauth([m.raw for m in messages], keys)
    assert good == [["pass", "pass"]] * len(messages), [(i, g) for i, g in enumerate(good) if g != ["pass", "pass"]][:5]
    bad = by_mailauth([tampered(m) for m in messages], keys)
    assert len(bad) == len(messages) and not [(i, b) for i, b in enumerate(bad) if "pass" in b][:5]


def by_opendkim(raws, names):
    """The exit status for each: 0, the topmost signature that it can judge is good."""
    with tempfile.TemporaryDirectory() as folder:
        records = pathlib.Path(folder, "keys")
        records.write_text("".join(f"{name} {record}\n" for name, record in names.items()))
        env = {**os.environ, "DKIM_KEYS": str(records), "LD_PRELOAD": str(pathlib.Path(PRELOAD).resolve())}

        def one(raw):
            done = subprocess.run(["/usr/sbin/opendkim-testmsg", "-t", folder], input=raw, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env, check=False)
            assert not done.stderr or done.stderr.startswith(b"opendkim-testmsg: dkim_"), done.stderr
            return done.returncode

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return list(pool.map(one, raws))


def test_signatures_by_opendkim(messages, keys):
    status = by_opendkim([m.raw for m in messages], keys)
    assert set(status) == {0}, [(i, s) for i, s in enumerate(status) if s][:5]
    some = messages[::5]
    status = by_opendkim([tampered(m) for m in some], keys)
    assert 0 not in status, [(m.number, s) for m, s in zip(some, status) if not s][:5]
    assert 0 not in by_opendkim([messages[0].raw], {"another.name": "v=DKIM1; p="}), "it asks us for keys"


# --- what must not pass --------------------------------------------------------------------------------------------

def test_refused_values():
    """Each is refused, in the body and in the subject, and the answer names the field."""
    mailings = [{"draft": {"body": "Dear {{who|x}}", "subject": "s"}, "people": [{"values": {"who": v}} for v in maker.REFUSED]},
                {"draft": {"body": "Dear", "subject": "For {{who|x}}"}, "people": [{"values": {"who": v}} for v in maker.REFUSED]}]
    answers = ask(mailings, "unsigned")
    faults = [(v, a.get("error")) for v, a in zip(maker.REFUSED * 2, answers, strict=True) if not a.get("error", "").startswith("who: the value ")]
    assert not faults, faults


def test_refused_links():
    mailings = [{"draft": {"body": "[Go]({{survey}})"}, "people": [{"values": {"survey": v}} for v in maker.REFUSED_LINKS]}]
    faults = [(v, a) for v, a in zip(maker.REFUSED_LINKS, ask(mailings, "unsigned"), strict=True) if "survey: the " not in a.get("error", "")]
    assert not faults, faults


def test_the_same_twice():
    """Rendering is a function of its input (design decision 4)."""
    mailings = [maker.Maker(i).mailing(2)[0] for i in range(0, MAILINGS, 20)]
    assert ask(mailings, "unsigned") == ask(mailings, "unsigned")
