"""A moment of every part, from a seed that is drawn anew; the first line of pytest's report names it (tests/conftest.py)."""

import os

import pytest

from tests.soak import running

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("part", running.parts())
def test_a_moment_of(part: str, qapp, record_property) -> None:
    seed = int(os.environ["PLAYGROUND_SEED"])
    came = running.several(part, seed, running.parts()[part].SHORT)
    record_property("came", dict(came))
    assert sum(came.values()) == running.parts()[part].SHORT
