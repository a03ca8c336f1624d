#!/usr/bin/python3
"""The tree depends on no one's machine: no absolute paths of a workplace, no hosts of package registries (each machine's own
package manager knows them), no addresses of downloads in lock files, no signatures of tools."""
import json
import re
import subprocess

import common

PATTERNS = {
    "an absolute path of somebody's machine": r"(?<![\w./-])/(?:work|root|home/[a-z]\w*)/(?=[\w.-])|/tmp/b-\w",
    "the host of a package registry": r"\b(?:registry|deb|ftp\.\w+|snapshot|security|pypi|npm|mirrors?)\.(?:debian|npmjs|python|"
                                      r"ubuntu|nodesource|yarnpkg)\.(?:org|com|net)\b|\bpypi\.org\b",
    "the signature of a tool": r"Co-" r"Authored-By:|Generated (?:with|by) (?:an? )?[A-Z]\w+ (?:Code|AI)|\bas an AI\b",
}
TEXT = re.compile(r"\.(c|h|py|mjs|sh|md|txt|json|html|css|svg|sql|build|ini|cf|yml|yaml|[1-8])$")


def tracked(root):
    done = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=root, capture_output=True, timeout=60)
    if done.returncode == 0 and done.stdout:
        return [root / p for p in done.stdout.decode().split("\0") if p]
    return [p for p in root.rglob("*") if p.is_file()]


def check(root):
    for path in tracked(root):
        if not path.is_file() or (path.suffix and not TEXT.search(path.name)) or path.name == "LICENSE":
            continue
        name, source = path.relative_to(root), common.text(path)
        for what, pattern in PATTERNS.items():
            for m in re.finditer(pattern, source):
                yield f"{name}:{source.count(chr(10), 0, m.start()) + 1}: {what}: {m.group()}"
        if path.name == "package-lock.json":
            yield from lock_file(name, json.loads(source))


def lock_file(name, lock):
    for package, row in lock.get("packages", {}).items():
        if "resolved" in row:
            yield f"{name}:1: {package} bears the address of a download: npm config omit-lockfile-registry-resolved"
        if package and "integrity" not in row:
            yield f"{name}:1: {package} has no integrity value"


if __name__ == "__main__":
    common.main(check)
