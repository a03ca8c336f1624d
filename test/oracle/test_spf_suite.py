"""Our SPF against the test suite of RFC 7208: all of it agrees. (What exp= would explain is left out: nobody is told.)"""
import json
import os
import pathlib
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITE = ROOT.parent / "shared/corpora/auth/pyspf"

def records(entries):
    """The suite writes SPF where it means TXT, unless the name has a TXT of its own; TXT: NONE stands for no TXT at all."""
    out, spf, txt = [], [], False
    for entry in entries:
        if entry == "TIMEOUT":
            out.append("TIMEOUT")
            continue
        (kind, value), = entry.items()
        value = "".join(value) if kind in ("SPF", "TXT") and isinstance(value, list) else value
        txt = txt or kind == "TXT"
        if kind == "SPF":
            spf.append(["TXT", value])
        elif kind == "MX":
            out.append(["MX", value[0], value[1].rstrip(".")])
        elif (kind, value) != ("TXT", "NONE"):
            out.append([kind, value.rstrip(".") if kind in ("PTR", "CNAME") else value])
    return out + ([] if txt else spf)


def load(name):
    for part in yaml.safe_load_all((SUITE / name).read_text()):
        zone = {key.rstrip("."): records(value) for key, value in (part["zonedata"] or {}).items()}
        for key, test in part["tests"].items():
            yield key, {"zone": zone, "host": test["host"], "helo": test["helo"], "mailfrom": test["mailfrom"]}, test["result"]


def judge(tests):
    text = "".join(json.dumps(test, ensure_ascii=False) + "\n" for test in tests)
    done = subprocess.run([os.environ["SPF_TOOL"]], input=text.encode("utf-8", "surrogateescape"), stdout=subprocess.PIPE,
                          timeout=120, check=True)
    return [line.decode("utf-8", "replace") for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name,count", [("rfc7208-tests.yml", 203)])
def test_suite(name, count):
    tests = list(load(name))
    assert len(tests) == count
    wrong = []
    for (key, _, expected), got in zip(tests, judge([t for _, t, _ in tests]), strict=True):
        allowed = expected if isinstance(expected, list) else [expected]
        if got.split()[0] not in allowed:
            wrong.append(f"{key}: {got}, expected {'/'.join(allowed)}")
    assert not wrong, "\n".join(wrong)
