"""The machine's clock is set while a mailing is sent: an hour back or on, and right again."""
import os
import pathlib
import re
import struct
import subprocess

import pytest

from engines import CASE, Underway
from harness.placet import binary

PEOPLE = 150


@pytest.fixture(params=["sqlite", "postgresql"])
def faults(request, make_faults):
    return make_faults(request.param, {CASE: PEOPLE})


class Clock:
    """env: for the program that is to believe it. set(seconds): how far off it is from now on."""

    def __init__(self, file):
        self.file = pathlib.Path(file)
        self.set(0)
        library = binary().resolve().parent.parent / "test/fault/clock_step.so"
        assert library.exists(), f"{library} is not built"
        linked = subprocess.run(["ldd", binary()], capture_output=True, text=True, check=True).stdout
        sanitizer = re.findall(r"=> (\S+/libasan\S+)", linked)  # which has to be the first
        self.env = {"LD_PRELOAD": ":".join([*sanitizer, str(library)]), "CLOCK_STEP": str(self.file)}

    def set(self, seconds):
        with open(self.file, "r+b" if self.file.exists() else "wb") as f:
            f.write(struct.pack("l", seconds))


@pytest.mark.parametrize("steps", [(-3600, 0), (3600, 0)], ids=["back", "forward"])
def test_the_clock_is_set(faults, folder, steps):
    clock = Clock(os.path.join(folder, "clock"))
    with Underway(faults, rate=100) as mail:
        mail.send(env=clock.env)
        for step in steps:
            mail.wait_for(mail.relay.taken + PEOPLE // (len(steps) + 2))
            clock.set(step)
        mail.finish()
    seen = {row["last"][:13] for row in faults.rows(mail.number)}
    assert len(seen) >= 2, f"the program did not see the steps: {seen}"
