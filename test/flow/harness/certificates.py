"""A certification authority of the tests' own, for relays and their clients."""
import pathlib
import subprocess


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60)


class Authority:
    """Its certificate is `ca`; issue() makes the files of another one and of its key."""

    def __init__(self, folder, name="Test CA"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca, self.key = self.folder / "ca.pem", self.folder / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                "-keyout", self.key, "-out", self.ca)

    def issue(self, name, names="DNS:localhost", start=None, end=None):
        """Certificate and key. start, end: as openssl ca takes them (YYYYMMDDHHMMSSZ); without, it is good for a day."""
        cert, key, request = (self.folder / f"{name}.{kind}" for kind in ("pem", "key", "csr"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", key,
                "-out", request)
        more = self.folder / f"{name}.ext"
        more.write_text(f"subjectAltName={names}\n")
        if start:
            (self.folder / "index.txt").touch()
            config = self.folder / "ca.conf"
            config.write_text(f"[ca]\ndefault_ca=a\n[a]\nnew_certs_dir={self.folder}\ndatabase={self.folder}/index.txt\nrand_serial=yes\n"
                              "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
            openssl("ca", "-batch", "-config", config, "-cert", self.ca, "-keyfile", self.key, "-in", request, "-out", cert,
                    "-extfile", more, "-startdate", start, "-enddate", end, "-notext")
        else:
            openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.key, "-CAcreateserial", "-days", "1", "-extfile",
                    more, "-out", cert)
        return cert, key
