#!/usr/bin/python3
"""SQL stands in src/store only (src/db has its own few words), and there only as whole constants, never built."""
import re

import common

SQL = re.compile(r"""\bSELECT\s.+\s(FROM|WHERE)\b | ^\s*SELECT\s | \bINSERT\s+(OR\s+\w+\s+)?INTO\b | \bUPDATE\s+\w+\s+SET\b
	| \bDELETE\s+FROM\b | \b(CREATE|DROP|ALTER)\s+(UNIQUE\s+|TEMP\s+)?(TABLE|INDEX|VIEW|TRIGGER)\b | \bON\s+CONFLICT\b
	| \bBEGIN\s+(IMMEDIATE|EXCLUSIVE)\b | ^\s*PRAGMA\s | \bFOR\s+UPDATE\b | \bORDER\s+BY\s""", re.X | re.S)
LOWER = re.compile(r"^\s*(insert into|delete from|update \w+ set|select [\w*., ]+ from \w+ (where|order|limit))\b")
BUILT = re.compile(r"\b(buf_addf|buf_add_text|snprintf|arena_printf|arena_fmt)\s*\(")


def check(root):
    for path in common.files(root, ".c", ".h", under=["src"]):
        layer = path.relative_to(root / "src").parts[0]
        source = common.text(path)
        for line, literal in common.strings(source):
            literal = literal.replace(r"\n", "\n").replace(r"\t", "\t")
            if not (SQL.search(literal) or LOWER.search(literal)):
                continue
            if layer not in ("store", "db"):
                yield f"{path.relative_to(root)}:{line}: SQL outside of src/store: \"{literal[:60]}\""
            elif BUILT.search(source.splitlines()[line - 1]):
                yield f"{path.relative_to(root)}:{line}: SQL is built here; statements are constants with bound values"


if __name__ == "__main__":
    common.main(check)
