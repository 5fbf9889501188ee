"""Spreadsheets and Parquet: what their cells become, what is refused before it takes memory, and what is said without the libraries."""

from __future__ import annotations

import builtins
import random
import shutil
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data import TableFile, compound, sheets, source_at
from engine.errors import DataError, EngineError
from tests.engine.data.tabular import holds, offers, role, said, write_ods, write_xlsx

HEAD = ["a", "b", "kind"]
ROWS = [[i * 1.5, i * 7 % 5, "xy"[i % 2]] for i in range(20)]


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *given: Any, **more: Any) -> Any:
        if name in ("duckdb", "python_calamine"):
            raise ImportError(name)
        return real(name, *given, **more)

    monkeypatch.setattr(builtins, "__import__", without)


@pytest.mark.usefixtures("no_library")
@pytest.mark.parametrize("name", ["t.xlsx", "t.ods", "t.xls", "t.parquet"])
def test_the_package_is_named_where_it_is_missed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(DataError, match=r"Run: pip install 'chainrule-playground\[tables\]'"):
        source_at(tmp_path / name).make()


class TestSpreadsheets:
    @pytest.fixture(autouse=True)
    def _calamine(self) -> None:
        pytest.importorskip("python_calamine")

    @pytest.mark.parametrize("kind", ["xlsx", "ods"])
    def test_a_sheet_is_read(self, tmp_path: Path, kind: str) -> None:
        path = tmp_path / f"t.{kind}"
        write_xlsx(path, {"One": [HEAD, *ROWS]}) if kind == "xlsx" else write_ods(path, [HEAD, *ROWS])
        data = source_at(path).make()
        assert np.allclose(data.x, [row[:2] for row in ROWS])
        assert (data.features, data.classes) == (("a", "b"), ("x", "y"))
        assert data.encoding.row(3) == "row 5"

    def test_the_first_sheet_that_holds_something_and_others_on_demand(self, tmp_path: Path) -> None:
        other = [["u", "kind"], *([i * 2, "pq"[i % 2]] for i in range(9))]
        path = write_xlsx(tmp_path / "t.xlsx", {"None": [], "One": [HEAD, *ROWS], "Two": other})
        data = TableFile(path=str(path)).make()
        assert data.features == ("a", "b")
        assert "The sheet “One” is read, one of 3." in said(data)
        assert offers(data)["Read the sheet Two"] == {"sheet": "Two"}
        assert TableFile(path=str(path), sheet="Two").make().features == ("u",)
        with pytest.raises(DataError, match="has no sheet 'Three'; expected one of None, One, Two"):
            TableFile(path=str(path), sheet="Three").make()

    def test_cells_of_all_kinds(self, tmp_path: Path) -> None:
        rows = [
            ["n", "as text", "flag", "code", "kind"],
            *([i + 0.5, f"{i},5", i % 3 == 0, f"0{i:03}", "xy"[i % 2]] for i in range(12)),
            ['<c r="PLACE" t="e"><v>#DIV/0!</v></c>', "3,5", True, "0999", "x"],
            ['<c r="PLACE"><f>1+1</f></c>', "3,5", True, "0998", "x"],
        ]
        path = write_xlsx(tmp_path / "t.xlsx", {"One": rows})
        data = TableFile(path=str(path), missing="mean").make()
        assert (role(data, "n"), role(data, "as text"), role(data, "flag")) == (
            "number",
            "number",
            "category",
        )
        assert data.encoding.about[0].gaps == 2, "a formula without its result, and an error, are empty"
        assert data.x[:3, 1].tolist() == [0.5, 1.5, 2.5]
        assert holds(data, "code").startswith("words")
        assert "flag = yes" in data.features

    def test_one_cell_far_away_takes_no_memory(self, tmp_path: Path) -> None:
        far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        path = write_xlsx(tmp_path / "t.xlsx", {"One": [HEAD, *ROWS]}, far)
        with pytest.raises(
            DataError, match="reaches to row 1,048,576 and column 16,384; expected at most 20,000,000 cells"
        ):
            TableFile(path=str(path)).make()
        repeated = 'table:number-columns-repeated="30000000"'
        with pytest.raises(DataError, match="expected at most 20,000,000 cells"):
            TableFile(path=str(write_ods(tmp_path / "t.ods", [HEAD, *ROWS], repeated))).make()

    def test_a_bomb_is_not_unpacked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sheets, "MOST_UNPACKED", 16 << 20)
        path = tmp_path / "t.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("xl/worksheets/sheet1.xml", b" " * (32 << 20))
        assert path.stat().st_size < 100_000
        with pytest.raises(DataError, match="takes 32 MB unpacked; expected at most 16 MB"):
            TableFile(path=str(path)).make()

    def test_entities_are_refused(self, tmp_path: Path) -> None:
        path = write_ods(tmp_path / "t.ods", [HEAD, *ROWS])
        with zipfile.ZipFile(path) as packed:
            content = packed.read("content.xml")
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            packed.writestr("content.xml", b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + content)
        with pytest.raises(DataError, match="defines entities"):
            TableFile(path=str(path)).make()

    @pytest.mark.parametrize(
        ("rows", "why"),
        [
            ([], "holds no rows"),
            ([HEAD], "holds names of columns and no rows"),
            ([["a"], [1], [2]], "can be an input"),
        ],
    )
    def test_what_is_no_table_is_refused(self, tmp_path: Path, rows: list[Any], why: str) -> None:
        with pytest.raises(DataError, match=why):
            TableFile(path=str(write_xlsx(tmp_path / "t.xlsx", {"One": rows}))).make()

    def test_broken_ones_only_give_sentences(self, tmp_path: Path) -> None:
        whole = write_xlsx(tmp_path / "whole.xlsx", {"One": [HEAD, *ROWS]}).read_bytes()
        _only_sentences(tmp_path / "t.xlsx", whole, 300)


class TestParquet:
    @pytest.fixture
    def write(self, tmp_path: Path) -> Any:
        duckdb = pytest.importorskip("duckdb")

        def made(query: str, name: str = "t.parquet") -> Path:
            path = tmp_path / name
            with duckdb.connect(":memory:") as base:
                base.execute(f"COPY ({query}) TO '{tmp_path / 'plain'}' (FORMAT parquet)")
            shutil.move(tmp_path / "plain", path)
            return path

        return made

    QUERY = (
        "SELECT i * 1.5 AS a, CASE WHEN i % 7 = 0 THEN NULL ELSE i * i END AS b, [i] AS l, {'p': i} AS s, "
        "DATE '2024-01-01' + i::INT AS day, CAST(i * i % 9 AS DECIMAL(9, 2)) / 4 AS part, i % 3 = 0 AS flag, "
        "CASE WHEN i % 2 = 0 THEN 'x' ELSE 'y' END AS kind FROM range(40) t(i)"
    )

    def test_columns_of_all_kinds(self, write: Any) -> None:
        data = source_at(write(self.QUERY)).replace(missing="mean").make()
        assert "Columns that hold lists or parts of their own are not read: l, s." in said(data)
        assert [role(data, name) for name in ("a", "b", "day", "part", "flag", "kind")] == [
            *("number", "number", "date", "number", "category", "target")
        ]
        assert data.encoding.about[1].gaps == 6
        assert data.x[:, 0].tolist() == [i * 1.5 for i in range(40)]
        assert {"flag = no", "flag = yes", "day: days"} <= set(data.features)

    def test_a_name_is_no_pattern(self, write: Any, tmp_path: Path) -> None:
        write("SELECT i AS z, i % 2 AS kind FROM range(9) t(i)", "t1.parquet")
        path = write(self.QUERY, "t[1].parquet")
        assert "a" in TableFile(path=str(path), missing="mean").make().features

    def test_what_cannot_be_read_is_refused(self, write: Any, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="holds no rows that can be read"):
            TableFile(path=str(write("SELECT [i] AS a FROM range(9) t(i)"))).make()
        (tmp_path / "u.parquet").write_bytes(b"a,b\n1,2\n")
        with pytest.raises(DataError, match="expected a Parquet file"):
            TableFile(path=str(tmp_path / "u.parquet")).make()

    def test_broken_ones_only_give_sentences(self, write: Any, tmp_path: Path) -> None:
        _only_sentences(tmp_path / "b.parquet", write(self.QUERY).read_bytes(), 20)

    @pytest.mark.slow
    def test_many_broken_ones_only_give_sentences(self, write: Any, tmp_path: Path) -> None:
        _only_sentences(tmp_path / "b.parquet", write(self.QUERY).read_bytes(), 300)


def _only_sentences(path: Path, whole: bytes, count: int) -> None:
    rng = random.Random(0)
    sentences = []
    for _ in range(count):
        raw = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            at = rng.randrange(len(raw))
            match rng.randrange(3):
                case 0:
                    raw[at] = rng.randrange(256)
                case 1:
                    del raw[at : at + rng.randint(1, 60)]
                case _:
                    raw[at:at] = rng.randbytes(rng.randint(1, 20))
        path.write_bytes(bytes(raw))
        try:
            TableFile(path=str(path)).make()
        except EngineError as error:
            sentences.append(str(error))
    assert sentences
    assert max(map(len, sentences)) <= 600


def old_excel(path: Path) -> Path:
    book = pytest.importorskip("xlwt").Workbook()
    sheet = book.add_sheet("One")
    for at, row in enumerate([HEAD, *ROWS]):
        for column, cell in enumerate(row):
            sheet.write(at, column, cell)
    book.save(str(path))
    return path


def test_an_old_excel_file_is_read(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    path = old_excel(tmp_path / "t.xls")
    data = source_at(path).make()
    assert np.allclose(data.x, [row[:2] for row in ROWS])
    assert (data.features, data.classes) == (("a", "b"), ("x", "y"))
    (tmp_path / "t.csv").write_bytes(path.read_bytes())
    with pytest.raises(DataError, match="old Excel"):
        source_at(tmp_path / "t.csv").make()


def test_a_chain_of_sectors_that_leads_back_is_not_followed(tmp_path: Path) -> None:
    """It made the library fill the memory until the whole program ended."""
    pytest.importorskip("python_calamine")
    path = old_excel(tmp_path / "t.xls")
    raw = bytearray(path.read_bytes())
    assert compound.is_sound(bytes(raw))
    table = (struct.unpack_from("<I", raw, 76)[0] + 1) * 512
    first = struct.unpack_from("<I", raw, 48)[0]
    struct.pack_into("<I", raw, table + 4 * first, first)
    path.write_bytes(raw)
    with pytest.raises(DataError, match="is damaged; expected a whole spreadsheet"):
        source_at(path).make()
    for at, value in ((30, 99), (68, 10**9), (76, 10**9)):
        broken = bytearray(old_excel(tmp_path / "u.xls").read_bytes())
        struct.pack_into("<I" if at > 30 else "<H", broken, at, value)
        struct.pack_into("<I", broken, 72, 1)
        assert not compound.is_sound(bytes(broken))


@pytest.mark.slow
def test_old_excel_files_that_are_broken_only_give_sentences(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    _only_sentences(tmp_path / "b.xls", old_excel(tmp_path / "t.xls").read_bytes(), 150)
