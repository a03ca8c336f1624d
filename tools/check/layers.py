#!/usr/bin/python3
"""Includes point downwards only: a file of a layer includes its own layer and those before it, and main.c any."""
import re

import common

LAYERS = ["base", "db", "table", "mail", "compose", "policy", "dns", "store", "smtp", "receive", "web", "cmd"]
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def check(root):
    src = root / "src"
    for path in common.files(root, ".c", ".h", under=["src"]):
        parts = path.relative_to(src).parts
        if len(parts) == 1:
            if path.name != "main.c":
                yield f"{path.relative_to(root)}:1: only main.c lies outside of the layers"
            continue
        if parts[0] not in LAYERS:
            yield f"{path.relative_to(root)}:1: {parts[0]} is not a layer; they are {' < '.join(LAYERS)}"
            continue
        for number, line in enumerate(common.text(path).splitlines(), 1):
            found = INCLUDE.match(line)
            if found:
                why = wrong(src, path, parts[0], found.group(1))
                if why:
                    yield f"{path.relative_to(root)}:{number}: {why}"


def wrong(src, path, layer, name):
    """A name without a folder is a file that the build makes (a template, an embedded file)."""
    target = name.split("/")[0]
    if ".." in name:
        return f'"{name}": write the path from src/'
    if "/" not in name:
        return f'"{name}": write "{layer}/{name}"' if (path.parent / name).exists() else None
    if target not in LAYERS:
        return f'"{name}": {target} is not a layer'
    if LAYERS.index(target) > LAYERS.index(layer):
        return f'"{name}": {layer} must not know {target}: includes point down ({" < ".join(LAYERS)})'
    return None


if __name__ == "__main__":
    common.main(check)
