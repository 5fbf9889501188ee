"""What tables of real people look like: each kind of bad input, and what a table with it is to become."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from engine.alarms import alarms
from engine.data import PastedTable, Preparation, TableFile, prepare
from engine.errors import DataError, EngineError
from tests.engine.data.tabular import holds, made, offers, role, said, write_xlsx

PLAIN = "a,b,kind\n1,2.5,x\n3,4.5,y\n5,6.5,x\n"


def many(line: str, count: int = 40) -> str:
    """``count`` rows: {i}, {k} (x or y) and {n} (some number) stand for what differs."""
    return "".join(line.format(i=i, k="xy"[i % 2], n=f"{i * 37 % 101}.5") + "\n" for i in range(count))


# ---- delimiters, encodings, quotes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [",", ";", "\t", "|", " "])
def test_delimiters_are_guessed_and_offered(tmp_path: Path, mark: str) -> None:
    data = made(tmp_path, PLAIN.replace(",", mark))
    assert data.features == ("a", "b")
    assert any(words.startswith("Separate at") for words in offers(data))


def test_the_preview_is_the_import(tmp_path: Path) -> None:
    """One function reads both, so that a limit of rows changes no guess."""
    content = "a;kind\n" + many("1,{i};{k}", 100)
    assert made(tmp_path, content).features == made(tmp_path, content, limit=10).features
    assert made(tmp_path, content, limit=10).x[0, 0] == pytest.approx(1.0)


def test_a_byte_that_is_no_letter_is_named_with_its_line(tmp_path: Path) -> None:
    data = made(tmp_path, b"a,kind\n1,x\n2,gr\xfcn\n3,x\n")
    assert "no UTF-8 (byte 0xfc in line 3): it is read as Windows-1252" in said(data)
    assert offers(data)["Read it as Windows-1251"] == {"encoding": "Windows-1251"}
    assert "grьn" in made(tmp_path, b"a,kind\n1,x\n2,gr\xfcn\n3,x\n", encoding="Windows-1251").classes
    assert "gr�n" in made(tmp_path, b"a,kind\n1,x\n2,gr\xfcn\n3,x\n", encoding="UTF-8").classes


def test_an_unclosed_quote_is_named_where_it_opens(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="The row at line 3 opens a quote that nothing closes"):
        made(tmp_path, 'a,kind\n1,x\n2,"y\n3,x\n')


@pytest.mark.parametrize(
    ("start", "what"), [(b"PK\3\4", "Excel"), (b"PAR1", "Parquet"), (b"\xd0\xcf\x11\xe0", "old Excel")]
)
def test_a_binary_file_is_told_by_how_it_starts(tmp_path: Path, start: bytes, what: str) -> None:
    with pytest.raises(DataError, match=what):
        made(tmp_path, start + b"\0" * 30)


# ---- rows and names --------------------------------------------------------------------------------------------------


def test_short_long_and_blank_rows_and_trailing_delimiters(tmp_path: Path) -> None:
    data = made(tmp_path, "a,b,kind\n" + many("{n},1{i},{k}", 20) + "\n,,\n1,2\n1,2,x,4\n")
    assert len(data) == 20
    assert "2 rows were left out: 2 of other than 3 cells (line 24: 2 cells, line 25: 4 cells)" in said(data)


def test_a_row_of_sums_is_suspected(tmp_path: Path) -> None:
    rows = [(i, i * i) for i in range(1, 12)]
    content = "name,a,y\n" + "".join(f"n{i},{i}.5,{j}.25\n" for i, j in rows)
    sums = f"Total,{sum(i + 0.5 for i, _ in rows)},{sum(j + 0.25 for _, j in rows)}\n"
    data = made(tmp_path, content + sums)
    assert "The last row holds the sums of the others" in said(data)
    assert offers(data)["Leave the last row out"] == {"footer": 1}
    assert len(made(tmp_path, content + sums, footer=1)) == 11
    assert "sums" not in said(made(tmp_path, content))


def test_a_title_above_and_units_below_the_names(tmp_path: Path) -> None:
    content = "Measured in May\n\na,b,kind\ncm,kg,\n" + many("{n},2{i},{k}")
    data = made(tmp_path, content)
    assert (data.features, len(data)) == (("a", "b"), 40)
    assert "line 1: 1 cell" in said(data)
    assert made(tmp_path, "x,y,z\n" + content, skip=1).features == ("a", "b")


def test_no_sample_becomes_a_name(tmp_path: Path) -> None:
    assert made(tmp_path, many("{n},{i},{k}")).features == ("x1",), "the second counts the rows"


def test_names_that_are_there_twice_or_not_at_all(tmp_path: Path) -> None:
    data = made(tmp_path, f"a,a,,{'n' * 300},kind\n" + many("{n},1{n},2{n},3{n},{k}"))
    assert data.features[:3] == ("a", "a 2", "column 3")
    assert len(data.features[3]) == 60
    assert "2 columns had no name of their own: a 2, column 3." in said(data)


def test_a_column_that_counts_the_rows_is_no_input(tmp_path: Path) -> None:
    data = made(tmp_path, "nr,a,kind\n" + many("{i},{n},{k}"))
    assert (data.features, role(data, "nr"), holds(data, "nr")) == (("a",), "ignore", "counts the rows")


# ---- cells -----------------------------------------------------------------------------------------------------------


def test_codes_are_no_numbers(tmp_path: Path) -> None:
    data = made(tmp_path, "zip,a,kind\n" + many("0{i:04},{n},{k}", 30))
    assert holds(data, "zip") == "words, 30 kinds"
    assert role(data, "zip") == "category"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("'12", 12),
        ("$1.50", 1.5),
        ("1.50 €", 1.5),
        ("-$2", -2),
        ("1e3", 1000),
        ("−7", -7),
        ("1\u00a0000", 1000),
        ("12 %", 12),
    ],
)
def test_a_number_with_more_around_it(tmp_path: Path, cell: str, value: float) -> None:
    data = made(
        tmp_path,
        "a;kind\n" + "".join(f"{cell};{'xy'[i % 2]}\n{i}.5{'%' * ('%' in cell)};x\n" for i in range(12)),
    )
    assert data.x[0, 0] == pytest.approx(value)
    if cell not in ("1e3", "12 %"):
        assert "12 cells of a hold more than a number" in said(data)


@pytest.mark.parametrize("word", ["", "NA", "N/A", "?", "-", "null", "NaN"])
def test_words_for_nothing(tmp_path: Path, word: str) -> None:
    data = made(tmp_path, "a,kind\n" + many("{n},{k}") + f"{word},x\n", missing="mean")
    assert data.encoding.about[0].gaps == 1


@pytest.mark.parametrize("number", ["-999", "9999"])
def test_a_number_for_nothing_is_proposed(tmp_path: Path, number: str) -> None:
    content = "a,kind\n" + many("{n},{k}") + f"{number},x\n" * 3
    data = made(tmp_path, content)
    assert "comes up 3 times in a, far from all other numbers" in said(data)
    assert {"empty": number} in offers(data).values()
    assert len(made(tmp_path, content, empty=number)) == 40


def test_yes_and_no_are_two_kinds(tmp_path: Path) -> None:
    data = made(
        tmp_path,
        "a,b,y\n"
        + "".join(f"{'yes' if i % 3 else 'no'},{'TRUE' if i % 2 else 'FALSE'},{i}.5\n" for i in range(9)),
    )
    assert data.features == ("a = no", "a = yes", "b = FALSE", "b = TRUE")


def test_a_word_among_numbers_is_counted(tmp_path: Path) -> None:
    data = made(tmp_path, "a,kind\n" + many("{n},{k}", 100) + "abc,x\n")
    assert "1 cell of a is no number (abc), and counts as empty." in said(data)
    words = made(tmp_path, "a,kind\n" + many("{n},{k}", 10) + "abc,x\ndef,y\n" * 5)
    assert holds(words, "a").startswith("words"), "too many to be slips"


def test_dates_with_the_day_or_the_month_first(tmp_path: Path) -> None:
    assert "day first" not in said(made(tmp_path, "d,kind\n" + "13/04/2024,x\n02/03/2024,y\n" * 5))
    assert {"dates": "month first"} in offers(
        made(tmp_path, "d,kind\n" + "12/04/2024,x\n02/03/2024,y\n" * 5)
    ).values()


def test_categories_of_thousands_are_no_inputs(tmp_path: Path) -> None:
    data = made(tmp_path, "name,a,kind\n" + many("n{i},{n},{k}", 90))
    assert "of more than 50 kinds of words (name)" in said(data)
    assert role(data, "name") == "ignore"


def test_words_that_differ_in_capital_letters_or_spaces(tmp_path: Path) -> None:
    content = "c,kind\n" + "Light  Red,x\nlight red,y\nlight red,x\nblue,y\n" * 5
    data = made(tmp_path, content)
    assert len(data.features) == 3
    assert "“Light  Red” and “light red” are two kinds of c." in said(data)
    assert offers(data)["Capital letters and spaces make no difference"] == {"fold": True}
    folded = made(tmp_path, content, fold=True)
    assert folded.features == ("c = blue", "c = light red")
    assert folded.x[:, 1].sum() == 15


def test_rare_kinds_are_one_where_that_is_wished(tmp_path: Path) -> None:
    content = "c,kind\n" + "red,x\nblue,y\n" * 10 + "teal,x\nteal,y\nrust,x\nplum,y\n"
    data = made(tmp_path, content)
    assert len(data.features) == 5
    assert "3 kinds of c come up in fewer than 5 rows each." in said(data)
    assert offers(data)["Take rare kinds as one, other"] == {"rare": True}
    one = made(tmp_path, content, rare=True)
    assert one.features == ("c = blue", "c = red", "c = other")
    assert one.x.sum(axis=0).tolist() == [10, 10, 4]
    assert one.x[-4:, 2].tolist() == [1, 1, 1, 1]
    assert offers(one)["Keep rare kinds"] == {"rare": False}
    again = made(tmp_path, content.replace("red", "other"), rare=True)
    assert again.features == ("c = blue", "c = other", "c = other kinds")
    assert "rows each" not in said(made(tmp_path, "c,kind\n" + "red,x\nblue,y\n" * 3 + "teal,x\n" * 4)), (
        "all are"
    )


def test_a_kind_that_only_other_parts_have(tmp_path: Path) -> None:
    data = made(tmp_path, "c,a,kind\n" + many("red,{n},{k}", 30) + "blue,1.5,x\n")
    prepared = next(
        p for s in range(9) if 30 not in (p := prepare(data, Preparation(split_seed=s))).index.train
    )
    assert prepared.raw.x[30, :2].tolist() == [0, 0]
    found = [a.message for a in alarms(prepared, Preparation())]
    assert any("blue of c comes up in no row to train with, but in line 32" in one for one in found)


def test_ordered_kinds(tmp_path: Path) -> None:
    data = made(tmp_path, "s,kind\n" + "low,x\nhigh,y\nmid,x\n" * 4, roles="s=ordered")
    assert data.x[:3, 0].tolist() == [0, 2, 1]


def test_whole_numbers_as_target_are_classes_or_numbers(tmp_path: Path) -> None:
    data = made(tmp_path, "a,y\n" + "".join(f"{i}.5,{i % 3}\n" for i in range(90)))
    assert data.classes == ("0", "1", "2")
    assert {"answer": "numbers"} in offers(data).values()


def test_targets_that_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected at least two classes"):
        made(tmp_path, "a,kind\n" + many("{n},x"))
    with pytest.raises(DataError, match="kind has another word in each of 40 rows"):
        made(tmp_path, "a,kind\n" + many("{n},w{i}"))
    assert "1 without a target (line 42)" in said(made(tmp_path, "a,kind\n" + many("{n},{k}") + "5,\n"))


def test_columns_that_say_nothing_or_the_same(tmp_path: Path) -> None:
    data = made(tmp_path, "a,b,c,d,kind\n" + many("{n},7,,{n},{k}"))
    assert data.features == ("a",)
    assert "1 the same in every row (b), 1 empty (c), 1 the same as a (d)" in said(data)


@pytest.mark.parametrize("number", ["1e300", "1e39", "-1e300"])
def test_what_float32_cannot_hold(tmp_path: Path, number: str) -> None:
    data = made(tmp_path, "a,kind\n" + many("{n},{k}") + f"{number},x\n")
    assert "1 with a number that is too large (line 42)" in said(data)


def test_columns_of_very_different_scale_are_standardized(tmp_path: Path) -> None:
    data = made(tmp_path, "a,b,kind\n" + many("{n}e6,0.00{i},{k}"))
    assert TableFile().suited(data)["normalize"] == "standardize"


# ---- large, wide, of other kinds -------------------------------------------------------------------------------------


def test_a_sample_of_a_large_table(tmp_path: Path) -> None:
    data = made(tmp_path, "a,kind\n" + many("{n},{k}", 1000), limit=100)
    assert len(data) == 100
    assert data.encoding.lines[[0, -1]].tolist() == [2, 1001], "evenly spread"


def test_a_wide_table(tmp_path: Path) -> None:
    names = ",".join(f"c{i}" for i in range(3000))
    rows = "".join(",".join(f"{i * (j + 1)}.5" for j in range(2999)) + f",{'xy'[i % 2]}\n" for i in range(12))
    data = made(tmp_path, f"{names}\n{rows}")
    assert 1000 < data.x.shape[1] <= 2999
    assert len(data.encoding.about) == 3000


def test_a_file_that_has_changed_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(PLAIN)
    source = TableFile(path=str(path)).pinned()
    path.write_text(PLAIN + "7,8,y\n")
    with pytest.raises(DataError, match="have changed on disk"):
        source.make()
    path.unlink()
    with pytest.raises(DataError, match=r"There is no .*t\.csv; expected a table"):
        source.make()


def test_cells_from_a_spreadsheet_are_pasted_with_its_decimal_mark() -> None:
    data = PastedTable(text="größe\tart\n1,5\tx\n2,25\ty\n3,75\tx\n").make()
    assert data.x[:, 0].tolist() == [1.5, 2.25, 3.75]
    with pytest.raises(DataError, match="Nothing was pasted yet"):
        PastedTable().make()


def test_nothing_is_measured_on_other_rows_than_those_to_train_with(tmp_path: Path) -> None:
    data = made(tmp_path, "a,kind\n" + many("{n},{k}") + ",x\n" * 5, missing="mean")
    prepared = prepare(data, Preparation(normalize="standardize"))
    known = data.x[[i for i in prepared.index.train if i < 40], 0].astype(np.float64)
    filled = prepared.raw.x[40:, 0]
    assert np.allclose(filled, known.mean())


def test_a_column_of_groups_is_proposed(tmp_path: Path) -> None:
    rows = "".join(f"p{i // 4},{i * 37 % 101}.5,{'xy'[i % 2]}\n" for i in range(60))
    data = made(tmp_path, "patient_id,a,kind\n" + rows, roles="a=number")
    assert "patient_id has 15 kinds that come up 4 times on average" in said(data)
    changed = offers(data)["Keep rows of one patient_id together"]
    assert changed == {"roles": "a=number, patient_id=group"}
    grouped = made(tmp_path, "patient_id,a,kind\n" + rows, **changed)
    index = prepare(grouped, Preparation()).index
    assert not set((index.train // 4).tolist()) & set((index.validation // 4).tolist())
    assert "come up" not in said(grouped)
    assert "come up" not in said(made(tmp_path, "colour,a,kind\n" + rows))


# ---- unfair ----------------------------------------------------------------------------------------------------------


def told(tmp_path: Path, content: str, preparation: Preparation | None = None, **values: str) -> str:
    preparation = preparation or Preparation()
    return " ".join(
        a.message for a in alarms(prepare(made(tmp_path, content, **values), preparation), preparation)
    )


def test_a_column_that_tells_the_target(tmp_path: Path) -> None:
    content = "a,code,kind\n" + "".join(f"{i * 37 % 101}.5,{'PQ'[i % 2]},{'xy'[i % 2]}\n" for i in range(100))
    assert "The column code tells kind: 100.0% of the answers are right by it alone" in told(
        tmp_path, content
    )
    assert "tells kind" not in told(tmp_path, "a,b,kind\n" + many("{n},1{n},{k}", 100))
    number = "a,copy,y\n" + "".join(f"{i * 37 % 101}.5,{i * 3.25},{i}.5\n" for i in range(100))
    assert "The column copy tells y: it alone explains" in told(tmp_path, number)


def test_nothing_is_told_of_inputs_that_are_to_be_given_back(tmp_path: Path) -> None:
    content = "a,b,kind\n" + many("{n},1{n},{k}", 100)
    assert "alone explains" not in told(tmp_path, content, Preparation(reconstruct=True))


def test_the_same_row_in_two_parts(tmp_path: Path) -> None:
    rows = "".join(f"{i % 45}.5,{i % 45 * 3 % 7}.25,{'xy'[i % 2]}\n" for i in range(60))
    said_ = told(tmp_path, "a,b,kind\n" + rows)
    assert "have the very inputs of a row to train with, such as line" in said_
    assert "very inputs" not in told(tmp_path, "a,b,kind\n" + rows, Preparation(equal_together=True))


def test_rare_missing_and_most_frequent_classes(tmp_path: Path) -> None:
    rows = "".join(
        f"{i * 37 % 101}.5,{'rare' if i == 50 else 'no' if i % 30 else 'yes'}\n" for i in range(120)
    )
    said_ = told(tmp_path, "a,kind\n" + rows)
    assert (
        "There is no row of rare to validate with" in said_
        or "There is no row of rare to train with" in said_
    )
    assert "Hardly any rows of" in said_
    assert "of the rows to train with are no: a network that always says so has that accuracy" in said_


def test_dates_that_are_shuffled(tmp_path: Path) -> None:
    content = "day,a,kind\n" + "".join(
        f"2024-01-{i % 28 + 1:02},{i * 37 % 101}.5,{'xy'[i % 2]}\n" for i in range(60)
    )
    assert "The rows have dates (day) and are shuffled" in told(tmp_path, content)
    assert "shuffled" not in told(tmp_path, content, Preparation(deal="in order"))


# ---- broken ----------------------------------------------------------------------------------------------------------


def _broken(rng: random.Random, whole: bytes) -> bytes:
    raw = bytearray(whole)
    for _ in range(rng.randint(1, 10)):
        at = rng.randrange(len(raw))
        match rng.randrange(4):
            case 0:
                raw[at] = rng.randrange(256)
            case 1:
                del raw[at : at + rng.randint(1, 9)]
                raw += b"1"
            case 2:
                raw[at:at] = rng.choice(
                    [b'"', b",", b"\n", b"\0", b";", b"1e999", "é".encode(), b"\xff", b"\r", b"#", b"\t"]
                )
            case _:
                start = rng.randrange(len(raw))
                raw[at:at] = raw[start : start + 30]
    return bytes(raw)


@pytest.mark.parametrize("count", [150, pytest.param(1000, marks=pytest.mark.slow)])
def test_broken_files_only_give_sentences(tmp_path: Path, count: int) -> None:
    rng = random.Random(count)
    wholes = [
        (PLAIN * 3 + 'q,"w, e",2\n').encode(),
        "größe;tag;art\n1,5;13.04.2024;x\n2,25;01.05.2024;y\n;02.05.2024;x\n".encode("cp1252"),
        ("a\tb\tkind\n" + many("{n}\t{i}%\t{k}", 12)).encode("utf-16"),
        ("sep=;\n# by hand\n" + PLAIN.replace(",", ";")).encode(),
    ]
    sentences, read = [], 0
    for i in range(count):
        way = rng.choice(
            [{}, {"missing": "mean"}, {"missing": "own category"}, {"roles": "a=category"}, {"header": "yes"}]
        )
        try:
            data = made(tmp_path, _broken(rng, wholes[i % 4]), **way)
            prepared = prepare(data, Preparation(normalize="standardize"))
            alarms(prepared, Preparation())
        except EngineError as error:
            sentences.append(str(error))
        else:
            read += 1
            assert np.isfinite(prepared.raw.x).all()
    assert sentences
    assert read
    assert max(map(len, sentences)) <= 600


def test_a_spreadsheet_under_another_name(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "t.xlsx", {"One": [["a", "kind"], [1, "x"]]})
    with pytest.raises(DataError, match="an Excel or another packed file"):
        made(tmp_path, path.read_bytes(), "t.csv")
