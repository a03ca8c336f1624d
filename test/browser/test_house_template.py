"""The HTML part of a message as its recipients see it, in Chromium: in several scripts, light and dark, on a phone."""
import http.server
import threading

import pytest

LANGUAGES = ["en", "de", "ar", "fa", "ja"]


@pytest.fixture
def engine():
    return "sqlite"


@pytest.fixture
def pages(placet):
    """The address of a sample message in each language, and of one with a look of its own."""
    placet.init()
    found = {language: placet.run("template", "preview", "--language", language)["html"] for language in LANGUAGES}
    look = "[look]\nink: #00205b / #e8eefc\nlink: #7a003c / #ffb3d1\nheading: book\nbody: wide\n\n"
    own = placet.folder / "house.txt"
    own.write_text(look + placet.run("template", "show")["text"].partition("body:    sans\n")[2])
    found["own"] = placet.run("template", "preview", own)["html"]
    assert "#00205b" in found["own"]

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
    yield {name: f"http://127.0.0.1:{server.server_port}/{name}" for name in found}
    server.shutdown()


def test_messages_are_good_to_read(browser, pages):
    browser.must_be_good([{"name": f"message-{name}", "url": url} for name, url in pages.items()])
