"""Certificates for 127.0.0.1 that are in order, expired, for somebody else, or signed by nobody whom the sender trusts."""
import pathlib
import subprocess


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, timeout=60)


class Certificates:
    """folder: where they go; each is made when it is asked for. `trusted`: what SSL_CERT_FILE is to name."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.trusted, self.key = self.folder / "ca.pem", self.folder / "key.pem"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", "/CN=An authority", "-keyout", self.folder / "ca.key",
                "-out", self.trusted)
        openssl("genrsa", "-out", self.key, 2048)

    def of(self, kind):
        """The files of certificate and key."""
        made = self.folder / f"{kind or 'good'}.pem"
        if not made.exists():
            self._make(kind, made)
        return made, self.key

    def _make(self, kind, made):
        name = "DNS:another.test" if kind == "wrong-name" else "IP:127.0.0.1"
        subject = ["-new", "-key", self.key, "-subj", "/CN=relay", "-addext", f"subjectAltName={name}"]
        if kind == "self-signed":
            openssl("req", "-x509", *subject, "-days", 2, "-out", made)
            return
        assert kind in (None, "expired", "wrong-name"), kind
        openssl("req", *subject, "-out", f"{made}.csr")
        openssl("x509", "-req", "-in", f"{made}.csr", "-CA", self.trusted, "-CAkey", self.folder / "ca.key", "-CAcreateserial", "-copy_extensions",
                "copy", "-days", -1 if kind == "expired" else 2, "-out", made)
