"""What the checks share. Each check is a program: it prints `file:line: what is wrong` and exits 1 if anything is.

A check takes the tree's root as an argument, so that test/tools/test_checks.py can show it a tree that is at fault.
"""
import pathlib
import re
import sys

SKIP = re.compile(r"^(build.*|\.git|node_modules|__pycache__)$")


def files(root, *suffixes, under=("src", "test", "tools")):
    """The files with one of these suffixes below the folders named, without what a build makes."""
    for top in under:
        for path in sorted((root / top).rglob("*")):
            parts = path.relative_to(root).parts
            if path.suffix in suffixes and path.is_file() and not any(SKIP.match(p) for p in parts):
                yield path


def text(path):
    return path.read_text(encoding="utf-8", errors="replace")


STRING_OR_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|//[^\n]*|/\*.*?\*/', re.S)


def strings(source):
    """(line, text) of each string literal of a C source; literals that only blanks part are one."""
    found, end = [], -1
    for m in STRING_OR_COMMENT.finditer(source):
        if m.group()[0] != '"':
            continue
        if found and not source[end:m.start()].strip():
            found[-1][1] += m.group()[1:-1]
        else:
            found.append([source.count("\n", 0, m.start()) + 1, m.group()[1:-1]])
        end = m.end()
    return found


def main(check):
    """check(root) yields what is wrong, as text."""
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    if len(sys.argv) < 2:
        root = root.parents[2]
    wrong = sorted(set(check(root)))
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)
