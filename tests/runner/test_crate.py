"""Arrays cross from one process to the other whole, as copies, and only where there is room."""

from __future__ import annotations

from multiprocessing.shared_memory import SharedMemory

import numpy as np
import pytest

from playground.runner.crate import Crate, Packed, Room, TooSmall, packed


@pytest.fixture
def crate():
    crate = Crate()
    yield crate
    crate.empty()


@pytest.fixture
def room(crate):
    room = crate.grown(4000).opened()
    yield room
    room.close()


def test_arrays_come_out_as_they_went_in(crate, room):
    value = {
        "whole": np.arange(12, dtype=np.float32).reshape(3, 4),
        "strided": np.arange(20.0).reshape(4, 5)[::2, ::-2],
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "scalar": np.array(2.5),
        "none of it": np.zeros((0, 8)),
        "words": ("a", 1, None),
    }
    message = packed(value, room)
    assert isinstance(message, Packed)
    found = crate.unpacked(message)
    assert found["words"] == value["words"]
    for name in ("whole", "strided", "fortran", "scalar", "none of it"):
        assert found[name].dtype == value[name].dtype
        np.testing.assert_array_equal(found[name], value[name])


def test_what_comes_out_is_a_copy_that_cannot_be_written_to(crate, room):
    array = np.ones(5)
    found = crate.unpacked(packed(array, room))
    packed(np.full(5, 7.0), room)
    np.testing.assert_array_equal(found, array)
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 2.0


def test_what_does_not_fit_says_how_much_room_it_needs(crate, room):
    array = np.arange(10_000.0)
    message = packed(array, room)
    assert isinstance(message, TooSmall)
    assert message.size >= array.nbytes
    larger: Room = crate.grown(message.size).opened()
    np.testing.assert_array_equal(crate.unpacked(packed(array, larger)), array)
    larger.close()


def test_nothing_is_left_behind():
    crate = Crate()
    name = crate.grown(100).name
    crate.empty()
    with pytest.raises(FileNotFoundError):
        SharedMemory(name)


def test_who_keeps_one_array_does_not_keep_the_others(crate, room):
    found = crate.unpacked(packed({"kept": np.ones(3), "large": np.zeros(400)}, room))["kept"]
    assert (found.nbytes, len(found.base)) == (24, 24)
