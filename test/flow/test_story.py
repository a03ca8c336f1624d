"""One mailing all the way, on both databases, through a real Postfix to a mailbox."""
from harness import story


def test_from_spreadsheet_to_mailbox(placet, postfix):
    told = story.Story(placet, postfix.url()).prepare(story.people(12))
    number = told.mailing()
    status = told.send(number)
    assert (status["state"], status["recipients"], status["counts"]["accepted"]) == ("done", 12, 12)
    mail = postfix.wait_for_mail(12)
    assert sorted(m.recipient for m in mail) == story.people(12)
    assert {m.message["Subject"] for m in mail} == {story.SUBJECT}
    assert len({story.opt_out_link(m.raw) for m in mail}) == 12


def test_a_relay_that_refuses_and_defers(placet, postfix):
    told = story.Story(placet, postfix.url()).prepare(["ann@example.org", "unknown.person@example.org", "later.person@example.org"])
    number = told.mailing()
    counts = told.send(number, expect=75)["counts"]
    assert (counts["accepted"], counts["failed"], counts["deferred"]) == (1, 1, 1)
    report = placet.run("mailing", "report", number, json=False)
    assert "5.1.1" in report and "4.2.1" in report
    assert [m.recipient for m in postfix.wait_for_mail(1)] == ["ann@example.org"]


def test_starttls_and_auth(placet, make_postfix, folder):
    server = make_postfix(tls="may", user="mailer", password="a word, secret")
    password = f"{folder}/password"
    with open(password, "w", encoding="utf-8") as f:
        f.write("a word, secret\n")
    told = story.Story(placet, server.url())
    told.identity_options = ["--relay-password-file", password]
    told.prepare(story.people(3))
    placet.env["SSL_CERT_FILE"] = str(server.certificate)
    assert told.send(told.mailing())["counts"]["accepted"] == 3
    server.wait_for_mail(3)
    assert "sasl_username=mailer" in server.log() and "TLS connection established" in server.log()
