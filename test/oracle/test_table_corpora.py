"""CSV files that others collected, read by table_tool.

What we make of them is what their authors say, or what Python's csv module makes of them; where it is not, the reason is
listed here. Whatever a file holds, reading it takes bounded time and memory.
"""

import csv
import io
import json
import os
import pathlib
import random
import resource
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPORA = ROOT.parent / "shared/corpora/csv"
TOOL = os.environ["TABLE_TOOL"]
SECONDS, PEAK = 5, 128 * 1024  # of the processor; KiB
SPECTRUM = sorted((CORPORA / "csv-spectrum/csvs").glob("*.csv"))
FILES = sorted(CORPORA.glob("papaparse/tests/*.csv")) + sorted(CORPORA.glob("rust-csv/examples/data/*.csv"))

needs_corpora = pytest.mark.skipif(not CORPORA.is_dir(), reason=f"{CORPORA} is absent")

# Where ours answers something else, and why. Each must differ, or its line goes.
BEHIND = "there a quote that no delimiter follows is text; here it closes the cell, and that row alone is at fault"
DIFFERENT = {
    "location_coordinates.csv": "its JSON is one object instead of a list, with another telephone number",
    "newlines_crlf.csv": "its JSON has CR LF in a cell where this copy of the file has LF",
    "strange.csv": "quotes behind backslashes, a semicolon outside of them, lines of comment: no dialect can be told from it",
    "Quoted field with whitespace around quotes": "blanks around the quotes of a cell are nothing, whoever typed them",
    "Quoted field has no closing quote": "an error with its line, not the rest of the file in a cell",
    "Quoted field has invalid trailing quote after delimiter with a valid closer": BEHIND,
    "Quoted field has invalid trailing quote after delimiter": BEHIND,
    "Quoted field has invalid trailing quote before delimiter": BEHIND,
    "Quoted field has invalid trailing quote after new line": BEHIND,
    "Mixed slash n and slash r should choose first as precident": "every line end ends a row, also where they are mixed",
    "ASCII 30 delimiter": "a control is no delimiter",
    "ASCII 31 delimiter": "a control is no delimiter",
    "Bad delimiter (\\n)": "a line end is no delimiter, so that `sep=` names none and is a row",
}


class Read:
    """What table_tool says of a file, and what it took."""

    def __init__(self, path, *options):
        # So that memory which a sanitizer keeps aside is not counted.
        env = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=8"}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with subprocess.Popen([TOOL, *options, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as p:
            out, err = p.communicate(timeout=120)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.status, self.error = p.returncode, err.decode()
        assert self.status in (0, 2), self.error
        assert (self.status == 0) == (self.error == ""), self.error
        *lines, self.counts = [json.loads(line) for line in out.decode().split("\n")[:-1]]
        self.about, self.rows = lines[0] if lines else None, lines[1:]
        assert self.seconds < SECONDS, f"{path}: {self.seconds} s"
        assert self.counts["peak"] < PEAK, f"{path}: {self.counts['peak']} KiB"

    def cells(self):
        return [row["cells"] for row in self.rows]

    def faults(self):
        return [row["line"] for row in self.rows if row["fault"]]


def read_bytes(tmp_path, content, *options):
    path = tmp_path / "table"
    path.write_bytes(content)
    return Read(path, *options)


# --- corpora ----------------------------------------------------------------------------------------


@needs_corpora
@pytest.mark.parametrize("path", SPECTRUM, ids=lambda p: p.stem)
def test_csv_spectrum(path):
    header, *rows = Read(path).cells()
    expected = json.loads((path.parents[1] / "json" / f"{path.stem}.json").read_bytes())
    same = [dict(zip(header, row)) for row in rows] == expected
    assert same != (path.name in DIFFERENT)


def python_rows(path, encoding="utf-8-sig"):
    rows = csv.reader(io.StringIO(path.read_bytes().decode(encoding), newline=""))
    return [row or [""] for row in rows]


@needs_corpora
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_files_of_other_readers(path):
    read = Read(path)
    encoding = "cp1252" if path.name == "uspop-latin1.csv" else "utf-8-sig"
    assert (read.about["charset"], read.about["guessed"]) == (
        ("Windows-1252", True) if encoding == "cp1252" else ("UTF-8", False))
    same = read.status == 0 and read.cells() == python_rows(path, encoding)
    assert same != (path.name in DIFFERENT), read.error or read.cells()[:5]


def papaparse_cases():
    """Those that ask for nothing but rows, or for a delimiter, which a first line `sep=X` names here."""
    if not CORPORA.is_dir():
        return
    cases = json.loads((CORPORA / "papaparse/cases.json").read_text())
    for group in ("CORE_PARSER_TESTS", "PARSE_TESTS"):
        for case in cases[group]:
            config = case.get("config") or {}
            delimiter = config.get("delimiter")
            if set(config) <= {"delimiter"} and (delimiter is None or (isinstance(delimiter, str) and len(delimiter) == 1)):
                yield group, delimiter, case


@needs_corpora
@pytest.mark.parametrize("group,delimiter,case", papaparse_cases(),
                         ids=lambda x: x["description"] if isinstance(x, dict) else "")
def test_papaparse(tmp_path, group, delimiter, case):
    content = case["input"]
    named = f"sep={delimiter}\n" if delimiter else ""
    read = read_bytes(tmp_path, (named + content).encode("utf-8", "surrogatepass"))
    expected = case["expected"]["data"]
    # There a line end is followed by one more row, here it ends the last one.
    if expected and expected[-1] == [""] and content.endswith(("\n", "\r")):
        expected = expected[:-1]
    if expected == [[""]] and not content:
        expected = []
    same = (read.status == 0 or not content) and read.cells() == expected and not read.faults()
    assert same != (case["description"] in DIFFERENT), (content, read.error, read.cells(), expected)


def test_every_difference_is_one(request):
    """A line of the list whose case is gone says nothing any more."""
    if not CORPORA.is_dir():
        pytest.skip(f"{CORPORA} is absent")
    names = {case["description"] for _, _, case in papaparse_cases()} | {path.name for path in FILES + SPECTRUM}
    assert set(DIFFERENT) <= names, set(DIFFERENT) - names


# --- what Python writes -----------------------------------------------------------------------------

PIECES = ["a", "ß", "Müller", "€", "🙂", "一", '"', '""', ",", ";", "\t", "|", "\n", "\r\n", "\r", " ", "'", "=", "1,5", "x@y.example"]


def random_rows(rng):
    columns = rng.randint(1, 6)
    return [["".join(rng.choices(PIECES, k=rng.randint(0, 4))).strip(" \t") for _ in range(columns)]
            for _ in range(rng.randint(1, 40))]


@pytest.mark.parametrize("seed", range(60))
def test_what_python_writes(tmp_path, seed):
    rng = random.Random(seed)
    delimiter, end = rng.choice(",;\t|"), rng.choice(["\n", "\r\n", "\r"])
    encoding, charset = rng.choice([("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16LE"), ("utf-16-be", "UTF-16BE"),
                                    ("cp1252", "Windows-1252")])
    rows = random_rows(rng)
    out = io.StringIO()
    # It quotes no line end but the one that ends its rows, and could not read that back itself.
    quoting = rng.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]) if end == "\r\n" else csv.QUOTE_ALL
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows(rows)
    content = f"sep={delimiter}{end}" + out.getvalue()
    try:
        data = content.encode(encoding)
    except UnicodeEncodeError:
        data, charset = content.encode("utf-8"), "UTF-8"
    read = read_bytes(tmp_path, data)
    assert read.status == 0 and read.cells() == rows and not read.faults()
    assert read.about["delimiter"] == delimiter
    assert read.about["charset"] == charset or data.isascii()
    assert [row["line"] for row in read.rows] == line_numbers(content)


def line_numbers(content):
    """Where each row begins, counted apart from the reader: line ends before it, within quotes and without."""
    lines, line, quoted = [], 1, False
    for piece in content.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:-1]:
        if not quoted:
            lines.append(line)
        quoted ^= piece.count('"') % 2 == 1
        line += 1
    return lines[1:]


# --- what no table is ---------------------------------------------------------------------------------

SIZE = 1 << 30


def hole(path, head, size=SIZE):
    """`head`, and a gigabyte of NULs that takes no room on the disk."""
    with open(path, "wb") as f:
        f.write(head)
        f.truncate(size)
    return path


@pytest.mark.parametrize("head,word", [
    (b"", "line 1: a NUL"), (b"a,b\nc,d\n", "line 3: a NUL"), (b'a,"b\n', "line 2: a NUL"),
    (b"a,b\n" + b"x" * (4 << 20), "line 2: a row of more than 1 MiB"),
    (b'a,b\nc,"' + b"x" * (4 << 20), "line 2: a quote is opened here and not closed within 1 MiB"),
    (b"a,b\n" + "ü".encode("cp1252") * (4 << 20), "line 2: a row of more than 1 MiB"),
    ("a,b\n".encode("utf-16") + "ü".encode("utf-16-le") * (2 << 20), "line 2: a row of more than 1 MiB"),
    (b"a,b\n" + b"," * (4 << 20), "line 2: a row of more than 1 MiB"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel file"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"\xff\xfe", "UTF-32"), (b"\xfe\xff", "line 1: a NUL"),
], ids=["nothing", "rows", "quotes", "line", "unclosed", "latin", "utf-16", "delimiters", "ole", "png", "little", "big"])
def test_a_gigabyte(tmp_path, head, word):
    read = Read(hole(tmp_path / "table", head), "--count")
    assert read.status == 2 and word in read.error


def test_an_unclosed_quote_in_a_large_file(tmp_path):
    path = tmp_path / "table"
    block = b"person@example.org,Smith,2004,psychology\n" * 25000
    with open(path, "wb") as f:
        f.write(b'address,"name,year,department\n')
        while f.tell() < 200_000_000:
            f.write(block)
    began = time.monotonic()
    read = Read(path, "--count")
    path.unlink()
    assert read.status == 2 and "line 1: a quote is opened here and not closed within 1,000 lines" in read.error
    assert read.counts["rows"] == 0 and time.monotonic() - began < 60


@pytest.mark.parametrize("content,rows,word", [
    (b'"' * 10**6, 1, ""), (b'"' * (10**6 + 1), 0, "never closed"), (b'"' * 10**7, 0, "not closed within 1 MiB"),
    (b'"a"b\n' * 10**6, 10**6, ""), (b"\n" * 10**7, 10**7, ""), (b'"",""\n' * 10**6, 10**6, ""),
    (b"a,b\n" + b'"\n"x\n' * 10**6, 10**6 + 1, ""), (b"\xfc\n" * 10**6, 10**6, ""), (b"\xc3\xa9\xff\n" * 10**6, 10**6, ""),
    ((b"x" * (1 << 20) + b"\n") * 60, 60, ""), ((b'"' + b"x\n" * 900 + b'"\n') * 5000, 5000, ""),
    (b"a,b\n" + b"\0" * 10**7, 1, "line 2: a NUL"), (("\ud800,\n" * 10**6).encode("utf-16", "surrogatepass"), 10**6, ""),
], ids=["quotes", "odd", "many", "faults", "blank", "empty", "lines", "bytes", "damage", "long", "tall", "nuls", "halves"])
def test_much_of_one_thing(tmp_path, content, rows, word):
    read = read_bytes(tmp_path, content, "--count")
    assert word in read.error and (read.status == 2) == bool(word)
    assert read.counts["rows"] == rows


@pytest.mark.parametrize("seed", range(40))
def test_noise(tmp_path, seed):
    """Noise, and rows with noise in them: an answer in words, and no row that is out of order."""
    rng = random.Random(seed)
    if seed % 2:
        content = rng.randbytes(rng.randint(1, 200000))
    else:
        content = bytearray(b'a@example.org,"Smith, Ann",2004\r\n' * 2000)
        for _ in range(rng.randint(1, 50)):
            content[rng.randrange(len(content))] = rng.choice(b'"\n\r,;\xff\xc3\x80x' + (b"\0" if seed % 4 else b""))
    read = read_bytes(tmp_path, bytes(content))
    lines = [row["line"] for row in read.rows]
    assert lines == sorted(set(lines)) and (not lines or lines[0] >= 1)


def test_a_program_is_no_table():
    read = Read(TOOL, "--count")
    assert read.status == 2 and "program" in read.error
