"""The clients' tables: each genuine one comes back, is drawn again to the same bytes, and no cell breaks a row."""

import json
import re
import unicodedata
from pathlib import Path

import prettytable
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rdokit.errors import ParseError
from rdokit.parse import Table, cli_csv, cli_shell, cli_table, typed, typed_pairs
from rdokit.parse.schemas import LISTS, show_schema

# How the clients draw. prettytable 0.7 cannot be had beside today's, so its rules are written down here: how wide
# a character is, and on which side the odd blank of a centred cell goes.


def width_of_2013(text):
    """Columns that prettytable 0.7 counts."""
    total = 0
    for char in text:
        code = ord(char)
        if 0x21 <= code <= 0x7E:
            total += 1
        elif 0x4E00 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7AF:
            total += 2
        elif unicodedata.combining(char):
            pass
        elif 0x3040 <= code <= 0x30FF or 0xFF01 <= code <= 0xFF60 or 0x3000 <= code <= 0x303E:
            total += 2
        else:
            total += {0x08: -1, 0x7F: -1, 0x00: 0, 0x1F: 0}.get(code, 1)
    return total


def _aligned(text, width, align):
    excess = width - width_of_2013(text)
    if align == "l":
        return text + " " * excess
    left = excess // 2
    if excess % 2 and not width_of_2013(text) % 2:
        left += 1
    return " " * left + text + " " * (excess - left)


def table_of_2013(columns, rows, align):
    """The table with a newline behind it."""
    grid = [[cell.split("\n") for cell in row] for row in [columns, *rows]]
    widths = [max(width_of_2013(line) for row in grid for line in row[i]) for i in range(len(columns))]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = []
    for row in grid:
        for i in range(max(map(len, row))):
            parts = [cell[i] if i < len(cell) else "" for cell in row]
            cells = (_aligned(part, width, align) for part, width in zip(parts, widths, strict=True))
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([rule, lines[0], rule, *lines[1:], rule]) + "\n"


def table_of_today(columns, rows, align):
    table = prettytable.PrettyTable(columns)
    table.align = align
    table.add_rows(rows)
    return f"{table}\n"


TRANSCRIPTS = Path(__file__).parents[2] / "shared" / "havana" / "transcripts.jsonl"
CENTRED = ("keystone", "cinder")


def recorded():
    if not TRANSCRIPTS.exists():
        return []
    return [json.loads(line) for line in TRANSCRIPTS.read_text(encoding="utf-8").splitlines()]


def command(argv):
    match = re.search(r"\b(keystone|neutron|nova|glance|cinder) (?:--?\S+ )*([a-z][a-z0-9-]+)", argv)
    return " ".join(match.groups()) if match else ""


TABLES = [line for line in recorded() if re.search(r"^\+-[-+]*\+$", line["stdout"], re.MULTILINE)]
needs_recordings = pytest.mark.skipif(not TABLES, reason="the recorded sessions are not beside the project")


@needs_recordings
@pytest.mark.parametrize("line", TABLES, ids=lambda line: line["id"])
def test_a_genuine_table_is_drawn_again_to_the_same_bytes(line):
    tables = cli_table.parse_all(line["stdout"])
    align = "c" if command(line["argv"]).startswith(CENTRED) else "l"
    drawn = "".join(table_of_2013(table.columns, table.rows, align) for table in tables)
    printed = "".join(re.findall(r"^[+|].*\n", line["stdout"], re.MULTILINE))
    if not line["argv"].endswith(' "'):  # a blank at the end of a description is lost: see the module's docstring
        assert drawn == printed
    around = [text for table in tables for text in (table.title, *table.before, *table.after) if text]
    rest = [text for text in re.sub(r"(?m)^[+|].*\n", "", line["stdout"]).split("\n") if text.strip()]
    assert around == [text.rpartition("\r")[2] for text in rest]


@needs_recordings
@pytest.mark.parametrize("line", [one for one in TABLES if one["exit"] == 0], ids=lambda line: line["id"])
def test_a_genuine_table_has_the_schemas_columns_and_types(line):
    name, table = command(line["argv"]), cli_table.parse_all(line["stdout"])[0]
    if table.columns[1:] == ("Value",):
        assert typed_pairs(table, show_schema(name)).keys() == table.pairs().keys()
    elif name in LISTS:
        assert len(typed(table, LISTS[name])) == len(table.rows)
        if not re.search(r" (-c|-F|--column|--fields) ", line["argv"]):
            assert table.columns == tuple(LISTS[name])


@needs_recordings
@pytest.mark.parametrize("line", TABLES[:60:4], ids=lambda line: line["id"])
def test_a_genuine_table_cut_anywhere_is_an_error(line):
    text = line["stdout"].rstrip("\n")
    for end in range(len(text)):
        if end and text[:end].count("\n") == text.count("\n") and text.endswith(text[end:]):
            pass  # even the last rule line must be whole
        with pytest.raises(ParseError):
            tables = cli_table.parse_all(text[:end])
            if len(tables) < len(cli_table.parse_all(text)):
                raise ParseError("nova endpoints: whole tables are left out")


@needs_recordings
def test_the_csv_and_table_forms_agree():
    lines = {line["argv"]: line["stdout"] for line in recorded() if line["section"] == "neutron-format"}
    table = cli_table.parse(lines["neutron net-list -f table"])
    csv = cli_csv.parse(lines["neutron net-list -f csv"])
    assert (csv.columns, csv.rows) == (table.columns, table.rows)
    shell = cli_shell.parse(lines["neutron net-show public -f shell"])
    assert shell.pairs() == cli_table.parse(lines["neutron net-show public -f table"]).pairs()


# What the format can carry

CHARS = st.characters(exclude_characters="\n\r", exclude_categories=["Cs", "Cc"])
TEXT = st.one_of(st.text(CHARS, max_size=12), st.text("ab |+-あ漢é", max_size=12))
LINES = st.lists(TEXT, min_size=1, max_size=3).map("\n".join)
SETTLED = {"l": lambda line: line.rstrip(" "), "c": lambda line: line.strip(" ")}


def settled(cell, align):
    """The cell without the blanks that this alignment loses."""
    return "\n".join(SETTLED[align](line) for line in cell.split("\n"))


@pytest.mark.parametrize("draw", [table_of_2013, table_of_today])
@pytest.mark.parametrize("align", ["l", "c"])
@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.tuples(st.uuids().map(str), TEXT, LINES), max_size=4))
def test_a_list_comes_back(draw, align, rows):
    table = cli_table.parse(draw(["id", "name", "subnets"], rows, align), ["id", "name"])
    # in a list, newlines at the end of a cell cannot be told from the neighbours' longer ones
    assert table.rows == [tuple(settled(cell, align).rstrip("\n") for cell in row) for row in rows]


@pytest.mark.parametrize("draw", [table_of_2013, table_of_today])
@pytest.mark.parametrize("align", ["l", "c"])
@settings(max_examples=200, deadline=None)
@given(pairs=st.dictionaries(st.text("abc_:-", min_size=1, max_size=8), LINES, max_size=4))
def test_a_field_value_table_comes_back(draw, align, pairs):
    text = "Created a new router:\n" + draw(["Field", "Value"], list(pairs.items()), align)
    table = cli_table.parse(text, tool={"l": "neutron router-create", "c": "keystone tenant-get"}[align])
    assert table.pairs() == {key: settled(value, align) for key, value in pairs.items()}
    assert table.title == "Created a new router:"


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(st.uuids().map(str), TEXT), min_size=1, max_size=3), align=st.sampled_from("lc"),
       data=st.data())  # fmt: skip
def test_a_cut_list_is_never_a_shorter_one(rows, align, data):
    text = table_of_today(["id", "name"], rows, align).rstrip("\n")
    end = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(ParseError):
        cli_table.parse(text[:end])


@given(st.text(max_size=80))
def test_any_text_is_a_table_or_an_error(text):
    for parse in (cli_table.parse, cli_csv.parse, cli_shell.parse):
        try:
            assert isinstance(parse(text), Table)
        except ParseError as error:
            assert error.line_number <= text.count("\n") + 1


CELLS = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=4))
def test_csv_comes_back(rows):
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows([("id", "name", "x"), *rows])
    assert cli_csv.parse(out.getvalue(), ("id",)).rows == rows


VALUES = st.text(st.characters(exclude_characters='"\r', exclude_categories=["Cs"]), max_size=12)


@given(st.dictionaries(st.text("abc_:", min_size=1, max_size=5).filter(lambda k: k[0] != ":"), VALUES, min_size=1))
def test_the_shell_form_comes_back(pairs):
    text = "Created a new network:\n" + "".join(f'{key}="{value}"\n' for key, value in pairs.items())
    assert cli_shell.parse(text).pairs() == pairs


# Zero rows, strangers, and what stands around

HEADER_ONLY = "+----+------+\n| ID | Name |\n+----+------+\n+----+------+\n"


@pytest.mark.parametrize("text", ["", "\n", HEADER_ONLY])
def test_zero_rows_in_each_clients_way(text):
    table = cli_table.parse(text, ("ID", "Name"))
    assert table.columns == ("ID", "Name") and table.rows == [] and typed(table, {"ID": "int"}) == []


@pytest.mark.parametrize(
    "text, message, number",
    [
        ("", "not even a header", 0),
        ("Unable to communicate with identity service\n", "no table", 1),
        ("+--+\n| a |\n+--+\n+--+\n", "bars are not under", 2),
        ("+---+\n| a |\n+---+\n| 1 |\n", "the table is cut", 4),
        ("+---+\n| a |\n+---+\n| 1 |\nWARNING: interleaved\n+---+\n", "bars are not under", 5),
        ("+---+\n| a |\n| b |\n+---+\n| 1 |\n+---+\n", "header of one line", 2),
        ("+----+---+\n| id | b |\n+----+---+\n|    | 1 |\n+----+---+\n", "key is blank", 4),
        (HEADER_ONLY * 2, "one table expected, 2 found", 0),
    ],
)
def test_what_is_not_the_table_is_named(text, message, number):
    with pytest.raises(ParseError, match=message) as caught:
        cli_table.parse(text)
    assert caught.value.line_number == number


def test_a_missing_column_is_named():
    with pytest.raises(ParseError, match="no column subnets: ID, Name"):
        cli_table.parse(HEADER_ONLY, ("ID", "subnets"))


def test_warnings_stay_outside_and_a_terminal_adds_cr():
    text = "DeprecationWarning: x\nCreated a new network:\n" + HEADER_ONLY + "\nlater\n"
    for form in (text, text.replace("\n", "\r\n")):
        table = cli_table.parse(form)
        assert (table.title, table.before, table.after) == (
            "Created a new network:", ("DeprecationWarning: x",), ("later",))  # fmt: skip


def test_without_an_id_each_line_is_a_row():
    text = (
        "+-------------+--------------+\n| IP Protocol | Source Group |\n+-------------+--------------+\n"
        "|             | default      |\n|             | default      |\n+-------------+--------------+\n"
    )
    assert cli_table.parse(text).rows == [("", "default"), ("", "default")]
    with pytest.raises(ParseError):
        cli_table.parse(text, key="IP Protocol")


def test_a_bar_beside_a_character_of_unknown_width():
    table = "+----+--------+\n| id | name   |\n+----+--------+\n| 1  | {} |\n+----+--------+\n"
    assert cli_table.parse(table.format("\U0001f600|abc ")).rows == [("1", "\U0001f600|abc")]  # wide: today
    assert cli_table.parse(table.format("\U0001f600|abcd")).rows == [("1", "\U0001f600|abcd")]  # one column: 2013


def test_a_wrong_cell_is_named():
    with pytest.raises(ParseError, match="column enabled: 'maybe' is neither True nor False"):
        typed(Table(("enabled",), [("maybe",)]), {"enabled": "bool"})
    with pytest.raises(ParseError, match="'name' stands twice"):
        Table(("Field", "Value"), [("name", "a"), ("name", "b")]).pairs()
    with pytest.raises(ParseError, match="cells expected"):
        cli_csv.parse('"a","b"\r\n"1"\r\n')
    with pytest.raises(ParseError, match="cut in the middle"):
        cli_csv.parse('"a","b"\r\n"1","2')
