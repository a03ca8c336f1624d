"""Workbooks of other people and hostile ones, read by table_tool.

Whatever the file, the tool reads it or says why not, within 5 seconds and
128 MiB, and never crashes. What it reads from XLSX must be what openpyxl
reads, from ODS what Python's own zipfile and XML parser give; where they
disagree, the cell stands in a list here, with the reason.
"""

import csv
import datetime
import decimal
import io
import json
import os
import pathlib
import re
import resource
import struct
import subprocess
import warnings
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib

import openpyxl
import pytest

TOOL = os.environ["TABLE_TOOL"]
CORPORA = pathlib.Path(__file__).resolve().parents[2].parent / "shared" / "corpora" / "xlsx"
SECONDS = 5
MIB = 128

# Refused, and why.
REFUSED = {
    "calamine/issue252.xlsx": "not well-formed",  # torn on purpose; its checksum is wrong too
    "calamine/pass_protected.xlsx": "has a password; save it without one",
    "calamine/pass_protected.ods": "has a password; save it without one",
    "calamine/issue_594_dos.ods": "more than 256 columns",  # one cell, repeated 999999999 times in as many rows
}

# openpyxl cannot open them; what we read was looked at by hand.
NOT_BY_OPENPYXL = {
    "calamine/empty_s_attribute.xlsx",  # s="" on a cell
    "calamine/issue_419.xlsx",  # xl/SharedStrings.xml: names of parts have no case
    "calamine/issue_530.xlsx",  # \ in the names of parts
    "calamine/minimal_package.xlsx",  # no [Content_Types].xml
    "calamine/strict_iso_paths.xlsx",  # strict OOXML: other namespaces
    "sheetjs/sheet_visibility_strict.xlsx",  # the same
    "sheetjs/wtf_path.xlsx",  # parts in a folder of another name
    "sheetjs/xlsx-stream-d-date-cell.xlsx",  # no styles at all
}



def unescaped(words):
    return words.replace("_x000D_", "\r")


def stripped(words):
    return words.strip(" \t\r\n")


# Where openpyxl reads a text differently, what makes ours of it, and why ours stays.
DISAGREE = {
    # _x000D_ is a carriage return (ECMA-376 part 1, 22.9.2.19 ST_Xstring); openpyxl does not undo it.
    "calamine/has_x000D_.xlsx": unescaped,
    "calamine/has_x000D_inline.xlsx": unescaped,
    "sheetjs/comments_stress_test.xlsx": unescaped,
    # Without xml:space="preserve" blanks at the ends of a text do not count, as in Excel; openpyxl keeps them.
    "calamine/encoded_entities.xlsx": stripped,
    "calamine/whitespace_trim.xlsx": stripped,
}

# Tables of 1.2, -12.34, 123.456 ... in every format of a date that there is. openpyxl gives days before 1900, which
# Excel does not have, for negative numbers, and takes "d", "h" or "s" alone, and hours beyond 24, for no date.
DATE_FORMATS = {"sheetjs/LONumbers.xlsx", "sheetjs/LONumbers-2010.xlsx", "sheetjs/LONumbers-2011.xlsx"}


def corpus(*endings):
    if not CORPORA.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no corpora of workbooks at {CORPORA}"))]
    files = sorted(p for p in CORPORA.glob("*/*") if p.suffix in endings)
    return [pytest.param(p, id=str(p.relative_to(CORPORA))) for p in files]


def bounded(*args):
    """The exit code, the lines of JSON and the error of the tool, which keeps to the bounds."""
    env = dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=1:malloc_context_size=1")
    done = subprocess.run([TOOL, *map(str, args)], capture_output=True, env=env, timeout=6 * SECONDS,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS)))
    error = done.stderr.decode().strip()
    assert done.returncode in (0, 2), (done.returncode, error[-2000:])
    assert "Sanitizer" not in error and "runtime error" not in error, error[:2000]
    lines = [json.loads(line) for line in done.stdout.decode().split("\n") if line]
    assert lines.pop()["peak"] < MIB * 1024
    return done.returncode, lines, error


def run(*args):
    """The rows as {line: cells}, what was found out, and the error or None."""
    code, lines, error = bounded(*args)
    rows = {line["line"]: line["cells"] for line in lines[1:]}
    assert len(rows) == max(len(lines) - 1, 0)
    assert bool(code) == bool(error)
    return rows, lines[0] if lines else {}, error or None


def trimmed(cells):
    cells = list(cells)
    while cells and cells[-1] == "":
        cells.pop()
    return cells


# ---- XLSX by openpyxl


def text(value):
    """A value of openpyxl as table_value.h promises it."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).upper()
    if isinstance(value, float):
        plain = format(decimal.Decimal(repr(value)), "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    if isinstance(value, datetime.datetime):
        value = (value + datetime.timedelta(microseconds=500000)).replace(microsecond=0)
        return value.isoformat().removesuffix("T00:00:00")
    if isinstance(value, datetime.timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(value, (datetime.time, datetime.date)):
        return value.isoformat()
    return str(value)


def by_openpyxl(path):
    """The rows of each sheet that has cells, and the name of the first that is not hidden."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path, data_only=True)
    sheets = {}
    for sheet in book.worksheets:
        rows = enumerate(sheet.iter_rows(values_only=True, min_row=1), 1)
        sheets[sheet.title] = {n: cells for n, cells in ((n, trimmed(map(text, row))) for n, row in rows) if cells}
    return sheets, next(s.title for s in book.worksheets if s.sheet_state == "visible")


def compare(name, ours, theirs):
    for line in sorted(set(ours) | set(theirs)):
        mine, other = ours.get(line, []), theirs.get(line, [])
        for column in range(max(len(mine), len(other))):
            a = mine[column] if column < len(mine) else ""
            b = other[column] if column < len(other) else ""
            if a != b and name in DISAGREE:
                assert a == DISAGREE[name](b), (line, column + 1)
            elif a != b and name in DATE_FORMATS:
                number = re.fullmatch(r"-\d+(\.\d+)?", a)
                assert number or re.fullmatch(r"\d+(\.\d+)?", b), (line, column + 1, a, b)
            else:
                assert a == b, (line, column + 1)


@pytest.mark.parametrize("path", corpus(".xlsx", ".xlsm"))
def test_xlsx(path):
    name = str(path.relative_to(CORPORA))
    ours, about, error = run(path)
    if name in REFUSED:
        assert error and REFUSED[name] in error
        return
    assert error is None
    if name in NOT_BY_OPENPYXL:
        with pytest.raises((TypeError, KeyError, IndexError, StopIteration)):
            by_openpyxl(path)
        assert ours
        return
    sheets, first = by_openpyxl(path)
    assert about.get("sheet", first) == first
    compare(name, ours, sheets[first])
    for sheet, theirs in sheets.items():
        ours, about, error = run(path, sheet)
        assert error is None and about.get("sheet", sheet) == sheet
        compare(name, ours, theirs)


def test_known_truth():
    """The one workbook that comes with what Excel itself saved as CSV."""
    if not CORPORA.exists():
        pytest.skip(f"no corpora of workbooks at {CORPORA}")
    truth = (CORPORA / "sheetjs/sushi.xlsx.0.csv").read_text("utf-8-sig")
    want = [trimmed(row) for row in csv.reader(io.StringIO(truth))]
    for kind in ("xlsx", "ods"):
        assert list(run(CORPORA / f"sheetjs/sushi.{kind}")[0].values()) == want


# ---- ODS by zipfile and ElementTree

NAMES = {p: f"urn:oasis:names:tc:opendocument:xmlns:{p}:1.0" for p in ("office", "table", "text", "style")}
VALUE = {"float": "value", "percentage": "value", "currency": "value", "date": "date-value", "time": "time-value",
         "boolean": "boolean-value", "string": "string-value"}


def q(name):
    prefix, local = name.split(":")
    return f"{{{NAMES[prefix]}}}{local}"


def paragraph(element):
    """The text of a paragraph; a NUL stands for each blank that counts."""
    words = element.text or ""
    for child in element:
        if child.tag == q("text:s"):
            words += "\0" * int(child.get(q("text:c"), 1))
        elif child.tag in (q("text:tab"), q("text:line-break")):
            words += "\t" if child.tag == q("text:tab") else "\n"
        elif child.tag in (q("text:span"), q("text:a")):
            words += paragraph(child)
        words += child.tail or ""
    return words


def ods_text(cell):
    kind = cell.get(q("office:value-type"))
    value = cell.get(q("office:" + VALUE[kind])) if kind else None
    if cell.tag == q("table:covered-table-cell"):
        return ""
    if value is None:
        lines = (re.sub(" +", " ", paragraph(p)).strip(" ").replace("\0", " ") for p in cell.findall("text:p", NAMES))
        return "\n".join(lines)
    if kind == "boolean":
        return value.upper()
    if kind == "date":
        return value.split(".")[0].removesuffix("T00:00:00")
    if kind == "time":
        return "{:0>2}:{:0>2}:{:0>2}".format(*re.fullmatch(r"PT(\d+)H(\d+)M(\d+)[\d.,]*S", value).groups())
    return value if kind == "string" else text(float(value))


def element_rows(table):
    rows, line = {}, 1
    for row in table.iter(q("table:table-row")):
        cells = []
        for cell in row:
            # Blank ones beyond those that anybody reads are left out.
            times = int(cell.get(q("table:number-columns-repeated"), 1))
            found = ods_text(cell)
            cells += [found] * (times if found else min(times, 300))
        times = int(row.get(q("table:number-rows-repeated"), 1))
        if trimmed(cells):
            rows.update((line + i, trimmed(cells)) for i in range(times))
        line += times
    return rows


def by_elements(path):
    with zipfile.ZipFile(path) as archive:
        root = ElementTree.fromstring(archive.read("content.xml"))
    hidden = {style.get(q("style:name")) for style in root.iter(q("style:style"))
              for p in style.findall("style:table-properties", NAMES) if p.get(q("table:display")) == "false"}
    tables = root.findall("office:body/office:spreadsheet/table:table", NAMES)
    first = next(t for t in tables if t.get(q("table:style-name")) not in hidden)
    return {t.get(q("table:name")): element_rows(t) for t in tables}, first.get(q("table:name"))


@pytest.mark.parametrize("path", corpus(".ods"))
def test_ods(path):
    name = str(path.relative_to(CORPORA))
    ours, about, error = run(path)
    if name in REFUSED:
        assert error and REFUSED[name] in error
        return
    assert error is None
    sheets, first = by_elements(path)
    assert about.get("sheet", first) == first
    assert ours == sheets[first]
    for sheet, theirs in sheets.items():
        assert run(path, sheet)[::2] == (theirs, None)


# ---- hostile

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def relations(**targets):
    words = "".join(f'<Relationship Id="{t}" Type="{TYPE}/{t}" Target="{part}"/>' for t, part in targets.items())
    return f"<Relationships>{words}</Relationships>"


XLSX = {
    "_rels/.rels": relations(officeDocument="xl/workbook.xml"),
    "xl/workbook.xml": f'<workbook {MAIN}><sheets><sheet name="S" r:id="worksheet" xmlns:r="r"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": relations(worksheet="sheet.xml", sharedStrings="strings.xml", styles="styles.xml"),
    "xl/sheet.xml": "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>",
}


def xlsx(path, **parts):
    """A workbook with these parts in place of the usual ones (sheet, strings, styles, workbook, rels)."""
    names = {"workbook": "xl/workbook.xml", "rels": "xl/_rels/workbook.xml.rels", "root": "_rels/.rels"}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**XLSX, **{names.get(k, f"xl/{k}.xml"): v for k, v in parts.items()}}.items():
            archive.writestr(name, data)
    return path


def ods(path, tables):
    names = " ".join(f'xmlns:{p}="{uri}"' for p, uri in NAMES.items())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", f"<office:document-content {names}><office:body><office:spreadsheet>{tables}"
                         "</office:spreadsheet></office:body></office:document-content>")
    return path


def raw_zip(path, entries):
    """An archive from (name, packed bytes, checksum, size that it claims), each deflated."""
    body, directory = b"", b""
    for name, packed, check, size in entries:
        same = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, check, len(packed), size, len(name), 0)
        directory += b"PK\1\2" + struct.pack("<H", 20) + same + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name
        body += b"PK\3\4" + same + name + packed
    end = struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(directory), len(body), 0)
    path.write_bytes(body + directory + b"PK\5\6" + end)
    return path


def deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def deflate_many(begin, block, times):
    """`begin`, and `block` so many times, without packing it more than once."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(begin) + packer.flush(zlib.Z_FULL_FLUSH)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + packed * times + deflate(b"")


def bomb(path, begin, block, times, size):
    usual = ((name.encode(), data.encode()) for name, data in XLSX.items() if "sheet" not in name)
    parts = [(name, deflate(data), zlib.crc32(data), len(data)) for name, data in usual]
    return raw_zip(path, parts + [(b"xl/sheet.xml", deflate_many(begin, block, times), 0, size)])


def refused(path, why):
    code, _, error = bounded("--count", path)
    assert code and why in error, error


GB = 1 << 30


@pytest.mark.parametrize("begin, block, why", [
    (b"", bytes(1 << 20), "not well-formed"),
    (b"<worksheet>", b" " * (1 << 20), "more than the 1024 MiB"),
    (b"<worksheet><sheetData>", b"<row><c><v>" + b"1" * 1000 + b"</v></c></row>" * 900, "is damaged"),
    (b"<worksheet><!--", b" " * (1 << 20), "a tag without end"),
    (b"<worksheet a='", b" " * (1 << 20), "a tag without end"),
    (b"<worksheet><sheetData><row><c><v>", b"1" * (1 << 20), "longer than 1048576 bytes"),
    (b"<worksheet><sheetData>", b"<row r='1'/>" * 90000, "wrong number"),
    (b"<worksheet><sheetData>", b"<row/>" * 90000, "row 1048576 of sheet"),
], ids=["zeros", "spaces", "one-row", "comment", "attribute", "value", "same-row", "rows"])
def test_ten_gigabytes(tmp_path, begin, block, why):
    """10 GiB that take 10 MiB in the file; the size that it claims may be a lie."""
    times = 10 * GB // len(block)
    refused(bomb(tmp_path / "small.xlsx", begin, block, times, 100), why)
    refused(bomb(tmp_path / "large.xlsx", begin, block, times, 0xfffffffe), "unpacks to 4095 MiB")


def test_bomb_in_each_part(tmp_path):
    spaces = " " * (1 << 20)
    for part in ("workbook", "rels", "root", "strings", "styles"):
        path = xlsx(tmp_path / f"{part}.xlsx", **{part: "<a>" + spaces * 60})
        refused(path, "times its size")
    refused(ods(tmp_path / "a.ods", spaces * 60), "times its size")


def test_nested_archives(tmp_path):
    """Archives inside are parts that nobody opens."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0", bytes(1 << 24))
    for _ in range(5):
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
            for i in range(16):
                archive.writestr(f"{i}.zip", inner.getvalue())
        inner = outer
    (tmp_path / "42.xlsx").write_bytes(inner.getvalue())
    refused(tmp_path / "42.xlsx", "ZIP archive without a workbook")


def test_shared_strings_beyond_the_bound(tmp_path):
    one = "".join(chr(97 + i * 7 % 26) + str(i) for i in range(4000))
    refused(xlsx(tmp_path / "a.xlsx", strings="<sst>" + f"<si><t>{one}</t></si>" * 4000 + "</sst>"),
            "more text than the 64 MiB")


def test_one_text_told_without_end(tmp_path):
    words = "x" * 1000000
    cells = "<row><c t='s'><v>0</v></c></row>" * 2000
    refused(xlsx(tmp_path / "a.xlsx", strings=f"<sst><si><t>{words}</t></si></sst>",
                 sheet=f"<worksheet><sheetData>{cells}</sheetData></worksheet>"), "import it in parts")


def billion_laughs():
    names = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY l0 "lol">{names}]><worksheet>&l9;</worksheet>'


@pytest.mark.parametrize("evil", [
    billion_laughs(),
    f'<!DOCTYPE x [<!ENTITY a "{"a" * 100000}">]><worksheet>{"&a;" * 100000}</worksheet>',  # quadratic
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>',
    '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><worksheet/>',
    '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><worksheet/>',
], ids=["laughs", "quadratic", "external", "dtd", "parameter"])
def test_entities(tmp_path, evil):
    for part in ("workbook", "rels", "root", "strings", "styles", "sheet"):
        refused(xlsx(tmp_path / f"{part}.xlsx", **{part: evil}), "a document type")
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", evil)
    refused(tmp_path / "a.ods", "a document type")


def test_million_sheets(tmp_path):
    many = "".join(f'<sheet name="S{i}" r:id="worksheet"/>' for i in range(1000000))
    refused(xlsx(tmp_path / "a.xlsx", workbook=f'<workbook xmlns:r="r"><sheets>{many}</sheets></workbook>'), "1024 sheets")
    more = "".join(f'<Relationship Id="r{i}" Type="{TYPE}/worksheet" Target="s{i}.xml"/>' for i in range(1000000))
    refused(xlsx(tmp_path / "b.xlsx", rels=f"<Relationships>{more}</Relationships>"), "1024 sheets")
    tables = "".join(f'<table:table table:name="S{i}"/>' for i in range(1000000))
    refused(ods(tmp_path / "a.ods", tables), "1024 sheets")


def test_million_styles(tmp_path):
    styles = "<styleSheet><cellXfs>" + "<xf numFmtId='14'/>" * 1000000 + "</cellXfs></styleSheet>"
    refused(xlsx(tmp_path / "a.xlsx", styles=styles), "65536 cell styles")


def test_million_parts(tmp_path):
    """The directory alone would fill the memory; with ZIP64 the count stands in another place."""
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        for i in range(70000):
            archive.writestr(f"{i}", "")
    refused(tmp_path / "a.xlsx", "more than 16384 parts")
    raw_zip(tmp_path / "b.xlsx", [(str(i).encode(), b"", 0, 0) for i in range(30000)])
    refused(tmp_path / "b.xlsx", "more than 16384 parts")


def test_far_away(tmp_path):
    far = '<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    refused(xlsx(tmp_path / "a.xlsx", sheet=far), "row 1048576 of sheet")


def test_blank_repeats_cost_nothing(tmp_path):
    blank = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell ' \
        'table:number-columns-repeated="16384"/></table:table-row>'
    last = "<table:table-row><table:table-cell><text:p>end</text:p></table:table-cell></table:table-row>"
    rows, _, error = run(ods(tmp_path / "a.ods", f'<table:table table:name="S">{blank}{last}</table:table>'))
    assert error is None and rows == {1048001: ["end"]}


@pytest.mark.parametrize("rows, columns", [(999999999, 999999999), (2**31 - 1, 1), (2**64, 2**64), (1, 2**31 - 1)])
def test_repeats(tmp_path, rows, columns):
    cell = f'<table:table-cell table:number-columns-repeated="{columns}"><text:p>X</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row>'
    path = ods(tmp_path / "a.ods", f'<table:table table:name="S">{row}</table:table>')
    if rows == 2**64:  # no number at all, for us as for LibreOffice
        assert run(path)[0] == {1: ["X"]}
    else:
        refused(path, "repeated beyond" if columns == 1 else "more than 256 columns")


def test_torn_archive(tmp_path):
    whole = xlsx(tmp_path / "a.xlsx").read_bytes()
    for n in range(4, len(whole), 37):
        (tmp_path / "b.xlsx").write_bytes(whole[:n])
        assert run(tmp_path / "b.xlsx")[2]


def test_encrypted_part(tmp_path):
    whole = bytearray(xlsx(tmp_path / "a.xlsx").read_bytes())
    for found in re.finditer(b"PK\1\2", bytes(whole)):
        whole[found.start() + 8] |= 1
    for found in re.finditer(b"PK\3\4", bytes(whole)):
        whole[found.start() + 6] |= 1
    (tmp_path / "a.xlsx").write_bytes(whole)
    refused(tmp_path / "a.xlsx", "has a password")


def test_other_methods(tmp_path):
    """LZMA would allocate what the archive asks for."""
    for method in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        with zipfile.ZipFile(tmp_path / "a.xlsx", "w", method) as archive:
            for name, data in XLSX.items():
                archive.writestr(name, data)
        refused(tmp_path / "a.xlsx", "in a way that no spreadsheet uses")


def test_paths_that_lead_out(tmp_path):
    """Names of parts lead nowhere: nothing is written, and none but parts is read."""
    target = "../../../../../../etc/passwd"
    refused(xlsx(tmp_path / "a.xlsx", rels=relations(worksheet=target)), "is missing in the file")
    refused(xlsx(tmp_path / "b.xlsx", root=relations(officeDocument="file:///etc/passwd")), "without a workbook")
    with zipfile.ZipFile(tmp_path / "c.xlsx", "w") as archive:
        for name, data in XLSX.items():
            archive.writestr(f"../{name}" if "sheet" in name else name, data)
    refused(tmp_path / "c.xlsx", "is missing in the file")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.xlsx", "b.xlsx", "c.xlsx"]
