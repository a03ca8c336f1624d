"""The peers of the flow tests themselves: a test bench that is never tried proves nothing."""
import email.message
import smtplib
import ssl
import subprocess
import sys

import pytest

from harness.process import Process


def letter(to, subject="a word"):
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "office@uni.example", to, subject
    message.set_content("Grüße\n")
    return message


def send(server, *recipients, login=None, start_tls=False, smtp=smtplib.SMTP, **options):
    with smtp(server.host, server.port, timeout=20, **options) as client:
        if start_tls:
            client.starttls(context=ssl.create_default_context(cafile=str(server.certificate)))
        if login:
            client.login(*login)
        for to in recipients:
            client.send_message(letter(to), from_addr="bounce+1@uni.example", to_addrs=[to])


def test_postfix_delivers(postfix):
    send(postfix, "ann@example.org", "bob@uni.example")
    mail = postfix.wait_for_mail(2)
    assert {m.recipient for m in mail} == {"ann@example.org", "bob@uni.example"}
    assert {m.sender for m in mail} == {"bounce+1@uni.example"}
    assert mail[0].message.get_content() == "Grüße\n"


def test_postfix_refuses_and_defers(postfix):
    for to, code in (("unknown.person@example.org", 550), ("later.person@example.org", 450)):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            send(postfix, to)
        assert refused.value.recipients[to][0] == code


def test_postfix_bounces(postfix):
    send(postfix, "gone@example.org")
    report = postfix.wait_for_mail(1)[0]
    assert (report.sender, report.recipient) == ("", "bounce+1@uni.example")
    assert report.message.get_content_type() == "multipart/report"


def test_postfix_starttls_and_auth(make_postfix):
    server = make_postfix(tls="may", user="mailer", password="a word, secret")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(server, "ann@example.org", start_tls=True)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        send(server, "ann@example.org", start_tls=True, login=("mailer", "wrong"))
    send(server, "ann@example.org", start_tls=True, login=("mailer", "a word, secret"))
    assert server.wait_for_mail(1)[0].recipient == "ann@example.org"


def test_postfix_implicit_tls(make_postfix):
    server = make_postfix(tls="wrapper")
    context = ssl.create_default_context(cafile=str(server.certificate))
    send(server, "ann@example.org", smtp=smtplib.SMTP_SSL, context=context)
    assert server.wait_for_mail(1)[0].recipient == "ann@example.org"


def test_sink_counts(make_sink):
    server = make_sink(keep=True)
    send(server, *(f"p{i}@example.org" for i in range(7)))
    assert server.count() == 7
    assert sum(b"Subject: a word" in m for m in server.messages()) == 7


def test_sink_can_refuse(make_sink):
    with pytest.raises(smtplib.SMTPDataError):
        send(make_sink(options=["-f", "."]), "ann@example.org")


def test_a_process_that_ends_early_is_told(folder):
    process = Process([sys.executable, "-c", "print('no luck'); raise SystemExit(3)"], f"{folder}/log")
    with pytest.raises(AssertionError, match="(?s)ended .3. before: it listens.*no luck"):
        process.wait_for(lambda: False, 20, "it listens")


def test_a_process_is_ended_with_its_children(folder):
    code = "import subprocess, sys; subprocess.run(['sleep', '600'])"
    process = Process([sys.executable, "-c", code], f"{folder}/log")
    process.stop(seconds=2)
    assert not process.running()


def test_each_engine_has_a_fresh_database(engine, database):
    if engine == "sqlite":
        assert database is None
        return
    for statement in ("CREATE TABLE only_here (n int)", "SELECT n FROM only_here"):
        subprocess.run(["psql", "-qAt", "-c", statement, database], check=True, timeout=30)
