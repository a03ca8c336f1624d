#!/usr/bin/python3
"""Send windows against Python's zoneinfo: hours drawn at random, in zones of every kind, around each change of clocks.

Whether they are open is what a clock on the wall says; the moment of the next change is found there by walking minutes.
"""
import datetime
import os
import random
import subprocess
import zoneinfo

import pytest

TOOL = os.environ["HOURS_TOOL"]
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
# Northern and southern summer, half and quarter hours, changes at midnight, negative summer time (Dublin), changes of the
# zone itself, days that never were (Apia), Ramadan (Casablanca), and none at all.
ZONES = ["UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "America/Santiago",
         "Australia/Lord_Howe", "Australia/Sydney", "Asia/Kathmandu", "Asia/Tehran", "Asia/Beirut", "Africa/Casablanca",
         "Pacific/Apia", "Pacific/Chatham", "America/Godthab", "Antarctica/Troll", "Asia/Gaza", "EST5EDT", "Etc/GMT+12"]


def clock(minute):
    return f"{minute // 60:02d}:{minute % 60:02d}"


def draw(rng):
    """A text, and the minutes of the week that it means."""
    items, week = [], set()
    for _ in range(rng.randint(1, 3)):
        first, last = rng.randrange(7), rng.randrange(7)
        days = [first] if rng.random() < 0.3 else [(first + i) % 7 for i in range((last - first) % 7 + 1)]
        begin = rng.choice([0, 60, 120, 150, rng.randrange(1439)])
        end = rng.choice([1440, 180, rng.randrange(1, 1440)])
        end = end if end != begin else end + 1
        items.append(f"{DAYS[days[0]]}{'-' + DAYS[days[-1]] if len(days) > 1 else ''} {clock(begin)}-{clock(end)}")
        for day in days:
            for minute in range(begin, end if end > begin else end + 1440):
                week.add((day * 1440 + minute) % 10080)
    return ", ".join(items), week


def is_open(week, zone, t):
    wall = datetime.datetime.fromtimestamp(t, zone)
    return wall.weekday() * 1440 + wall.hour * 60 + wall.minute in week


def offset(zone, t):
    return datetime.datetime.fromtimestamp(t, zone).utcoffset()


def changes(zone, year):
    """Seconds at which the zone's clocks change in a year, to the minute."""
    t = int(datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc).timestamp())
    out = []
    for day in range(t, t + 366 * 86400, 86400):
        if offset(zone, day) != offset(zone, day + 86400):
            low, high = day, day + 86400
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(zone, middle) == offset(zone, low) else (low, middle)
            out.append(high)
    return out


def ask(text, times):
    done = subprocess.run([TOOL, text], input="".join(f"{t}\n" for t in times), capture_output=True, text=True, check=True,
                          timeout=60)
    lines = done.stdout.splitlines()
    return lines[0], [line.split() for line in lines[1:]]


def next_change(week, zone, t):
    """By minutes, since no clock of these years changes within one; None when nothing does within three weeks."""
    was = is_open(week, zone, t)
    begin = t - t % 60 + 60
    for u in range(begin, begin + 3 * 7 * 86400, 60):
        if is_open(week, zone, u) != was:
            return u
    return None


@pytest.mark.parametrize("name", ZONES)
def test_as_the_wall_says(name):
    rng, zone = random.Random(name), zoneinfo.ZoneInfo(name)
    for _ in range(4):
        text, week = draw(rng)
        year = rng.choice([1999, 2011, 2024, 2026, 2037, 2038, 2061, 2099])
        turns = changes(zone, year) or [int(datetime.datetime(year, 6, 1, tzinfo=datetime.timezone.utc).timestamp())]
        times = [t + d for t in turns for d in (-86400, -7200, -3601, -1, 0, 1, 1800, 3599, 3600, 7200)]
        times += [rng.randrange(0, 4102444800) for _ in range(300)]
        canonical, answers = ask(f"{text} {name}", times)
        for t, (is_now, _) in zip(times, answers):
            assert (is_now == "1") == is_open(week, zone, t), (text, name, t)
        for t, (_, change) in list(zip(times, answers))[:12]:
            ours = None if change == "-" or int(change) > t + 20 * 86400 else int(change)
            theirs = next_change(week, zone, t)
            assert ours == (theirs if theirs is None or theirs <= t + 20 * 86400 else None), (text, name, t)
        assert ask(canonical, times) == (canonical, answers)


def test_hours_that_are_skipped_and_doubled():
    """In Berlin, on 29 March 2026 the hour from 2 does not come; on 25 October it comes twice."""
    spring = int(datetime.datetime(2026, 3, 29, 0, 0, tzinfo=datetime.timezone.utc).timestamp())
    autumn = int(datetime.datetime(2026, 10, 25, 0, 30, tzinfo=datetime.timezone.utc).timestamp())
    text = "sun 02:00-03:00 Europe/Berlin"
    _, answers = ask(text, [spring, autumn, autumn + 3600, autumn - 3600])
    assert answers[0] == ["0", str(spring + 7 * 86400)], "a week later, when clocks show it again"
    assert answers[1] == ["1", str(autumn + 5400)] and answers[2] == ["1", str(autumn + 5400)]
    assert answers[3] == ["0", str(autumn - 1800)]


def test_every_zone_of_the_system():
    """Each can be read, and agrees at moments of this century."""
    names = sorted(zoneinfo.available_timezones())
    assert len(names) > 400
    times = list(range(946684800, 4102444800, 4000003))
    for name in names[::7]:
        zone = zoneinfo.ZoneInfo(name)
        _, answers = ask(f"daily 00:00-12:00 {name}", times)
        for t, (is_now, _) in zip(times, answers):
            assert (is_now == "1") == (datetime.datetime.fromtimestamp(t, zone).hour < 12), (name, t)
