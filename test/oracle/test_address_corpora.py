"""Addresses and domains judged by the collections of other projects (ADR-1 to ADR-6, ADR-8, ADR-10).

The collections contradict each other, and ADR-2 on purpose. Where we judge otherwise, address_reasons.py names the case
and the reason; a disagreement that is not there fails, and so does one that is there and no longer one.

Run by meson; by hand: ADDRESS_TOOL=build/test/unit/address_tool python3 -m pytest test/oracle/test_address_corpora.py
`python3 test/oracle/test_address_corpora.py` prints the disagreements that have no reason yet.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import zlib

import pytest

import address_reasons

TOOL = os.environ.get("ADDRESS_TOOL", "build/test/unit/address_tool")
CORPORA = pathlib.Path(__file__).resolve().parents[3] / "shared/corpora"


def corpus(name):
    path = CORPORA / name
    if not path.exists():
        if os.environ.get("CI") == "true":
            raise FileNotFoundError(path)
        pytest.skip(f"{path} is absent", allow_module_level=True)
    return path


def read_json(name):
    return json.loads(corpus(name).read_text(encoding="utf-8"))


def is_text(case):
    """What can reach us: valid UTF-8 without NUL, which the readers of files refuse."""
    return "\0" not in case and not any("\ud800" <= c <= "\udfff" for c in case)


def ask(cases, *mode):
    lines = "".join(case.encode().hex() + "\n" for case in cases)
    done = subprocess.run([TOOL, *map(str, mode)], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    answers = done.stdout.decode().split("\n")[:-1]
    assert len(answers) == len(cases)
    return answers


def name(case):
    """A case as the tables name it: as it is, or shortened with a checksum."""
    text = ascii(case)[1:-1]
    return text if len(text) <= 80 else f"{text[:50]}...{zlib.crc32(case.encode()):08x}"


# --- addresses -------------------------------------------------------------------------------------------------------

def isemail():
    """Valid is what is_email() itself calls so below its threshold: RFC 5321, DNS warnings included."""
    valid = ("ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN", "ISEMAIL_RFC5321")
    for file in "tests.json", "tests-original.json":
        for row in read_json("address/isemail/" + file):
            yield row["address"], row["category"] in valid


def validator_js():
    """Its plain sets, and those with display names; the other options ask for other rules."""
    for row in read_json("address/validator.js/cases.json"):
        if row.get("validator") == "isEmail" and row.get("args") in (None, [{"allow_display_name": True}]):
            for want in "valid", "invalid":
                for case in row.get(want, []):
                    if isinstance(case, str):
                        yield case, want == "valid"


def egulias():
    """Its tests of RFC rules. Rows of warnings and errors hold the address among names of classes."""
    for key, rows in read_json("address/egulias/cases.json").items():
        test = key.split("::")
        if not test[0].startswith(("RFC", "NoRFC")):
            continue
        for row in rows:
            found = [cell for cell in row if isinstance(cell, str) and "@" in cell]
            if found:
                yield found[-1], "nvalid" not in test[1]


def flanker():
    def lines(file):
        for line in corpus("address/flanker/" + file).read_text(encoding="utf-8").split("\n"):
            if line and not line.startswith(("# ", "      ")) and line != "#":
                yield line

    for want in "valid", "invalid":
        for line in lines(f"mailbox_{want}.txt"):
            yield line, want == "valid"
        for line in lines(f"abridged_localpart_{want}.txt"):
            yield line + "@sld.com", want == "valid"


ADDRESSES = {"isemail": isemail, "validator.js": validator_js, "egulias": egulias, "flanker": flanker}


def address_disagreements(collection):
    """{name: our answer} of those that we judge otherwise."""
    cases = list(dict.fromkeys(c for c in ADDRESSES[collection]() if is_text(c[0])))
    answers = ask([case for case, _ in cases], "address")
    return {name(case): answer for (case, want), answer in zip(cases, answers) if answer.startswith("ok") != want}


@pytest.mark.parametrize("collection", ADDRESSES)
def test_addresses(collection):
    got = address_disagreements(collection)
    listed = {}
    for reason, pattern, by_collection in address_reasons.ADDRESSES:
        for case in by_collection.get(collection, ()):
            assert case not in listed, f"{case} stands below two reasons"
            listed[case] = reason
            if case in got:
                assert re.search(pattern, got[case]), f"{case}: {reason}, but the answer is {got[case]}"
    assert {case: got[case] for case in got if case not in listed} == {}
    assert [case for case in listed if case not in got] == []


def test_mailto():
    """validator.js's mailto: URIs of one recipient are cells as browsers copy them."""
    for row in read_json("address/validator.js/cases.json"):
        if row.get("validator") != "isMailtoURI":
            continue
        for case, answer in zip(row["valid"], ask(row["valid"], "address")):
            to = case[len("mailto:"):].split("?")[0]
            assert answer.startswith("ok") == ("@" in to and "," not in to), (case, answer)


# --- domains ---------------------------------------------------------------------------------------------------------

def unescaped(text):
    text = re.sub(r"\\u([0-9A-Fa-f]{4})|\\x\{([0-9A-Fa-f]+)\}", lambda m: chr(int(m[1] or m[2], 16)), text)
    return "" if text == '""' else text


def idna(file):
    """(line, source, A-labels or None): toASCII, non-transitional."""
    for number, line in enumerate(corpus("idna/" + file).read_text(encoding="utf-8").split("\n"), 1):
        column = [c.strip() for c in line.split("#")[0].split(";")]
        if len(column) < 5:
            continue
        source = unescaped(column[0])
        status = column[4] or column[2]
        ascii_form = unescaped(column[3] or column[1]) if column[3] or column[1] else source
        if is_text(source):
            yield number, source, ascii_form if status in ("", "[]") else None


def domain_disagreements(file):
    """{line: (source, wanted, our answer)}."""
    cases = list(idna(file))
    answers = ask([source for _, source, _ in cases], "domain")
    return {number: (source, want, answer) for (number, source, want), answer in zip(cases, answers)
            if answer != (want or "-")}


def numbers(text):
    """{3, 4, 5, 9} of "3-5 9"."""
    found = set()
    for part in text.split():
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


@pytest.mark.parametrize("file", address_reasons.DOMAINS)
def test_domains(file):
    got = domain_disagreements(file)
    listed = set()
    for lines in address_reasons.DOMAINS[file].values():
        assert not listed & numbers(lines)
        listed |= numbers(lines)
    assert {number: got[number] for number in got if number not in listed} == {}
    assert [number for number in sorted(listed) if number not in got] == []
    wrong = {n: row for n, row in got.items() if row[1] and row[2] not in ("-", row[1])}
    assert wrong == {}  # refused too much is a nuisance; another domain would be another's mail


def test_punycode():
    """RFC 3492's samples that are labels: what we encode is what they say."""
    for row in read_json("idna/punycode_tests.json"):
        label, encoded = row["decoded"], row["encoded"]
        if label.isascii() or label != label.lower() or len(encoded) > 59 or not is_text(label):
            continue
        answer = ask([label + ".example"], "domain")[0]
        assert answer in (f"xn--{encoded}.example", "-"), label
        assert answer != "-" or not re.fullmatch(r"[\w-]+", label), ascii(label)
    for row in read_json("idna/bad_punycode_tests.json"):
        assert ask([row["decoded"] + ".example", f"xn--{row['decoded']}.example"], "domain") == ["-", "-"]


def test_public_suffixes():
    """The collection's own cases, by its own list."""
    text = corpus("psl/tests/test_psl.txt").read_text(encoding="utf-8")
    cases = re.findall(r"^checkPublicSuffix\('([^']*)', (?:'([^']*)'|null)\);", text, re.MULTILINE)
    assert len(cases) > 70
    answers = ask([source for source, _ in cases], "registered", corpus("psl/public_suffix_list.dat"))
    assert [(s, w, a) for (s, w), a in zip(cases, answers) if a != (w or "-")] == []


# --- lists -----------------------------------------------------------------------------------------------------------

def flagged(cases, flag):
    """How many bear the flag; whatever is no address is not counted."""
    answers = [a for a in ask(cases, "address") if a.startswith("ok")]
    return sum(flag in a.split("\t")[4].split() for a in answers), len(answers)


def test_roles():
    groups = read_json("lists/mixmax-roles/roles.json")
    seen = {"mixmax": [role for group in groups.values() for role in group],
            "forwardemail, administrators": read_json("lists/forwardemail-reserved/admin-list.json"),
            "forwardemail, no reply": read_json("lists/forwardemail-reserved/no-reply-list.json")}
    share = {}
    for what, roles in seen.items():
        n, of = flagged([f"{role}@uni.example" for role in roles], "role")
        share[what] = n / of
        print(f"{what}: {n} of {of} flagged as a role")
    assert share["forwardemail, no reply"] == 1
    assert share["forwardemail, administrators"] > 0.7
    assert share["mixmax"] > 0.35  # most of the rest are firms' departments, and names of firms and years


def test_disposable_and_free():
    """Ours are short lists of what is met most, so that their share of the long ones is small."""
    for file, flag, least in (("disposable-email-domains/disposable_email_blocklist.conf", "disposable", 400),
                              ("free-email-domains/domains.json", "free-provider", 350)):
        text = corpus("lists/" + file).read_text(encoding="utf-8")
        domains = json.loads(text) if file.endswith(".json") else text.split()
        n, of = flagged([f"ann@{domain}" for domain in domains], flag)
        print(f"{file}: {n} of {of} flagged as {flag}")
        assert n >= least and of >= len(domains) - 1  # one is an emoji, which IDNA refuses


if __name__ == "__main__":
    for where in ADDRESSES:
        have = {c for _, _, by in address_reasons.ADDRESSES for c in by.get(where, ())}
        for key, value in address_disagreements(where).items():
            if key not in have:
                print(where, key, value, sep="\t")
    for where, reasons in address_reasons.DOMAINS.items():
        have = set().union(*map(numbers, reasons.values()))
        for key, value in domain_disagreements(where).items():
            if key not in have:
                print(where, key, *map(ascii, value), sep="\t")
    sys.exit(0)
