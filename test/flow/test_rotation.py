"""Keys are changed: what is published, what signs, and that a sender which runs all the while takes the new ones (DKIM-8)."""
import re

from harness.placet import Capture
from harness.process import wait_until
from harness.story import IDENTITY, Story


def selectors(raw):
    head = raw.split(b"\r\n\r\n", 1)[0].replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ")
    return re.findall(rb"^DKIM-Signature:.*?\bs=([a-z0-9]+);", head, re.M)


def states(placet):
    return [(k["selector"], k["state"]) for k in placet.run("identity", "show", IDENTITY)["keys"]]


def published(placet):
    """selector -> is there a key, in what identity dns prints."""
    zone = placet.run("identity", "dns", IDENTITY, json=False)
    lines = [line for line in zone.splitlines() if "._domainkey." in line]
    assert all(len(piece) <= 255 for line in lines for piece in re.findall(r'"([^"]*)"', line))
    return {line.split(".")[0]: not line.endswith(' p="') for line in lines}


def work(placet, clock=""):
    done = placet.run("work", "--once", env={"PLACET_CLOCK": clock} if clock else None)
    return {j["job"]: j["rows"] for j in done}["keys"]


def test_keys_take_their_way(placet, folder):
    capture = Capture(placet, f"{folder}/captured")
    story = Story(placet, capture.url()).prepare()
    sender = placet.start("send", listens=False)
    first = [s for s, _ in states(placet)]

    def send():
        before = len(capture.messages())
        number = story.mailing()
        placet.run("mailing", "start", number, json=False)
        wait_until(lambda: placet.run("mailing", "status", number)["state"] == "done", 60, "the mailing is done")
        return {s.decode() for _, raw in capture.messages()[before:] for s in selectors(raw)}

    assert send() == set(first)
    told = placet.run("identity", "rotate", IDENTITY)
    second = [k["selector"] for k in told["keys"] if k["state"] == "next"]
    assert told["selectors"] == first and len(second) == 2 and not set(first) & set(second)
    placet.run("identity", "rotate", IDENTITY, expect=1)
    assert published(placet) == dict.fromkeys(first + second, True)

    assert work(placet) == 0            # seen now
    assert work(placet, "+47h") == 0
    assert work(placet, "+49h") == 4
    assert states(placet) == [*((s, "old") for s in first), *((s, "current") for s in second)]
    assert sender.running() and send() == set(second)

    assert work(placet, "+15d") == 0 and work(placet, "+17d") == 2
    assert published(placet) == {**dict.fromkeys(first, False), **dict.fromkeys(second, True)}
    assert work(placet, "+46d") == 0 and work(placet, "+48d") == 2
    assert published(placet) == dict.fromkeys(second, True)
    assert [s for s, state in states(placet) if state == "gone"] == first
    log = [(e["action"], e["detail"]) for e in placet.run("audit", "log") if e["action"].startswith("keys-")]
    assert log == [("keys-made", " ".join(second)), ("keys-old", " ".join(first)), ("keys-current", " ".join(second)),
                   ("keys-withdrawn", " ".join(first)), ("keys-gone", " ".join(first))]
    placet.run("audit", "verify", json=False)
