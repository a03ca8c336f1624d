"""The stream is cut after byte N, in each direction, and the mailing goes on: ./dev soak cuts takes every N, here are the best ones."""
import pytest

from cutting import CLIENT, OF_A_CUT, SERVER, found, through, whole

CUTS = 46


def chosen(seen):
    """All around each dot and its reply, the borders of what comes before, and the ends."""
    client, server = seen[CLIENT], seen[SERVER]
    cuts = {(CLIENT, 0), (SERVER, 0), (CLIENT, 7), (CLIENT, len(client)), (SERVER, len(server))}
    for at in found(client, b"\r\n.\r\n"):
        cuts |= {(CLIENT, at + i) for i in (1, 2, 3, 4, 5, 6)}
    cuts |= {(CLIENT, at) for what in (b"MAIL FROM", b"RCPT TO", b"DATA\r\n") for at in found(client, what)[1:2]}
    for at in found(server, b"250 2.0.0 queued"):
        cuts |= {(SERVER, at + i) for i in (0, 3, server[at:].index(b"\n"), server[at:].index(b"\n") + 1)}
    cuts |= {(SERVER, at + i) for at in found(server, b"354 ")[1:2] for i in (0, 11)}
    return sorted(cuts, key=lambda cut: (cut[1] * 7919 % 1000, cut))  # not in the order of a conversation


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def faults(request, make_faults):
    return make_faults(request.param, {"span": 3, "cuts": CUTS * OF_A_CUT})


def test_cut_around_each_dot(faults):
    cuts = chosen(whole(faults, "span"))
    assert 30 <= len(cuts) <= CUTS
    proxy, counted = through(faults, "cuts", cuts)
    missed = [(line.cut, {side: len(seen) for side, seen in line.seen.items()}) for line in proxy.lines if line.cut and not line.was_cut]
    assert len(missed) <= 4, f"each is played, but for ends that may come a byte sooner: {missed}"
    assert counted["uncertain"] >= 10, "what was cut behind a dot cannot be known"
