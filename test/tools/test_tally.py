"""tools/tally.py adds up honestly: what crashed, never ran or was skipped in CI is not a success."""
import json
import pathlib
import subprocess
import sys

import pytest

TALLY = pathlib.Path(__file__).resolve().parents[2] / "tools/tally.py"
CMOCKA = "[==========] Running 3 test(s).\n[  PASSED  ] 2 test(s).\n[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] test_b\n"


def junit(*cases):
    return "<testsuites><testsuite>" + "".join(
        f'<testcase classname="c" name="n{i}">{c}</testcase>' for i, c in enumerate(cases)) + "</testsuite></testsuites>"


def meson(*programs):
    return "\n".join(json.dumps({"name": n, "result": r, "stdout": out, "stderr": None}) for n, r, out in programs)


PASS, FAIL, SKIP = "", '<failure message="x"/>', '<skipped type="pytest.skip" message="no tool"/>'
CASES = [  # name, suites (kind, exit status, report), passed, failed, the same in CI
    ("good", [("pytest", 0, junit(PASS, PASS)), ("step", 0, None)], 3, 0, 0),
    ("failed", [("pytest", 1, junit(PASS, FAIL))], 1, 1, 1),
    ("skipped", [("pytest", 0, junit(PASS, SKIP))], 1, 0, 1),
    ("no report", [("pytest", 4, None), ("meson", 1, None)], 0, 2, 2),
    ("cut report", [("pytest", 124, "<testsuites><tests")], 0, 1, 1),
    ("nothing ran", [("pytest", 5, junit())], 0, 1, 1),
    ("bad end", [("pytest", 3, junit(PASS))], 1, 1, 1),
    ("step", [("step", 2, None)], 0, 1, 1),
    ("no suite", [], 0, 1, 1),
    ("units", [("meson", 0, meson(("a", "OK", CMOCKA.split("[  FAILED")[0]), ("b", "OK", "no cmocka")))], 3, 0, 0),
    ("oracles", [("meson", 0, meson(("a", "OK", "....\n4 passed in 0.1s\n"), ("b", "OK", "Ran 7 tests in 0.1s\n\nOK\n")))],
     11, 0, 0),
    ("unit failed", [("meson", 1, meson(("a", "FAIL", CMOCKA)))], 2, 1, 1),
    ("unit crashed", [("meson", 1, meson(("a", "FAIL", "[ RUN ] x")))], 0, 1, 1),
    ("unit leaked", [("meson", 1, meson(("a", "FAIL", CMOCKA.split("[  FAILED")[0])))], 2, 1, 1),
    ("unit late", [("meson", 1, meson(("a", "TIMEOUT", "")))], 0, 1, 1),
]


@pytest.mark.parametrize("ci", ["", "true"])
@pytest.mark.parametrize("suites,passed,failed,failed_in_ci", [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_tally(suites, passed, failed, failed_in_ci, ci, tmp_path):
    rows = ""
    for i, (kind, status, report) in enumerate(suites):
        rows += f"{kind}\tsuite{i}\t{status}\n"
        if report is not None:
            (tmp_path / f"suite{i}.{'xml' if kind == 'pytest' else 'json'}").write_text(report)
    (tmp_path / "results.tsv").write_text(rows)
    done = subprocess.run([sys.executable, TALLY, tmp_path], capture_output=True, text=True, timeout=60, env={"CI": ci})
    wanted = failed_in_ci if ci else failed
    assert done.stdout.splitlines()[-1] == f"{passed} passed, {wanted} failed"
    assert done.returncode == (1 if wanted else 0)
