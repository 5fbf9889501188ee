"""Large tables as text are read in blocks: the same comes of them as of small ones, whatever stands in them."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from engine.data import Dataset, TableFile, fast_text, reading
from engine.errors import EngineError


def table(rng: random.Random) -> bytes:
    """A table of many kinds of cells."""
    mark, kind = rng.choice(",;\t"), rng.randrange(3)
    rows = []
    for _ in range(50):
        number = rng.choice([f"{rng.gauss(0, 9):.3f}", str(rng.randrange(50)), f"{rng.gauss(0, 1):.2e}"])
        second = (
            f"{rng.randrange(5000)}",
            f"{rng.random():.2f}",
            f"{rng.random() * 99:.1f}".replace(".", ","),
        )[kind]
        second = f'"{second}"' if "," in second and mark == "," else second
        word = rng.choice(["red", "blue", '"gr, een"', "NA", "", '"q ""q"""'])
        rows.append(mark.join([number, second, word, rng.choice("xy")]) + rng.choice(["\n", "\n", "\r\n"]))
    return (mark.join(("a", "b", "c", "kind")) + "\n" + "".join(rows)).encode()


ODD = [
    b'"',
    b",",
    b"\n",
    b"\0",
    b";",
    b"1e999",
    "é".encode(),
    b"\xff",
    b" ",
    b"#",
    b".",
    b"-",
    b"\n\n",
    b",,",
    b"0",
    b"\r",
]
ODD += [
    b"01",
    b"1.2.3",
    b"+-1",
    b"e5",
    b"1e",
    b"$5",
    b"12 %",
    b"1,5",
    b"-999",
    b"nan",
    b"inf",
    b"1_000",
    b"0x10",
    b"1.234",
    b"'7",
]


def spoilt(rng: random.Random, raw: bytearray) -> bytes:
    for _ in range(rng.randrange(6)):
        at = rng.randrange(len(raw))
        match rng.randrange(4):
            case 0:
                raw[at] = rng.randrange(256)
            case 1:
                del raw[at : at + rng.randint(1, 9)]
            case 2:
                start = rng.randrange(len(raw))
                raw[at:at] = raw[start : start + 20]
            case _:
                raw[at:at] = rng.choice(ODD)
    return bytes(raw)


def read(path: Path, monkeypatch: pytest.MonkeyPatch, large: int, block: int) -> Dataset | str:
    monkeypatch.setattr(reading, "LARGE", large)
    monkeypatch.setattr(fast_text, "BLOCK", block)
    try:
        return TableFile(path=str(path)).make()
    except EngineError as error:
        return str(error)


@pytest.mark.parametrize("count", [100, pytest.param(2000, marks=pytest.mark.slow)])
def test_both_readers_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    rng, path = random.Random(count), tmp_path / "t.csv"
    in_blocks = 0
    body = fast_text.body

    def watched(*given: object) -> fast_text.Body:
        nonlocal in_blocks
        found = body(*given)  # type: ignore[arg-type]
        in_blocks += 1
        return found

    monkeypatch.setattr(fast_text, "body", watched)
    for _ in range(count):
        path.write_bytes(spoilt(rng, bytearray(table(rng))))
        slow = read(path, monkeypatch, 1 << 60, 1 << 20)
        fast = read(path, monkeypatch, 0, rng.choice([64, 300, 1 << 20]))
        if isinstance(slow, str) or isinstance(fast, str):
            assert slow == fast
            continue
        assert (slow.features, slow.classes) == (fast.features, fast.classes)
        assert np.array_equal(slow.x, fast.x)
        assert np.array_equal(slow.y, fast.y)
        assert slow.encoding is not None
        assert fast.encoding is not None
        assert np.array_equal(slow.encoding.lines, fast.encoding.lines)
        assert [note.text for note in slow.report] == [note.text for note in fast.report]
    assert in_blocks > count / 2, "most of them are read in blocks"


def write(path: Path, rows: int, columns: int) -> None:
    numbers = np.random.default_rng(0).normal(size=(rows, columns))
    with path.open("w") as file:
        file.write(",".join(f"c{i}" for i in range(columns)) + "\n")
        np.savetxt(file, numbers, delimiter=",", fmt="%.9g")


def test_numbers_take_little_more_memory_than_themselves(tmp_path: Path) -> None:
    rows, columns = 120_000, 9
    write(tmp_path / "t.csv", rows, columns)
    tracemalloc.start()
    data = TableFile(path=str(tmp_path / "t.csv")).make()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert data.x.shape == (rows, columns - 1)
    # A block and what is made of it come on top; of a larger table they are as large.
    assert peak < 3 * rows * columns * 8 + 20 * fast_text.BLOCK


def test_codes_far_down_make_a_column_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGE", 0)
    monkeypatch.setattr(fast_text, "BLOCK", 256)
    rows = [f"{10000 + i % 40},{i}.5,{'xy'[i % 2]}\n" for i in range(400)]
    rows[300] = "01234,7.5,x\n"
    (tmp_path / "t.csv").write_text("zip,a,kind\n" + "".join(rows))
    data = TableFile(path=str(tmp_path / "t.csv")).make()
    assert "zip = 01234" in data.features
    assert "zip = 10039" in data.features


def test_letters_of_windows_in_a_large_table(tmp_path: Path) -> None:
    rows = "".join(f"{i}.5;grün{i % 2}\n" for i in range(40_000))
    (tmp_path / "t.csv").write_bytes(f"a;kind\n{rows}".encode("cp1252"))
    data = TableFile(path=str(tmp_path / "t.csv")).make()
    assert data.classes == ("grün0", "grün1")
    assert len(data) == 40_000
