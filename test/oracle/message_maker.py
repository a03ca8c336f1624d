"""Makes mailings and people by chance from a seed, and says for each what a reader has to find in the message.

What is expected is put together here beside the Markdown, piece by piece, by somebody who knows what was meant: no Markdown
parser, neither ours nor another, has a part in it. A mailing is {"draft", "people"} as message_tool takes them; what is
expected of it is a Wanted. Texts are compared without their white space (flat), since lines are wrapped.
"""
import dataclasses
import random
import re
import unicodedata
import urllib.parse

from scripts_sample import EMOJI, LANGUAGES, MARKS, MIXED

HOST = "https://water.example.ac.uk"
SEED = 20261123
RTL = {"ar", "fa", "ur", "ps", "ckb", "ug", "he", "yi", "syr", "dv", "nqo", "ff-Adlm", "sd", "arc"}

# What a column of a spreadsheet may hold, and must arrive as it is: each is a way out of some context, if it were let.
HOSTILE = [
    "<b>bold</b>", "\"><script>alert(1)</script>", "' onmouseover='x", "</bdi></p><p>", "<!-- x", "]]>", "<![CDATA[x]]>", "&amp; &lt; &#0; &unknown",
    "=3D=0D=0A", "=", "==", "a=b=", "=?UTF-8?Q?x?=", "=?utf-8?B?eA==?= y", "?=", "=?", "--=_00", "--", "=_", "From here", "From", ">From",
    ".", "..", ". dot", "-- ", "**not bold**", "_x_", "`tick`", "[link](x)", "![x](y)", "# head", "> quote", "1. one", "- item", "* * *", "|", "a|b",
    "{{name}}", "{{", "}}", "{code}", "{token}", "\\", "\\{{x}}", "\\\\", "%s %n %00", "%0d%0aBcc: x", "$&<>'\"", "O'Brien & Sons \"Bob\"", "a  b   c",
    " leading", "trailing ", "  ", "100 %", "“quoted”", "a;b,c:d", "(comment)", "<x@y>", "@", "a@b", "name <x>", "\"", "'", "x\u00a0y", "İstanbul",
    "ſ", "ß" * 90, "x" * 200, "€" * 200, "\U0001f600" * 200, "&" * 200, "=" * 200, "." * 200, "<" * 200, "w " * 99 + "w", "e\u0301" * 60,
    "t\u0301\u0302\u0303\u0304", "क्ष" * 30, "𠮷" * 100, "תּוֹדָה" * 20, "e.g. Dr.Smith", "3.14", "1,000.5", "~~x~~", "a\\", "&nbsp;", "#", "##",
]
# What must be refused, naming the field: a second line, what shows nothing or turns direction, too much, an address on the web.
REFUSED = [
    "a\nb", "a\r\nBcc: eve@evil.example", "a\rb", "a\x00b"[:1] + "\x01", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u2029", "a\tb", "\u202eabc", "\u2066x\u2069",
    "\u200bx", "a\ufeffb", "\u00ad", "x" * 201, "€" * 201, "https://evil.example", "http://1.2.3.4/", "evil.com", "www.evil.example", "bit.ly/x",
    "javascript:alert(1)", "mailto:eve@evil.example", "\ud7ff\U000e0001", "\U000e0041\U000e0042", "ftp://x.example/", "HTTPS://EVIL.EXAMPLE",
]
ENTITIES = [("&amp;", "&"), ("&copy;", "©"), ("&#x1F600;", "\U0001f600"), ("&lt;b&gt;", "<b>"), ("&quot;", '"'), ("&ouml;", "ö"), ("&#8364;", "€"), ("&nbsp;", "")]
RAW = [".", "...", "From", "From us", "a=b", "=3D", "100%", "3.14", "(brackets)", "\"quotes\"", "it's", "12:30", "a/b", "50 + 7", "§ 3", "e.g.", "--x", "§=_x"]
PATHS = ["/a", "/how-we-test", "/a?b=c&d=e", "/%C3%A9t%C3%A9", "/x#y", "/~z/", "/a,b;c", "/long-" + "path-" * 30 + "x", "/?q=%3Cb%3E", "/2026/11/23"]
PIXELS = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
IMAGES = {"wells": {"name": "wells", "alt": "Two wells & a \"pump\" <3", "type": "image/png", "width": 1168, "height": 300, "base64": PIXELS},
          "map": {"name": "map", "alt": "خريطة und Straße 水", "type": "image/png", "width": 1, "height": 1, "base64": PIXELS}}
# What no link may be; the messages name the field.
REFUSED_LINKS = ["http://survey.example.com/", "https://evil.example/?survey.example.com", "https://survey.example.com@evil.example/",
                 "https://survey.example.com:444/", "javascript:alert(1)", "https://survey.example.com/\" onclick=", "https://survey.example.com/a b",
                 "https://survey.example.com/\r\nBcc: x", "//survey.example.com/", "https://survey.example.com\\@evil.example/", "https://",
                 "https://survey.example.com/" + "x" * 480, "https://survey.example.com.evil.example/", "https://survey.example.com/é"]
SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~=&:/@$^\"'])")


def nfc(text):
    return unicodedata.normalize("NFC", text)


def flat(text, more=""):
    """Without white space and what keeps directions apart, and without the characters of `more`."""
    return re.sub(rf"[\s\u2066-\u2069{more}]", "", nfc(text))


def flat_text(text):
    """Of the text part, where > stands before quotes, and < > around addresses."""
    return flat(text, "<>")


@dataclasses.dataclass
class Bit:
    """Something written: as Markdown, as HTML shows it, and as the text part has it. A field is \\x02NAME|DEFAULT\\x03 in the latter two,
    and \\x04NAME|DEFAULT\\x05 inside of a link."""
    md: str
    html: str
    text: str


@dataclasses.dataclass
class Wanted:
    html: list = dataclasses.field(default_factory=list)   # texts that follow each other, with fields as in Bit
    text: list = dataclasses.field(default_factory=list)   # the same; a set of words may stand anywhere
    links: list = dataclasses.field(default_factory=list)
    images: list = dataclasses.field(default_factory=list)  # their names, as often as they stand there


@dataclasses.dataclass
class Only:
    """Words for those alone whose field `name` is so (None: is anything)."""
    name: str
    value: object
    negated: bool
    words: str

    def holds(self, values):
        own = values.get(self.name) or None
        return (own is not None if self.value is None else own == self.value) != self.negated


FIELD = re.compile("\x02([a-z0-9_]+)\\|([^\x03]*)\x03")
IN_LINK = re.compile("\x04([a-z0-9_]+)\\|([^\x05]*)\x05")


def filled(text, values):
    text = IN_LINK.sub(lambda m: urllib.parse.quote(values.get(m[1]) or m[2], safe="-._~"), text)
    return FIELD.sub(lambda m: values.get(m[1]) or m[2], text)


class Maker:
    """One mailing. What it takes from chance comes from `number` alone."""

    def __init__(self, number):
        self.rng = random.Random(SEED * 100003 + number)
        self.number = number
        self.tag, self.own_name, self.words = LANGUAGES[number % len(LANGUAGES)]
        self.names = [f"v{self.rng.randrange(10 ** 6)}_{i}" for i in range(self.rng.randint(1, 5))]
        self.wanted = Wanted()
        # Every third mailing has what differs between people, and images.
        self.varied = number % 3 == 1

    # --- within a line ---

    def plain(self, text):
        return Bit(SPECIAL.sub(r"\\\1", text), text, text)

    def language(self):
        if self.rng.random() < 0.5:
            return self.plain(self.rng.choice([self.words, self.own_name]))
        return self.plain(self.rng.choice(self.rng.choice(LANGUAGES)[1:]))

    def field(self):
        name = self.rng.choice(self.names)
        default = self.rng.choice(["friend", "ß & <b>", "\"x\"", "日本", "مرحبا"])
        mark = f"\x02{name}|{default}\x03"
        return Bit(f"{{{{{name}|{default}}}}}", mark, mark)

    def link(self):
        url = HOST + self.rng.choice(PATHS)
        self.wanted.links.append(url)
        kind = self.rng.randrange(4)
        if kind == 0:
            return Bit(f"<{url}>", url, url)
        if kind == 1 and not re.search(r"[,;~/#y>x]$", url):
            return Bit(url, url, url)
        if kind == 2:
            self.wanted.links[-1] = "mailto:help@water.example.ac.uk"
            return Bit("[our help](mailto:help@water.example.ac.uk)", "our help", "our help help@water.example.ac.uk")
        words = self.language()
        return Bit(f"[{words.md}](<{url}>)" if self.rng.random() < 0.5 else f"[{words.md}]({url} \"title\")", words.html, f"{words.text} {url}")

    def marked(self):
        inner = self.plain(self.rng.choice(["word", "two words", "größer", "水道水", "سلام", self.own_name.strip()]))
        kind = self.rng.randrange(4)
        if kind == 0:
            return Bit(f"*{inner.md}*", inner.html, f"_{inner.text}_")
        if kind == 1:
            return Bit(f"**{inner.md}**", inner.html, f"*{inner.text}*")
        if kind == 2:
            code = self.rng.choice(["x = 1", "From a", ".", "<b>", "&amp;", "*a*", "\\n", "=3D"])
            return Bit(f"`{code}`", code, code)
        return Bit(f"***{inner.md}***", inner.html, f"_*{inner.text}*_")

    def bit(self, fields=True):
        pick = self.rng.random()
        if pick < 0.35:
            return self.language()
        if pick < 0.50:
            return self.field() if fields else self.language()
        if pick < 0.60:
            return self.marked()
        if pick < 0.66:
            return self.link()
        if pick < 0.72:
            md, shown = self.rng.choice(ENTITIES)
            return Bit(md, shown, shown)
        if pick < 0.80:
            raw = self.rng.choice(RAW)
            return Bit(raw, raw, raw)
        return self.plain(self.rng.choice([*EMOJI, *MARKS, *MIXED, "2026", "412 homes", "7,5 %", "- x", "# y", "a@b", "=" * 9, "<b>", "\\"]))

    def line(self, most=8, fields=True):
        bits = [self.bit(fields) for _ in range(self.rng.randint(1, most))]
        if not any(flat_text(b.html) for b in bits):
            bits.append(self.plain("word"))
        # The first bit of a line must not be read as the mark of a block.
        bits.insert(0, self.plain(self.rng.choice(["From", "Dear", "…", "a", "水", "سلام"])))
        return Bit(*(" ".join(getattr(b, k) for b in bits) for k in ("md", "html", "text")))

    # --- blocks ---

    def want(self, *lines):
        for line in lines:
            self.wanted.html.append(line.html)
            self.wanted.text.append(line.text)

    def paragraph(self, indent=""):
        lines = [self.line() for _ in range(self.rng.randint(1, 6))]
        gap = self.rng.choice(["\n", "\\\n", "  \n", "\n"])
        self.want(*lines)
        return (gap + indent).join(line.md for line in lines) + self.rng.choice(["", "   ", " "])

    def heading(self):
        line = self.line(3)
        self.want(line)
        return f"{'#' * self.rng.randint(1, 6)} {line.md}" if self.rng.random() < 0.7 else f"{line.md}\n{self.rng.choice('=-') * 5}"

    def quote(self):
        inner = "\n".join("> " + row for row in self.paragraph().split("\n"))
        return inner + "\n>\n> > " + self.one_line()

    def one_line(self):
        line = self.line(5)
        self.want(line)
        return line.md

    def items(self):
        number = self.rng.choice([1, 7, 99])
        mark = self.rng.choice(["-", "*", "+", f"{number}.", f"{number})"])
        gap = self.rng.choice(["\n", "\n\n"])
        rows = [f"{mark} {self.one_line()}"]
        if self.rng.random() < 0.5:
            indent = " " * (len(mark) + 1)
            rows.append(f"{indent}- {self.one_line()}\n{indent}  1. {self.one_line()}")
        rows.append(f"{mark} {self.one_line()}")
        return gap.join(rows)

    def table(self):
        columns = self.rng.randint(1, 4)
        rows = []
        for _ in range(self.rng.randint(2, 4)):
            cells = [self.line(2, fields=self.rng.random() < 0.5) for _ in range(columns)]
            rows.append("| " + " | ".join(c.md.replace("|", "\\|") if "\\|" not in c.md and "{{" not in c.md else c.md for c in cells) + " |")
            self.wanted.html += [c.html for c in cells]
            self.wanted.text += [set(flat_words(c.text)) for c in cells]
        rows.insert(1, "|" + "|".join(self.rng.choice([":--", "--:", ":-:", "---"]) for _ in range(columns)) + "|")
        return "\n".join(rows)

    def code(self):
        rows = self.rng.sample([".", "..", "From here   on", "  <b>x</b>", "a\tb", "=3D=", "# no heading", "*x*", "&amp;", "https://water.example.ac.uk/code",
                                "--=_x", "\\", "日本語", "سلام", "trailing   "], self.rng.randint(1, 6))
        self.want(*(Bit("", row, row) for row in rows))
        return "```\n" + "\n".join(rows) + "\n```"

    def long(self):
        unit, most = self.rng.choice([("w", 998), ("é", 998), ("水", 700), ("😀", 400), ("ก", 998), ("क्ष", 300), ("ש", 998), ("w", 3000), ("=", 998), (".", 998)])
        word = unit * (most // len(unit) if self.rng.random() < 0.7 else self.rng.randint(60, most))
        line = self.plain(word)
        line.md = "a " + (word if unit != "=" else line.md)
        line.html = line.text = "a " + word
        self.want(line)
        return line.md

    # --- what differs between people, and images ---

    def survey(self):
        """A declared link: with words, and by itself."""
        mark = "\x02survey|\x03"
        self.wanted.links.append(mark)
        words = self.language()
        self.want(Bit("", words.html, f"{words.text} {mark}"), Bit("", mark, mark))
        return f"[{words.md}]({{{{survey}}}})\n\n{{{{survey}}}}"

    def inside_link(self):
        """A field inside of a link, percent-encoded."""
        address = f"{HOST}/s/\x04inside|x y\x05?q=\x04inside|x y\x05&e=1"
        self.wanted.links.append(address)
        words = self.language()
        self.want(Bit("", words.html, f"{words.text} {address}"))
        return f"[{words.md}]({HOST}/s/{{{{inside|x y}}}}?q={{{{inside|x y}}}}&e=1)"

    def condition(self):
        name = self.rng.choice(self.names)
        value = self.rng.choice([None, None, "7", "Ann"])
        negated = self.rng.random() < 0.3
        test = f"{'not ' if negated and value is None else ''}{name}" + ("" if value is None else f" {'!' if negated else ''}= {value}")
        rows = [f"{{{{if {test}}}}}"]
        for turn in range(self.rng.randint(1, 2)):
            word = f"only{self.rng.randrange(10 ** 8):08}"
            both = Only(name, value, negated != bool(turn), word)
            self.wanted.html.append(both)
            self.wanted.text.append(both)
            rows += ["{{else}}"] * turn + [self.rng.choice(["", "- ", "> ", "## "]) + word]
        return "\n".join([*rows, "{{end}}"])

    def image(self):
        name = self.rng.choice(sorted(IMAGES))
        self.wanted.images.append(name)
        self.wanted.html.append("")
        self.wanted.text.append(flat_text(f"[{IMAGES[name]['alt']}]"))
        return f"![]({name})"

    def rule(self):
        return self.rng.choice(["* * *", "***", "_ _ _"])

    def body(self):
        kinds = [self.paragraph] * 4 + [self.heading, self.quote, self.items, self.items, self.table, self.code, self.long, self.rule]
        if self.varied:
            kinds += [self.survey, self.inside_link, self.condition, self.condition, self.image]
        blocks = [self.paragraph()] if self.number % 29 else []
        blocks += [self.rng.choice(kinds)() for _ in range(self.rng.randint(0, 9))]
        blocks.append(self.one_line())
        return ("\n\n" if self.rng.random() < 0.8 else "\n\n\n \n").join(blocks) + self.rng.choice(["", "\n", "\n\n  \n"])

    # --- the whole ---

    def subject(self):
        words = self.rng.choice([self.words, "Round two", f"{self.own_name.strip()} – {self.words}", "=?x?=", "a" * 120, "Re: 50 % = a?b_c", "“" * 30,
                                 " ".join(self.rng.choice(LANGUAGES)[1] for _ in range(6))])
        name = self.rng.choice(self.names)
        return self.rng.choice([(words, words), (f"{words} {{{{{name}|you}}}}", f"{words} \x02{name}|you\x03"), (f"{{{{{name}|x}}}}: {words}", f"\x02{name}|x\x03: {words}")])

    def value(self):
        pick = self.rng.random()
        if pick < 0.45:
            return self.rng.choice(HOSTILE)
        if pick < 0.9:
            return self.rng.choice([*(t for _, a, b in LANGUAGES for t in (a, b)), *EMOJI, *MARKS, *MIXED])
        return self.rng.choice([None, "", "Ann", "7", "x" * self.rng.randint(1, 200)])

    def own_links(self):
        survey = self.rng.choice(["https://survey.example.com/s/1?t=a&u=%20", "https://www.example.ac.uk", "https://example.ac.uk/x#y",
                                  "https://survey.example.com/" + "x" * 460, "https://survey.example.com/?a=1&amp;b=2&lt=3=3D"])
        return {"survey": survey, "inside": self.rng.choice(["../a?b#c&d\"><x y/ä%41", "日本 語", "\U0001f600", "a+b=c&d", "'", "x" * 200, "", "€" * 200])}

    def mailing(self, people):
        """({"draft", "people"}, what each person's message has to have)."""
        subject, self.wanted_subject = self.subject()
        body = self.body()
        name = self.rng.choice(["Dr Ada Byron", f"Ada {self.own_name.strip()}", "Ada \"Bee\" O'Byron, PhD (Water)", "Åsa Öberg", "王小明", "=?x", "A" * 70])
        draft = {"language": self.tag, "subject": subject, "body": body, "from_name": name, "mailing_id": self.number + 1,
                 "reply_to": self.rng.choice([None, "water-study@research-mail.example.ac.uk"]), "trial": self.number % 3 == 0,
                 "project_title": self.rng.choice(["Drinking water at home", self.own_name.strip(), f"{self.words} 12", "水" * 40])}
        if self.varied:
            draft["images"] = list(IMAGES.values())
            draft["other_languages"] = self.rng.choice([[], ["de"], ["ar", "fr", "ja"]])
        said = "on 3 May 2026, with a signed form (SC-12)"
        chosen = [{"values": {**{n: self.value() for n in self.names}, **self.own_links()}, "test": self.rng.random() < 0.1,
                   "opt_out_token": f"AQFvAAAAAAA{self.number:05}x{i:04}q3kXo1u0s7dJHqf4",
                   "consent": self.rng.choice([said, f"in {self.own_name.strip()}, 2026 & <before>"])} for i in range(people)]
        return {"draft": draft, "people": chosen}, self.wanted


def flat_words(text):
    """The words of a table's cell; fields are left out, since they are looked for elsewhere."""
    return [w for w in (flat_text(part) for part in FIELD.sub(" ", text).split()) if w]
