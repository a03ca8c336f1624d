#!/usr/bin/python3
"""No message or page of ours names a command that does not exist: "placet NOUN VERB" in strings and templates is held
against the table in src/cmd/commands.c. (What papers say is readme.py's.)
"""
import re

import common

SAID = re.compile(r"(?:`|: |; |, then )placet ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?")
ROW = re.compile(r'^CMD\("([a-z-]+)", (?:NULL|"([a-z-]+)")', re.M)


def places(root):
    for path in common.files(root, ".c", ".h", under=("src",)):
        for line, text in common.strings(common.text(path)):
            yield path, line, text
    for path in common.files(root, ".html", under=("tmpl",)):
        for line, text in enumerate(common.text(path).splitlines(), 1):
            yield path, line, text


def check(root):
    known = set(ROW.findall(common.text(root / "src/cmd/commands.c")))
    nouns = {noun for noun, _ in known}
    alone = {noun for noun, verb in known if not verb}
    for path, line, text in places(root):
        for noun, verb in SAID.findall(text):
            if noun not in alone and (noun, verb) not in known and not (noun in nouns and not verb):
                yield f"{path.relative_to(root)}:{line}: there is no placet {noun} {verb}".rstrip()


if __name__ == "__main__":
    common.main(check)
