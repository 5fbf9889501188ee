"""Pictures that are drawn: they show what they should, and the same spec shows the same."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data import Glyphs, Photos, Shapes, Source, images, sources
from engine.data.real import bunch
from engine.errors import DataError, SpecError

PICTURES = tuple(cls for cls in sources if cls.category == "Pictures")
every = pytest.mark.parametrize("source", PICTURES, ids=lambda cls: cls.key)


@every
def test_each_parameter_but_the_seed_changes_the_pictures_and_so_does_the_seed(source: type[Source]) -> None:
    values = {
        "samples": 12,
        "noise": 0.4,
        "seed": 3,
        "size": 16,
        "classes": 3,
        "colour": True,
        "symbols": "small letters",
        "rotation": 90.0,
        "shift": 0.3,
        "thickness": 1.0,
    }
    plain = source(samples=30).make()
    for param in source.params():
        changed = source(**{"samples": 30, param.name: values[param.name]}).make()
        assert changed.x.tobytes() != plain.x.tobytes(), param.name


@every
def test_noise_makes_the_same_pictures_grainy(source: type[Source]) -> None:
    clean, barely, noisy = (source(samples=20, noise=n).make() for n in (0.0, 1e-4, 0.3))
    assert np.array_equal(clean.y, noisy.y)
    assert 0 < abs(barely.x - clean.x).max() < 1e-3
    grain = (noisy.x - clean.x)[(clean.x > 0.4) & (clean.x < 0.6)]
    assert 0.15 < grain.std() < 0.35
    assert (noisy.x.min(), noisy.x.max()) == (0.0, 1.0)


@every
def test_many_are_drawn_as_few_are(source: type[Source], monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks bound the memory; what is drawn in one begins where the one before ended."""
    monkeypatch.setattr(images, "_BLOCK_BYTES", 1)
    again = source(samples=20).make()
    assert len(again) == 20
    assert np.isfinite(again.x).all()


@every
def test_too_many_are_refused_before_they_are_drawn(source: type[Source]) -> None:
    with pytest.raises(DataError, match=r"100,000 pictures of .*256×256 take .* GB.*Set samples") as caught:
        source(samples=100_000, size=256).make()
    assert caught.value.remedy["samples"] * 4 * 256 * 256 <= images.MOST_DRAWN
    with pytest.raises(SpecError, match="size is 300; expected a whole number from 8 to 256"):
        source(size=300)


def test_shapes_are_what_they_are_called() -> None:
    data = Shapes(samples=600, noise=0.0, classes=6, size=64).make()
    assert data.classes == ("circle", "square", "triangle", "cross", "ring", "star")
    grid = np.arange(64) + 0.5
    for label, filled in enumerate((1.0, 2 / np.pi, 0.75**0.5 * 1.5 / np.pi, None, 0.64, None)):
        shares = []
        for picture in data.x[data.y == label, 0]:
            area, x, y = picture.sum(), picture.sum(0) @ grid, picture.sum(1) @ grid
            x, y = x / area, y / area
            reach = np.hypot(*(np.argwhere(picture > 0.5) + 0.5 - (y, x)).T).max()
            shares.append(area / (np.pi * reach**2))
            middle = picture[int(y), int(x)]
            assert middle == (0.0 if data.classes[label] == "ring" else 1.0)
            assert picture[[0, -1]].max() == picture[:, [0, -1]].max() == 0.0, (
                "it must lie inside the picture"
            )
        if filled is not None:
            assert np.mean(shares) == pytest.approx(filled, rel=0.08)


def test_coloured_shapes_can_be_told_from_their_ground() -> None:
    data = Shapes(samples=200, noise=0.0, colour=True, size=32).make()
    assert data.x.shape == (200, 3, 32, 32)
    assert np.ptp(data.x, axis=(2, 3)).max(axis=1).min() > 0.35


def test_glyphs_are_upright_and_centred_when_nothing_moves_them() -> None:
    data = Glyphs(samples=100, noise=0.0, rotation=0.0, shift=0.0, thickness=0.0).make()
    for label in range(10):
        same = data.x[data.y == label]
        assert np.array_equal(same[0], same[-1])
        rows, columns = np.nonzero(same[0, 0] > 0.1)
        assert abs(rows.min() + rows.max() - 27) <= 2
        assert abs(columns.min() + columns.max() - 27) <= 2
    seven = data.x[data.y == 7, 0][0]
    assert seven[:10].sum() > seven[-10:].sum(), "its bar is at the top"
    assert Glyphs(samples=70, symbols="digits and letters").make().classes[10:12] == ("A", "B")


def test_thicker_glyphs_are_brighter_and_thickness_0_makes_all_alike() -> None:
    thin, mixed = (Glyphs(samples=50, noise=0.0, rotation=0.0, shift=0.0, thickness=t).make() for t in (0, 1))
    assert mixed.x.mean() > 1.2 * thin.x.mean()


def test_photographs_are_those_of_scikit_learn_found_as_files_or_not(monkeypatch) -> None:
    expected = {
        str(name).rpartition("china")[1] or "flower": picture
        for name, picture in zip(bunch("sample_images").filenames, bunch("sample_images").images, strict=True)
    }
    for found in (images.find_spec("sklearn"), None):
        monkeypatch.setattr(images, "find_spec", lambda name, found=found: found)
        temple, flower = images._photos.__wrapped__()
        np.testing.assert_array_equal(temple, expected["china"])
        np.testing.assert_array_equal(flower, expected["flower"])


def test_photos_are_colourful_and_differ() -> None:
    data = Photos(samples=60).make()
    assert data.x.shape == (60, 3, 32, 32)
    assert data.classes == ("temple", "flower")
    colours = np.stack([data.x[data.y == label].mean(axis=(0, 2, 3)) for label in (0, 1)])
    # Blue sky behind the temple; the flower is orange.
    assert colours[0, 2] > colours[1, 2] + 0.15
    assert colours[1, 0] > colours[1, 2]
    large = Photos(samples=10, size=227).make()
    assert large.x.shape == (10, 3, 227, 227)
