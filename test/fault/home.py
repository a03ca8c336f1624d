"""One home for many cases of fault: people for each of them, and mailings that go to a case's own people."""
import csv
import pathlib

from account import report
from certificates import Certificates
from harness.story import ANN, BODY, IDENTITY, LIST, REV, Story

TIMEOUTS = "900,40"  # milliseconds: every time-out of the SMTP client, and its first pause after a fault


def person(case, number):
    return f"p{number:04}.{case}@example.org"


class FaultHome:
    """cases: {word: how many people}. A case's people are p0000.WORD@example.org and so on."""

    def __init__(self, placet, folder, cases):
        self.placet, self.folder, self.cases, self.relay_url = placet, pathlib.Path(folder), cases, None
        self.certificates = Certificates(self.folder / "certificates")
        placet.env["PLACET_SMTP_TIMEOUTS"] = TIMEOUTS
        placet.env["SSL_CERT_FILE"] = str(self.certificates.trusted)
        told = Story(placet, "smtp://127.0.0.1:9")
        told.staff()
        told.project()
        file = self.folder / "people.csv"
        with open(file, "w", newline="", encoding="utf-8") as f:
            csv.writer(f).writerows([("address", "part"), *((person(c, i), c) for c, n in cases.items() for i in range(n))])
        placet.run("import", LIST, file, "--by", ANN, "--consent-kind", "signed-form", "--consent-ref", "Form S", "--consent-date",
                   "2026-10-01")
        told.sign_off()
        self.secret = self.folder / "password"
        self.secret.write_text("secret\n")

    def mailing(self, case, relay, body=BODY):
        """A mailing to the people of a case through a relay, started. Returns its number."""
        p, file = self.placet, self.folder / "body.md"
        if relay.url() != self.relay_url:
            self.relay_url = relay.url()
            p.run("identity", "edit", IDENTITY, "--relay", self.relay_url, "--relay-password-file", self.secret, json=False)
        file.write_text(body)
        number = p.run("mailing", "new", "--list", LIST, "--subject", f"Four minutes for {case}", "--body", file, "--by", ANN, "--where",
                       f"part = '{case}'", json=False).split()[-1]
        p.run("mailing", "submit", number, "--by", ANN, "--accept-responsibility", json=False)
        p.run("mailing", "approve", number, "--by", REV, json=False)
        p.run("mailing", "start", number, "--by", ANN, json=False)
        return number

    def send(self, minutes=0, connections=1):
        """Until nothing is due, at so many minutes from now."""
        self.placet.run("send", "--until-idle", "--connections", connections, json=False, expect=(0, 75),
                        env={"PLACET_CLOCK": f"+{minutes}m"}, timeout=100)

    def status(self, number):
        return self.placet.run("mailing", "status", number)

    def counts(self, number):
        return {k: v for k, v in self.status(number)["counts"].items() if v}

    def rows(self, number):
        return report(self.placet, number)

    def end(self, number):
        """What is left of a case that failed must not go out through the next one's relay."""
        if self.status(number)["state"] not in ("done", "cancelled", "revoked"):
            self.placet.run("mailing", "cancel", number, json=False)
