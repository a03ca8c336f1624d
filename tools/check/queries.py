#!/usr/bin/python3
"""Every statement of src/store is written with QUERY, EACH or COPY, which puts it into the list that a test prepares on both
engines; no two have one name (logs tell them by it), and none is left unused."""
import re

import common

BARE = re.compile(r"^[^/*\n]*\bstruct\s+query\s+(?:\w+\s*(?:\[[^]]*\]\s*)?=|\w+\s*\[\])", re.M)
MACRO = re.compile(r"^(?:QUERY|EACH|COPY)\(\s*(\w+)\s*,", re.M)


def line_of(source, place):
    return source.count("\n", 0, place) + 1


def check(root):
    first = {}
    for path in common.files(root, ".c", ".h", under=["src/store", "src/smtp", "src/receive", "src/web", "src/cmd"]):
        name, source = path.relative_to(root), common.text(path)
        if path.name in ("query.h", "query.c"):
            continue
        for m in BARE.finditer(source):
            yield f"{name}:{line_of(source, m.start())}: a statement that no test prepares: write it with QUERY or EACH"
        for m in MACRO.finditer(source):
            query, where = m.group(1), f"{name}:{line_of(source, m.start())}"
            if query in first:
                yield f"{where}: {query} is also the name of the statement at {first[query]}"
            first.setdefault(query, where)
            if len(re.findall(rf"\b{query}\b", source)) < 2:
                yield f"{where}: {query} is not used"


if __name__ == "__main__":
    common.main(check)
