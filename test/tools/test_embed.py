"""Files as a table in C: the bytes come back, and names that could not stand in C are refused.
Needs EMBED (the program), SRC (the folder src) and CC."""

import os
import pathlib
import subprocess
import tempfile
import unittest

EMBED = os.environ["EMBED"]
SRC = os.environ["SRC"]
CC = os.environ.get("CC", "cc").split()

MAIN = r"""
#include "base/embedded.h"
#include <stdio.h>
extern const struct embedded FILES[];
extern const size_t FILES_n;
int main(void)
{
	for (size_t i = 0; i < FILES_n; i++) {
		printf("%s %zu %d:", FILES[i].name, FILES[i].n, FILES[i].p[FILES[i].n]);
		fwrite(FILES[i].p, 1, FILES[i].n, stdout);
	}
	return 0;
}
"""


def embed(folder, files, table="FILES"):
    paths = []
    for name, content in files:
        path = pathlib.Path(folder) / name
        if content is not None:
            path.write_bytes(content)
        paths.append(str(path))
    return subprocess.run([EMBED, f"{folder}/out.c", table, *paths], capture_output=True, text=True, check=False)


class Embed(unittest.TestCase):
    def test_bytes_come_back_in_order(self):
        every = bytes(range(256)) * 5
        with tempfile.TemporaryDirectory() as folder:
            made = embed(folder, [("b.css", every), ("a-1_x.sql", b""), ("c.sql", b'SELECT "??/";\n')])
            self.assertEqual(made.returncode, 0, made.stderr)
            pathlib.Path(folder, "main.c").write_text(MAIN, encoding="utf-8")
            subprocess.run(
                [*CC, "-std=gnu17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", SRC, "-o", f"{folder}/main",
                 f"{folder}/main.c", f"{folder}/out.c"],
                check=True,
            )  # fmt: skip
            shown = subprocess.run([f"{folder}/main"], capture_output=True, check=True).stdout
        expected = b"b.css 1280 0:" + every + b'a-1_x.sql 0 0:c.sql 14 0:SELECT "??/";\n'
        self.assertEqual(shown, expected)

    def test_refusals(self):
        cases = [
            ([('a".sql', b"x")], "FILES", "the name"),
            ([("gone.sql", None)], "FILES", "cannot open"),
            ([("a.sql", b"x")], "FILES;", "the name"),
        ]
        for files, table, words in cases:
            with self.subTest(files=files, table=table), tempfile.TemporaryDirectory() as folder:
                made = embed(folder, files, table)
                self.assertEqual(made.returncode, 1, made.stderr)
                self.assertIn(words, made.stderr)

    def test_usage(self):
        self.assertEqual(subprocess.run([EMBED, "x"], capture_output=True, check=False).returncode, 2)


if __name__ == "__main__":
    unittest.main()
