"""The page checks themselves: a good page passes all of them, and each fault is found."""
import http.server
import threading

import pytest

GOOD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Good</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style>:root{color-scheme:light dark}</style></head><body><main><h1>Good</h1><p>Text.</p>
<form method="post" action="/done"><button>Do it</button></form></main></body></html>"""
FAULTS = {  # what is done to the good page, and the check that must find it
    "contrast": ("<p>", '<p style="color:#ccc;background:#fff">', "light: axe"),
    "dark-contrast": ("<style>", "<style>@media(prefers-color-scheme:dark){p{color:#333;background:#000}}", "dark: axe"),
    "no-language": ('<html lang="en">', "<html>", "phone: axe"),
    "wide": ("<p>", '<p style="width:400px">', "phone: nothing to scroll sideways"),
    "elsewhere": ("<p>", '<p><img alt="" src="http://localhost:{port}/x.png">', "light: nothing from elsewhere"),
    "console": ("<p>", '<p><img alt="" src="/absent">', "light: no errors on the console"),
    "cookie": ("<p>", "<p>", "light: no cookies"),
    "status": ("<p>", "<p>", "light: opens"),
}


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path[1:]
        find, put = FAULTS.get(name, ("", "", ""))[:2]
        text = GOOD.replace(find, put.replace("{port}", str(self.server.server_port))) if find else GOOD
        self.answer(404 if name in ("absent", "status") else 200, text, name == "cookie")

    def do_POST(self):
        self.answer(200, GOOD.replace("Text.", "It is done."))

    def answer(self, status, text, cookie=False):
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src * data:; form-action 'self'")
        if cookie:
            self.send_header("Set-Cookie", "a=b; HttpOnly")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_good_page_passes(browser, site):
    browser.must_be_good([{"name": "good", "url": f"{site}/good"}],
                         [{"name": "walk", "url": f"{site}/good", "button": "Do it", "expect": "It is done."}])
    assert {"good-light.png", "good-dark.png", "good-phone.png", "walk-after.png"} <= {p.name for p in browser.shots.iterdir()}


def test_each_fault_is_found(browser, site):
    seen = browser.look([{"name": name, "url": f"{site}/{name}"} for name in FAULTS])
    found = {(s.name, s.check): s.why for s in seen if not s.ok}
    missed = [name for name, (_, _, check) in FAULTS.items() if (name, check) not in found]
    assert not missed, found


def test_a_walk_that_leads_nowhere_fails(browser, site):
    seen = browser.look(walks=[{"name": "walk", "url": f"{site}/good", "expect": "Something else"}])
    assert [s.check for s in seen if not s.ok] == ["walk: the button works without JavaScript"]
