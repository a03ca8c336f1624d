#!/usr/bin/python3
"""No function is longer than 100 lines, no file longer than 1000."""
import json
import subprocess

import common

FUNCTION, FILE = 100, 1000


def check(root):
    paths = list(common.files(root, ".c", ".h", ".py", ".mjs", ".sh"))
    for path in paths:
        lines = common.text(path).count("\n")
        if lines > FILE:
            yield f"{path.relative_to(root)}:1: {lines} lines; a file has at most {FILE}"
    listed = "\n".join(str(p.relative_to(root)) for p in paths)
    tags = subprocess.run(["ctags", "--output-format=json", "--fields=+ne", "--kinds-c=f", "--kinds-python=fm", "-L", "-",
                           "-f", "-"], cwd=root, input=listed, text=True, capture_output=True, check=True, timeout=60)
    for line in tags.stdout.splitlines():
        tag = json.loads(line)
        length = tag.get("end", tag["line"]) - tag["line"] + 1
        if length > FUNCTION:
            yield f"{tag['path']}:{tag['line']}: {tag['name']} has {length} lines; a function has at most {FUNCTION}"


if __name__ == "__main__":
    common.main(check)
