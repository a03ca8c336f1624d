"""No input takes more than linear time: families of sizes 1, 2, 4, 8, 16 through the reader and writers of HTML
written by hand.

linear_tool measures within its process, the least of several runs. When a size doubles, time must grow less than 2.6 fold;
what is refused at a bound takes no longer than what is not.
"""
import json
import os
import subprocess

import pytest

TOOL = os.environ["LINEAR_TOOL"]
MOST = 2.6
SMALL = 0.0008  # seconds; below, the clock and the caches are all that is measured

READERS = ("handmade",)


@pytest.mark.parametrize("reader", READERS)
def test_time_grows_with_size(reader):
    done = subprocess.run([TOOL, reader], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) >= 6
    slow = []
    for row in rows:
        seconds = row["seconds"]
        # Over two doublings, so that a single hiccup says nothing.
        for small, large in zip(seconds, seconds[2:]):
            if large > SMALL and large > small * MOST ** 2:
                slow.append((row["family"], seconds))
                break
        assert max(seconds) < 5, row
    assert not slow
