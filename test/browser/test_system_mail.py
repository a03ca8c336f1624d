"""The HTML of system mail, in Chromium: legible, light and dark, on a phone, without anything from elsewhere."""
import email
import email.policy
import http.server
import threading

import pytest

from harness.notices import Notices
from harness.story import Story, people
from test_notice import KINDS, queue_each


@pytest.fixture
def engine():
    return "sqlite"


@pytest.fixture
def pages(placet, capture):
    """The address of each kind's HTML part, by kind."""
    Story(placet, capture.url()).prepare(people(2))
    placet.run("institution", "set", "contact", "post@uni.example", json=False)
    queue_each(Notices(placet))
    assert placet.run("send", "--until-idle")["notices"]["accepted"] == len(KINDS)
    found = {envelope["to"][0].split("@")[0]: email.message_from_bytes(raw, policy=email.policy.SMTP).get_body(("html",)).get_content()
             for envelope, raw in capture.messages()}

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(found.get(self.path[1:], "").encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {kind: f"http://127.0.0.1:{server.server_port}/{kind}" for kind in found}
    server.shutdown()


def test_system_mail(browser, pages):
    assert sorted(pages) == sorted(KINDS)
    browser.must_be_good([{"name": kind, "url": url} for kind, url in pages.items()])
