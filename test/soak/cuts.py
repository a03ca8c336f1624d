#!/usr/bin/env python3
"""./dev soak cuts [STEP]: the stream between sender and relay is cut after every STEP-th byte (1: some hours) of a conversation of three messages,
in each direction, on both engines. Whoever was reached once must not be reached again.

Prints one line for each 400 cuts; ends with 1 if anybody was lost or mailed twice.
"""
import contextlib
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test" / name) for name in ("flow", "tools", "fault")]
from cutting import CLIENT, OF_A_CUT, SERVER, through, whole
from harness.placet import Placet
from home import FaultHome
from postgres import Postgres

AT_ONCE = 400  # cuts in one mailing


def sweep(engine, database, step, begin):
    """From cut `begin` on, as many as one mailing has. Returns how many cuts there are in all."""
    with tempfile.TemporaryDirectory(prefix="placet-", dir="/tmp") as folder:
        placet = Placet(folder, database)
        with open(pathlib.Path(folder) / "told.log", "w", encoding="utf-8") as log, contextlib.redirect_stdout(log):
            faults = FaultHome(placet, folder, {"span": 3, "cuts": AT_ONCE * OF_A_CUT})
            seen = whole(faults, "span")
            cuts = [(side, n) for side in (CLIENT, SERVER) for n in range(0, len(seen[side]) + 1, step)]
            mine = cuts[begin:begin + AT_ONCE]
            _, counted = through(faults, "cuts", mine)
            placet.stop_all()
        print(engine, f"cuts {begin} to {begin + len(mine)} of {len(cuts)}", dict(counted), flush=True)
        return len(cuts)


def run(engine, url, step):
    begin, end = 0, 1
    while begin < end:
        end = sweep(engine, url(begin), step, begin)
        begin += AT_ONCE


def main():
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    run("sqlite", lambda _: None, step)
    with Postgres(fsync=False) as server:
        run("postgresql", lambda begin: server.database(f"cuts{begin}"), step)


if __name__ == "__main__":
    main()
