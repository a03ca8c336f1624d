#!/usr/bin/python3
"""The poisoned functions are in force: banned.h poisons them, and every file of ours is compiled with it.

Reads build/compile_commands.json, so it also finds sources that no target compiles.
"""
import json
import os
import re
import shlex

import common

MUST = ["sprintf", "vsprintf", "strcpy", "strcat", "strncpy", "strncat", "gets", "strtok", "atoi", "system", "popen",
        "localtime", "gmtime", "srand", "strdup"]
# Fuzz targets are compiled in a build of their own (./dev fuzz).
ELSEWHERE = re.compile(r"^test/fuzz/")


def check(root):
    header = root / "src/base/banned.h"
    poisoned = set(re.findall(r"\w+", " ".join(re.findall(r"^#pragma GCC poison ([\w ]+)", common.text(header), re.M))))
    for name in MUST:
        if name not in poisoned:
            yield f"src/base/banned.h:1: {name} is not poisoned"
    database = root / "build/compile_commands.json"
    if not database.exists():
        yield "build/compile_commands.json:1: is absent: run ./dev build first"
        return
    compiled = {}
    for entry in json.loads(common.text(database)):
        path = os.path.relpath(os.path.normpath(os.path.join(entry["directory"], entry["file"])), root)
        compiled.setdefault(path, []).append((entry["directory"], shlex.split(entry["command"])))
    for path in common.files(root, ".c"):
        name = str(path.relative_to(root))
        if name not in compiled:
            if not ELSEWHERE.match(name):
                yield f"{name}:1: no target compiles it"
        elif not all(sees(root, *command) for command in compiled[name]):
            yield f"{name}:1: is compiled without -include src/base/banned.h"


def sees(root, folder, command):
    """As the compiler looks for it: from its own folder, then in those of -I."""
    paths = [""] + [a[2:] for a in command if a.startswith("-I")]
    for a, b in zip(command, command[1:]):
        if a == "-include":
            found = [f for f in (os.path.realpath(os.path.join(folder, p, b)) for p in paths) if os.path.exists(f)]
            if found and found[0] == os.path.realpath(root / "src/base/banned.h"):
                return True
    return False


if __name__ == "__main__":
    common.main(check)
