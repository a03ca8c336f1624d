"""Random expressions of --where, judged by Python.

An expression is made as a tree, written down with random blanks, brackets, quotes and case, and asked about random people.
The program's answers must be the tree's; what the program writes down must read back to itself, and mean the same.

Usage: test_where_oracle.py WHERE_TOOL
"""
import decimal
import json
import random
import re
import subprocess
import sys
import unicodedata

NOW = 1790000000000000
DAY = 86400 * 1000000
FIELDS = ["year", "city", "seen", "answered", "x1", "in"]
RESERVED = {"and", "or", "not", "in", "is", "contains", "starts", "with", "by", "flag", "empty", "mailed", "answered", "joined",
            "bounced"}
FLAGS = ["role", "disposable", "lookalike", "no-mx", "null-mx", "free-provider", "duplicate-person", "list-address",
         "non-ascii-local"]
UNITS = {"day": 1, "week": 7, "month": 30}
TEXTS = ["a", "Ä", "A\u0308", "ä", "Leeds", "leeds", "LEEDS north", "2004", "2004.0", "-5", "007", "1.50", "12345678901234567891",
         "12345678901234567892", "2026-03-01", "2026-02-29", "2024-02-29", "1.", ".5", "5-1", "Straße", "STRASSE", "o'clock", 'say "x"',
         "back\\slash", "Ω", "ω", "İ", "é", "E\u0301", "日本", "-0", "0.00", "-0.5", " a", "+5"]
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


def fold(text):
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def is_date(text):
    match = DATE.fullmatch(text)
    if not match:
        return False
    year, month, day = map(int, match.groups())
    leap = year % 4 == 0 and (year % 100 or year % 400 == 0)
    return 1 <= month <= 12 and 1 <= day <= [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]


# --- trees: ("and", a, b), ("cmp", field, op, literal), ... with literals ("number" | "date" | "text", text) --------------


def literal(r, kinds=("number", "date", "text")):
    kind = r.choice(kinds)
    if kind == "text":
        return kind, r.choice(TEXTS)
    good = is_date if kind == "date" else NUMBER.fullmatch
    return kind, r.choice([t for t in TEXTS if good(t) and (kind == "date" or not is_date(t))])


def term(r):
    kind = r.choice(["cmp", "cmp", "cmp", "contains", "starts", "in", "empty", "filled", "mailed", "here", "answered", "joined",
                     "bounced", "flag"])
    field = r.choice(FIELDS)
    if kind == "cmp":
        return kind, field, r.choice(["=", "!=", "<", "<=", ">", ">="]), literal(r)
    if kind in ("contains", "starts"):
        return kind, field, literal(r, ("text",))
    if kind == "in":
        return kind, field, [literal(r) for _ in range(r.randint(1, 4))]
    if kind in ("empty", "filled"):
        return kind, field
    if kind == "flag":
        return kind, r.choice(FLAGS)
    if kind == "bounced":
        return (kind,)
    count = r.randint(1, 60) if kind == "joined" or r.random() < 0.7 else 0
    return kind, count, r.choice(list(UNITS))


def tree(r, depth):
    if depth == 0 or r.random() < 0.25:
        return term(r)
    kind = r.choice(["and", "or", "not"])
    return (kind, tree(r, depth - 1)) if kind == "not" else (kind, tree(r, depth - 1), tree(r, depth - 1))


# --- written down -------------------------------------------------------------------------------------------------------


def shout(r, word):
    return r.choice([word, word, word.upper(), word.title()])


def write_literal(r, value):
    kind, text = value
    if kind == "number":
        return text + ("" if "." in text or r.random() < 0.7 else ".00")
    if kind == "date":
        return text
    quote = r.choice("'\"")
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


def write_term(r, t):
    kind = t[0]
    blank = r.choice([" ", "  ", "\t", "\n "])
    if kind in ("cmp", "contains", "starts", "in", "empty", "filled"):
        field = f"[{t[1]}]" if t[1] in RESERVED or r.random() < 0.1 else shout(r, t[1])
    if kind == "cmp":
        space = r.choice(["", blank])
        return f"{field}{space}{t[2]}{space}{write_literal(r, t[3])}"
    if kind in ("contains", "starts"):
        words = "contains" if kind == "contains" else f"starts{blank}with"
        return f"{field} {shout(r, words)}{r.choice(['', blank])}{write_literal(r, t[2])}"
    if kind == "in":
        comma = r.choice([",", ", ", " , "])
        return f"{field} {shout(r, 'in')}{r.choice(['', blank])}({comma.join(write_literal(r, v) for v in t[2])})"
    if kind in ("empty", "filled"):
        return f"{field} {shout(r, 'is empty' if kind == 'empty' else f'is{blank}not empty')}"
    if kind == "flag":
        return f"flag{blank}{t[1]}"
    if kind == "bounced":
        return shout(r, "bounced")
    words = {"mailed": "mailed", "here": f"mailed by{blank}this project", "answered": "answered", "joined": "joined"}[kind]
    return words + (f"{blank}in {t[1]} {t[2]}{r.choice(['', 's'])}" if t[1] else "")


def write(r, t, around=0):
    """around: how strongly what stands around binds: 1 or, 2 and, 3 not."""
    kind = t[0]
    own = {"or": 1, "and": 2}.get(kind, 3)
    if kind == "not":
        text = f"{shout(r, 'not')} {write(r, t[1], 3)}"
    elif kind in ("and", "or"):
        # The right half of a chain is bracketed too: the program's tree then is this one.
        text = f"{write(r, t[1], own)} {shout(r, kind)} {write(r, t[2], own)}"
    else:
        text = write_term(r, t)
    if own < around or r.random() < 0.05:
        text = f"({r.choice(['', ' '])}{text})"
    return text


# --- answered -----------------------------------------------------------------------------------------------------------


def order(value, lit):
    """-1, 0, 1, or None when they cannot be compared."""
    kind, text = lit
    if kind == "number":
        if not NUMBER.fullmatch(value):
            return None
        a, b = decimal.Decimal(value), decimal.Decimal(text)
    elif kind == "date":
        if not is_date(value):
            return None
        a, b = value, text
    else:
        a, b = fold(value).encode(), fold(text).encode()
    return (a > b) - (a < b)


def holds(t, person):
    kind = t[0]
    if kind == "and":
        return holds(t[1], person) and holds(t[2], person)
    if kind == "or":
        return holds(t[1], person) or holds(t[2], person)
    if kind == "not":
        return not holds(t[1], person)
    if kind == "flag":
        return t[1] in person["flags"].split()
    if kind == "bounced":
        return person["bounced"]
    if kind in ("mailed", "here", "answered", "joined"):
        at = person["mailed_here" if kind == "here" else kind]
        return bool(at) and (not t[1] or at > NOW - t[1] * UNITS[t[2]] * DAY)
    value = person["fields"].get(t[1]) or ""
    if kind in ("empty", "filled"):
        return (value == "") == (kind == "empty")
    if not value:
        return False
    if kind == "contains":
        return fold(t[2][1]) in fold(value)
    if kind == "starts":
        return fold(value).startswith(fold(t[2][1]))
    if kind == "in":
        return any(order(value, lit) == 0 for lit in t[2])
    found = order(value, t[3])
    if found is None:
        return t[2] == "!="
    return {"=": found == 0, "!=": found != 0, "<": found < 0, "<=": found <= 0, ">": found > 0, ">=": found >= 0}[t[2]]


def person(r):
    def moment():
        return r.choice([0, NOW, NOW - r.randint(1, 70) * DAY, NOW - r.randint(1, 70) * DAY + 1, NOW - 2000 * DAY])
    fields = {f: r.choice([*TEXTS, ""]) for f in FIELDS if r.random() < 0.8}
    return {"fields": fields, "flags": " ".join(r.sample(FLAGS, r.randint(0, 3))), "mailed": moment(), "mailed_here": moment(),
            "answered": moment(), "joined": moment(), "bounced": r.random() < 0.3}


def main(tool):
    seed = random.SystemRandom().randrange(1 << 32)
    print("seed", seed)
    r = random.Random(seed)
    asked, trees = [], []
    while len(asked) < 4000:
        t = tree(r, r.randint(0, 6))
        text = write(r, t)
        if len(text.encode()) > 1500 or text.count("(") + text.lower().count("not") > 30:
            continue
        trees.append(t)
        asked.append({"where": text, "now": NOW, "people": [person(r) for _ in range(12)]})
    done = subprocess.run([tool], input="".join(json.dumps(a) + "\n" for a in asked), capture_output=True, text=True, timeout=240,
                          check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(asked)
    ins = 0
    for t, ask, said in zip(trees, asked, answers):
        assert "error" not in said, (ask["where"], said)
        assert said["text"] == said["again"], ask["where"]
        expected = [holds(t, p) for p in ask["people"]]
        assert said["in"] == expected, (ask["where"], said, expected, ask["people"])
        assert said["words"].startswith("people ")
        ins += sum(expected)
    everybody = 12 * len(asked)
    print(f"{len(asked)} expressions, {everybody} answers, {ins} of them in")
    assert everybody // 5 < ins < everybody * 4 // 5, "the sample says little"


main(sys.argv[1])
