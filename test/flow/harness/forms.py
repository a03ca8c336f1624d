"""The forms on which strangers type: opened, filled in and sent, as a browser without scripts does it."""
import hashlib
import http.client
import re
import subprocess
import urllib.parse

from .tables import change


class Web:
    """One kept connection to a web role."""

    def __init__(self, address):
        self.address = address
        self.conn = http.client.HTTPConnection(address, timeout=60)

    def ask(self, method, path, form=None, **headers):
        """(status, headers, text)."""
        body = urllib.parse.urlencode(form) if form is not None else None
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        self.conn.request(method, re.sub(r"^https?://[^/]+", "", path), body,
                          {**kind, **{k.replace("_", "-"): v for k, v in headers.items()}})
        answer = self.conn.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, form, network="192.0.2.1"):
        return self.ask("POST", path, form, X_Forwarded_For=network)


def stamp_of(page):
    return re.search(r'name="stamp" value="([^"]+)"', page).group(1)


def everything(placet):
    """A hash of all that the database holds, table by table: what must not change when somebody only looks."""
    if placet.database:
        done = subprocess.run(["pg_dump", "--data-only", "--inserts", placet.database], check=True, capture_output=True, timeout=120)
        lines = [line for line in done.stdout.splitlines() if line.startswith(b"INSERT") or b"setval" in line]
        return hashlib.sha256(b"\n".join(lines)).hexdigest()
    names = [n for (n,) in change(placet, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    assert len(names) > 20
    return hashlib.sha256(repr([(n, sorted(change(placet, f"SELECT * FROM {n}"))) for n in names]).encode()).hexdigest()
