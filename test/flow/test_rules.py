"""The rules as a user meets them: the table of evasions and near misses through `lint`, and by the command line what no file shows."""
import pathlib
import subprocess

import pytest

from harness.placet import binary
from harness.story import ANN, LIST, REV, STUDY, VAL, Story, people

SENTENCE = "This message comes from Dr Ann Lee and is not an official communication of the University of Sample."
PAGE = "https://mail.uni.example/research"
NOWHERE = "smtp://127.0.0.1:9"


# --- a home in which the table's good message is a good one ---------------------------------------------

@pytest.fixture
def sample(placet):
    """The institution, project and identity of test/unit/policy_world.c."""
    placet.run("init", "--institution", "University of Sample", "--domain", "uni.example", "--url", "https://mail.uni.example",
               "--trial", "--postmaster", "post@uni.example", *(["--database", placet.database] if placet.database else []), json=False)
    for key, value in (("postal-address", "1 Long Road\nSampleton"), ("unofficial-sentence.en", SENTENCE),
                       ("unofficial-sentence.de", "Dies ist keine amtliche Mitteilung der Hochschule."),
                       ("opt-out-wording.en", "Stop all mail"), ("opt-out-wording.de", "Keine Post mehr")):
        placet.run("institution", "set", key, value, json=False)
    placet.run("account", "add", "lee@uni.example", "--name", "Dr Ann Lee", "--role", "researcher", json=False)
    placet.run("department", "add", "geography", "--name", "Department of Geography", json=False)
    placet.run("identity", "add", "studies", "--domain", "studies.uni.example", "--relay", NOWHERE, json=False)
    placet.run("project", "add", "water", "--title", "The Water Study", "--originator", "lee@uni.example", "--contact",
               "ann.lee@uni.example", "--department", "geography", "--identity", "studies", "--ethics", "EK 1",
               "--link-host", "survey.partner.example", json=False)
    return placet


def table(folder):
    """(file, rule, answer, with a project or not, reason) of each case that its message alone tells."""
    tool = binary().resolve().parents[1] / "test/unit/test_policy_cases"
    done = subprocess.run([tool, "--write", folder], capture_output=True, text=True, timeout=60, check=True)
    return [(pathlib.Path(folder) / f"{line.split(chr(9))[0]}.eml", *line.split("\t")[1:]) for line in done.stdout.splitlines()]


def answer_of(verdict, rule):
    """The worst answer of one rule."""
    order = ["pass", "n/a", "doubtful", "unknown", "fail"]
    return max((f["answer"] for f in verdict["findings"] if f["rule"] == rule), key=order.index)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_lint_and_the_table(placet, sample, folder):
    """Every case of the table whose message alone tells it. The statement page is the home's own address here."""
    wrong, seen = [], 0
    for file, rule, want, how, reason in table(folder):
        text = file.read_bytes()
        if rule == "statement-reference" and (want == "pass" or PAGE.encode() not in text):
            continue  # they are about the path that this home's page has not
        file.write_bytes(text.replace(PAGE.encode(), b"https://mail.uni.example/"))
        options = ["--project", "water"] if how == "project" else []
        verdict = placet.run("lint", file, *options, expect=(0, 1, 75))
        got = answer_of(verdict, rule)
        seen += 1
        assert verdict["verdict"] == "fail" or got != "fail"
        for finding in verdict["findings"]:
            assert finding["reason"] and (finding["mend"] or finding["answer"] in ("pass", "n/a"))
        if got != want:
            wrong.append(f"{rule}: {reason}: {got}, not {want}")
    assert not wrong, "\n".join(wrong)
    assert seen > 250


# --- rules that no file shows ---------------------------------------------------------------------------

class Unsigned(Story):
    def sign_off(self):
        pass


def findings(placet, number, rule, **run):
    return [f for f in placet.run("mailing", "check", number, **run)["findings"] if f["rule"] == rule]


def answer(placet, number, rule):
    return answer_of(placet.run("mailing", "check", number, expect=(0, 1, 75)), rule)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_validated(placet):
    """Undecided, in part, rejected: refused by `validated`, at check and at submission."""
    told = Unsigned(placet, NOWHERE).prepare(people(3))
    number = told.draft("Wells", "Dear reader,\n\nmay we ask you about wells?\n")
    assert answer(placet, number, "validated") == "fail"
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False, expect=1)
    assert "validated" in placet.last.stderr + placet.last.stdout
    decisions = pathlib.Path(placet.folder) / "d.csv"
    rows = placet.run("validate", LIST, "--by", VAL, "--sample")
    decisions.write_text("address,decision,reason\n" + "".join(f"{r['address']},reject,left\n" for r in rows))
    placet.run("validate", LIST, "--by", VAL, "--decide", decisions, expect=None)
    assert answer(placet, number, "validated") == "fail"
    empty = placet.run("list", "add", "nobody", "--project", STUDY, json=False)
    assert empty is not None
    other = placet.run("mailing", "new", "--list", "nobody", "--subject", "Wells", "--body",
                       write(placet, "b.md", "Dear reader,\n\nwells.\n"), "--by", ANN, json=False).split()[-1]
    assert answer(placet, other, "validated") == "fail"


def write(placet, name, text):
    file = pathlib.Path(placet.folder) / name
    file.write_text(text)
    return file


@pytest.mark.parametrize("engine", ["sqlite"])
def test_responsibility_and_the_page(placet, capture):
    """Somebody answers for it, by name; what was approved is what is sent; and the page names the project."""
    told = Story(placet, capture.url()).prepare(people(3))
    number = told.draft("Wells", "Dear reader,\n\nmay we ask you about wells?\n")
    assert answer(placet, number, "responsibility") == "n/a"
    assert answer(placet, number, "list-guidelines") == "n/a"
    assert answer(placet, number, "statement-page") == "pass"
    placet.run("mailing", "submit", number, "--by", ANN, json=False, expect=(1, 2, 4))
    assert "accept-responsibility" in placet.last.stderr
    placet.run("mailing", "submit", number, "--by", VAL, "--accept-responsibility", json=False, expect=4)
    placet.run("mailing", "start", number, json=False, expect=1)
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False)
    assert answer(placet, number, "responsibility") == "pass"
    placet.run("mailing", "start", number, json=False, expect=1)
    placet.run("mailing", "approve", number, "--by", ANN, json=False, expect=4)
    placet.run("mailing", "approve", number, "--by", REV, json=False)
    placet.run("mailing", "edit", number, "--subject", "Rivers", "--by", ANN, json=False)
    placet.run("mailing", "start", number, json=False, expect=1)
    assert placet.run("mailing", "show", number)["state"] == "draft"
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False)
    placet.run("mailing", "approve", number, "--by", REV, json=False)
    placet.run("mailing", "revoke", number, "--by", REV, "--why", "asked", json=False)
    placet.run("mailing", "start", number, json=False, expect=1)
    # A change to an approved value suspends the project, and then the page does not name it.
    other = told.draft("Wells", "Dear reader,\n\nmay we ask you about wells?\n")
    placet.run("project", "edit", STUDY, "--title", "Rivers of our town", json=False)
    assert answer(placet, other, "statement-page") == "fail"
    placet.run("mailing", "submit", other, "--by", ANN, "--accept-responsibility", json=False, expect=1)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_values_are_judged_in_their_messages(placet, folder):
    """The longest message is harmless, and a shorter one is signed by an office."""
    story = Story(placet, NOWHERE)
    story.staff()
    placet.run("institution", "set", "postal-address", "1 Long Road", json=False)
    story.project()
    file = pathlib.Path(folder) / "people.csv"
    file.write_text("address,who\na@example.org,The Registrar\nb@example.org,somebody with a much longer name\n")
    placet.run("import", LIST, file, "--by", ANN, "--consent-kind", "signed-form", "--consent-ref", "Form S", "--consent-date", "2026-10-01",
               json=False)
    story.sign_off()
    number = story.draft(body="Please take part.\n\nYours sincerely\n\n{{who}}\n")
    verdict = placet.run("mailing", "check", number, expect=(0, 1, 75))
    assert answer_of(verdict, "unofficial") == "fail", verdict
