"""A real Postfix of the test's own, on a free port of loopback, that delivers all mail to one Maildir.

Its configuration, queue and mail lie in a folder of its own: the machine's Postfix, if one runs, is not touched. Three
kinds of recipient are not delivered: a local part that begins with `unknown` is refused for good (550), one with `later`
for now (450), and one with `gone` is accepted and then bounced (5.1.1) to the envelope's sender.
"""
import collections
import email
import email.policy
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

from .process import Process, answers, free_port, wait_until

MAIN = """
compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/data
maillog_file = {dir}/log/maillog
maillog_file_prefixes = {dir}/log
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
virtual_mailbox_domains = regexp:{dir}/conf/domains
virtual_mailbox_maps = regexp:{dir}/conf/mailboxes
virtual_mailbox_base = {dir}/mail
virtual_mailbox_limit = 0
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_recipient_restrictions = check_recipient_access regexp:{dir}/conf/access
smtpd_relay_restrictions = {relay}
smtpd_client_connection_count_limit = 0
smtpd_client_event_limit_exceptions = 127.0.0.0/8
smtpd_peername_lookup = no
disable_dns_lookups = yes
biff = no
smtpd_tls_cert_file = {dir}/conf/cert.pem
smtpd_tls_key_file = {dir}/conf/key.pem
smtpd_tls_ask_ccert = {ask}
smtpd_tls_CAfile = {ca}
smtpd_tls_security_level = {tls}
smtpd_tls_auth_only = yes
smtpd_tls_loglevel = 1
smtpd_sasl_auth_enable = {sasl}
smtpd_sasl_type = cyrus
smtpd_sasl_local_domain = relay.test
"""

MASTER = """
{port} inet n - n - - smtpd{wrapper}
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual -o virtual_mailbox_maps=regexp:{dir}/conf/delivered
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

TABLES = {
    "domains": "/./ all\n",
    "mailboxes": "if !/^unknown/\n/./ all/\nendif\n",
    "delivered": "if !/^gone/\n/./ all/\nendif\n",  # what the delivery agent knows, unlike the server at the door
    "access": "/^later/ 450 4.2.1 come back later\n",
    # Debian's Postfix looks for it here, whatever cyrus_sasl_config_path says.
    "sasl/smtpd.conf": "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: {mechanisms}\n"
                       "sasldb_path: {dir}/conf/sasl/sasldb2\n",
}

Mail = collections.namedtuple("Mail", "recipient sender message raw")


def make_certificate(cert, key):
    """A self-signed certificate for localhost and 127.0.0.1, good for a day."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True, timeout=60)


class Postfix:
    """tls: "none", "may" (STARTTLS offered), "encrypt" (STARTTLS wanted) or "wrapper" (TLS from the first byte).
    user, password: if given, only who signs in may send, by one of the `mechanisms`.
    certificate: the files of a certificate and of its key; without them it makes one that signs itself.
    client_ca: a file of the CA whose clients may send without signing in."""

    def __init__(self, tls="none", user=None, password=None, mechanisms="PLAIN LOGIN", certificate=None, client_ca=None):
        self.tls, self.user, self.password = tls, user, password
        self.mechanisms, self.given, self.client_ca = mechanisms, certificate, client_ca
        self.port = free_port()
        self.host = "localhost" if certificate else "127.0.0.1"
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="postfix-", dir="/tmp"))
        self.process = None
        try:
            self._write()
            self._start()
        except BaseException:
            self.stop()
            raise

    def _write(self):
        self.dir.chmod(0o755)  # Postfix's own users must reach what is below
        for name in ("conf", "conf/sasl", "spool", "data", "mail", "log"):
            (self.dir / name).mkdir()
        nobody, owner = pwd.getpwnam("nobody"), pwd.getpwnam("postfix")
        os.chown(self.dir / "mail", nobody.pw_uid, nobody.pw_gid)
        os.chown(self.dir / "data", owner.pw_uid, owner.pw_gid)
        self.certificate = self.dir / "conf/cert.pem"
        if self.given:
            shutil.copy(self.given[0], self.certificate)
            shutil.copy(self.given[1], self.dir / "conf/key.pem")
        else:
            make_certificate(self.certificate, self.dir / "conf/key.pem")
        if self.client_ca:
            shutil.copy(self.client_ca, self.dir / "conf/client-ca.pem")
        for name, text in TABLES.items():
            (self.dir / "conf" / name).write_text(text.replace("{dir}", str(self.dir)).replace("{mechanisms}", self.mechanisms))
        if self.user:
            self._add_account(owner)
        wrapper = self.tls == "wrapper"
        (self.dir / "conf/main.cf").write_text(MAIN.format(
            dir=self.dir, uid=nobody.pw_uid, gid=nobody.pw_gid, tls="encrypt" if wrapper else self.tls,
            sasl="yes" if self.user else "no", ask="yes" if self.client_ca else "no",
            ca=self.dir / "conf/client-ca.pem" if self.client_ca else "", relay=self._who_may_send()))
        (self.dir / "conf/master.cf").write_text(MASTER.format(
            dir=self.dir, port=self.port, wrapper=" -o smtpd_tls_wrappermode=yes" if wrapper else "").lstrip())

    def _who_may_send(self):
        known = ["permit_tls_all_clientcerts"] * bool(self.client_ca) + ["permit_sasl_authenticated"] * bool(self.user)
        return ", ".join(known or ["permit_mynetworks"]) + ", reject"

    def _add_account(self, owner):
        table = self.dir / "conf/sasl/sasldb2"
        subprocess.run(["saslpasswd2", "-p", "-c", "-f", table, "-u", "relay.test", self.user],
                       input=self.password.encode(), check=True, capture_output=True, timeout=30)
        os.chown(table, owner.pw_uid, owner.pw_gid)

    def _start(self):
        self.process = Process(["postfix", "-c", self.dir / "conf", "start-fg"], self.dir / "log/start")
        try:
            self.process.wait_for(lambda: answers(self.port), 30, "Postfix accepts connections")
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.log()}") from None

    def url(self, scheme=None):
        """The relay URL of the contract; the password is not in it."""
        scheme = scheme or {"none": "smtp", "wrapper": "smtps"}.get(self.tls, "smtp+starttls")
        return f"{scheme}://{self.user + '@' if self.user else ''}{self.host}:{self.port}"

    def log(self):
        path = self.dir / "log/maillog"
        return path.read_text(errors="replace") if path.exists() else ""

    def mail(self):
        """What lies in the mailbox, in order of delivery."""
        files = sorted((self.dir / "mail/all/new").glob("*"), key=lambda p: p.stat().st_mtime_ns)
        return [self._read(f) for f in files]

    @staticmethod
    def _read(path):
        raw = path.read_bytes()
        message = email.message_from_bytes(raw, policy=email.policy.SMTP)
        return Mail(str(message["Delivered-To"]), str(message["Return-Path"]).strip("<>"), message, raw)

    def wait_for_mail(self, count, seconds=60):
        """Waits until at least `count` messages have been delivered, and returns all."""
        box = self.dir / "mail/all/new"
        try:
            wait_until(lambda: box.is_dir() and len(list(box.iterdir())) >= count, seconds, f"{count} messages delivered")
        except AssertionError as e:
            raise AssertionError(f"{e}, but {len(self.mail())}\n{self.log()[-8000:]}") from None
        return self.mail()

    def stop(self):
        if self.process:
            subprocess.run(["postfix", "-c", self.dir / "conf", "stop"], capture_output=True, timeout=60)
            self.process.stop()
        shutil.rmtree(self.dir, ignore_errors=True)
