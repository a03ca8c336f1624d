#!/usr/bin/env python3
"""./dev soak import [ROWS [KILLS]]: imports of 200,000 rows (PostgreSQL: a quarter), killed (-9) at 30 moments and run again.

The end is that of an undisturbed import: addresses, members with their fields, consents with their evidence, and the file of
rejected rows. Prints the figures; PLACET_SEED=N draws the same moments again.
"""
import contextlib
import io
import os
import pathlib
import random
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/flow"), str(ROOT / "test/tools")]
from harness.killed_import import OPTIONS, KilledImport, holds, write_people
from harness.placet import Placet
from harness.story import ANN, LIST, Story
from postgres import Postgres

KILLS_IN_A_LIFE = 6


def home(folder, database):
    """An approved project with an empty list."""
    placet = Placet(folder, database)
    told = Story(placet, "smtp://127.0.0.1:9")
    told.staff()
    told.project()
    return placet


def load(placet, file):
    said = placet.run("import", LIST, file, "--by", ANN, *OPTIONS, timeout=1800)
    placet.run("audit", "verify", json=False)
    return said


def live_and_be_killed(placet, file, seconds, kills, wanted, draw):
    """Returns how many hit it at work, and how many of those while it loaded."""
    killed = KilledImport(placet, ["import", LIST, file, "--by", ANN, *OPTIONS], seconds, draw)
    count = killed.kills(kills, len(wanted["members"]))
    load(placet, file)
    rejected = pathlib.Path(f"{file}.rejected.csv").read_bytes()
    found = {**holds(placet), "rejected": rejected}
    for what, rows in wanted.items():
        assert found[what] == rows, f"{what} differ after kills at {killed.rounds}"
    return count, sum(1 for _, before, after in killed.rounds if after > before)


def run(engine, url, rows, kills, seed):
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="placet-", dir="/tmp") as folder, contextlib.redirect_stdout(io.StringIO()):
        file = write_people(pathlib.Path(folder) / "people.csv", rows, seed)
        calm = home(f"{folder}/calm", url())
        began = time.monotonic()
        load(calm, file)
        seconds = time.monotonic() - began
        wanted = {**holds(calm), "rejected": pathlib.Path(f"{file}.rejected.csv").read_bytes()}
        hit = loading = life = 0
        while hit < kills:
            life += 1
            got = live_and_be_killed(home(f"{folder}/life{life}", url()), file, seconds, min(KILLS_IN_A_LIFE, kills - hit), wanted, draw)
            hit, loading = hit + got[0], loading + got[1]
    print(engine, {"rows": rows, "undisturbed": f"{seconds:.1f} s", "homes": life, "kills": hit, "with_batches_loaded": loading,
                   "members": len(wanted["members"]), "consents": len(wanted["consents"])}, flush=True)


def main():
    rows, kills = (int(sys.argv[1]) if len(sys.argv) > 1 else 200000), (int(sys.argv[2]) if len(sys.argv) > 2 else 30)
    seed = int(os.environ.get("PLACET_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"PLACET_SEED={seed}", flush=True)
    run("sqlite", lambda: None, rows, kills, seed)
    with Postgres(fsync=False) as server:
        names = (f"import{n}" for n in range(1000))
        run("postgresql", lambda: server.database(next(names)), max(rows // 4, 1000), kills, seed)


if __name__ == "__main__":
    main()
