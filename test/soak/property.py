#!/usr/bin/env python3
"""./dev soak property [SECONDS]: random sequences of all that can happen to people, held to a model, on both engines.

Each sequence has a seed, which is printed; PLACET_SEED=N plays that one alone. One that fails is played again with steps left out, as
long as it still fails, and the steps that remain are told.
"""
import contextlib
import io
import os
import pathlib
import random
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/flow"), str(ROOT / "test/tools")]
from harness.placet import Placet
from harness.world import World
from postgres import Postgres

STEPS = 120          # of a sequence
SHRINK_SECONDS = 900


class Player:
    def __init__(self, seed, url):
        self.seed, self.url, self.made, self.sequences = seed, url, 0, 0

    def play(self, steps, until=None):
        """What went wrong, as text, or nothing."""
        with tempfile.TemporaryDirectory(prefix="placet-", dir="/tmp") as folder, contextlib.redirect_stdout(io.StringIO()):
            placet = Placet(folder, self.url())
            world = World(placet, folder, self.seed)
            try:
                self.made += world.prepare().play(steps, until)
                self.sequences += 1
                fault = ""
            except Exception:  # a sanitizer, a timeout, a page that is broken: whatever it is, it is told
                fault = traceback.format_exc()
            self.done = world.done
            try:
                placet.stop_all()
            except AssertionError as e:
                fault = fault or str(e)
        return fault

    def shrink(self, steps):
        """Leaves out half, a quarter, an eighth, ... of the steps while it still fails. Those before the failure are known to matter at most."""
        until, piece = time.monotonic() + SHRINK_SECONDS, max(len(steps) // 2, 1)
        while time.monotonic() < until:
            for begin in range(0, len(steps), piece):
                fewer = steps[:begin] + steps[begin + piece:]
                if fewer and time.monotonic() < until and self.play(fewer):
                    steps = [s for s in fewer if s <= int(self.done[-1].split()[0])]
                    break
            else:
                if piece == 1:
                    break
                piece //= 2
        return steps


def failed(player, engine, fault):
    print(f"{engine}: PLACET_SEED={player.seed} fails\n" + "\n".join(player.done) + f"\n{fault}", flush=True)
    steps = player.shrink(list(range(len(player.done))))
    fault = player.play(steps) or fault
    print(f"the steps that are needed: {steps}\n" + "\n".join(player.done) + f"\n{fault}")
    sys.exit(1)


def run(engine, url, seconds, given):
    until, sequences, made = time.monotonic() + seconds, 0, 0
    while time.monotonic() < until:
        player = Player(given if given is not None else random.SystemRandom().randrange(1 << 32), url)
        fault = player.play(range(STEPS), until)
        if fault:
            failed(player, engine, fault)
        sequences, made = sequences + 1, made + player.made
        if given is not None:
            break
    print(engine, {"seconds": seconds, "sequences": sequences, "steps": made}, flush=True)


def main():
    seconds, given = float(sys.argv[1]) if len(sys.argv) > 1 else 600, os.environ.get("PLACET_SEED")
    given = int(given) if given else None
    run("sqlite", lambda: None, seconds / 2, given)
    with Postgres(fsync=False) as server:
        names = (f"property{n}" for n in range(100000))
        run("postgresql", lambda: server.database(next(names)), seconds / 2, given)


if __name__ == "__main__":
    main()
