"""doc/WRITING.md shows what a writer can do; each body in it has to pass."""
import pathlib
import re

import pytest

from harness.process import ROOT
from harness.story import ANN, LIST, REV, STUDY, Story

BODIES = re.findall(r"<!-- body([^>]*?)-->\n```\n(.*?)```", (ROOT / "doc/WRITING.md").read_text(), re.S)


def test_there_are_examples():
    assert len(BODIES) == 4


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_each_body_passes(placet, capture):
    told = Story(placet, capture.url())
    told.staff()
    told.project()
    told.do("project", "edit", STUDY, "--link-host", "survey.example.org", json=False)
    told.do("project", "approve", STUDY, "--by", REV, json=False)
    folder = pathlib.Path(placet.folder)
    (folder / "people.csv").write_text("address,name,year,number,survey\na@example.org,Ada,2004,1,https://survey.example.org/1\n")
    told.do("import", LIST, folder / "people.csv", "--by", ANN, "--consent-kind", "oral", "--consent-ref", "x", "--consent-date",
            "2026-10-01")
    told.sign_off()
    for options, body in BODIES:
        (folder / "body.md").write_text(body)
        number = told.do("mailing", "new", "--list", LIST, "--subject", "News", "--body", folder / "body.md", *options.split(),
                         "--by", ANN, json=False).split()[-1]
        assert told.do("mailing", "check", number)["verdict"] == "pass"
