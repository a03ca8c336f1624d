"""The checks of tools/check can fail: each is shown a small tree that is in order, and then one fault at a time."""
import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = "/* What this file is for, in a few words. */\n"
LONG = "int f(void)\n{\n" + "\tg();\n" * 110 + "}\n"
GOOD = {
    "src/main.c": HEAD + '#include "cmd/cmd.h"\n',
    "src/base/banned.h": HEAD + (ROOT / "src/base/banned.h").read_text(),
    "src/mail/a.c": HEAD + '#include "base/banned.h"\n#include "made_by_the_build.h"\nint a;\n',
    "src/store/query.h": HEAD + "#define QUERY(id, ...) static const struct query id = { #id, __VA_ARGS__ }\n",
    "src/store/s.c": HEAD + 'QUERY(Q_ONE, "SELECT n FROM t"\n\t" WHERE n = $1");\nint s(void)\n{\n\treturn run(&Q_ONE);\n}\n',
    "src/cmd/cmd.h": HEAD + '#include "store/query.h"\n',
    "src/cmd/c.c": HEAD + 'char *t = "select people from the list, and update them"; /* "SELECT n FROM t" */\n',
    "src/cmd/commands.c": HEAD + 'CMD("mailing", "new", "")\nCMD("send", NULL, "")\n',
    "test/unit/test_a.c": HEAD,
    "tools/check.py": '"""What this program is for, in a few words."""\n',
    "dev": "cmd_test() { :; }\n",
    "README.md": "Text, [more](doc/MORE.md).\n\n```\n./dev test\n$ placet --home x mailing \\\n  new --list y\nplacet send y\n```\n",
    "doc/MORE.md": "More.\n",
    "test/browser/package-lock.json": json.dumps({"packages": {"": {}, "node_modules/x": {"integrity": "sha512-x"}}}),
}
SOURCES = [p for p in GOOD if p.endswith(".c")]
HOST = ".".join(["registry", "npmjs", "org"])

FAULTS = [  # check, file, what it then holds, words of the complaint
    ("layers", "src/mail/a.c", '#include "store/query.h"\n', "mail must not know store"),
    ("layers", "src/mail/a.c", '#include "../store/query.h"\n', "from src/"),
    ("layers", "src/other/a.c", "", "other is not a layer"),
    ("layers", "src/stray.c", "", "only main.c"),
    ("sql", "src/cmd/c.c", 'char *q = "SELECT n "\n\t"FROM t";\n', "outside of src/store"),
    ("sql", "src/web/w.c", 'char *q = "delete from person";\n', "outside of src/store"),
    ("sql", "src/store/s.c", 'buf_addf(b, "SELECT %s FROM t", x);\n', "is built"),
    ("queries", "src/store/s.c", 'static const struct query Q = { "q", "SELECT 1", NULL };\n', "no test prepares"),
    ("queries", "src/store/twice.c", 'QUERY(Q_ONE, "SELECT 1");\nint *p = &Q_ONE;\n', "also the name"),
    ("queries", "src/store/other.c", 'QUERY(Q_TWO, "SELECT 1");\n', "not used"),
    ("sizes", "src/mail/a.c", LONG, "f has 113 lines"),
    ("sizes", "src/mail/a.c", "int a;\n" * 1001, "1001 lines"),
    ("opening", "src/mail/a.c", "int a;\n", "open with a comment"),
    ("opening", "src/mail/a.c", "/* A. */\nint a;\n", "open with a comment"),
    ("opening", "tools/check.py", "import os\n", "open with a comment"),
    ("banned", "src/base/banned.h", HEAD + "#pragma GCC poison strcpy\n", "sprintf is not poisoned"),
    ("banned", "src/mail/not_built.c", HEAD, "no target compiles it"),
    ("traces", "src/mail/a.c", 'char *p = "/' + 'work/main/x";\n', "absolute path"),
    ("traces", "tools/check.py", f"# {HOST}\n", "package registry"),
    ("traces", "README.md", "Co-" + "Authored-By: X\n", "signature"),
    ("traces", "test/browser/package-lock.json",
     json.dumps({"packages": {"node_modules/x": {"integrity": "x", "resolved": "y"}}}), "download"),
    ("traces", "test/browser/package-lock.json", json.dumps({"packages": {"node_modules/x": {}}}), "integrity"),
    ("commands", "src/cmd/c.c", 'char *t = "it is there: placet mailing fly";\n', "no placet mailing fly"),
    ("commands", "tmpl/a.html", "<p>{# a #}Ask: placet fly</p>\n", "no placet fly"),
    ("readme", "README.md", "```\n./dev fly\n```\n", "no ./dev fly"),
    ("readme", "README.md", "```\nplacet mailing \\\n  fly\n```\n", "no placet mailing fly"),
    ("readme", "README.md", "See [this](doc/NO.md).\n", "no doc/NO.md"),
]
PROGRAM = '#!/bin/sh\ncase "$*" in "mailing new --help" | "send --help") exit 0 ;; esac\nexit 2\n'


def plant(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    program = root / "build/placet"
    program.parent.mkdir(exist_ok=True)
    program.write_text(PROGRAM)
    program.chmod(0o755)


def compile_commands(root, without=None, instead=""):
    """As Meson writes it: relative to the build folder."""
    flag = "-I../src -include base/banned.h"
    rows = [{"directory": str(root / "build"), "file": f"../{s}", "command": f"cc {instead if s == without else flag} -c ../{s}"}
            for s in SOURCES]
    (root / "build/compile_commands.json").write_text(json.dumps(rows))


def run(check, root, program=None):
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run([sys.executable, ROOT / f"tools/check/{check}.py", root], capture_output=True, text=True,
                          timeout=60, env=env)


CHECKS = sorted({p.stem for p in (ROOT / "tools/check").glob("*.py")} - {"common"})


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "a tree, d'été"
    plant(root, GOOD)
    compile_commands(root)
    return root


@pytest.mark.parametrize("check", CHECKS)
def test_a_tree_in_order_passes(check, tree):
    done = run(check, tree)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_check_has_a_fault():
    assert {f[0] for f in FAULTS} == set(CHECKS)


@pytest.mark.parametrize("check,name,content,complaint", FAULTS)
def test_a_fault_is_found(check, name, content, complaint, tree):
    plant(tree, {name: content})
    done = run(check, tree)
    assert done.returncode == 1 and not done.stderr
    assert complaint in done.stdout and done.stdout.startswith(name + ":")


@pytest.mark.parametrize("instead", ["", "-include base/banned.h", "-I../tools -include base/banned.h", "-I../src"])
def test_a_source_compiled_without_the_header_is_found(instead, tree):
    compile_commands(tree, without="src/mail/a.c", instead=instead)
    assert "src/mail/a.c:1: is compiled without" in run("banned", tree).stdout


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("call", ["strcpy(a, b)", "sprintf(a, b)", "system(b)", "atoi(b)"])
def test_the_compiler_refuses_a_poisoned_function(compiler, call):
    source = f"char *a; const char *b; void f(void) {{ {call}; }}\n"
    argv = [compiler, "-fsyntax-only", f"-I{ROOT}/src", "-include", "base/banned.h", "-x", "c", "-"]
    done = subprocess.run(argv, input=source, text=True, capture_output=True, timeout=60)
    assert done.returncode != 0 and "poisoned" in done.stderr
