"""An internet of a test's own on loopback: a DNS (unbound) on a high port, and an https server with a CA of its own on 443.

Live homes want https without a port. Where nobody but root may bind 443, all that needs it runs in a network of its own
(a user and network namespace), which any user may make; root binds a loopback address that nobody else uses.
"""
import random
import re
import socket
import subprocess
import sys
import time

from .placet import Placet
from .process import ROOT, Process

DOMAIN = "uni-test.example"
MAIL, WEB = f"mail.{DOMAIN}", f"research.{DOMAIN}"
OUTBOUND = ["192.0.2.25", "2001:db8::25"]
FRONT = ROOT / "test/flow/harness/tls_front.py"


def may_bind_443(address):
    with socket.socket() as s:
        try:
            s.bind((address, 443))
            return True
        except OSError:
            return False


class Network:
    """`prefix` goes before each command that is to run in it; `address` is where 443 can be bound."""

    def __init__(self, folder):
        self.address = f"127.{random.randint(64, 250)}.{random.randint(1, 250)}.{random.randint(1, 250)}"
        self.prefix, self.holder = [], None
        if not may_bind_443(self.address):
            self._make(folder)

    def _make(self, folder):
        self.holder = Process(["unshare", "--user", "--map-root-user", "--net", "sh", "-c",
                               "ip link set lo up && echo up && exec sleep 3600"], folder / "network.log")
        self.holder.wait_for(lambda: "up" in self.holder.output(), 20, "a network of its own")
        self.prefix = ["nsenter", "--preserve-credentials", "--user", "--net", "--target", str(self.holder.pid)]

    def stop(self):
        if self.holder:
            self.holder.stop()


class Dns:
    """`records`: lines of a zone file, which publish() serves. Whatever else is asked for does not exist."""

    def __init__(self, network, folder):
        self.network, self.folder = network, folder
        self.port, self.process, self.records = random.randint(20000, 60000), None, []

    def publish(self):
        self.stop()
        lines = "\n".join(f"\tlocal-data: '{r}'" for r in self.records)
        (self.folder / "unbound.conf").write_text(f"""server:
	interface: 127.0.0.1@{self.port}
	do-daemonize: no
	username: ""
	chroot: ""
	directory: "{self.folder}"
	pidfile: ""
	use-syslog: no
	logfile: ""
	local-zone: "." static
{lines}
remote-control:
	control-enable: no
""")
        self.process = Process([*self.network.prefix, "/usr/sbin/unbound", "-d", "-c", self.folder / "unbound.conf"],
                               self.folder / "unbound.log")
        self.process.wait_for(lambda: "start of service" in self.process.output().rsplit("notice: init module", 1)[-1], 20,
                              "the DNS answers")

    def stop(self):
        if self.process:
            self.process.stop()
            (self.folder / "unbound.log").unlink()
        self.process = None


class Front:
    """https in front of the web role: certificate by a CA of its own, and a file that says how to misbehave."""

    def __init__(self, network, folder, port):
        self.network, self.folder, self.port = network, folder, port
        self.ca, self.how = folder / "ca.pem", folder / "how"
        self.how.write_text("")
        self._certify()
        self.process = None

    def _openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def _certify(self):
        (self.folder / "san").write_text(f"subjectAltName=DNS:{WEB}\n")
        new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self._openssl(*new, "-x509", "-subj", "/CN=A CA of the tests", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem")
        self._openssl(*new, "-subj", f"/CN={WEB}", "-keyout", "web.key", "-out", "web.csr")
        self._openssl("x509", "-req", "-in", "web.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                      "-extfile", "san", "-out", "web.crt")

    def start(self):
        log = self.folder / "front.log"
        self.process = Process([*self.network.prefix, sys.executable, FRONT, self.network.address, str(self.port),
                                self.folder / "web.crt", self.folder / "web.key", self.how], log)
        self.process.wait_for(lambda: "ready" in self.process.output(), 20, "https answers")

    def behave(self, how=""):
        self.how.write_text(how)

    def stop(self):
        if self.process:
            self.process.stop()
            (self.folder / "front.log").unlink()
        self.process = None


class LivePlacet(Placet):
    """A live home: commands run in the network, and with --by they bring that account's token."""

    def __init__(self, folder, database, network):
        super().__init__(folder, database)
        self.network, self.tokens = network, {}

    def _argv(self, args, json=False):
        return [*self.network.prefix, *super()._argv(args, json)]

    def run(self, *args, env=None, **options):
        words = [str(a) for a in args]
        if "--by" in words:
            token = self.tokens.get(words[words.index("--by") + 1])
            env = {**(env or {}), **({"PLACET_TOKEN_FILE": str(token)} if token else {})}
        return super().run(*args, env=env, **options)

    def enrol(self, address, name, role):
        self.run("account", "add", address, "--name", name, "--role", role, json=False)
        file = self.folder / f"{address}.token"
        file.write_text(re.search(r"\S+$", self.run("token", "add", address, "--scope", "act", json=False).strip()).group(0) + "\n")
        file.chmod(0o600)
        self.tokens[address] = file


class Internet:
    def __init__(self, folder, database):
        self.folder = folder
        self.network = Network(folder)
        self.dns = Dns(self.network, folder)
        self.placet = LivePlacet(folder, database, self.network)
        self.front = None

    def ask_web(self):
        """Has the web role served, and the https server in front of it?"""
        web = self.placet.start("web", "--listen", "127.0.0.1:0")
        self.front = Front(self.network, self.folder, int(web.address.rsplit(":", 1)[1]))
        self.front.start()

    def publish(self, zone, *, without=(), more=()):
        """What `placet identity dns` printed, and what a postmaster adds to that."""
        lines = [line for line in zone.splitlines() if not line.startswith(";")]
        lines += [f"{WEB}. 60 IN A {self.network.address}", f"out.{DOMAIN}. 60 IN A {OUTBOUND[0]}",
                  f"out.{DOMAIN}. 60 IN AAAA {OUTBOUND[1]}", f"25.2.0.192.in-addr.arpa. 60 IN PTR out.{DOMAIN}.",
                  "5.2.0.0." + "0." * 20 + f"8.b.d.0.1.0.0.2.ip6.arpa. 60 IN PTR out.{DOMAIN}."]
        kept = [line for line in lines if not any(word in line for word in without)]
        assert not without or len(kept) < len(lines), without
        self.dns.records = [*kept, *more]
        self.dns.publish()

    def stop(self):
        self.placet.stop_all()
        if self.front:
            self.front.stop()
        self.dns.stop()
        self.network.stop()


def within(seconds):
    """A context in which time is taken, and must not pass the bound."""
    class Bound:
        def __enter__(self):
            self.start = time.monotonic()

        def __exit__(self, kind, *_):
            took = time.monotonic() - self.start
            assert kind or took < seconds, f"it took {took:.1f} s, more than {seconds}"
    return Bound()

