"""Tables as text: what each kind of file is read as, what is said of it, and how the rest is refused."""

from __future__ import annotations

import csv
import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from engine.data import Dataset, TableFile, source_at
from engine.errors import DataError, EngineError

PLAIN = "a,b,kind\n1,2.5,x\n3,4.5,y\n5,6.5,x\n"


def made(folder: Path, content: str | bytes, **values: str | int) -> Dataset:
    path = folder / "t.csv"
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    source = source_at(path)
    assert isinstance(source, TableFile)
    return source.replace(**values).make()


def said(data: Dataset) -> str:
    return " ".join(note.text for note in data.report)


def offers(data: Dataset) -> dict[str, dict[str, object]]:
    return {offer.words: dict(offer.changes) for note in data.report for offer in note.offers}


# ---- how a file is written -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", "|"),
        PLAIN.replace(",", " "),
        PLAIN.replace(",", ";").replace(".", ","),
        "sep=;\n" + PLAIN.replace(",", ";"),
        "# made by hand\n# in May\n" + PLAIN,
        PLAIN.replace("\n", "\n\n"),
        PLAIN.replace("x", '"x"'),
        PLAIN.replace(",", " , "),
        ("\N{ZERO WIDTH NO-BREAK SPACE}" + PLAIN).encode("utf-8"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.rstrip("\n"),
    ],
)
def test_the_same_table_however_it_is_written(tmp_path: Path, content: str | bytes) -> None:
    data = made(tmp_path, content)
    assert np.array_equal(data.x, [[1, 2.5], [3, 4.5], [5, 6.5]])
    assert (data.features, data.classes, data.y.tolist()) == (("a", "b"), ("x", "y"), [0, 1, 0])


def test_a_quoted_cell_may_hold_anything(tmp_path: Path) -> None:
    data = made(tmp_path, 'a,kind\n1,"one, or\n""two"""\n2,other\n3,other\n')
    assert data.classes == ('one, or\n"two"', "other")


def test_letters_of_windows(tmp_path: Path) -> None:
    data = made(tmp_path, "a,kind\n1,grün\n2,rot\n".encode("cp1252"))
    assert data.classes == ("grün", "rot")
    assert "read as Windows-1252" in said(data)


def test_a_column_alone_is_a_target_without_inputs(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"No column of t\.csv can be an input beside v"):
        made(tmp_path, "v\n1\n2\n3\n")


def test_what_is_guessed_is_said_and_can_be_overruled(tmp_path: Path) -> None:
    data = made(tmp_path, PLAIN)
    assert "Between cells stands a comma." in said(data)
    assert offers(data)["Separate at semicolons"] == {"delimiter": "semicolon"}
    assert offers(data)["Read it as a sample"] == {"header": "no"}
    data = made(tmp_path, "1,2\n3,4\n5,7\n", answer="numbers")
    assert data.features == ("x1",), "no sample is taken for names"
    assert made(tmp_path, "1,2\n3,4\n5,7\n", header="yes").features == ("1",)


def test_names_are_there_and_differ(tmp_path: Path) -> None:
    data = made(tmp_path, "a,a,,kind\n1,5,2,x\n2,3,9,y\n5,1,8,x\n")
    assert data.features == ("a", "a 2", "column 3")


# ---- numbers, words, gaps --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "-2", "+3"], [1, -2, 3]),
        (["1.5", ".5", "2."], [1.5, 0.5, 2]),
        (["1e3", "2E-1", "0"], [1000, 0.2, 0]),
        (["1,5", "2,5", "0,25"], [1.5, 2.5, 0.25]),
        (["1.234,5", "99,0", "2.000.000,1"], [1234.5, 99, 2000000.1]),
        (["1,234.5", "99.0", "2,000,000.1"], [1234.5, 99, 2000000.1]),
        (["−1", "2", "−3"], [-1, 2, -3]),
        (["12 %", "50%", "7 %"], [12, 50, 7]),
        (["1 000", "2 000", "5"], [1000, 2000, 5]),
    ],
)
def test_numbers(tmp_path: Path, cells: list[str], values: list[float]) -> None:
    rows = "".join(f'"{cell}";{kind}\n' for cell, kind in zip(cells, "pqp", strict=True))
    data = made(tmp_path, "a;kind\n" + rows)
    assert np.allclose(data.x[:, 0], values)


@pytest.mark.parametrize("codes", [["01234", "02345", "99999"], ["ab", "cd", "ab"], ["red", "dark red", "x"]])
def test_words_and_codes_become_an_input_for_each_kind(tmp_path: Path, codes: list[str]) -> None:
    rows = "".join(f"{code},{y}\n" for code, y in zip(codes, (1.5, 2.5, 4.0), strict=True))
    data = made(tmp_path, "code,y\n" + rows)
    assert data.features == tuple(f"code = {code}" for code in sorted(set(codes)))
    assert data.x.sum(axis=1).tolist() == [1, 1, 1]


@pytest.mark.parametrize("gap", ["", "NA", "n/a", "?", "null", "NaN", "-"])
def test_rows_with_gaps_are_left_out_or_marked(tmp_path: Path, gap: str) -> None:
    content = f"a,b,y\n1,2,1.5\n{gap},4,2.5\n5,9,3.5\n7,8,{gap}\n"
    data = made(tmp_path, content)
    assert data.x.tolist() == [[1, 2], [5, 9]]
    assert "2 rows were left out: 1 without a target (line 5), 1 with an empty cell (line 3)." in said(data)
    assert offers(data)["Mark what is missing"] == {"missing": "mark"}
    marked = made(tmp_path, content, missing="mark")
    assert marked.features == ("a", "a is missing", "b")
    assert marked.x.tolist() == [[1, 0, 2], [0, 1, 4], [5, 0, 9]]


def test_a_slip_among_numbers_is_named(tmp_path: Path) -> None:
    rows = "".join(f"{i * 1.5},{i % 2}\n" for i in range(30))
    data = made(tmp_path, f"a,kind\n{rows}abc,1\n")
    assert len(data) == 30
    assert "1 cell of a is no number (abc), and counts as empty." in said(data)


def test_rows_of_another_length_are_counted_and_named(tmp_path: Path) -> None:
    data = made(tmp_path, PLAIN + "7,8\n9,8,y,4\n")
    assert len(data) == 3
    assert "2 rows were left out: 2 of other than 3 cells (line 5: 2 cells, line 6: 4 cells)." in said(data)


def test_what_float32_cannot_hold_is_left_out(tmp_path: Path) -> None:
    data = made(tmp_path, "a,kind\n1,x\n1e300,y\n3,y\n5,x\n")
    assert data.x[:, 0].tolist() == [1, 3, 5]
    assert "1 with a number that is too large (line 3)" in said(data)


def test_columns_that_say_nothing_are_left_out(tmp_path: Path) -> None:
    rows = "".join(f"n{i},{i * i % 7},{i % 2},3,{i},,{'xy'[i % 3 > 0]}\n" for i in range(60))
    data = made(tmp_path, "who,a,b,same,id,none,kind\n" + rows)
    assert data.features == ("a", "b")
    for why in (
        "of more than 50 kinds of words (who)",
        "the same in every row (same)",
        "counting the rows (id)",
        "empty (none)",
    ):
        assert why in said(data)


@pytest.mark.parametrize("form", ["2024-01-{:02}", "{}/13/2024", "{}.5.24", "2024-03-{:02}T12:30:00Z"])
def test_dates_become_parts_and_no_categories(tmp_path: Path, form: str) -> None:
    rows = "".join(f"{form.format(i + 1)},{i * i}.5,{'xy'[i % 2]}\n" for i in range(9))
    data = made(tmp_path, "day,a,kind\n" + rows)
    assert data.features[0] == "day: days"
    assert "day: weekday (sin)" in data.features or "day: month (sin)" in data.features
    assert data.features[-1] == "a"
    assert made(tmp_path, "day,a,kind\n" + rows, roles="day=ignore").features == ("a",)


def test_time_alone_may_be_the_input(tmp_path: Path) -> None:
    data = made(tmp_path, "t,y\n0,1.5\n1,2.5\n2,2.0\n3,9.5\n")
    assert data.features == ("t",)


@pytest.mark.parametrize(
    ("rows", "x", "y"),
    [
        ("1,5;2,234\n2,5;3,1\n0,25;4,2\n", [1.5, 2.5, 0.25], [2.234, 3.1, 4.2]),
        ("1,99;1.250\n2,5;3.100\n0,25;4.200\n", [1.99, 2.5, 0.25], [1250, 3100, 4200]),
        ("1.99;1,250\n2.5;3,100\n0.25;4,200\n", [1.99, 2.5, 0.25], [1250, 3100, 4200]),
        ("7;1,5\n8;2,25\n6;3,125\n", [7, 8, 6], [1.5, 2.25, 3.125]),
    ],
)
def test_a_table_has_one_decimal_mark(tmp_path: Path, rows: str, x: list[float], y: list[float]) -> None:
    data = made(tmp_path, "a;b\n" + rows)
    assert np.allclose(data.x[:, 0], x)
    assert np.allclose(data.y[:, 0], y)


def test_where_nothing_tells_the_mark_it_is_said(tmp_path: Path) -> None:
    content = "a;y\n1,234;7.5\n2,345;8.5\n"
    data = made(tmp_path, content.replace(".5", ""), answer="numbers")
    assert data.x[:, 0].tolist() == [1234, 2345]
    assert "“1,234” in a is read as 1234; with a decimal comma it would be 1.234." in said(data)
    assert offers(data)["Its decimal mark is a comma"] == {"decimal": "comma"}
    assert np.allclose(
        made(tmp_path, content.replace(".5", ""), answer="numbers", decimal="comma").x[:, 0], [1.234, 2.345]
    )


def test_percent(tmp_path: Path) -> None:
    data = made(tmp_path, "a,y\n12%,1.5\n0.5,2.5\n7 %,3.5\n")
    assert np.allclose(data.x[:, 0], [0.12, 0.5, 0.07])
    assert "Of a, 2 numbers in percent were divided by 100." in said(data)


def test_numbers_are_the_same_class_however_they_are_written(tmp_path: Path) -> None:
    rows = "".join(f"{i / 3},{(i % 12) + 1}{'.0' if i > 60 else ''}\n" for i in range(120))
    data = made(tmp_path, "a,kind\n" + rows, answer="classes")
    assert data.classes == tuple(str(i + 1) for i in range(12)), "and in the order of numbers"


# ---- names -----------------------------------------------------------------------------------------------------------


def test_a_delimiter_at_the_end_of_each_row_moves_no_name(tmp_path: Path) -> None:
    data = made(tmp_path, "class,a,b\nx,1.5,7.25,\ny,2.5,8.25,\nx,3.5,6.25,\n")
    assert (data.features, data.classes) == (("a", "b"), ("x", "y"))
    data = made(tmp_path, "a,kind\nr1,1.5,x\nr2,2.5,y\nr3,3.5,x\n", inputs="a")
    assert data.x[:, 0].tolist() == [1.5, 2.5, 3.5], "as R writes it"
    assert "The first column has no name" in said(data)


def test_lines_with_a_cross(tmp_path: Path) -> None:
    data = made(tmp_path, "#,a,kind\n1,2.5,x\n2,4.5,y\n3,6.5,x\n")
    assert data.features == ("a",), "a cross may be a name"
    body = "".join(f"{i}.5,{'xy'[i % 2]}\n" for i in range(30))
    data = made(tmp_path, "# of May\na,kind\n" + body + "# end,of file\n")
    assert len(data) == 30
    assert "2 lines with # in front were passed over." in said(data)
    colours = made(tmp_path, "colour,y\n" + "#ff0000,1.5\n#00ff00,2.5\n" * 3)
    assert len(colours) == 6


def test_a_header_that_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"first row of t\.csv has 4 cells and the others 3"):
        made(tmp_path, "a,b,c,d\n1,2,3\n4,5,6\n", header="yes")


def test_any_name_can_be_chosen(tmp_path: Path) -> None:
    long = "how many of them there were in all of the years before the war began"
    content = f'"two\nlines",{long},"a ""b"", c"\n1,2.5,3\n4,5.5,7\n2,8.5,1\n'
    data = made(tmp_path, content)
    told = [changes["targets"] for changes in offers(data).values() if "targets" in changes]
    assert len(told) == 2
    assert made(tmp_path, content, targets=told[0]).targets == ("two lines",)
    assert made(tmp_path, content, targets=long).y[:, 0].tolist() == [2.5, 5.5, 8.5]
    with pytest.raises(DataError, match="has no column"):
        made(tmp_path, content, targets="a\nb")


# ---- hostile ---------------------------------------------------------------------------------------------------------


def test_one_long_cell_takes_no_memory_for_all(tmp_path: Path) -> None:
    rows = "".join(f"{i % 5},{'xy'[i % 2]},w\n" for i in range(3000))
    path = tmp_path / "t.csv"
    path.write_text("a,kind,words\n" + rows + f"1,x,{'w' * 100_000}\n")
    tracemalloc.start()
    data = TableFile(path=str(path), targets="kind").make()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(data) == 3001
    assert peak < 20e6


def test_many_equal_names_and_many_kinds(tmp_path: Path) -> None:
    many = 3000
    data = made(
        tmp_path,
        ",".join(["a"] * many)
        + "\n"
        + "\n".join(",".join(f"{i * j % 7}.5" for j in range(many)) for i in range(3)),
    )
    assert data.features[-1] == f"a {many - 1}"
    rows = "".join(f"n{i},{i % 3}.5\n" for i in range(12_000))
    with pytest.raises(
        DataError, match="make 12,000 inputs for each of 12,000 rows; expected at most 10,000"
    ):
        made(tmp_path, "name,y\n" + rows, inputs="name")
    with pytest.raises(DataError, match="has a cell of more than 131,072 letters"):
        made(tmp_path, "a,b\n1," + "x" * 140_000 + "\n2,3\n")


# ---- what is to be told ----------------------------------------------------------------------------------------------


def test_the_target_is_the_column_called_so_or_the_last(tmp_path: Path) -> None:
    assert made(tmp_path, "label,a,b\nx,1,2\ny,3,9\nx,4,7\n").classes == ("x", "y")
    data = made(tmp_path, "p,q\n1,2.5\n3,4.5\n2,8.5\n")
    assert (data.task, data.targets) == ("regression", ("q",))
    assert offers(data)["Predict p"] == {"targets": "p"}


def test_several_targets(tmp_path: Path) -> None:
    data = made(tmp_path, 'a,b,"c, d"\n1,2.5,3\n4,5.5,6\n2,8.5,1\n', targets='b,"c, d"')
    assert data.targets == ("b", "c, d")
    assert data.y.tolist() == [[2.5, 3], [5.5, 6], [8.5, 1]]
    with pytest.raises(DataError, match="of which one holds words"):
        made(tmp_path, PLAIN, targets="b, kind", answer="classes")
    with pytest.raises(DataError, match="holds words such as 'x'"):
        made(tmp_path, PLAIN, answer="numbers")


def test_few_whole_numbers_are_classes_and_many_are_numbers(tmp_path: Path) -> None:
    few = "a,y\n" + "".join(f"{i * 1.5},{i % 3}\n" for i in range(90))
    data = made(tmp_path, few)
    assert data.classes == ("0", "1", "2")
    assert offers(data)["Predict it as a number"] == {"answer": "numbers"}
    many = "a,y\n" + "".join(f"{i * 1.5},{i * 7 % 90}\n" for i in range(90))
    data = made(tmp_path, many)
    assert data.task == "regression"
    assert offers(data)["Take it for classes"] == {"answer": "classes"}


def test_inputs_can_be_chosen(tmp_path: Path) -> None:
    assert made(tmp_path, PLAIN, inputs="b").features == ("b",)
    with pytest.raises(DataError, match="no column 'c'; expected one of a, b, kind"):
        made(tmp_path, PLAIN, inputs="b,c")


def test_a_limit_spreads_over_the_file(tmp_path: Path) -> None:
    rows = "".join(f"{i * 1.5},{i / 2}\n" for i in range(101))
    assert made(tmp_path, "a,y\n" + rows, limit=3).x[:, 0].tolist() == [0, 75, 150]


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "holds no rows"),
        (b"\n\n", "holds no rows"),
        (b"a,b\n", "holds names of columns and no rows"),
        (b"PK\x03\x04rest", "an Excel or another packed file"),
        (b"PAR1rest", "a Parquet file"),
        (b"a,b\n1,\x002\n" + b"x,y\n" * 90, "holds zero bytes"),
        (b'a,b\n1,"2\n3,4\n', "opens a quote that nothing closes"),
        (b"a,b\n,x\n,y\n", "can be an input|has all its cells"),
        (b"a,b\n1,x\n2,x\n", "expected at least two classes"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(DataError, match=why):
        made(tmp_path, content)


def test_broken_tables_only_give_sentences(tmp_path: Path) -> None:
    rng = random.Random(0)
    sentences: list[str] = []
    whole = (PLAIN * 3 + 'q,"w, e",2\n').encode()
    for _ in range(300):
        raw = bytearray(whole)
        for _ in range(rng.randint(1, 12)):
            at = rng.randrange(len(raw))
            match rng.randrange(3):
                case 0:
                    raw[at] = rng.randrange(256)
                case 1:
                    del raw[at : at + rng.randint(1, 9)]
                    raw += b"1"
                case _:
                    raw[at:at] = rng.choice([b'"', b",", b"\n", b"\0", b";", b"1e999", "é".encode(), b"\xff"])
        try:
            data = made(tmp_path, bytes(raw))
        except EngineError as error:
            sentences.append(str(error))
        else:
            assert np.isfinite(data.x).all()
    assert sentences
    assert max(map(len, sentences)) < 400


def test_the_limit_of_the_csv_module_is_left_as_it_was(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    made(tmp_path, PLAIN)
    assert csv.field_size_limit() == before
