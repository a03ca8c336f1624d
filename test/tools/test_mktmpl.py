"""The template compiler: good templates are compiled, run, and their output compared; bad ones are refused
with file and line. Needs MKTMPL (the program), SRC (the folder src) and CC."""

import os
import pathlib
import subprocess
import tempfile
import unittest

MKTMPL = os.environ["MKTMPL"]
SRC = os.environ["SRC"]
CC = os.environ.get("CC", "cc").split()


def compile_templates(folder, files):
    paths = []
    for name, text in files.items():
        path = pathlib.Path(folder) / name
        path.write_text(text, encoding="utf-8")
        paths.append(str(path))
    return subprocess.run(
        [MKTMPL, f"{folder}/out.c", f"{folder}/out.h", *paths], capture_output=True, text=True, check=False
    )


def run_view(files, view, values):
    """What VIEW_write writes for the C initializer `values`."""
    with tempfile.TemporaryDirectory() as folder:
        made = compile_templates(folder, files)
        if made.returncode != 0:
            raise AssertionError(f"mktmpl refused: {made.stderr}")
        main = pathlib.Path(folder) / "main.c"
        main.write_text(
            '#include "out.h"\n#include <stdio.h>\nint main(void)\n{\n\tstruct buf b;\n'
            f"\tstruct {view} v = {{ {values} }};\n"
            f"\tbuf_init(&b, 1 << 20);\n\t{view}_write(&b, &v);\n"
            "\tfwrite(buf_text(&b), 1, b.n, stdout);\n\treturn b.over;\n}\n",
            encoding="utf-8",
        )
        program = f"{folder}/main"
        base = [f"{SRC}/base/{name}.c" for name in ("base", "buf", "html_out")]
        subprocess.run(
            [*CC, "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-I", SRC,
             "-I", folder, "-include", f"{SRC}/base/banned.h", "-o", program, f"{folder}/out.c", str(main), *base],
            check=True,
        )  # fmt: skip
        return subprocess.run([program], capture_output=True, text=True, encoding="utf-8", check=True).stdout


class Good(unittest.TestCase):
    def view(self, body, fields, values, expected, extra=None):
        files = {"p.html": "{# p: a page #}\n{% view p { " + fields + " } %}\n" + body, **(extra or {})}
        self.assertEqual(run_view(files, "p", values), expected)

    def test_text_is_escaped_by_place(self):
        self.view(
            '<p title="{{ t }}">{{ t }}</p>\n<a href=\'{{ u }}\'>x</a>{{ n }}',
            "text t; url u; int n;",
            '.t = "<b>&\\"\'", .u = "https://a.example/?a=1&b=\'", .n = -5',
            '<p title="&lt;b&gt;&amp;&quot;&#39;">&lt;b&gt;&amp;&quot;&#39;</p>\n'
            "<a href='https://a.example/?a=1&amp;b=&#39;'>x</a>-5",
        )

    def test_null_writes_nothing(self):
        self.view("[{{ t }}|{{ h }}|<a href=\"{{ u }}\">]", "text t; html h; url u;", "0", '[||<a href="">]')

    def test_html_is_raw(self):
        self.view("<div>{{ h }}</div>", "html h;", '.h = { "<b>1</b>", 8 }', "<div><b>1</b></div>")

    def test_urls_are_checked(self):
        good = ["https://a", "HTTP://a", "mailto:a@b", "/x?y", "#z", "/"]
        bad = ["javascript:1", " javascript:1", "java\\tscript:1", "//a.example", "/\\\\a", "/\\t/a", "data:x", "x", "https"]
        for url in good + bad:
            with self.subTest(url=url):
                shown = url if url in good else "#"
                self.view('<a href="{{ u }}">', "url u;", f'.u = "{url}"', f'<a href="{shown}">')

    def test_branches(self):
        body = (
            "{% if t %}T{% else %}-{% end %}{% if b %}B{% else %}-{% end %}{% if not b %}N{% else %}-{% end %}"
            "{% if n %}I{% end %}{% if l %}L{% end %}{% if h %}H{% end %}{% if nothing %}!{% end %}"
        )
        fields = "text t; bool b; int n; html h; text nothing; list l of p_row { text x; };"
        self.view(body, fields, '.t = "x", .b = true, .n = 1, .h = { "x", 1 }, .n_l = 1', "TB-ILH")
        self.view(body, fields, '.t = ""', "--N")

    def test_lists_nest(self):
        self.view(
            "<ul>\n{% each a in outer %}\n<li>{{ a.x }}\n  {% each b in a.inner %}\n{{ a.x }}{{ b.y }}{{ n }}\n"
            "  {% end %}\n</li>\n{% end %}\n</ul>\n",
            "int n; list outer of p_a { text x; list inner of p_b { int y; } } text z;",
            '.n = 7, .n_outer = 2, .outer = (struct p_a[]){ { .x = "A", .n_inner = 2, '
            '.inner = (struct p_b[]){ { 1 }, { 2 } } }, { .x = "<" } }',
            "<ul>\n<li>A\nA17\nA27\n</li>\n<li>&lt;\n</li>\n</ul>\n",
        )

    def test_lists_may_share_rows(self):
        self.view(
            "{% each r in a %}{{ r.x }}{% end %}{% each r in b %}{{ r.x }}{% end %}",
            "list a of p_row { int x; }; list b of p_row;",
            ".n_a = 1, .a = (struct p_row[]){ { 1 } }, .n_b = 1, .b = (struct p_row[]){ { 2 } }",
            "12",
        )

    def test_lines_of_tags_leave_nothing(self):
        self.view("a\n  {# note #}\n{% if b %}  {# x #}\nb\n\t{% end %}\nc {# end #}\n", "bool b;", ".b = true", "a\nb\nc \n")

    def test_attributes_may_depend(self):
        body = '<input type="checkbox"{% if b %} checked{% end %}><p class="a{% if b %} on{% end %}">x</p>'
        self.view(body, "bool b;", ".b = true", '<input type="checkbox" checked><p class="a on">x</p>')
        self.view(body, "bool b;", "0", '<input type="checkbox"><p class="a">x</p>')

    def test_include(self):
        head = "{# head: what stands above #}\n<title>{{ t }}</title>\n<body>\n"
        self.view("{% include head %}\n<p>x</p>\n", "text t;", '.t = "T"', "<title>T</title>\n<body>\n<p>x</p>\n", {"head.html": head})

    def test_script_of_its_own_file(self):
        body = '<script src="{{ u }}" defer></script><!-- {# no #}note --><style>a{b:c}</style>{{ t }}'
        expected = '<script src="/a.js" defer></script><!-- note --><style>a{b:c}</style>x'
        self.view(body, "url u; text t;", '.u = "/a.js", .t = "x"', expected)

    def test_number_in_address(self):
        self.view('<a href="/studies/{{ n }}/">', "int n;", ".n = 7", '<a href="/studies/7/">')

    def test_letters_survive(self):
        body = 'M\u00fcller "x" \\ \u201eq\u201c ?' + "?= %d %s\ttab\n" + "long " * 1500
        self.view(body, "bool b;", "0", body)

    def test_nothing_declared(self):
        self.view("x", "", "0", "x")

    def test_plain_text(self):
        files = {"m.txt": "{% view m { text t; url u; int n; } %}\nDear {{ t }},\n<{{ u }}> \"{{ n }}\n{% if t %}\n-- \n{% end %}"}
        self.assertEqual(run_view(files, "m", '.t = "A&B", .u = "https://x/?a&b", .n = 2'), 'Dear A&B,\n<https://x/?a&b> "2\n-- \n')


class Bad(unittest.TestCase):
    HEAD = "{% view p { text t; url u; html h; int n; bool b; list l of p_row { text x; }; } %}\n"

    def refused(self, files, line, words):
        if isinstance(files, str):
            files = {"p.html": self.HEAD + files}
        with tempfile.TemporaryDirectory() as folder:
            made = compile_templates(folder, files)
            self.assertEqual(made.returncode, 1, made.stderr)
            self.assertIn(f"/{line}: ", made.stderr)
            self.assertIn(words, made.stderr)
            self.assertFalse(os.path.exists(f"{folder}/out.c"))

    def test_refusals(self):
        cases = [
            ("\n{{ q }}", 3, 'no field "q"'),
            ("{{ l.x }}", 2, "no {% each l"),
            ("{% each r in l %}\n{{ r.q }}{% end %}", 3, 'p_row has no field "q"'),
            ("{% each r in l %}{% end %}{{ r.x }}", 2, "no {% each r"),
            ("{% each r in t %}{% end %}", 2, "no list"),
            ("{% each r in l %}{% each r in l %}{% end %}{% end %}", 2, "in use"),
            ("{{ b }}", 2, "cannot be written"),
            ("{{ l }}", 2, "cannot be written"),
            ("<script>\nvar x = '{{ t }}';</script>", 3, "script or style"),
            ("<SCRIPT>{{ n }}</SCRIPT>", 2, "script or style"),
            ("<script>'</b>'{{ t }}", 2, "script or style"),
            ("<style>a { color: {{ t }} }</style>", 2, "script or style"),
            ("<!-- {{ t }} -->", 2, "comment"),
            ('<a onclick="{{ t }}">', 2, "this attribute"),
            ('<a OnClick="{{ t }}">', 2, "this attribute"),
            ('<a onclick="{{ n }}">', 2, "this attribute"),
            ('<p style="width: {{ n }}px">', 2, "this attribute"),
            ('<img srcset="{{ u }}">', 2, "this attribute"),
            ("<a title={{ t }}>", 2, "quotes"),
            ("<a title=x>", 2, "quotes"),
            ("<a {{ t }}>", 2, "not here"),
            ("<{{ t }}>", 2, "not here"),
            ("<p{{ t }}>", 2, "not here"),
            ('<a href="{{ t }}">', 2, "url only"),
            ("<img src='{{ t }}'>", 2, "url only"),
            ('<form action="{{ t }}">', 2, "url only"),
            ('<button formaction="{{ t }}">', 2, "url only"),
            ('<a href="/x/{{ t }}">', 2, "url only"),
            ('<a href="/x?u={{ u }}">', 2, "must begin"),
            ('<a href="{{ h }}">', 2, "between tags"),
            ('<a title="{{ h }}">', 2, "between tags"),
            ("{% if b %}<script>{% end %}{{ t }}", 2, "branches"),
            ('<a {% if b %}title="{% end %}{{ t }}">', 2, "branches"),
            ('<a {% if b %}on{% end %}click="{{ t }}">', 2, "space after"),
            ("<scr{% if b %}ipt{% end %}>{{ t }}", 2, "branches"),
            ('{% each r in l %}<a title="{% end %}', 2, "where it began"),
            ('<a{% each r in l %} x="1" on{% end %}>', 2, "where it began"),
            ("<script>{% if b %}1{% end %}</script>", 2, "script"),
            ("{% if b %}", 2, "not closed"),
            ("{% each r in l %}", 2, "not closed"),
            ("{% each r in l %}{% else %}{% end %}", 2, "not closed"),
            ("{% end %}", 2, "without a beginning"),
            ("{% else %}", 2, "without a beginning"),
            ("{% if b %}{% else %}{% else %}{% end %}", 2, "not closed"),
            ("{% loop %}", 2, 'no tag "loop"'),
            ("{% include nowhere %}", 2, "no template"),
            ("{% include p %}", 2, "too deep"),
            ("{{ t ", 2, "missing"),
            ("{{ t | raw }}", 2, "missing"),
            ("{{ 1 }}", 2, "a name is missing"),
            ("{# never", 2, "never closed"),
            ("<p", 2, "within a tag"),
            ("<!-- x", 2, "within a tag"),
            ("{% view q { text t; } %}", 2, "top of the file"),
        ]
        for body, line, words in cases:
            with self.subTest(body=body):
                self.refused(body, f"p.html:{line}", words)

    def test_declarations(self):
        cases = [
            ("{% view p { string t; } %}", 1, 'no type "string"'),
            ("{% view p { text t;\ntext t; } %}", 2, "two fields"),
            ("{% view p { text t } %}", 1, '";" is missing'),
            ("{% view p { list l of q; } %}", 1, "fields of"),
            ("{% view p { list l of p_r { text x; }; list m of p_r { text x; }; } %}", 1, "declared twice"),
            ("{% view P { } %}", 1, "name is missing"),
            ("{% view p { text t; }", 1, "missing"),
            ("{% view p { text t;", 1, "missing"),
            ("{% view p %}", 1, "fields of"),
        ]
        for text, line, words in cases:
            with self.subTest(text=text):
                self.refused({"p.html": text}, f"p.html:{line}", words)
        view = "{% view p { } %}\n"
        self.refused({"a.html": view, "b.html": view}, "b.html:1", "declared twice")

    def test_the_included_file_is_named(self):
        files = {"p.html": self.HEAD + "{% include part %}", "part.html": "<b>\n{{ q }}"}
        self.refused(files, "part.html:2", 'no field "q"')

    def test_html_has_no_place_in_plain_text(self):
        self.refused({"m.txt": "{% view m { html h; } %}\n{{ h }}"}, "m.txt:2", "between tags")


if __name__ == "__main__":
    unittest.main()
