"""Own pictures whose classes stand in a table, that are there twice, or that are not square."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from engine.data import ImageFolder, source_at
from engine.data.doubles import MOST, doubles
from tests.engine.data.test_folders import png, refused, said, write, zipped

NAMES = [f"img{i}.png" for i in range(6)]


def listed(root: Path, table: str, name: str = "labels.csv", below: str = "") -> Path:
    root.mkdir(exist_ok=True)
    write(root, [below + one for one in NAMES])
    (root / name).write_text(table)
    return root


@pytest.mark.parametrize(
    ("table", "below"),
    [
        ("file,label\n" + "".join(f"{n},{'cat' if i % 2 else 'dog'}\n" for i, n in enumerate(NAMES)), ""),
        (
            "id;breed\n" + "".join(f"{n[:-4]};{'cat' if i % 2 else 'dog'}\n" for i, n in enumerate(NAMES)),
            "images/",
        ),
        (
            "label\tpath\n"
            + "".join(f"{'cat' if i % 2 else 'dog'}\t./images/{n}\n" for i, n in enumerate(NAMES)),
            "images/",
        ),
        ("".join(f"images\\{n},{'cat' if i % 2 else 'dog'}\n" for i, n in enumerate(NAMES)), "images/"),
    ],
    ids=["names", "stems", "paths", "no header"],
)
def test_a_table_of_names_gives_the_classes(tmp_path: Path, table: str, below: str) -> None:
    root = listed(tmp_path / "set", table, below=below)
    source = source_at(root)
    assert isinstance(source, ImageFolder)
    data = source.make()
    assert data.classes == ("cat", "dog")
    pictures = [
        np.asarray(Image.open(root / below / n), np.float32) / 255 for n in (*NAMES[1::2], *NAMES[::2])
    ]
    np.testing.assert_allclose(data.x[:, 0], pictures, atol=1e-6)
    assert data.y.tolist() == [0, 0, 0, 1, 1, 1]
    assert "of labels.csv" in said(data)
    packed = source_at(zipped(root, tmp_path / "set.zip"))
    np.testing.assert_array_equal(packed.make().x, data.x)


def test_a_table_changes_and_so_do_the_data(tmp_path: Path) -> None:
    table = "file,label\n" + "".join(f"{n},{'ab'[i % 2]}\n" for i, n in enumerate(NAMES))
    source = source_at(listed(tmp_path, table)).pinned()
    (tmp_path / "labels.csv").write_text(table.replace("img0.png,a", "img0.png,bb"))
    assert "have changed on disk" in str(refused(source.make))
    assert source.pinned().make().classes == ("a", "b", "bb")


def test_parts_and_other_columns(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},{'ab'[i % 2]},{'xy'[i // 3]},{'test' if i > 3 else 'train'}\n" for i, n in enumerate(NAMES)
    )
    source = source_at(listed(tmp_path, "file,label,colour,split\n" + rows))
    data = source.make()
    assert np.bincount(data.parts).tolist() == [4, 0, 2]
    (note,) = [note for note in data.report if "taken from the column label" in note.text]
    assert "the parts from split" in note.text
    (offer,) = note.offers
    assert (offer.words, offer.changes) == ("Classes from colour", (("label_column", "colour"),))
    assert source.replace(**dict(offer.changes)).make().classes == ("x", "y")
    assert "no column shape" in str(refused(source.replace(label_column="shape").make))


def test_what_does_not_fit_is_counted(tmp_path: Path) -> None:
    table = "file,label\nimg0.png,a\nimg1.png,b\nimg2.png,b\ngone.png,a\nimg3.png,\nimg4.png,a\nimg4.png,b\n"
    data = source_at(listed(tmp_path, table)).make()
    assert data.y.tolist() == [0, 1, 1]
    words = said(data)
    for part in (
        "1 named there, but not found (gone.png)",
        "1 of no class there (img3.png)",
        "1 of two classes there (img4.png)",
        "not in labels.csv",
    ):
        assert part in words


def test_folders_called_train_and_test_hold_pictures_and_no_classes(tmp_path: Path) -> None:
    write(tmp_path, [f"train/{n}" for n in NAMES] + ["test/t1.png"])
    (tmp_path / "train.csv").write_text(
        "id,label\n" + "".join(f"{n},{'ab'[i % 2]}\n" for i, n in enumerate(NAMES))
    )
    data = source_at(tmp_path).make()
    assert (data.classes, len(data)) == (("a", "b"), 6)
    assert "not in train.csv (test/t1.png)" in said(data)


def test_tables_that_say_nothing_of_pictures_help_nobody(tmp_path: Path) -> None:
    root = listed(tmp_path, "a,b\n1,2\n3,4\n")
    assert "or a table of their names and classes" in str(refused(lambda: source_at(root)))
    (root / "labels.csv").write_text("file,label\n" + "".join(f"{n},a\n" for n in NAMES))
    assert "one class only, a" in str(refused(lambda: source_at(root)))
    (root / "labels.csv").write_bytes(b"\0\1\2" * 50)
    assert "no folders with pictures" in str(refused(lambda: source_at(root)))


# ---- doubles ---------------------------------------------------------------------------------------------------------


def smooth(rng: np.random.Generator, side: int = 32) -> Image.Image:
    return Image.fromarray(rng.integers(0, 256, (5, 5), np.uint8)).resize(
        (side, side), Image.Resampling.BICUBIC
    )


def with_doubles(root: Path) -> ImageFolder:
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
        for k in range(12):
            smooth(rng).save(root / name / f"{k}.png")
    first = Image.open(root / "a" / "0.png")
    first.save(root / "a" / "again.png")
    first.convert("RGB").save(root / "a" / "jpeg.jpg", quality=85)
    ImageEnhance.Brightness(Image.open(root / "a" / "3.png")).enhance(1.01).save(root / "b" / "brighter.png")
    return ImageFolder(path=str(root), colour=False)


def test_near_doubles_are_counted_named_and_can_be_left_out(tmp_path: Path) -> None:
    source = with_doubles(tmp_path)
    data = source.make()
    assert len(data) == 27
    (note,) = [note for note in data.report if "nearly" in note.text]
    assert note.text.startswith(
        "3 pictures nearly equal another, such as b/brighter.png and a/3.png; 1 of them is of another class"
    )
    (offer,) = note.offers
    less = source.replace(**dict(offer.changes)).make()
    assert len(less) == 24
    assert "the first of each is used" in said(less)


def test_different_pictures_are_no_doubles(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x = np.stack([np.asarray(smooth(rng), np.float32)[None] / 255 for _ in range(300)])
    assert (doubles(x) == np.arange(300)).all()
    assert (doubles(np.zeros((5, 1, 8, 8), np.float32)) == np.arange(5)).all(), "plain ones are none"
    assert MOST >= 20_000


def test_each_double_is_found_among_thousands() -> None:
    rng = np.random.default_rng(2)
    x = rng.random((3000, 1, 6, 6)).astype(np.float32)
    x[2000:2050] = x[:50] + rng.normal(0, 0.002, (50, 1, 6, 6)).astype(np.float32)
    first = doubles(x)
    assert (first[2000:2050] == np.arange(50)).mean() >= 0.98
    assert (np.delete(first, range(2000, 2050)) == np.delete(np.arange(3000), range(2000, 2050))).all()


# ---- odd sizes -------------------------------------------------------------------------------------------------------


def test_pictures_that_are_not_square_say_how_they_became_so(tmp_path: Path) -> None:
    for name, size in (("a", (40, 20)), ("b", (20, 20))):
        (tmp_path / name).mkdir()
        for k in range(2):
            (tmp_path / name / f"{k}.png").write_bytes(png(side=20))
            Image.effect_noise(size, 80).save(tmp_path / name / f"{k}.png")
    source = ImageFolder(path=str(tmp_path), colour=False, size=16)
    (note,) = [note for note in source.make().report if "not square" in note.text]
    assert note.text == "2 pictures are not square: bars stand at their sides."
    shapes = {}
    for offer in note.offers:
        shapes[offer.words] = source.replace(**dict(offer.changes)).make()
    assert list(shapes) == ["Cut their sides off", "Squeeze them"]
    padded = source.make()
    assert (padded.x[0, 0, :4] == 0).all(), "bars above"
    assert (shapes["Cut their sides off"].x[0, 0, :4] != 0).any()
    error = refused(source.replace(size=0).make)
    assert "different sizes" in str(error)
    assert [offer.words for offer in error.offers] == [
        "Set size to 20",
        "Set size to 20, their sides cut off",
        "Set size to 20, squeezed",
    ]
    for offer in error.offers:
        assert source.replace(**dict(offer.changes)).make().x.shape[1:] == (1, 20, 20)
