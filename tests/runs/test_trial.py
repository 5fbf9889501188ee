"""Trials and results as text."""

import json
import math

import pytest

from engine.data import TableFile
from engine.errors import SpecError
from playground.document import edits
from playground.document.examples import example, examples
from playground.runs.trial import Result, Trial, best_of, result, thinned, trial


@pytest.mark.parametrize("example", examples(), ids=lambda e: e.key)
def test_a_trial_comes_back_from_its_text(example) -> None:
    there = Trial(example.project, 3, 7)
    back = trial(there.to_json())
    assert back == there
    assert back.digest == there.digest
    assert Trial(example.project, 4, 7).digest != there.digest


def test_another_engine_is_refused_in_words() -> None:
    data = json.loads(Trial(example("xor").project, 0, 1).to_json()) | {"engine": "0.0.9+abc"}
    with pytest.raises(
        SpecError, match=r"is for engine '0\.0\.9\+abc', and this worker has .* Install the same version"
    ):
        trial(json.dumps(data))  # fmt: skip


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[" * 100_000, '{"engine": 1, "seed": "x"}'])
def test_what_is_no_trial_or_result_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="expected"):
        trial(text)
    with pytest.raises(SpecError, match="expected"):
        result(text)


def test_a_result_comes_back_from_its_text_even_where_numbers_are_not_finite() -> None:
    there = Result("diverged", "Too fast.", 2, 30, "accuracy", ((0.0, 1.5, math.inf, 0.0, 0.5, 0.5, 0.1, 0.0),), "ab", (1.0, math.inf, 0.5, 0.25), (1, 0.5, 0.75), 0.1)  # fmt: skip
    assert result(there.to_json()) == there
    assert there.score == math.inf
    assert "NaN" not in Result("refused").to_json()
    assert math.isnan(result(Result("refused").to_json()).scores[0])


def test_the_best_row_is_by_validation_or_by_training_where_there_is_none() -> None:
    nan = math.nan
    rows = [(0.0, 3, 3, 0, 0.1, 0.2, 0, 0), (1.0, 2, 1, 0, 0.2, 0.7, 0, 0), (2.0, 1, 2, 0, 0.3, 0.4, 0, 0)]
    assert best_of(rows) == (1, 1, 0.7)
    assert best_of([(*row[:2], nan, *row[3:]) for row in rows]) == (2, 1, 0.3)
    assert best_of([])[0] == 0


def test_long_curves_are_thinned_and_keep_their_end() -> None:
    rows = [(float(i),) * 8 for i in range(4999)]
    kept = thinned(rows)
    assert len(kept) <= 2001
    assert (kept[0], kept[-1]) == (rows[0], rows[-1])
    assert thinned(rows[:3]) == tuple(rows[:3])


def test_another_content_of_the_same_file_is_another_trial(tmp_path) -> None:
    file = tmp_path / "points.csv"
    write = lambda more: file.write_text(
        "a,b,y\n" + "".join(f"{i},{i * i},{i % 2}\n" for i in range(30)) + more
    )
    write("")
    project = edits.set_source(example("xor").project, TableFile(path=str(file)))
    first = Trial(project, 0, 1)
    text, digest = first.to_json(), first.digest
    assert trial(text).digest == digest
    write("31,961,1\n")
    other = Trial(project, 0, 1)
    assert other.digest != digest
    with pytest.raises(SpecError, match=r"something else here .* Copy the files anew"):
        trial(text)
    shown = trial(text, of_any_engine=True)  # a run of old is still to be listed under its name
    assert shown.digest == digest
    write("")
    assert Trial(project, 0, 1).digest == digest
    assert Trial(example("xor").project, 0, 1).content == ""
