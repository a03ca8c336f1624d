"""The exported pages (placet site export) in Chromium: from a plain file server, at a place deep below its root."""
import functools
import http.server
import os
import threading

import pytest

from harness import story


@pytest.fixture
def engine():
    return "sqlite"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def place(placet, folder):
    """The address below which the export of a home with an approved mailing is served."""
    story.Story(placet, "smtp://127.0.0.1:1").prepare(story.people(2)).mailing()
    placet.run("site", "export", os.path.join(folder, "www/about/research-mail"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=os.path.join(folder, "www"))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/about/research-mail"
        server.shutdown()
        thread.join()


def test_exported_pages(browser, place):
    project = f"projects/{story.STUDY}/"
    pages = {"statement": "", "project": project, "mailing": project + "mailings/1/", "privacy": "privacy/", "accessibility": "accessibility/index.html"}
    browser.must_be_good([{"name": f"export-{name}", "url": f"{place}/{path}", "views": ["light", "dark", "phone"]} for name, path in pages.items()])
