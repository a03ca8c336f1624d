"""An import that is killed (-9) at random moments and run again, and what must be there in the end."""
import csv
import random
import time

from .process import Process
from .tables import change

OPTIONS = ["--consent-kind", "signed-form", "--consent-column", "form", "--consent-date-column", "given"]
ADDRESSES = "SELECT delivery, given, reserved, utf8, bounced FROM address ORDER BY delivery"
MEMBERS = ("SELECT l.name, a.delivery, m.fields, m.flags, m.line FROM member m JOIN address a ON a.id = m.address_id"
           " JOIN list l ON l.id = m.list_id ORDER BY a.delivery")
CONSENTS = ("SELECT a.delivery, p.slug, c.action, c.kind, c.ref, c.given_on, t.text FROM consent c JOIN address a ON a.id = c.address_id"
            " JOIN project p ON p.id = c.project_id LEFT JOIN consent_text t ON t.id = c.text_id ORDER BY a.delivery, c.kind, c.ref")


def write_people(path, rows, seed):
    """So many rows: most are people; some the same again, by another spelling, without evidence, or no address at all."""
    draw = random.Random(seed)
    with open(path, "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f)
        out.writerow(["address", "name", "year", "form", "given"])
        for i in range(rows):
            what, other = draw.random(), draw.randrange(i + 1)
            address = (f"p{other}@example.org" if what < 0.02 else f"P{other}+tag{i}@Example.ORG" if what < 0.04 else
                       f"broken {i}" if what < 0.05 else f"info@d{i}.example" if what < 0.06 else f"p{i}@example.org")
            out.writerow([address, f"Person {i}", 1950 + i % 60, "" if what > 0.97 else f"Form {i}", "2026-03-01"])
    return path


def holds(placet):
    """All that an import leaves, but for numbers and times."""
    return {what: change(placet, statement) for what, statement in (("addresses", ADDRESSES), ("members", MEMBERS), ("consents", CONSENTS))}


def on_list(placet):
    return int(change(placet, "SELECT count(*) FROM member")[0][0])


class KilledImport:
    """argv: of the import. seconds: what an undisturbed one takes."""

    def __init__(self, placet, argv, seconds, draw):
        self.placet, self.argv, self.seconds, self.draw = placet, argv, seconds, draw
        self.rounds = []  # (share of the whole time, members before, members after)

    def kill(self, share):
        """Starts it and kills it after this share of the time; False if it had come to its end."""
        before = on_list(self.placet)
        process = Process(self.placet._argv(self.argv), f"{self.placet.folder}/killed", env=self.placet.env)
        time.sleep(self.seconds * share)
        running = process.running()
        process.kill()
        assert running or process.popen.returncode == 0, process.output()
        after = on_list(self.placet)
        assert after >= before, "what was committed is lost"
        self.rounds.append((round(share, 2), before, after))
        return running

    def kills(self, count, full):
        """One after the other, later and later; each finds what those before it have loaded. Ends once the list is full."""
        hit = 0
        for share in sorted(self.draw.uniform(0.02, 0.97) for _ in range(count)):
            hit += self.kill(share)
            if self.rounds[-1][2] == full:
                break
        return hit
