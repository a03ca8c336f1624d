"""The one-time link that init, account add and account reset print: it shows whose it is, sets a password, once."""
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest

GOOD = "four words and blanks"
ADDRESS = "ann@uni.example"


def ask(url, form=None, headers=None):
    """(status, headers, text) of a GET, or of a POST of the form."""
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers or {}), timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


@pytest.fixture
def home(placet, free_port):
    """A trial home whose address is where it will serve, and a link for a researcher in it."""
    placet.url = f"http://127.0.0.1:{free_port()}"
    placet.init()
    placet.serve = lambda **env: placet.start("web", "--listen", placet.url[len("http://"):], env=env)
    placet.link = placet.run("account", "add", ADDRESS, "--name", "Ann <Author>", "--role", "researcher")["link"]
    assert re.fullmatch(re.escape(placet.url) + r"/staff/welcome/[\w-]{32}", placet.link)
    return placet


def both(password):
    return {"username": ADDRESS, "password": password, "again": password}


def actions(placet):
    return [entry["action"] for entry in placet.run("audit", "log")]


def test_a_password_is_set_once(home):
    role = home.serve()
    for _ in range(3):
        status, headers, page = ask(home.link)
        assert status == 200
        assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"]
        assert "Ann &lt;Author&gt;" in page and ADDRESS in page and "researcher" in page
        assert page.count('autocomplete="new-password"') == 2
    assert "password-set" not in actions(home)
    for form, words in [({}, "no password"), (both("short"), "fewer than 8"), (both("Password1"), "commonest"),
                        (both(ADDRESS), "address of the account"), (both("x" * 257), "more than 256"),
                        ({"password": GOOD, "again": GOOD + "."}, "not the same")]:
        status, headers, page = ask(home.link, form)
        assert (status, headers["Cache-Control"]) == (422, "no-store") and words in page, page
        assert GOOD not in page and "Password1" not in page
    status, headers, page = ask(home.link, both(GOOD))
    assert status == 200 and "Your password is set" in page and headers["Cache-Control"] == "no-store"
    assert GOOD not in page
    status, _, page = ask(home.link)
    assert status == 404 and "placet account reset" in page
    assert ask(home.link, both(GOOD))[0] == 404
    assert actions(home).count("password-set") == 1
    home.run("audit", "verify")
    token = home.link.rsplit("/", 1)[1]
    role.stop()
    assert token not in role.output() and GOOD not in role.output()


def test_expired_and_forged_links(home):
    first = home.link
    second = home.run("account", "reset", ADDRESS)["link"]
    home.serve(PLACET_CLOCK="+6d")
    assert ask(first)[0] == 404
    assert ask(second)[0] == 200
    for forged in (second[:-1], second + "A", second.rsplit("/", 1)[0] + "/%C3%A4"):
        status, headers, page = ask(forged)
        assert status == 404 and "no longer works" in page and headers["Referrer-Policy"] == "no-referrer"
    home.stop_all()
    home.serve(PLACET_CLOCK="+8d")
    assert ask(second)[0] == 404
    status, _, page = ask(second, both(GOOD))
    assert status == 404 and "no longer works" in page
    assert "password-set" not in actions(home)


def test_forms_from_elsewhere(home):
    home.serve()
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site", "Origin": home.url},
                    {"Origin": "https://elsewhere.example"}, {"Origin": "null"}):
        status, _, page = ask(home.link, both(GOOD), headers)
        assert status == 403, headers
        assert "is set" not in page
    assert ask(home.link, None, {"Sec-Fetch-Site": "cross-site"})[0] == 200  # a link in webmail
    assert ask(home.link, both("short"), {"Sec-Fetch-Site": "same-origin", "Origin": "null"})[0] == 422
    assert ask(home.link, both(GOOD), {"Origin": home.url})[0] == 200


def test_ten_forms_a_minute(home):
    home.serve()
    answers = []
    while len(answers) < 20 and 429 not in [status for status, _, _ in answers]:  # a slow machine wins a place or two
        answers.append(ask(home.link, both("short")))
    assert len(answers) > 10 and {status for status, _, _ in answers[:-1]} == {422}
    status, headers, page = answers[-1]
    assert status == 429 and 1 <= int(headers["Retry-After"]) <= 6 and "wait a minute" in page
    assert ask(home.link)[0] == 200
