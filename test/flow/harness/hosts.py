"""A second host of an installation: another home on the same PostgreSQL database, as `placet host join` makes it."""
import pathlib
import shutil

from .placet import Placet


def join(first, folder, expect=0):
    """The program with a home of its own in `folder`, beside `first`, which has run `init`."""
    copy = pathlib.Path(folder) / "copy"
    copy.mkdir(parents=True)
    shutil.copy2(first.home / "placet.conf", copy)
    shutil.copytree(first.home / "keys", copy / "keys")
    other = Placet(folder, first.database)
    other.run("host", "join", copy, expect=expect)
    return other


def numbers(placet):
    """What names each host, this one first."""
    return [x["id"] for x in sorted(placet.run("host", "list"), key=lambda x: not x["own"])]
