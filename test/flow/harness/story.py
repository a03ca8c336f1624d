"""The way that every mailing takes, from an empty folder to mail sent, in the commands that a user would type.

Tests begin where they want to: `Story(placet, relay).prepare()` stops at a signed-off list, `.mailing()` at an approved
mailing, `.send()` when nothing is left to do.
"""
import csv
import email
import email.policy
import io
import pathlib
import re

SUBJECT = "Four minutes on how you sleep"
BODY = """Dear reader,

we study how people of our town sleep. May we ask you for four minutes and nine questions?

Your answers are stored without your name. Taking part is voluntary.
"""
ANN, VAL, REV, POST = "ann@uni.example", "val@uni.example", "rev@uni.example", "post@uni.example"
OFFICE, STUDY, LIST, IDENTITY = "psychology", "sleep", "sleepers", "sleep-mail"


def people(count, domain="example.org"):
    """Addresses that nothing is wrong with: person0000@example.org, ..."""
    return [f"person{i:04}@{domain}" for i in range(count)]


class Story:
    def __init__(self, placet, relay):
        self.placet, self.relay = placet, relay
        self.identity_options = []

    def do(self, *args, **options):
        return self.placet.run(*args, **options)

    def prepare(self, addresses=None):
        """A trial home with accounts, an approved project, and a list that is imported and signed off."""
        self.staff()
        self.project()
        self.fill_list(addresses or people(20))
        self.sign_off()
        return self

    def staff(self):
        """A trial home with accounts, a department and an identity."""
        self.placet.init("--postmaster", POST)
        for address, name, role in ((ANN, "Ann Bee", "researcher"), (VAL, "Val Dee", "validator"), (REV, "Rev Eff", "reviewer")):
            self.do("account", "add", address, "--name", name, "--role", role, json=False)
        self.do("department", "add", OFFICE, "--name", "Department of Psychology", json=False)
        self.do("identity", "add", IDENTITY, "--domain", "uni.example", "--relay", self.relay, *self.identity_options,
                json=False)

    def project(self):
        summary = pathlib.Path(self.placet.folder) / "summary.md"
        summary.write_text("How people of our town sleep, and what keeps them awake.\n")
        self.do("project", "add", STUDY, "--title", "Sleep in our town", "--originator", ANN, "--contact", ANN, "--department",
                OFFICE, "--identity", IDENTITY, "--ethics", "EK 2026/17", "--summary", summary, json=False)
        self.do("project", "approve", STUDY, "--by", REV, json=False)
        self.do("list", "add", LIST, "--project", STUDY, json=False)

    def fill_list(self, addresses):
        """Returns what import says."""
        file = pathlib.Path(self.placet.folder) / "people.csv"
        file.write_text("".join(f"{a}\r\n" for a in ["address", *addresses]), newline="")
        return self.do("import", LIST, file, "--by", ANN, "--consent-kind", "signed-form", "--consent-ref", "Form S, folder 3",
                       "--consent-date", "2026-10-01", timeout=1200)

    def sign_off(self):
        """Decides what has to be decided, all of it with `accept`, and signs the list off."""
        for what in ("--flagged", "--sample"):
            table = self.do("validate", LIST, "--by", VAL, what, json=False, timeout=600)
            rows = list(csv.DictReader(io.StringIO(table)))
            file = pathlib.Path(self.placet.folder) / f"decisions{what}.csv"
            with open(file, "w", newline="", encoding="utf-8") as f:
                out = csv.writer(f)
                out.writerow(["address", "decision", "reason"])
                out.writerows([row["address"], "accept", "known in person"] for row in rows)
            if rows:
                self.do("validate", LIST, "--by", VAL, "--decide", file, json=False, timeout=600)
        self.do("validate", LIST, "--by", VAL, "--sign-off", "--how", "wrote to them last month", json=False, timeout=600)

    def draft(self, subject=SUBJECT, body=BODY):
        """Returns the id of a new mailing."""
        file = pathlib.Path(self.placet.folder) / "body.md"
        file.write_text(body)
        text = self.do("mailing", "new", "--list", LIST, "--subject", subject, "--body", file, "--by", ANN, json=False)
        return text.split()[-1]

    def mailing(self, **draft):
        """Returns the id of an approved mailing."""
        number = self.draft(**draft)
        self.do("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False, timeout=600)
        self.do("mailing", "approve", number, "--by", REV, json=False)
        return number

    def send(self, number, expect=0, timeout=150):
        """Starts it and sends until nothing is due. Returns `mailing status`."""
        self.do("mailing", "start", number, "--by", ANN, json=False)
        self.do("send", "--until-idle", json=False, expect=expect, timeout=timeout)
        return self.do("mailing", "status", number)


def plain_text(raw):
    """The text part of a message, decoded."""
    return email.message_from_bytes(raw, policy=email.policy.SMTP).get_body(("plain",)).get_content()


def html_text(raw):
    """The HTML part of a message, decoded."""
    return email.message_from_bytes(raw, policy=email.policy.SMTP).get_body(("html",)).get_content()


def opt_out_link(raw):
    """The address behind the opt-out in a message's text."""
    return re.search(r"https?://\S+/opt-out/\S+", plain_text(raw)).group()


def confirm_link(raw):
    """The address behind the confirmation of a sign-up."""
    return re.search(r"https?://\S+/confirm/\S+", plain_text(raw)).group()


def check_code(raw):
    return re.search(r"^Check code: (\S+)", plain_text(raw), re.M).group(1)
