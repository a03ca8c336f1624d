"""Queues system mail as the pages do, by test/unit/notice_tool."""
import subprocess

from .placet import SANITIZER_EXIT, binary


class Notices:
    def __init__(self, placet):
        self.placet = placet
        self.tool = binary().resolve().parent.parent / "test/unit/notice_tool"
        assert self.tool.exists(), f"{self.tool} is not built"

    def _ask(self, *words, env=None):
        done = subprocess.run([self.tool, self.placet.home, *map(str, words)], env={**self.placet.env, **(env or {})},
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode != SANITIZER_EXIT and done.returncode == 0, done.stderr
        return int(done.stdout)

    def queue(self, kind, address, project=0, object=0, env=None):
        """Returns its number; 0: that person has had enough of these."""
        return self._ask(kind, address, project, object, env=env)

    def queue_many(self, kind, count, env=None):
        """n0@example.org, ...; returns how many were queued."""
        return self._ask(kind, "n%d@example.org", count, env=env)

    def confirm(self, address, text, project=1, env=None):
        """A sign-up and its confirmation. Returns both numbers."""
        sign_up = self._ask("sign-up", project, address, text, env=env)
        return sign_up, self.queue("confirm", address, project, sign_up, env=env)

    def complaint(self, address, text):
        """A complaint and its acknowledgement. Returns both numbers."""
        number = self._ask("complaint-of", address, text)
        return number, self.queue("complaint", address, 0, number)

    def rows(self, state=None):
        return self.placet.run("notice", "list", *(["--state", state] if state else []))

    def states(self):
        """How many are in which state."""
        found = {}
        for row in self.rows():
            found[row["state"]] = found.get(row["state"], 0) + 1
        return found
