"""Messages repeat their input, and stay short whatever it is."""

import numpy as np
import pytest

from engine.errors import MOST_LETTERS, MOST_OF_VALUE, EngineError, UnknownName, clipped, few, shown


@pytest.mark.parametrize(
    "value",
    ["a" * 10**6, 10**400, 10**9999, [[[0] * 99] * 99] * 99, {str(i): "x" * 99 for i in range(999)}, np.zeros(10**6),
     b"\xff" * 999, "<\ud800>" * 99],
    ids=["text", "digits", "more digits than Python writes", "lists", "mapping", "array", "bytes", "surrogates"],
)  # fmt: skip
def test_a_value_is_shown_short(value: object) -> None:
    text = shown(value)
    assert 0 < len(text) <= MOST_OF_VALUE
    text.encode()  # what is no text is written as its escape


def test_a_short_value_is_shown_as_it_is() -> None:
    for value in ("a'b", 3, 1e300, None, [1, [2.5]], {"a": (1,)}, True):
        assert shown(value) == repr(value)


def test_what_cannot_describe_itself_is_named_by_its_type() -> None:
    class Shy:
        def __repr__(self) -> str:
            raise KeyError

    assert shown(Shy()).startswith(("a value of type Shy", "<Shy instance"))


def test_few_of_many_are_listed() -> None:
    assert few([]) == "none"
    assert few(["a", "b"]) == "a, b"
    assert few(range(3000), 3) == "0, 1, 2 and 2,997 more"
    assert len(few(["x" * 999] * 999)) < MOST_LETTERS + 100


def test_the_middle_is_cut_so_that_the_advice_at_the_end_stays() -> None:
    said = str(EngineError("What is so. " + "x" * 9999 + " Do this."))
    assert len(said) == MOST_LETTERS
    assert said.startswith("What is so.")
    assert said.endswith("Do this.")
    assert clipped("abc", 3) == "abc"


def test_an_unknown_name_is_cut_before_it_is_compared() -> None:
    said = str(UnknownName("layer", "Linear" + "r" * 10**7, ["Linear"]))  # minutes, were it compared whole
    assert len(said) < 200
    assert "Did you mean Linear?" in str(UnknownName("layer", "Linera", ["Linear"]))
    assert "['Linear']" in str(UnknownName("layer", ["Linear"], ["Linear"]))
