"""Whoever may be mailed, and why others may not: random sequences against a model (the long one is ./dev soak property)."""
import os
import random
import time

from harness.world import World

SECONDS = float(os.environ.get("PLACET_PROPERTY_SECONDS", "22"))


def test_program_and_model_agree(placet, folder):
    seed = int(os.environ.get("PLACET_SEED", random.SystemRandom().randrange(1 << 32)))
    world = World(placet, folder, seed).prepare()
    try:
        made = world.play(range(10000), time.monotonic() + SECONDS)
    finally:
        print(f"PLACET_SEED={seed}", *world.done, sep="\n")
    assert made >= 5
