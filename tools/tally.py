#!/usr/bin/python3
"""Adds up what the suites of ./dev test found and ends with one line: N passed, N failed.

./dev test leaves results.tsv in the folder given: a line `kind, name, exit status` for each suite, and beside it the
report of the suite. A suite that ended badly without a failed case, or that left no report, or none with a case in it,
counts as a failure: a crash must not look like success. With CI=true a skipped test is a failure too.
"""
import json
import os
import re
import sys
import xml.etree.ElementTree as ET

# How cmocka, pytest and unittest tell what passed.
PASSED = r"^\[  PASSED  \] (\d+) test|^=* ?(?:\d+ failed, )?(\d+) passed\b|^Ran (\d+) tests? in .*\n\nOK"


class Count:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []

    def cases(self):
        return self.passed + len(self.failed) + len(self.skipped)


def read_pytest(path, count):
    """JUnit: a case with <failure> or <error> failed. A test whose teardown broke too has two entries: each counts."""
    for case in ET.parse(path).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            count.failed.append(name)
        elif skipped is not None and skipped.get("type") != "pytest.xfail":
            count.skipped.append(f"{name}: {skipped.get('message', '')}")
        else:
            count.passed += 1


def read_meson(path, count):
    """Meson's testlog.json: a JSON object to a line for each program, with what its test framework printed in it."""
    for line in open(path, encoding="utf-8", errors="replace"):
        program = json.loads(line)
        text = (program.get("stdout") or "") + (program.get("stderr") or "")
        passed = sum(int(n) for row in re.findall(PASSED, text, re.M) for n in row if n)
        failed = sorted(set(re.findall(r"^\[  FAILED  \] (?!\d+ test)(\S+)$", text, re.M)))
        skipped = sum(int(n) for n in re.findall(r"^\[  SKIPPED \] (\d+) test", text, re.M))
        if program["result"] in ("OK", "SKIP") and not failed:
            count.passed += passed or (program["result"] == "OK" and not skipped)
            count.skipped += [program["name"]] * (skipped or program["result"] == "SKIP")
        elif failed:
            count.passed += passed
            count.failed += [f"{program['name']}: {name}" for name in failed]
        else:
            count.passed += passed
            count.failed.append(f"{program['name']}: {program['result']}")


def read_suite(folder, kind, name, status, count):
    own = Count()
    try:
        if kind == "pytest":
            read_pytest(os.path.join(folder, name + ".xml"), own)
        elif kind == "meson":
            read_meson(os.path.join(folder, name + ".json"), own)
        elif status == 0:
            own.passed = 1
    except (OSError, ValueError, ET.ParseError) as e:
        own.failed.append(f"{name}: no report ({e})")
    if not own.cases():
        own.failed.append(f"{name}: " + (f"exit status {status}" if status else "ran no test"))
    elif status and not own.failed:
        own.failed.append(f"{name}: exit status {status}")
    count.passed += own.passed
    count.failed += own.failed
    count.skipped += own.skipped


def main(folder):
    count = Count()
    with open(os.path.join(folder, "results.tsv"), encoding="utf-8") as f:
        suites = [line.rstrip("\n").split("\t") for line in f]
    for kind, name, status in suites:
        read_suite(folder, kind, name, int(status), count)
    if os.environ.get("CI") == "true":
        count.failed += [f"skipped, which CI forbids: {s}" for s in count.skipped]
    for name in count.skipped:
        print(f"skipped: {name}")
    for name in count.failed:
        print(f"failed: {name}")
    if not suites:
        count.failed.append("nothing ran")
    print(f"{count.passed} passed, {len(count.failed)} failed")
    return 1 if count.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
