#!/usr/bin/python3
"""Each C file and header opens with a comment that says what it is for; each Python and Node program too."""
import re

import common

WORDS = 5
SEE = re.compile(r"\bsee (\w+\.h)\b", re.I)  # a .c may send the reader to its header


def opening(path, source):
    """The comment that a file begins with."""
    source = re.sub(r"^#![^\n]*\n", "", source)
    patterns = {".py": r'\s*"""(.*?)"""', ".mjs": r"\s*((?://[^\n]*\n)+)"}
    found = re.match(patterns.get(path.suffix, r"\s*/\*(.*?)\*/"), source, re.S)
    return found.group(1) if found else ""


def check(root):
    for path in common.files(root, ".c", ".h", ".py", ".mjs"):
        comment = opening(path, common.text(path))
        see = SEE.search(comment)
        if see and (path.parent / see.group(1)).exists():
            continue
        if len(re.findall(r"\w+", comment)) < WORDS:
            yield f"{path.relative_to(root)}:1: does not open with a comment that says what it is for"


if __name__ == "__main__":
    common.main(check)
