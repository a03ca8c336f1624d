"""A mailing on its way while something breaks beside it: a paced relay, senders, and the account at the end."""
import time

from account import settle
from harness.process import wait_until
from relay import Relay

CASE = "fault"


class Underway:
    """with Underway(faults, rate=60) as mail: the mailing is started, and senders by mail.send(). mail.finish() holds it to the account."""

    def __init__(self, faults, rate=60, connections=3, case=CASE):
        self.faults, self.connections, self.case = faults, connections, case
        self.relay = Relay(f"at most {rate} a second")
        self.senders = []

    def __enter__(self):
        self.faults.placet.env["PLACET_SMTP_TIMEOUTS"] = "9000,40"
        self.number = self.faults.mailing(self.case, self.relay)
        return self

    def __exit__(self, *_):
        for sender in self.senders:
            if sender.running():
                sender.kill()
        self.relay.stop()

    def send(self, *options, env=None):
        self.senders.append(self.faults.placet.start("send", "--connections", str(self.connections), *options, listens=False, env=env))
        return self.senders[-1]

    def wait_for(self, count, seconds=60):
        """Until the relay has taken so many messages."""
        wait_until(lambda: self.relay.taken >= count, seconds, f"{count} messages are taken: {[s.output()[-2000:] for s in self.senders]}")

    def stands(self, seconds=0.5):
        """Is nothing sent any more?"""
        before = self.relay.taken
        time.sleep(seconds)
        return self.relay.taken == before

    def ended(self):
        """False as well while the database is away."""
        status = self.faults.placet.run("mailing", "status", self.number, expect=(0, 75))
        return status is not None and status["state"] != "sending"

    def finish(self, uncertain=0, seconds=90):
        """The last sender gets done by itself; or one is started, if none is left. At most `uncertain` are so."""
        sender = self.senders[-1] if self.senders and self.senders[-1].running() else self.send()
        wait_until(self.ended, seconds, f"the mailing ends by itself\n{sender.output()[-3000:]}", every=0.3)
        assert sender.stop() in (0, 75), sender.output()
        status, rows = self.faults.status(self.number), self.faults.rows(self.number)
        assert status["state"] == "done", status
        counted = settle(self.relay.letters, rows, status)
        assert counted["accepted"] + counted["uncertain"] == len(rows) == self.faults.cases[self.case], counted
        assert counted["uncertain"] <= uncertain, counted
        self.faults.placet.run("audit", "verify", json=False)
        return counted
