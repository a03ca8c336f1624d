"""Who got what, by the relay's own record, held against what the program reports."""
import collections
import csv
import io


def report(placet, number):
    return list(csv.DictReader(io.StringIO(placet.run("mailing", "report", number, json=False))))


def doubtful(letters):
    """Of whom a sender cannot know: only the last message of a connection (decision 6), unless the answer was a no."""
    last = {one.connection: one for one in letters}
    return {one.to for one in last.values() if not one.no}


def settle(letters, rows, status):
    """Nobody is lost, nobody got two, at most one is uncertain for each connection that ended, and it all adds up.

    letters: of the relay (relay.py).
    """
    state = {row["address"]: row["state"] for row in rows}
    twice = {row["address"] for row in rows if row["maybe_twice"] == "1"}
    counted = collections.Counter(state.values())
    told = {k: v for k, v in status["counts"].items() if v}
    assert len(rows) == len(state) == status["recipients"] == sum(told.values()) and counted == told, (counted, status)

    taken = collections.Counter(one.to for one in letters if one.yes)
    more = {a: [x for x in letters if x.to == a] for a, n in taken.items() if n > 1 and a not in twice}
    assert not more, f"mailed twice: {more}"
    lost = sorted(a for a, s in state.items() if s == "accepted" and not taken[a])
    assert not lost, f"accepted by the report, and not by the relay: {lost}"
    silent = {a: (state.get(a), [x for x in letters if x.to == a]) for a in taken if state.get(a) not in ("accepted", "uncertain")}
    assert not silent, f"taken by the relay, and the report says otherwise: {silent}"
    again = collections.Counter(one.to for one in letters if one.dot and not one.no)
    risked = {a: [x for x in letters if x.to == a] for a, n in again.items() if n > 1 and a not in twice}
    assert not risked, f"sent again although the first may have been taken: {risked}"
    doubted = {a for a, s in state.items() if s == "uncertain"}
    assert doubted <= doubtful(letters), f"uncertain without a reason: {doubted - doubtful(letters)}"
    changed = {one.to for one in letters if one.dot and one.digest != next(x.digest for x in letters if x.to == one.to and x.dot)}
    assert not changed, f"the bytes of a second attempt differ: {changed}"
    return counted
