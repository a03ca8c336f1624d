#!/usr/bin/env python3
"""./dev soak optout [ROUNDS]: the web role is killed (-9) 20 times while people leave, on both engines; on SQLite every second
time its database is replaced by the copy of before. Whoever had an answer must have left.

Prints one line for each engine; ends with 1 if anybody's opt-out was lost.
"""
import contextlib
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/flow"), str(ROOT / "test/tools")]
from harness.leaving import kill_rounds
from harness.paced import Paced
from harness.placet import Placet
from harness.story import LIST, Story, people
from postgres import Postgres


def run(engine, database, rounds):
    with tempfile.TemporaryDirectory(prefix="placet-", dir="/tmp") as folder:
        placet, sink = Placet(folder, database), Paced()
        # The harness tells what it does: the figures are what is wanted here.
        with open(pathlib.Path(folder) / "told.log", "w", encoding="utf-8") as log, contextlib.redirect_stdout(log):
            told = Story(placet, sink.url()).prepare(people(rounds * 400))
            told.send(told.mailing(), timeout=600)
            left = kill_rounds(placet, dict(sink.links), LIST, rounds)
        print(engine, f"{rounds} kills, {left} were answered, none of them lost", flush=True)
        sink.stop()


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    run("sqlite", None, rounds)
    with Postgres(fsync=False) as server:
        run("postgresql", server.database("optout"), rounds)


if __name__ == "__main__":
    main()
