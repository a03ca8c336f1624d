#!/usr/bin/python3
"""What README.md and doc/*.md tell a reader to type exists: ./dev verbs, placet commands, and the files linked to.

Commands are read from blocks between ``` lines. Asks build/placet (or PLACET_BIN) for the --help of each.
"""
import os
import re
import subprocess

import common

WORD = re.compile(r"^[a-z][a-z-]*$")


def blocks(source):
    """The lines within fences, with their numbers; a trailing backslash joins lines."""
    inside, pending = False, ""
    for number, line in enumerate(source.splitlines(), 1):
        if line.startswith("```"):
            inside = not inside
        elif inside:
            pending += line.strip()
            if pending.endswith("\\"):
                pending = pending[:-1] + " "
                continue
            yield number, re.sub(r"^\$ ", "", pending)
            pending = ""


def command_words(line):
    """NOUN VERB of a placet line, options before them left out."""
    words = line.split()[1:]
    while words and words[0].startswith("--"):
        words = words[2:] if words[0] == "--home" else words[1:]
    taken = []
    for word in words[:2]:
        if not WORD.match(word):
            break
        taken.append(word)
    return taken


def has_help(program, words):
    """A command of one word (demo, send) may be followed by an operand that looks like a verb."""
    for n in range(len(words), 0, -1):
        done = subprocess.run([program, *words[:n], "--help"], capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        if done.returncode == 0:
            return True
    return False


def check(root):
    program = os.environ.get("PLACET_BIN") or str(root / "build/placet")
    verbs = set(re.findall(r"\bcmd_(\w+)\(\)", common.text(root / "dev")))
    if not (root / "README.md").exists():
        yield "README.md:1: is absent"
    for path in [root / "README.md", *sorted((root / "doc").glob("*.md"))]:
        if path.exists():
            yield from page(root, path, verbs, program)


def without_code(source):
    """What stands in code is no link of the page; line numbers stay."""
    return re.sub(r"```.*?```|`[^`\n]*`", lambda m: re.sub(r"[^\n]", " ", m.group()), source, flags=re.S)


def page(root, path, verbs, program):
    name, source = path.relative_to(root), common.text(path)
    for number, line in blocks(source):
        dev = re.match(r"\./dev (\S+)", line)
        if dev and dev.group(1) not in verbs:
            yield f"{name}:{number}: there is no ./dev {dev.group(1)}"
        if re.match(r"(\S*/)?placet ", line):
            words = command_words(line)
            if words and not has_help(program, words):
                yield f"{name}:{number}: there is no placet {' '.join(words)}"
    for m in re.finditer(r"\]\(([^)#:\s{]+)(?:#[^)]*)?\)", without_code(source)):
        if not (path.parent / m.group(1)).exists():
            yield f"{name}:{source.count(chr(10), 0, m.start()) + 1}: there is no {m.group(1)}"


if __name__ == "__main__":
    common.main(check)
