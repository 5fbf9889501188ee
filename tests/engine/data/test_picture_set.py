"""Pictures that a person draws: what is held is what was drawn, and what was tampered with is refused in words."""

import base64
import zlib

import numpy as np
import pytest

from engine.data import PictureSet, Preparation, prepare
from engine.data.picture_set import MOST_BYTES, packed
from engine.errors import DataError, SpecError

EMPTY = PictureSet(pictures="")


def drawn(source: PictureSet, count: int, seed: int = 0) -> PictureSet:
    rng = np.random.default_rng(seed)
    for k in range(count):
        source = source.added(rng.random(source.shape), k % len(source.classes))
    return source


@pytest.mark.parametrize("colour", [False, True])
def test_what_was_drawn_is_what_is_learned(colour: bool) -> None:
    source = PictureSet(pictures="", size=12, colour=colour, classes=("x", "y", "z"))
    pictures = np.random.default_rng(1).random((7, *source.shape))
    for k, picture in enumerate(pictures):
        source = source.added(picture, k % 3)
    made = source.make()
    assert made.classes == ("x", "y", "z")
    assert made.y.tolist() == [0, 1, 2, 0, 1, 2, 0]
    np.testing.assert_allclose(made.x, pictures, atol=0.5 / 255 + 1e-7)
    read = PictureSet(**{p.name: value for p, value in source.values()})
    assert read == source
    assert (read.make().x == made.x).all()


def test_too_few_say_what_to_do() -> None:
    with pytest.raises(DataError, match=r"no pictures yet.*Draw some"):
        EMPTY.make()
    with pytest.raises(DataError, match="is 1 picture yet"):
        drawn(EMPTY, 1).make()


def test_each_keeps_its_part_while_others_come() -> None:
    part_of: dict[bytes, int] = {}
    for count in range(8, 60, 3):
        data = prepare(drawn(EMPTY, count).make(), Preparation(train=0.6, validation=0.4))
        for part, rows in enumerate(data.index):
            for row in rows:
                key = data.raw.x[row].tobytes()
                assert part_of.setdefault(key, part) == part
    assert 0.5 < np.mean([part == 0 for part in part_of.values()]) < 0.7


def test_one_less_and_a_class_less() -> None:
    source = drawn(PictureSet(pictures="", size=8, classes=("a", "b", "c")), 9)
    assert source.without(4).labels.tolist() == [0, 1, 2, 0, 2, 0, 1, 2]
    less = source.without_class(1)
    assert (less.classes, less.labels.tolist()) == (("a", "c"), [0, 1, 0, 1, 0, 1])
    np.testing.assert_array_equal(less.pixels, source.pixels[source.labels != 1])
    assert source.renamed(2, "ring").classes == ("a", "b", "ring")
    with pytest.raises(SpecError):
        source.renamed(2, "a")
    assert not len(source.emptied(16, True).labels)


def test_runs_go_on_while_pictures_come() -> None:
    source = drawn(EMPTY, 4)
    assert drawn(source, 1).goes_on_from(source)
    assert source.renamed(0, "ring").goes_on_from(source)
    assert not source.replace(classes=("A", "B", "C")).goes_on_from(source)
    assert not source.emptied(8, False).goes_on_from(source)


def text_of(held: bytes) -> str:
    return base64.b64encode(zlib.compress(held)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "no base 64!",
        base64.b64encode(b"no zlib").decode(),
        text_of(bytes(256)),
        packed(np.array([0]), np.zeros((1, 1, 16, 16)))[:-8],
        text_of(bytes(257 * 5001)),
        text_of(bytes(MOST_BYTES * 4)),
        "A" * (2 * MOST_BYTES + 4),
    ],
    ids=["letters", "bytes", "length", "cut", "many", "bomb", "long"],
)
def test_what_cannot_be_read_is_refused_in_a_short_sentence(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        PictureSet(pictures=text)
    assert "expected whole pictures of 256 bytes" in str(caught.value)
    assert len(str(caught.value)) < 200


def test_a_picture_of_no_class_is_refused() -> None:
    with pytest.raises(SpecError, match="of class 7"):
        PictureSet(pictures=packed(np.array([0, 7]), np.zeros((2, 1, 16, 16))))


def test_more_than_there_may_be_is_refused() -> None:
    full = PictureSet(pictures=packed(np.zeros(5000), np.zeros((5000, 1, 8, 8))), size=8)
    with pytest.raises(DataError, match="5,000 pictures"):
        full.added(np.zeros((1, 8, 8)), 0)
