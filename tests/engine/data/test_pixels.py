"""Pictures keep their content, whatever their file counts in; one's own picture is read as those of a set."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.data import source_at
from engine.data.base import Dataset
from engine.data.pixels import laid_on_ground, picture_at
from engine.errors import DataError

#: 0 to 255: a dark ground with a bright stroke, and another
STROKES = np.full((2, 6, 5), 20, np.uint8)
STROKES[0, 2:4], STROKES[1, :, 1:3] = 200, 200
INK = (STROKES == 200).astype(np.uint8) * 255


def write(root: Path, pictures: list[Any], ending: str = "png", **options: Any) -> Path:
    """One folder per picture, called a, b …"""
    for name, picture in zip("abcdef", pictures, strict=False):
        (root / name).mkdir(parents=True)
        picture.save(root / name / f"1.{ending}", **options)
    return root


def made(root: Path, **changes: Any) -> Dataset:
    return source_at(root).replace(**changes).make()


def notes(data: Dataset) -> str:
    return " ".join(note.text for note in data.report)


def offered(data: Dataset, name: str) -> list[str]:
    """Values of a parameter that the report offers."""
    return [
        dict(offer.changes)[name]
        for note in data.report
        for offer in note.offers
        if name in dict(offer.changes)
    ]


def grey(values: np.ndarray, mode: str) -> Any:
    return Image.fromarray(values).convert(mode)


# ---- by mode ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "ending"),
    [
        ("L", "png"),
        ("LA", "png"),
        ("RGB", "png"),
        ("RGBA", "png"),
        ("P", "png"),
        ("P", "gif"),
        ("L", "bmp"),
        ("L", "pgm"),
        ("CMYK", "tif"),
        ("YCbCr", "tif"),
    ],
)
def test_each_mode_of_8_bits_keeps_its_brightness(tmp_path: Path, mode: str, ending: str) -> None:
    root = write(tmp_path, [grey(picture, mode) for picture in STROKES], ending)
    data = made(root)
    assert data.x.shape == (2, 1, 6, 5), "what is grey stays grey, however it is written"
    assert np.allclose(data.x * 255, STROKES[:, None], atol=1.5)


def test_one_bit(tmp_path: Path) -> None:
    data = made(write(tmp_path, [grey(picture, "1") for picture in INK]))
    assert np.array_equal(data.x[:, 0], INK / 255)


@pytest.mark.parametrize(
    ("dtype", "ending"), [("<u2", "tif"), (">u2", "tif"), ("<i4", "tif"), ("<f4", "tif"), ("<u2", "png")]
)
def test_wide_numbers_are_scaled_by_what_they_hold(tmp_path: Path, dtype: str, ending: str) -> None:
    values = (STROKES.astype(float) / 200 * 4000).astype(dtype)
    root = write(tmp_path, [Image.fromarray(picture) for picture in values], ending)
    data = made(root)
    assert data.x[:, 0] == pytest.approx(values.astype(float) / 4095, rel=1e-6)
    assert "Brightness reaches from 400 to 4,000 and is divided by 4,095." in notes(data)
    whole = 65535 if dtype[1] == "u" or dtype == "<i4" else 4095
    assert offered(data, "scale") == (["type", "none"] if whole == 65535 else ["none"])
    for scale, white in (("type", whole), ("none", 1)):
        assert made(root, scale=scale).x[:, 0] == pytest.approx(values.astype(float) / white, rel=1e-6)


def test_grey_maps_of_12_bits_say_themselves_what_white_is(tmp_path: Path) -> None:
    for name, picture in zip("ab", STROKES, strict=True):
        (tmp_path / name).mkdir()
        numbers = (picture.astype(int) * 16).astype(">u2").tobytes()
        (tmp_path / name / "1.pgm").write_bytes(b"P5 5 6 4095\n" + numbers)
    assert made(tmp_path).x[:, 0] == pytest.approx(STROKES * (16 / 4095), abs=1e-4)


def test_one_scale_for_the_whole_set(tmp_path: Path) -> None:
    """A dark picture stays dark beside a bright one."""
    bright, dark = (STROKES.astype(np.uint16) * 20)[0], STROKES.astype(np.uint16)[1]
    data = made(write(tmp_path, [Image.fromarray(bright), Image.fromarray(dark)]))
    assert data.x[0].max() == pytest.approx(4000 / 4095)
    assert data.x[1].max() == pytest.approx(200 / 4095)


def test_8_and_16_bits_in_one_set_are_scaled_each_by_its_own_rule(tmp_path: Path) -> None:
    wide = Image.fromarray(STROKES[0].astype(np.uint16) * 257)
    data = made(write(tmp_path, [wide, Image.fromarray(STROKES[1])]))
    assert np.allclose(data.x[:, 0] * 255, STROKES, atol=0.1)
    assert "Brightness of 1 picture of 8 bits reaches from 20 to 200 and is divided by 255." in notes(data)
    assert (
        "Brightness of 1 picture of 16 bits or more reaches from 5,140 to 51,400 and is divided by 65,535."
        in notes(data)
    )


def test_fractions_below_0_reach_from_the_least_to_the_greatest(tmp_path: Path) -> None:
    values = STROKES.astype(np.float32) / 100 - 1.2  # −1 … 0.8
    data = made(write(tmp_path, [Image.fromarray(picture) for picture in values], "tif"))
    assert data.x[:, 0] == pytest.approx((values + 1) / 1.8, abs=1e-6)
    assert "is brought from −1 … 0.8 to 0 … 1" in notes(data)


def test_bars_at_the_sides_are_black_whatever_the_numbers(tmp_path: Path) -> None:
    values = STROKES.astype(np.float32) / 100 - 1.2
    root = write(tmp_path, [Image.fromarray(picture) for picture in values], "tif")
    for scale in ("content", "type", "none"):
        data = made(root, size=6, scale=scale)
        assert data.x.shape == (2, 1, 6, 6)
        assert (data.x[..., 5] == 0).all() or (data.x[..., 0] == 0).all()


def test_masks_of_0_and_1_are_not_black(tmp_path: Path) -> None:
    data = made(write(tmp_path, [Image.fromarray(picture // 255) for picture in INK]))
    assert np.array_equal(data.x[:, 0], INK / 255)
    assert offered(data, "scale") == ["type"]
    assert made(tmp_path, scale="type").x.max() == pytest.approx(1 / 255)


def test_what_is_not_finite_is_refused_by_name(tmp_path: Path) -> None:
    values = STROKES.astype(np.float32)
    values[1, 0, 0] = np.nan
    root = write(tmp_path, [Image.fromarray(picture) for picture in values], "tif")
    with pytest.raises(DataError, match=r"with NaN or infinity in it: b/1\.tif"):
        made(root)


# ---- what is transparent ---------------------------------------------------------------------------------------------


def with_alpha(shade: tuple[int, int, int], alpha: np.ndarray) -> Any:
    rgba = np.zeros((*alpha.shape, 4), np.uint8)
    rgba[..., :3], rgba[..., 3] = shade, alpha
    return Image.fromarray(rgba)


@pytest.mark.parametrize(
    ("shade", "ground", "seen"),
    [
        ((0, 0, 0), "white", 255 - INK),
        ((255, 255, 255), "black", INK),
        ((255, 255, 0), "white", None),
        ((0, 0, 128), "white", None),
    ],
)
def test_ink_in_alpha_is_seen(tmp_path: Path, shade: tuple[int, int, int], ground: str, seen: Any) -> None:
    root = write(tmp_path, [with_alpha(shade, alpha) for alpha in INK])
    data = made(root)
    assert f"2 pictures are transparent in parts: laid on {ground}." in notes(data)
    if seen is not None:
        assert np.array_equal(data.x * 255, seen[:, None])
    assert data.x.std(axis=(2, 3)).max(axis=1).min() > 0.2, "each picture holds something"
    assert len(offered(data, "ground")) == 2
    for other_ground in offered(data, "ground"):
        other = made(root, ground=other_ground)
        on = {"white": 255, "black": 0, "grey": 128}[other_ground]
        inked = np.array(shade[: data.x.shape[1]])[:, None, None]
        expected = np.where(INK[:, None] == 255, inked, on)
        assert np.allclose(other.x * 255, expected, atol=0.01)


def test_grey_ink_in_alpha(tmp_path: Path) -> None:
    pictures = [Image.merge("LA", (Image.new("L", (5, 6), 0), Image.fromarray(alpha))) for alpha in INK]
    assert np.array_equal(made(write(tmp_path, pictures)).x[:, 0] * 255, 255 - INK)


def test_black_and_white_ink_in_one_set_are_both_seen(tmp_path: Path) -> None:
    root = write(tmp_path, [with_alpha((0, 0, 0), INK[0]), with_alpha((255, 255, 255), INK[1])])
    data = made(root)
    assert "laid on grey" in notes(data)
    assert data.x.std(axis=(1, 2, 3)).min() > 0.2


def test_half_transparent_pixels_are_mixed(tmp_path: Path) -> None:
    data = made(write(tmp_path, [with_alpha((0, 0, 0), alpha // 2) for alpha in INK]))
    assert np.allclose(data.x * 255, 255 - (INK // 2)[:, None], atol=1)


def test_made_smaller_the_ground_does_not_shine_through(tmp_path: Path) -> None:
    """Colours that nobody sees, below what is transparent, must not bleed into what is drawn."""
    picture = np.zeros((20, 20, 4), np.uint8)
    picture[:, :, 0] = 255  # red, unseen
    picture[5:15, 5:15] = (0, 0, 255, 255)
    data = made(write(tmp_path, [Image.fromarray(picture)] * 2), size=10)
    assert (data.x[:, 0] <= data.x[:, 1] + 0.01).all(), "no red"


def test_a_transparent_palette_colour(tmp_path: Path) -> None:
    pictures = []
    for ink in INK:
        picture = Image.fromarray((ink == 0).astype(np.uint8)).convert("P")
        picture.putpalette([0, 0, 0, 0, 0, 0])
        pictures.append(picture)
    root = write(tmp_path, pictures, transparency=1)
    assert np.array_equal(made(root).x[:, 0] * 255, 255 - INK)


def test_pictures_with_an_alpha_that_hides_nothing_have_no_ground(tmp_path: Path) -> None:
    data = made(write(tmp_path, [Image.fromarray(picture).convert("RGBA") for picture in STROKES]))
    assert "transparent" not in notes(data)


# ---- colour, alike, formats ------------------------------------------------------------------------------------------


def test_one_grey_picture_takes_no_colour_from_the_others(tmp_path: Path) -> None:
    red = Image.new("RGB", (5, 6), (200, 0, 0))
    data = made(write(tmp_path, [Image.fromarray(STROKES[0]), red]))
    assert data.x.shape == (2, 3, 6, 5)
    assert np.allclose(data.x[1].mean((1, 2)) * 255, [200, 0, 0])
    assert np.allclose(data.x[0] * 255, STROKES[0])


@pytest.mark.parametrize(
    ("mode", "ending"), [("RGB", "png"), ("RGB", "jpg"), ("RGBA", "png"), ("P", "gif"), ("CMYK", "tif")]
)
def test_colour_is_seen_in_any_picture_of_a_set(tmp_path: Path, mode: str, ending: str) -> None:
    red = np.repeat(STROKES[1][..., None], 3, axis=-1)
    red[:3, :, 0] = 220
    data = made(
        write(
            tmp_path, [Image.fromarray(STROKES[0]).convert(mode), Image.fromarray(red).convert(mode)], ending
        )
    )
    assert data.x.shape == (2, 3, 6, 5)


def test_colour_that_cannot_be_seen_is_none(tmp_path: Path) -> None:
    hidden = np.dstack([np.full((6, 5), shade, np.uint8) for shade in (200, 0, 0, 0)])
    hidden[2:, :] = [90, 90, 90, 255]
    assert made(write(tmp_path, [Image.fromarray(hidden)] * 2)).x.shape == (2, 1, 6, 5)


def test_pictures_that_are_all_alike_are_said_to_be(tmp_path: Path) -> None:
    data = made(write(tmp_path / "same", [Image.fromarray(STROKES[0])] * 3))
    assert "The 3 pictures are all alike" in notes(data)
    data = made(write(tmp_path / "plain", [Image.new("L", (4, 4), shade) for shade in (0, 90)]))
    assert "Each picture is of one brightness alone" in notes(data)
    data = made(write(tmp_path / "usual", list(map(Image.fromarray, STROKES))))
    assert notes(data) == "Brightness reaches from 20 to 200 and is divided by 255."


def test_pictures_stand_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    root = write(tmp_path, [Image.fromarray(np.rot90(picture).copy()) for picture in STROKES], exif=exif)
    assert np.array_equal(made(root).x[:, 0] * 255, STROKES)


def test_damaged_exif_harms_no_picture(tmp_path: Path) -> None:
    root = write(tmp_path, list(map(Image.fromarray, STROKES)), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff garbage")
    assert np.array_equal(made(root).x[:, 0] * 255, STROKES)


def test_of_moving_pictures_the_first_is_read_and_that_is_said(tmp_path: Path) -> None:
    first, second = map(Image.fromarray, STROKES)
    root = write(tmp_path, [first, second], "gif", save_all=True, append_images=[second])
    data = made(root)
    assert np.allclose(data.x[:, 0] * 255, STROKES, atol=1)
    assert "1 file holds more than one picture: the first is read." in notes(data)


def test_a_picture_may_be_called_by_another_format_s_name(tmp_path: Path) -> None:
    root = write(tmp_path, list(map(Image.fromarray, STROKES)))
    for name in "ab":
        (root / name / "1.png").rename(root / name / "1.jpg")
    assert np.array_equal(made(root).x[:, 0] * 255, STROKES)


def test_narrow_pictures_can_be_brought_to_a_size(tmp_path: Path) -> None:
    root = write(tmp_path, [Image.new("L", (400, 1), 255), Image.new("L", (1, 400), 90)])
    for fit in ("pad", "crop", "stretch"):
        assert made(root, size=16, fit=fit).x.shape == (2, 1, 16, 16)


def test_pillow_warns_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path, list(map(Image.fromarray, STROKES)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(made(root)) == 2


# ---- one's own picture -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_ones_own_picture_is_read_as_those_of_a_set(tmp_path: Path, ending: str) -> None:
    wide = Image.fromarray(STROKES[0].astype(np.uint16) * 16)
    wide.save(tmp_path / f"own.{ending}")
    expected = np.round(STROKES[0] * (16 / 4095 * 255))
    assert np.allclose(picture_at(tmp_path / f"own.{ending}"), expected[..., None], atol=1)
    with_alpha((255, 255, 255), INK[0]).save(tmp_path / "ink.png")
    assert np.array_equal(picture_at(tmp_path / "ink.png"), np.repeat(INK[0][..., None], 3, axis=2))
    assert np.array_equal(
        picture_at(tmp_path / "ink.png"), laid_on_ground(np.asarray(with_alpha((255, 255, 255), INK[0])))
    )


def test_a_large_picture_of_ones_own_is_made_smaller(tmp_path: Path) -> None:
    Image.new("RGB", (3000, 1500), (9, 200, 30)).save(tmp_path / "photo.jpg")
    assert picture_at(tmp_path / "photo.jpg").shape == (512, 1024, 3)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "empty"), (b"letter", "damaged or no picture"), (b"%!PS-Adobe-3.0", "damaged or no picture")],
)
def test_what_is_no_picture_is_said(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "own.png").write_bytes(content)
    with pytest.raises(
        DataError, match=rf"^own\.png cannot be read as a picture: {why}; expected a whole PNG"
    ):
        picture_at(tmp_path / "own.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "own.png")
    with pytest.raises(DataError, match=r"own\.png is a pipe; expected a picture"):
        picture_at(tmp_path / "own.png")
