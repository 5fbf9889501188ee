"""Each filter does what its name says."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Model, Network
from engine.errors import SpecError
from engine.kernels import PRESETS, SIZES, gabor, in_words, kernel
from engine.layers import Conv2d


def slid(values, picture):
    layer = Conv2d(out_channels=1, kernel_size=len(values), bias=False)
    model = Model(Network.chain(layer), (1, *picture.shape), dtype="float64")
    model.parameters["0"]["weight"][0, 0] = values
    return model.predict(picture[None, None])[0, 0]


FLAT = np.full((12, 12), 3.0)
RAMP = np.tile(np.arange(12.0), (12, 1))  # brighter to the right


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PRESETS)
def test_every_filter_has_its_size_and_words(name, size) -> None:
    assert kernel(name, size).shape == (size, size)
    assert in_words(name).endswith(".")
    np.testing.assert_array_equal(kernel(name, size), kernel(name, size))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["identity", "blur", "Gaussian", "sharpen"])
def test_brightness_is_kept(name, size) -> None:
    np.testing.assert_allclose(slid(kernel(name, size), FLAT), 3.0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["Sobel x", "Sobel y", "Laplace", "Gabor"])
def test_a_plain_picture_gives_nothing(name, size) -> None:
    np.testing.assert_allclose(slid(kernel(name, size), FLAT), 0.0, atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
def test_sobel_answers_to_its_own_direction_alone(size) -> None:
    assert (slid(kernel("Sobel x", size), RAMP) > 0).all()
    np.testing.assert_allclose(slid(kernel("Sobel y", size), RAMP), 0.0, atol=1e-9)
    assert (slid(kernel("Sobel y", size), RAMP.T) > 0).all()


def test_known_numbers() -> None:
    assert kernel("Sobel x").tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert (16 * kernel("Gaussian")).tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    assert (kernel("random", 3, seed=1) != kernel("random", 3, seed=2)).all()


@pytest.mark.parametrize(("name", "size"), [("nothing", 3), ("blur", 4)])
def test_what_there_is_not_is_refused(name, size) -> None:
    with pytest.raises(SpecError, match="Choose one of them"):
        kernel(name, size)


@pytest.mark.parametrize("angle", [0.0, 30.0, 45.0, 90.0, 135.0])
def test_gabor_answers_most_to_stripes_of_its_own_angle_and_length(angle) -> None:
    def strength(turned, wave):
        along = np.add.outer(
            np.sin(np.radians(turned)) * np.arange(24.0), np.cos(np.radians(turned)) * np.arange(24.0)
        )
        return np.abs(slid(gabor(7, angle, 4.0), np.cos(2 * np.pi * along / wave))).max()

    own = strength(angle, 4.0)
    assert own > 2 * strength(angle + 90, 4.0)
    assert own > 2 * strength(angle, 16.0)


def test_a_wider_bell_reaches_farther() -> None:
    narrow, wide = (np.abs(gabor(7, 0.0, 3.0, width))[:, 0].sum() for width in (0.8, 2.5))
    assert wide > narrow
    with pytest.raises(SpecError, match="above 0"):
        gabor(7, wave=0.0)
