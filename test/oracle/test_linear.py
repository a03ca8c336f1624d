"""No input takes more than linear time: families of hostile inputs, small and 16 times as large, through each reader of text
from outside.

linear_tool measures processor time within its process, the least of several runs, and reads again what looks slow; what still
does is asked for once more here. Time that grows with the square would be 256 times as much.
"""
import json
import os
import subprocess

import pytest

TOOL = os.environ["LINEAR_TOOL"]
MOST = 64  # a quarter of that
SMALL = 0.004  # seconds; below, the clock and the caches are all that is measured
LONGEST = 4

# md4c looks at the open brackets and at the addresses of a paragraph again and again; MARKDOWN_MAX bounds it. libxml2
# compares each name of an attribute with those before it, up to its own bound. Of HTML written by hand, each rule of a sheet is
# held against each class of an element; HANDMADE_MAX bounds it. GMime lets a folded field grow line by line, which the
# sanitizer's allocator copies each time, and the usual one does not.
BOUNDED = 0.6
FOLDS = {"folded header", "blank folds"}
SQUARE = {
    "message": FOLDS,
    "genuine": FOLDS,
    "markdown": {"titles", "nested links", "addresses"},
    "handmade": {"attributes", "rules and classes"},
    "html": {"attributes"},
}

READERS = ("handmade", "html", "message", "genuine", "markdown", "body", "template", "text", "lint-text", "lint-html-text", "lint-html",
           "lint-header", "record")


def measure(reader, *family):
    done = subprocess.run([TOOL, reader, *family], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, (done.stdout[-200:], done.stderr[-2000:])
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_slow(reader, row):
    if row["family"] in SQUARE.get(reader, ()):
        return row["large"] > BOUNDED
    return row["large"] > LONGEST or row["large"] > max(SMALL, row["small"] * MOST)


@pytest.mark.parametrize("reader", READERS)
def test_time_grows_with_size(reader):
    rows = measure(reader)
    assert len(rows) >= 12
    slow = [row["family"] for row in rows if is_slow(reader, row)]
    again = [row for family in slow for row in measure(reader, family) if is_slow(reader, row)]
    assert not again
