"""What ./dev bench send needs beside ours does what it says: 50 messages by libcurl, straight and over a long way."""
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/flow")]
from harness.process import Process
from harness.sink import Sink

MESSAGES, CONNECTIONS, TRIP_MS = 50, 5, 20


def send(port):
    """Sends them all; returns how long that took."""
    begin = time.monotonic()
    done = subprocess.run([os.environ["CURL_SENDER"], str(port), str(MESSAGES), str(CONNECTIONS), "2000"], capture_output=True,
                          text=True, timeout=60, check=True)
    assert done.stdout == f"messages {MESSAGES} failed 0\n"
    return time.monotonic() - begin


def test_messages_arrive_and_time_is_added(tmp_path):
    sink = Sink(tmp_path)
    proxy = Process([os.environ["DELAY_PROXY"], "0", str(sink.port), str(TRIP_MS)], tmp_path / "proxy.log")
    try:
        found = proxy.wait_for(lambda: re.search(r"^listening (\d+)$", proxy.output(), re.M), 10, "the proxy listens")
        send(sink.port)
        assert sink.count() == MESSAGES
        long_way = send(int(found.group(1)))
        assert sink.count() == 2 * MESSAGES
        # Greeting, EHLO, and four commands for each of a connection's messages.
        assert long_way >= (2 + 4 * MESSAGES / CONNECTIONS) * TRIP_MS / 1000
    finally:
        proxy.stop()
        sink.stop()
    assert re.search(r"^pieces [1-9]\d* late-us median \d+ p99 \d+$", proxy.output(), re.M)
