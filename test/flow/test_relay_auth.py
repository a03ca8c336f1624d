"""A real Postfix that wants TLS and a login, of each kind that it knows; what is wrong with it is told, and mails nobody."""
import pathlib
import subprocess

import pytest

from harness import story
from harness.certificates import Authority
from harness.placet import binary

USER, PASSWORD = "mailer", "a word, secret"
ALL = "PLAIN LOGIN SCRAM-SHA-256"
TOOL = binary().resolve().parent.parent / "test/unit/smtp_tool"
MESSAGE = b"From: news@uni.example\r\nTo: ann@example.org\r\nSubject: hello\r\n\r\nHello\r\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


def hand_over(url, *options, to="ann@example.org"):
    """What smtp_tool says of one message."""
    done = subprocess.run([TOOL, url, "--helo", "client.example", "--from", "b@uni.example", "--to", to, *map(str, options)],
                          input=MESSAGE, capture_output=True, timeout=60, check=False)
    return (done.stdout + done.stderr).decode().strip()


@pytest.mark.parametrize("tls", ["encrypt", "wrapper"])
def test_each_kind_of_login(make_postfix, authority, tls):
    server = make_postfix(tls=tls, user=USER, password=PASSWORD, mechanisms=ALL, certificate=authority.issue("relay"))
    trusting = ["--ca", authority.ca, "--password", PASSWORD]
    for kind in (["scram-sha-256"], ["plain"], ["login"], []):
        auth = ["--auth", *kind] if kind else []
        assert " accepted " in hand_over(server.url(), *trusting, *auth), server.log()[-3000:]
    used = [line.split("sasl_method=")[1].split(",")[0] for line in server.log().splitlines() if "sasl_method=" in line]
    assert used == ["SCRAM-SHA-256", "PLAIN", "LOGIN", "SCRAM-SHA-256"]  # the best one when none is named
    assert server.log().count("TLSv1.3") >= 4
    assert " accepted " in hand_over(server.url(), *trusting, "--chunking")
    mail = server.wait_for_mail(5)
    assert len(mail) == 5 and all(m.raw.endswith(b"\n\nHello\n") for m in mail)  # by BDAT as by DATA


def test_what_is_wrong_is_told(make_postfix, authority):
    server = make_postfix(tls="encrypt", user=USER, password=PASSWORD, mechanisms=ALL, certificate=authority.issue("relay"))
    trusting = ["--ca", authority.ca]
    for kind in ("scram-sha-256", "plain", "login"):
        told = hand_over(server.url(), *trusting, "--password", "another", "--auth", kind)
        assert told.startswith(f"fault auth AUTH {kind.upper()} as {USER}: the relay refused the login: 535 5.7.8"), told
        assert "another" not in told
    told = hand_over(server.url(), *trusting, "--password", PASSWORD, "--auth", "xoauth2")
    assert told == "fault auth the relay does not offer AUTH XOAUTH2"
    assert hand_over(server.url(), *trusting) == "fault auth there is no password for the relay's user"
    nobody = server.url().replace(f"{USER}@", "")
    assert " failed rcpt 554 5.7.1 " in hand_over(nobody, *trusting)
    by_number = server.url().replace("localhost", "127.0.0.1")
    assert hand_over(by_number, *trusting).startswith("fault tls TLS: the relay's certificate: IP address mismatch")
    assert hand_over(server.url(), "--password", PASSWORD).startswith("fault tls TLS: the relay's certificate: ")  # no CA that knows it
    assert server.mail() == []


def test_a_certificate_that_is_over(make_postfix, authority):
    over = authority.issue("over", start="20200101000000Z", end="20210101000000Z")
    server = make_postfix(tls="wrapper", user=USER, password=PASSWORD, certificate=over)
    told = hand_over(server.url(), "--ca", authority.ca, "--password", PASSWORD)
    assert told == "fault tls TLS: the relay's certificate: certificate has expired"


def test_known_by_its_certificate(make_postfix, authority, tmp_path):
    server = make_postfix(tls="encrypt", certificate=authority.issue("relay"), client_ca=authority.ca)
    trusting = ["--ca", authority.ca]
    both = tmp_path / "client.pem"
    both.write_bytes(b"".join(path.read_bytes() for path in authority.issue("client")))
    assert " accepted " in hand_over(server.url(), *trusting, "--cert", both), server.log()[-3000:]
    assert " failed rcpt 554 5.7.1 " in hand_over(server.url(), *trusting)
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(b"".join(path.read_bytes() for path in Authority(tmp_path / "other", "Other CA").issue("client")))
    assert " accepted " not in hand_over(server.url(), *trusting, "--cert", stranger)
    assert hand_over(server.url(), *trusting, "--cert", both, "--auth", "external") == "fault auth the relay does not offer AUTH EXTERNAL"
    assert len(server.wait_for_mail(1)) == 1


def mail_people(placet, server, identity_options, relay_options):
    """A mailing to 30 through the program itself, which has to be told whom to believe."""
    told = story.Story(placet, server.url())
    told.identity_options = identity_options
    told.prepare(story.people(30))
    told.do("relay", "edit", story.IDENTITY, server.url(), *relay_options, json=False)
    assert told.send(told.mailing())["counts"]["accepted"] == 30
    server.wait_for_mail(30)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_mailing_by_scram(placet, make_postfix, authority, folder):
    server = make_postfix(tls="encrypt", user=USER, password=PASSWORD, mechanisms=ALL, certificate=authority.issue("relay"))
    password = pathlib.Path(folder) / "password"
    password.write_text(PASSWORD + "\n")
    mail_people(placet, server, ["--relay-password-file", password], ["--ca-file", authority.ca])
    assert "sasl_method=SCRAM-SHA-256, sasl_username=mailer" in server.log() and "sasl_method=PLAIN" not in server.log()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_mailing_by_certificate(placet, make_postfix, authority):
    server = make_postfix(tls="wrapper", certificate=authority.issue("relay"), client_ca=authority.ca)
    cert, key = authority.issue("client")
    mail_people(placet, server, [], ["--ca-file", authority.ca, "--client-cert", cert, "--client-key", key, "--chunking"])
    assert "Trusted TLS connection established from" in server.log()
