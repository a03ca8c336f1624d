"""Real newsletters, linted: what is found is one of the kinds below, each of which was read beside the files and is right."""
import collections
import email.message
import html
import json
import pathlib
import re

import pytest

CORPUS = pathlib.Path(__file__).resolve().parents[3] / "shared/corpora/html"
GOLDEN = pathlib.Path(__file__).parent / "golden/newsletters.json"


def newsletters():
    return sorted(CORPUS.glob("postmark-templates/templates*/**/*.html")) + sorted(CORPUS.glob("leemunroe/*.html"))


def as_message(page):
    """The page, with a text part made of it, from a researcher of the institution."""
    message = email.message.EmailMessage()
    for name, value in (("From", "Ann Lee <ann@uni.example>"), ("To", "jo@example.org"), ("Subject", "News"), ("Message-ID", "<a@uni.example>"),
                        ("Date", "Mon, 23 Nov 2026 04:13:44 +0000")):
        message[name] = value
    text = re.sub(r"(?s)<(style|script|head).*?</\1>", "", page)
    message.set_content(re.sub(r"\s*\n\s*", "\n", html.unescape(re.sub(r"<[^>]+>", " ", text))))
    message.add_alternative(page, subtype="html")
    return message.as_bytes()


def kind(finding):
    """A finding without what it quotes, and without numbers of lines."""
    reason = re.sub(r"“[^”]*”", "“…”", finding["reason"])
    reason = re.sub(r"the style rule \".*?(?=; text below|$)", "a style rule", reason)
    return f"{finding['answer']} {finding['rule']}: " + re.sub(r"line \d+", "line N", reason)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_newsletters(placet, folder):
    """golden/newsletters.json: each kind of finding, how many newsletters have it, and why it is right."""
    placet.init(json=False)
    for key, value in (("postal-address", "1 Long Road\nSampleton"), ("unofficial-sentence.en", "This is not official.")):
        placet.run("institution", "set", key, value, json=False)
    seen, files = collections.Counter(), newsletters()
    assert len(files) > 60
    for i, file in enumerate(files):
        path = pathlib.Path(folder) / f"{i}.eml"
        path.write_bytes(as_message(file.read_text()))
        findings = [f for f in placet.run("lint", path, expect=1)["findings"] if f["answer"] not in ("pass", "n/a")]
        for finding in findings:
            assert finding["mend"], finding
        seen.update({kind(f) for f in findings})
    golden = json.loads(GOLDEN.read_text())
    assert dict(seen) == {k: v["newsletters"] for k, v in golden.items()}
    assert all(len(v["right"]) > 10 for v in golden.values())
