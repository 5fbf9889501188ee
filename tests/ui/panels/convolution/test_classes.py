"""A line for each class, as long as there is room."""

import pytest

from playground.ui.panels.convolution.classes import LINE, LOWEST, MOST, lines_for


@pytest.mark.parametrize("count", [2, 3, 7, 10, 26])
def test_all_are_listed_where_they_fit(count: int) -> None:
    for height in range(count * int(LOWEST), count * int(LINE) + 40):
        room, line = lines_for(count, float(height))
        assert room == count, height
        assert room * line <= height + 1e-6


def test_of_more_than_fit_as_many_as_do() -> None:
    assert lines_for(26, 100.0) == (int(100 // LOWEST), LOWEST)
    assert lines_for(1000, 1e6) == (MOST, LINE)
    assert lines_for(3, 1.0) == (1, LOWEST)
