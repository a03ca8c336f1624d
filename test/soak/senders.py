#!/usr/bin/env python3
"""./dev soak senders [ROUNDS [PEOPLE]]: a mailing on PostgreSQL with two send processes; one, the other or both are killed
(-9) 200 times at random moments.

Prints a line with the account; ends with 1 if anybody was lost or mailed twice, if more are uncertain than one for each
connection of a process that was killed, or if the mailing was over before the last kill.
"""
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/flow"), str(ROOT / "test/tools")]
from harness.kill import account, kill_senders, prepare
from harness.placet import Placet
from postgres import Postgres

CONNECTIONS = 5
PEOPLE_A_ROUND = 2250  # more than two senders get through in one
# Seconds between two kills, so that most senders send: before, each compares the mailing with what was approved, and of so
# many people that takes a second or two.
SHORTEST, LONGEST = 0.1, 2.0


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    people = int(sys.argv[2]) if len(sys.argv) > 2 else rounds * PEOPLE_A_ROUND
    with Postgres(fsync=False) as server, tempfile.TemporaryDirectory(prefix="placet-", dir="/tmp") as folder:
        placet = Placet(folder, server.database("senders"))
        sink, number = prepare(placet, folder, people)
        try:
            killed = kill_senders(placet, rounds, SHORTEST, LONGEST, ["--connections", CONNECTIONS])
            state = placet.run("mailing", "status", number)
            assert state["state"] == "sending", "it was over before the last kill; try it with more people"
            figures = account(placet, sink, number, people, killed, CONNECTIONS)
            print("rounds", rounds, "left after the last kill", state["counts"]["queued"], figures, flush=True)
        finally:
            sink.stop()
            placet.stop_all()


if __name__ == "__main__":
    main()
