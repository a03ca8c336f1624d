#!/usr/bin/env python3
"""./dev soak kill [PEOPLE [ROUNDS]]: a mailing to 20,000 people, its sender killed (-9) 50 times, on both engines.

Prints one line for each engine; ends with 1 if anybody was lost or mailed twice.
"""
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/flow"), str(ROOT / "test/tools")]
from harness.kill import account, kill_rounds, prepare
from harness.placet import Placet
from postgres import Postgres


def run(engine, database, people, rounds):
    with tempfile.TemporaryDirectory(prefix="placet-", dir="/tmp") as folder:
        placet = Placet(folder, database)
        sink, number = prepare(placet, folder, people)
        try:
            longest = 0.25 if engine == "sqlite" else 0.6
            # Each round gets through about a 60th of the mailing, so that all of them hit it at work; a sender first
            # compares the mailing with its approval, which takes longer on PostgreSQL.
            killed = kill_rounds(placet, rounds, 0.03, people / 20000 * longest)
            print(engine, account(placet, sink, number, people, killed), flush=True)
        finally:
            sink.stop()
            placet.stop_all()


def main():
    people, rounds = (int(sys.argv[1]) if len(sys.argv) > 1 else 20000), (int(sys.argv[2]) if len(sys.argv) > 2 else 50)
    run("sqlite", None, people, rounds)
    with Postgres(fsync=False) as server:
        run("postgresql", server.database("kill"), people, rounds)


if __name__ == "__main__":
    main()
