"""Pictures to be learned pixel by pixel, and pictures that are their own targets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import Fit, Model, Network, Trainer, layers
from engine.data import Digits, DrawnPicture, Iris, PictureFile, Preparation, prepare, source_at
from engine.data.picture import picture_of, points_of, smaller
from engine.errors import DataError
from engine.losses import MSELoss
from engine.optimizers import Adam


@pytest.mark.parametrize("name", ["island", "flower", "rings"])
def test_a_drawn_picture_comes_back_from_its_points(name: str) -> None:
    data = DrawnPicture(picture=name, size=12).make()
    picture = picture_of(data)
    assert picture is not None
    assert picture.shape == (12, 12, 3)
    order = np.random.default_rng(0).permutation(len(data))
    again = picture_of(data.take(order))
    assert again is not None
    np.testing.assert_array_equal(again, picture)
    assert picture_of(data.take(order[:-1])) is None
    assert picture_of(Iris().make()) is None


def test_points_lie_where_their_pixels_do() -> None:
    picture = np.random.default_rng(0).uniform(size=(2, 4, 3))
    data = points_of(picture)
    assert data.features == ("x", "y")
    top_left = np.flatnonzero((data.x == [-0.75, 0.25]).all(1))
    np.testing.assert_array_equal(data.y[top_left], picture[:1, 0])
    bottom_right = np.flatnonzero((data.x == [0.75, -0.25]).all(1))
    np.testing.assert_array_equal(data.y[bottom_right], picture[1:, 3])


def test_a_picture_of_ones_own(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 45, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "mine.png")
    source = source_at(tmp_path / "mine.png")
    assert isinstance(source, PictureFile)
    data = source.replace(size=45).make()
    assert "One picture" in data.report[0].text
    found = picture_of(data)
    assert found is not None
    np.testing.assert_allclose(found, pixels / 255, atol=0.01)
    small = picture_of(source.replace(size=15).make())
    assert small is not None
    np.testing.assert_allclose(small, pixels.reshape(10, 3, 15, 3, 3).mean((1, 3)) / 255, atol=0.01)
    prepared = prepare(data, Preparation(**source.suited(data)))
    assert len(prepared.train) == pytest.approx(0.9 * 30 * 45, abs=2)


def test_a_file_that_is_no_picture_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "not.png").write_bytes(b"%!PS nothing of the kind")
    with pytest.raises(DataError, match="cannot be read as a picture"):
        source_at(tmp_path / "not.png").make()
    with pytest.raises(DataError, match="No file is chosen"):
        PictureFile().make()


@pytest.mark.parametrize(("size", "longer"), [((7, 5), 3), ((5, 9), 4), ((6, 6), 8), ((1, 50), 8)])
def test_made_smaller_each_pixel_is_a_mean(size: tuple[int, int], longer: int) -> None:
    picture = np.random.default_rng(1).uniform(size=(*size, 3))
    found = smaller(picture, longer)
    assert max(found.shape[:2]) == min(longer, max(size))
    np.testing.assert_allclose(found.mean((0, 1)), picture.mean((0, 1)), atol=1e-12)


# --- pictures that are their own targets ------------------------------------------------------------------------------


def test_the_input_itself_is_the_target_and_noise_is_on_the_input_alone() -> None:
    raw = Digits().make()
    data = prepare(raw, Preparation(reconstruct=True, input_noise=0.3))
    assert (data.train.task, data.train.classes, data.train.target_shape) == ("regression", (), (1, 8, 8))
    for rows, part in zip(data.index, (data.train, data.validation, data.test), strict=True):
        np.testing.assert_array_equal(part.y, raw.x[rows].reshape(len(rows), -1))
        noise = part.x.reshape(len(rows), -1) - part.y
        assert noise.std() == pytest.approx(0.3, rel=0.02)
        assert abs(noise.mean()) < 0.01
    again = prepare(raw, Preparation(reconstruct=True, input_noise=0.6))
    np.testing.assert_allclose(
        again.train.x - raw.x[again.index.train], 2 * (data.train.x - raw.x[data.index.train]), atol=1e-6
    )
    plain = prepare(raw, Preparation(reconstruct=True))
    np.testing.assert_array_equal(plain.train.x.reshape(len(plain.train), -1), plain.train.y)
    # whoever is drawn by hand, or shown by a view, is read without noise
    np.testing.assert_array_equal(data.transform(raw.x[:3]), raw.x[:3])
    assert all((a == b).all() for a, b in zip(data.index, prepare(raw, Preparation()).index, strict=True))


def test_noise_may_be_on_the_inputs_of_any_task() -> None:
    raw = Iris().make()
    data = prepare(raw, Preparation(input_noise=0.1, normalize="standardize"))
    assert data.train.classes == raw.classes
    clean = prepare(raw, Preparation(normalize="standardize"))
    assert (data.train.x - clean.train.x).std() == pytest.approx(0.1, rel=0.15)
    rows = prepare(raw, Preparation(reconstruct=True))
    assert rows.train.targets == raw.features
    assert rows.train.target_shape == raw.in_shape


def test_a_network_learns_to_take_noise_away() -> None:
    data = prepare(Digits().make(), Preparation(reconstruct=True, input_noise=0.3))
    network = Network.chain(
        layers.Conv2d(8, 3, stride=2, padding=1),
        layers.ReLU(),
        layers.ConvTranspose2d(8, 3, stride=2, padding=1, output_padding=1),
        layers.ReLU(),
        layers.Conv2d(1, 3, padding=1),
    )
    fit = Fit(loss=MSELoss(), optimizer=Adam(lr=0.01), batch_size=64)
    trainer = Trainer(Model(network, data.in_shape), data.train, data.validation, fit)
    trainer.run(600.0, until_epoch=6)
    assert data.validation is not None
    noise = ((data.validation.x.reshape(len(data.validation), -1) - data.validation.y) ** 2).mean()
    assert trainer.validation_score.loss < 0.5 * noise
