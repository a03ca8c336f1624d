"""What people get of one mailing: each in their language, with their own links and paragraphs, and the project's images."""
import base64
import csv
import email
import email.policy
import pathlib
import struct
import zlib

from harness.story import ANN, LIST, REV, STUDY, Story, html_text, plain_text

BODY = """Dear {{name|reader}},

![](two-wells)

we study how people sleep. [Begin]({{survey}}), or [go](https://survey.partner.example/s?t={{token}}).

{{if year = 2004}}
You joined in the first year.
{{else}}
You joined later.
{{end}}
"""
GERMAN = """Guten Tag {{name|und willkommen}},

wir untersuchen, wie Menschen schlafen. [Beginnen]({{survey}})
"""
ARABIC = "مرحبا {{name|بك}}،\n\nنحن ندرس كيف ينام الناس.\n"
PEOPLE = [
    ("ada@example.org", "Ada", "2004", "https://survey.partner.example/s/1?a=b&c=d", "x/1 &", ""),
    ("bob@example.org", "", "2005", "https://uni.example/s/2", "..%2f", "en-GB"),
    ("eva@example.org", "Eva <b>", "2004", "https://survey.partner.example/s/3", "t", "de"),
    ("max@example.org", "Max", "", "https://survey.partner.example/s/4", "t", "de-AT"),
    ("amal@example.org", "أمل", "", "https://survey.partner.example/s/5", "t", "ar"),
]


def png(width, height):
    """A picture of one colour."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = (b"\0" + b"\x30\x60\x90" * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Varied(Story):
    def write(self, name, text):
        path = pathlib.Path(self.placet.folder) / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def fill_list(self, addresses):
        with open(self.write("people.csv", ""), "w", newline="", encoding="utf-8") as f:
            out = csv.writer(f)
            out.writerow(["address", "name", "year", "survey", "token", "language"])
            out.writerows(addresses)
        return self.do("import", LIST, pathlib.Path(self.placet.folder) / "people.csv", "--by", ANN, "--consent-kind", "signed-form",
                       "--consent-ref", "Form S", "--consent-date", "2026-10-01")

    def project(self):
        super().project()
        self.do("project", "edit", STUDY, "--link-host", "survey.partner.example", json=False)
        self.do("project", "image", STUDY, self.write("Two Wells.png", png(60, 40)), "--alt", "Two wells", json=False)
        self.do("project", "approve", STUDY, "--by", REV, json=False)

    def approve(self, number):
        """Answers what is doubtful, and approves."""
        for i, f in enumerate(self.do("mailing", "check", number)["findings"]):
            if f["answer"] == "doubtful":
                self.do("mailing", "answer", number, "--finding", str(i + 1), "--text", "read by somebody who knows the language",
                        "--by", REV, json=False)
        self.do("mailing", "approve", number, "--by", REV, json=False)

    def varied(self):
        """Returns the id of a draft in three languages."""
        number = self.do("mailing", "new", "--list", LIST, "--subject", "How do you sleep, {{name|reader}}?", "--body",
                         self.write("body.md", BODY), "--link-field", "survey", "--by", ANN, json=False).split()[-1]
        for language, subject, body in (("de", "Wie schlafen Sie?", GERMAN), ("ar", "كيف تنام؟", ARABIC)):
            self.do("mailing", "edit", number, "--language", language, "--subject", subject, "--body",
                    self.write("body.md", body), "--by", ANN, json=False)
        return number


SENTENCES = {
    "unofficial-sentence.de": "Diese Nachricht kommt von den genannten Forschenden und ist keine amtliche Mitteilung der Hochschule.",
    "unofficial-sentence.ar": "هذه الرسالة من الباحثين المذكورين وليست رسالة رسمية من الجامعة.",
    "opt-out-wording.de": "Keine Forschungspost mehr an mich",
    "opt-out-wording.ar": "أوقفوا كل رسائل البحث إليّ",
}


def prepare(placet, relay, people=None):
    told = Varied(placet, relay)
    told.prepare(people or PEOPLE)
    for key, words in SENTENCES.items():
        placet.run("institution", "set", key, words, json=False)
    return told


def test_each_gets_their_own(placet, capture):
    told = prepare(placet, capture.url())
    number = told.varied()
    checked = placet.run("mailing", "check", number)
    assert not [f for f in checked["findings"] if f["answer"] in ("fail", "unknown")], checked
    shown = placet.run("mailing", "show", number)
    assert sorted(shown["texts"]) == ["ar", "de", "en"] and "{if year = 2004}" in shown["texts"]["en"]
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False)
    told.approve(number)
    assert told.send(number)["counts"]["accepted"] == 5
    got = {m["to"][0] if isinstance(m["to"], list) else m["to"]: raw for m, raw in capture.messages()}
    ada, bob, eva, maxx, amal = (got[p[0]] for p in PEOPLE)
    assert "You joined in the first year." in plain_text(ada) and "later" not in plain_text(ada)
    assert "Begin <https://survey.partner.example/s/1?a=b&c=d>" in plain_text(ada).replace("\n", " ")
    assert "https://survey.partner.example/s?t=x%2F1%20%26>" in plain_text(ada)
    assert 'href="https://survey.partner.example/s/1?a=b&amp;c=d"' in html_text(ada)
    assert "You joined later." in html_text(bob) and "t=..%252f" in plain_text(bob)
    for raw in (eva, maxx):
        m = email.message_from_bytes(raw, policy=email.policy.SMTP)
        assert m["Content-Language"] == "de" and m["Subject"] == "Wie schlafen Sie?"
        assert 'lang="de"' in html_text(raw) and "joined" not in plain_text(raw)
    assert "Guten Tag Eva <b>," in plain_text(eva) and "Eva &lt;b&gt;" in html_text(eva)
    assert 'dir="rtl"' in html_text(amal) and "نحن ندرس" in plain_text(amal)
    image = [p for p in email.message_from_bytes(ada, policy=email.policy.SMTP).walk() if p.get_content_type() == "image/png"]
    assert image[0].get_content() == png(60, 40)
    assert f'src="cid:{image[0]["Content-ID"].strip("<>")}"' in html_text(ada) and "[Two wells]" in plain_text(ada)


def test_only_registered_links_and_images(placet, capture):
    told = prepare(placet, capture.url(), [*PEOPLE, ("sly@example.org", "Sly", "", "https://survey.partner.example.evil.example/", "t", "")])
    number = told.varied()
    checked = placet.run("mailing", "check", number, expect=1)
    said = " ".join(f["reason"] for f in checked["findings"] if f["answer"] == "fail")
    assert "sly@example.org" in said and "not registered" in said
    told.do("mailing", "edit", number, "--body", told.write("body.md", "![](logo)\n"), "--by", ANN, json=False)
    checked = placet.run("mailing", "check", number, expect=1)
    assert "an image that the project has not: “logo”" in str(checked)


def test_images_are_judged_by_their_bytes(placet, capture):
    told = Varied(placet, capture.url())
    told.staff()
    told.project()
    pixel = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
    good = png(30, 30)
    for name, data, says in (("a.png", b"<svg/>", "no PNG, JPEG or GIF"), ("b.png", good + b"<script>", "behind its end"),
                             ("c.png", good[:-4], "damaged"), ("d.gif", pixel, "1 x 1 pixels"), ("e.png", good + b"x" * 60000, "60000")):
        placet.run("project", "image", STUDY, told.write(name, data), "--alt", "x", json=False, expect=2)
        assert says in placet.last.stderr, name
    placet.run("project", "image", STUDY, told.write("f.png", good), json=False, expect=2)
    assert "--alt" in placet.last.stderr
    shown = placet.run("project", "image", STUDY, told.write("f.png", good), "--alt", "Fine", "--name", "fine")
    assert [i["name"] for i in shown["images"]] == ["fine", "two-wells"]
    assert placet.run("project", "show", STUDY)["state"] == "draft"
    shown = placet.run("project", "image", STUDY, "--remove", "two-wells")
    assert [(i["name"], i["width"], i["type"]) for i in shown["images"]] == [("fine", 30, "image/png")]
    placet.run("project", "image", STUDY, "--remove", "two-wells", json=False, expect=3)


def test_a_language_more_or_less(placet, capture):
    told = prepare(placet, capture.url())
    number = told.varied()
    placet.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False)
    told.approve(number)
    placet.run("mailing", "edit", number, "--language", "de", "--subject", "Neu", "--by", ANN, json=False)
    assert placet.run("mailing", "status", number)["state"] == "draft"
    placet.run("mailing", "edit", number, "--drop-language", "ar", "--by", ANN, json=False)
    assert sorted(placet.run("mailing", "show", number)["texts"]) == ["de", "en"]
    placet.run("mailing", "edit", number, "--drop-language", "ar", "--by", ANN, json=False, expect=3)
    placet.run("mailing", "edit", number, "--language", "fr", "--subject", "Bonjour", "--by", ANN, json=False, expect=2)
    placet.run("mailing", "edit", number, "--language", "not a tag", "--subject", "x", "--by", ANN, json=False, expect=2)
