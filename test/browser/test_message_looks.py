"""Messages in Chromium: light, dark, on a phone, without images, without their style, enlarged, printed; and as plain text.

The messages are those of test/oracle/message_samples.py. A person should look at the pictures too, after a change of the look:
they lie in build/shots.
"""
import email
import email.policy
import http.server
import re
import sys
import threading
import unicodedata

import pytest

from harness.placet import binary
from harness.process import ROOT

sys.path.append(str(ROOT / "test/oracle"))
import message_samples  # noqa: E402

COLUMNS = 72


@pytest.fixture
def engine():
    return "sqlite"


@pytest.fixture(scope="module")
def parsed():
    raw = message_samples.render(binary().resolve().parents[1] / "test/unit/message_tool")
    return {name: email.message_from_bytes(m, policy=email.policy.SMTP) for name, m in raw.items()}


def page_of(message):
    """The HTML part, its images put where a browser finds them."""
    page = message.get_body(("html",)).get_content()
    for part in message.walk():
        if part["Content-ID"]:
            page = page.replace("cid:" + part["Content-ID"].strip("<>"), "/river.png")
    return page


def text_of(message):
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


def without_style(page):
    """As clients do that drop <style> and the document around the body."""
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.S)
    body = re.search(r"<body[^>]*>(.*)</body>", page, re.S).group(1)
    language = re.search(r'<html lang="([^"]*)"', page).group(1)
    return f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>x</title></head><body>{body}</body></html>'


def without_images(page):
    return re.sub(r' src="[^"]*"', "", page)


def terminal(text):
    """Plain text as a terminal shows it, 72 columns wide."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return ('<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>x</title></head>'
            '<body style="background:#111;color:#ddd;margin:20px"><main><h1 style="position:absolute;left:-999px">Text</h1>'
            f'<pre style="font:15px/1.35 \'DejaVu Sans Mono\',monospace;white-space:pre-wrap;overflow-wrap:anywhere;max-width:{COLUMNS}ch" dir="auto" tabindex="0">'
            f'{escaped}</pre></main></body></html>')


@pytest.fixture
def shown(parsed):
    """(address, the pages by their path): what is put there is served."""
    pages = {}

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = message_samples.picture() if self.path == "/river.png" else pages.get(self.path[1:], "").encode()
            self.send_response(200)
            self.send_header("Content-Type", "image/png" if self.path == "/river.png" else "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", pages
    server.shutdown()


def look(browser, shown, pages, views=None):
    base, served = shown
    served.update(pages)
    browser.must_be_good([{"name": name, "url": base + name, **({"views": views} if views else {})} for name in pages])


# Tables of data may be wider than a phone (WCAG 1.4.10 leaves them out): broken letter by letter nobody could read them.
WIDE = ("table",)


def test_every_kind(browser, shown, parsed):
    look(browser, shown, {f"message-{name}": page_of(m) for name, m in parsed.items() if name not in WIDE})
    look(browser, shown, {f"message-{name}": page_of(parsed[name]) for name in WIDE}, ["light", "dark"])


def test_enlarged_and_printed(browser, shown, parsed):
    look(browser, shown, {f"message-{name}": page_of(parsed[name]) for name in ("plain", "table", "arabic")}, ["zoom", "print"])


def test_what_clients_take_away(browser, shown, parsed):
    look(browser, shown, {f"message-{name}-no-style": without_style(page_of(parsed[name])) for name in ("plain", "survey", "arabic")}, ["light", "phone"])
    look(browser, shown, {"message-image-no-images": without_images(page_of(parsed["image"]))}, ["light", "dark"])


def columns(line):
    """How many a terminal needs."""
    return sum(0 if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Cf") else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def test_text(browser, shown, parsed):
    look(browser, shown, {f"text-{name}": terminal(text_of(m)) for name, m in parsed.items() if name in ("table", "arabic", "japanese", "survey")}, ["light"])
    for name, message in parsed.items():
        # A word that is longer stands alone; values are as long as they are.
        for line in text_of(message).split("\n"):
            own = [v for v in message_samples.VALUES.values() if v in line]
            assert columns(line) <= COLUMNS + sum(map(columns, own)) or len(line.split()) <= 2, f"{name}: {columns(line)} columns: {line}"
