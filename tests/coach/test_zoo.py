"""Each fault is first told by its own rule, and no example is warned of; with more seeds: ``python -m benchmarks coach``."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground import app
from playground.document.examples import examples
from playground.document.project import Project, problems
from tests.coach.zoo import EPOCHS, ZOO, Fault

#: examples whose epochs take long, and how many of them are looked at here
LONG = {"lenet5": 4, "alexnet-small": 3, "resnet-small": 3, "tutorial-mnist": 8, "notes-cnn": 6}


def said(made: Project, epochs: int):
    told = []
    app.train(made, epochs, lambda done: None, coached=told.append)
    return told[-1].said


def test_the_zoo_is_large_and_some_of_it_was_kept_apart() -> None:
    assert len(ZOO) >= 40
    assert sum(fault.apart for fault in ZOO) >= 10
    assert len({fault.name for fault in ZOO}) == len(ZOO)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ZOO, ids=lambda fault: fault.name)
def test_a_fault_is_told_first_by_its_own_rule(fault: Fault, tmp_path: Path) -> None:
    made = fault.make(tmp_path)
    assert not problems(made)
    heard = [one for one in said(made, EPOCHS) if fault.level == "hint" or one.level == "warning"]
    assert heard, "nothing was said"
    assert heard[0].rule in fault.rules
    assert heard[0].epoch <= EPOCHS


@pytest.mark.slow
@pytest.mark.parametrize("key", [e.key for e in examples() if e.key != "alexnet"])
def test_no_example_is_warned_of(key: str) -> None:
    made = next(e.project for e in examples() if e.key == key)
    epochs = min(made.fit.epochs, LONG.get(key, 40))
    assert not [one for one in said(made, epochs) if one.level == "warning"]
