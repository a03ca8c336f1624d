#!/usr/bin/env python3
"""./dev soak relays [MESSAGES [FOLDER]]: 5,000 messages through Postfix, Exim and OpenSMTPD, each of them accounted for.

Exim and OpenSMTPD cannot be installed beside each other or Postfix, so that each runs in a Debian of its own in a folder
(debootstrap, as root; kept and used again when FOLDER is given, removed otherwise). All deliver to a maildir. Postfix and Exim
want STARTTLS with a certificate that we verify, and a login; OpenSMTPD takes mail in plain text: the one of Debian 12 was not
written for OpenSSL 3 and ends each TLS handshake with an internal error, also that of openssl s_client. Each message of a mailing must be accepted in the report, stand in the
server's own log, and lie in the maildir once. Prints one line for each server; ends with 1 if one does not add up.
"""
import collections
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/flow"), str(ROOT / "test/tools")]
from harness.placet import Placet
from harness.postfix import Postfix, make_certificate
from harness.process import Process, answers, free_port, wait_until
from harness.story import Story, people

USER, PASSWORD = "mailer", "a-word-and-a-secret"
SUITE = "bookworm"
SEND_SECONDS, DELIVERY_SECONDS = 900, 600
ROUNDS = 60  # of sending, an hour of the trial's clock apart: OpenSMTPD takes 100 messages in a connection, then says 452
MAIL = 8  # the user and group `mail`, as in every Debian

EXIM = """
primary_hostname = relay.test
local_interfaces = 127.0.0.1
daemon_smtp_ports = @PORT@
tls_advertise_hosts = *
tls_certificate = /etc/relay/cert.pem
tls_privatekey = /etc/relay/key.pem
host_lookup =
acl_smtp_rcpt = rcpt
smtp_accept_max = 100
smtp_accept_queue_per_connection = 0
begin acl
rcpt:
  deny !encrypted = *
  deny !authenticated = *
  accept
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  directory = /var/mail/all
  maildir_format
  user = mail
  group = mail
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_advertise_condition = ${if def:tls_in_cipher}
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{@USER@}}{eq{$auth3}{@PASSWORD@}}}}
  server_set_id = $auth2
"""

OPENSMTPD = """
table everybody { "@" = "mail" }
listen on 127.0.0.1 port @PORT@
action "box" maildir "/var/mail/all" virtual <everybody>
match from any for any action "box"
"""


# --- servers in a Debian of their own ----------------------------------------------------------------------------------

def mirror():
    """Where this machine's apt has Debian from."""
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(ORIGIN)|$(COMPONENT)|$(CODENAME)|$(REPO_URI)",
                           "Created-By: Packages"], capture_output=True, text=True, check=True)
    found = re.findall(rf"^Debian\|main\|{SUITE}\|(\S+)$", done.stdout, re.M)
    if not found:
        raise SystemExit(f"this machine's apt knows no mirror of {SUITE}: run apt-get update")
    return found[0]


def make_debian(root, package):
    """A Debian in a folder, with that package; one that is complete is used again."""
    if (root / ".complete").exists():
        return
    done = subprocess.run(["debootstrap", "--variant=minbase", f"--include={package}", SUITE, root, mirror()], capture_output=True,
                          text=True, timeout=1200, check=False)
    if done.returncode:
        raise SystemExit(f"debootstrap of {package} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    (root / ".complete").touch()


class Jailed:
    """A mail server in a Debian below `folder`. Its mounts are seen by nobody else, and end with it."""

    def __init__(self, folder, package):
        self.root, self.port, self.process = folder / package, free_port(), None
        make_debian(self.root, package)
        self.box = self.root / "var/mail/all"
        shutil.rmtree(self.box, ignore_errors=True)
        self.box.mkdir()
        os.chown(self.box, MAIL, MAIL)
        self.certificate = None

    def write(self, path, text):
        for name, value in (("@PORT@", str(self.port)), ("@USER@", USER), ("@PASSWORD@", PASSWORD)):
            text = text.replace(name, value)
        (self.root / path).write_text(text.lstrip())

    def inside(self, *argv):
        script = 'mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" && root=$1 && shift && exec chroot "$root" "$@"'
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, "sh", str(self.root), *argv]

    def start(self, *argv):
        self.process = Process(self.inside(*argv), self.root.with_suffix(".log"))
        self.process.wait_for(lambda: answers(self.port), 60, f"{argv[0]} accepts connections")

    def delivered(self):
        new = self.box / "new"
        return list(new.iterdir()) if new.is_dir() else []

    def stop(self):
        if self.process:
            self.process.stop()
            self.root.with_suffix(".log").unlink(missing_ok=True)
        shutil.rmtree(self.box, ignore_errors=True)


class Exim(Jailed):
    name = "Exim"

    def __init__(self, folder):
        super().__init__(folder, "exim4-daemon-light")
        (self.root / "etc/relay").mkdir(exist_ok=True)
        self.certificate = self.root / "etc/relay/cert.pem"
        make_certificate(self.certificate, self.root / "etc/relay/key.pem")
        group = re.search(r"^Debian-exim:\w*:\d+:(\d+):", (self.root / "etc/passwd").read_text(), re.M).group(1)
        os.chown(self.root / "etc/relay/key.pem", 0, int(group))
        os.chmod(self.root / "etc/relay/key.pem", 0o640)
        self.write("etc/exim4/exim4.conf", EXIM)
        self.log = self.root / "var/log/exim4/mainlog"
        self.log.unlink(missing_ok=True)
        self.start("/usr/sbin/exim4", "-bdf")

    def url(self):
        return f"smtp+starttls://{USER}@127.0.0.1:{self.port}"

    def logged(self):
        """Messages that it says it took with a login, over TLS."""
        return len(re.findall(rf"^\S+ \S+ \S+ <= b\+\S+ .*X=TLS\S* .*A=plain:{USER} ", self.log.read_text(errors="replace"), re.M))


class OpenSMTPD(Jailed):
    name = "OpenSMTPD"

    def __init__(self, folder):
        super().__init__(folder, "opensmtpd")
        self.write("etc/smtpd.conf", OPENSMTPD)
        self.start("/usr/sbin/smtpd", "-d")

    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    def logged(self):
        return len(re.findall(r" smtp message msgid=", self.process.output()))


class RealPostfix(Postfix):
    name = "Postfix"

    def __init__(self, _):
        super().__init__(tls="may", user=USER, password=PASSWORD)

    def delivered(self):
        new = self.dir / "mail/all/new"
        return list(new.iterdir()) if new.is_dir() else []

    def logged(self):
        return len(re.findall(rf"smtpd\[\d+\]: \w+: client=.*sasl_username={USER}", self.log()))


# --- the account -----------------------------------------------------------------------------------------------------

def recipient(file):
    """Whom a message is for, by its own header."""
    return re.search(rb"^To: <?([^>\r\n]+?)>?\r?$", file.read_bytes(), re.M).group(1).decode()


def send_all(placet, number):
    """(what the report counts, how many rounds it took): what a server defers is sent an hour later."""
    placet.run("mailing", "start", number, json=False)
    for rounds in range(1, ROUNDS + 1):
        env = {"PLACET_CLOCK": f"+{rounds - 1}h"} if rounds > 1 else None
        if not placet.run("send", "--until-idle", expect=(0, 75), timeout=SEND_SECONDS, env=env)["remains"]:
            break
    return placet.run("mailing", "status", number)["counts"], rounds


def send_through(server, placet, addresses):
    """A line for people, and whether it adds up."""
    told = Story(placet, server.url())
    secret = placet.folder / "password"
    secret.write_text(PASSWORD + "\n")
    if server.certificate:
        told.identity_options = ["--relay-password-file", secret]
        placet.env["SSL_CERT_FILE"] = str(server.certificate)
    number = told.prepare(addresses).mailing()
    begin = time.monotonic()
    counts, rounds = send_all(placet, number)
    took = time.monotonic() - begin
    try:
        wait_until(lambda: len(server.delivered()) >= len(addresses), DELIVERY_SECONDS, "all is delivered")
    except AssertionError:
        pass  # the count says so
    found = collections.Counter(recipient(f) for f in server.delivered())
    twice, lost, logged = sum(n > 1 for n in found.values()), len(set(addresses) - set(found)), server.logged()
    good = counts["accepted"] == len(addresses) == logged and not twice and not lost and set(found) == set(addresses)
    others = ", ".join(f"{n} {state}" for state, n in counts.items() if n and state != "accepted") or "nothing else"
    return (f"{server.name:10} accepted {counts['accepted']} ({others}), in its log {logged}, in its maildir {sum(found.values())}; lost {lost}, "
            f"twice {twice}; {len(addresses) / took:.0f}/s, in {rounds} rounds"), good


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    if os.geteuid() != 0:
        raise SystemExit("needs root: it makes Debians in folders and enters them")
    keep = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
    failed = False
    with tempfile.TemporaryDirectory(prefix="placet-relays-", dir="/var/tmp") as name:
        folder = keep or pathlib.Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        for kind in (RealPostfix, Exim, OpenSMTPD):
            server = kind(folder)
            placet = Placet(pathlib.Path(name) / kind.name)
            out, sys.stdout = sys.stdout, open(os.devnull, "w", encoding="utf-8")
            try:
                line, good = send_through(server, placet, people(messages))
            finally:
                sys.stdout = out
                server.stop()
            print(line, "" if good else "  DOES NOT ADD UP", flush=True)
            failed = failed or not good
    return failed


if __name__ == "__main__":
    sys.exit(main())
