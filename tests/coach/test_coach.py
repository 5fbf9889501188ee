"""The coach says one thing at a time, causes before effects, and nothing where it cannot tell."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import Fit, Model, Network, Trainer
from engine.coach import RULES, Advice, Coach, Plan, Rule, before, look
from engine.coach.plan_rules import _facts
from engine.coach.rule import Finding, rule
from engine.data import Circle, Dataset, Digits, NpzFile, Preparation, prepare
from engine.initializers import Zeros
from engine.layers import BatchNorm, Dropout, Flatten, Linear, ReLU, Sigmoid, Tanh
from engine.losses import BCEWithLogitsLoss, CrossEntropyLoss, HuberLoss, L1Loss, MSELoss
from engine.optimizers import SGD, Adam
from engine.problems import Several
from engine.regularizers import L2
from playground import app
from playground.document import edits
from playground.document.examples import example
from playground.document.project import Project, findings
from tests.coach.zoo import ZOO, clouds, curve, deep, given, mlp, plane, project, table

DATA = prepare(Circle(samples=120).make(), Preparation())


def plan(*layers, train: Dataset = DATA.train, validation: Dataset | None = DATA.validation, **fit) -> Plan:
    return Plan(Network.chain(*(layers or (Linear(8), Tanh(), Linear(1)))), train, validation, Fit(**fit))


def trainer(of: Plan, seed: int = 0) -> Trainer:
    model = Model(of.network, of.train.in_shape, seed, initializer=of.fit.initializer)
    return Trainer(model, of.train, of.validation, of.fit, seed)


def coached(made: Project, epochs: int = 20) -> Coach:
    told: list[Coach] = []
    app.train(made, epochs, lambda done: None, coached=told.append)
    return told[-1]


# --- the moderator ----------------------------------------------------------------------------------------------------


@pytest.fixture
def lone():
    """Rules of one's own in the place of all others."""
    kept = dict(RULES)
    RULES.clear()
    yield RULES
    RULES.clear()
    RULES.update(kept)


def of_looks(
    says: list[bool], key: str = "test", hits: int = 3, silences: frozenset[str] = frozenset()
) -> None:
    """A rule that finds something in the looks that are listed."""
    told = iter(says)

    @rule(key)
    class Test(Rule):
        title, why = f"{key}!", "It matters."

        def trains(self, moment):
            if next(told):
                yield Finding(f"{key} after epoch {moment.epoch}.")

    Test.hits, Test.silences = hits, silences


def after(coach: Coach, run: Trainer, epochs: int) -> list[str]:
    """Which rule speaks after each epoch."""
    found = []
    for _ in range(epochs):
        run.finish_epoch()
        coach.look(look(run), run.log.view())
        found.append(coach.advice.rule if coach.advice is not None else "")
    return found


def test_a_rule_speaks_after_three_hits_in_a_row_and_is_silent_after_three_misses(lone) -> None:
    of_looks([True, True, False, True, True, True, False, True, False, False, False])
    of = plan()
    run = trainer(of)
    coach = Coach(of)
    assert after(coach, run, 11) == ["", "", "", "", "", *["test"] * 5, ""]
    (said,) = coach.said
    assert (said.epoch, said.words) == (6, "test after epoch 6.")


def test_a_cause_silences_its_effect_and_holds_it_back_while_it_is_not_sure(lone) -> None:
    of_looks([True] * 9, "cause", hits=4, silences=frozenset({"effect"}))
    of_looks([True] * 9, "effect", hits=2)
    of = plan()
    coach = Coach(of)
    assert after(coach, trainer(of), 6) == ["", "", "", "cause", "cause", "cause"]
    assert [one.rule for one in coach.said] == ["cause"]


def test_what_is_meant_so_is_not_said(lone) -> None:
    of_looks([True] * 9)
    of = plan()
    coach = Coach(of, meant=["test"])
    assert after(coach, trainer(of), 4) == [""] * 4


def test_the_numbers_of_what_is_said_are_the_newest(lone) -> None:
    of_looks([True] * 9, hits=1)
    of = plan()
    run, coach = trainer(of), Coach(of)
    after(coach, run, 3)
    assert coach.advice is not None
    assert coach.advice.words == "test after epoch 3."
    assert coach.advice.epoch == 1, "when it was said first"
    assert len(coach.said) == 1


def test_looking_changes_nothing_of_a_run() -> None:
    of = plan(
        Linear(8), BatchNorm(), Tanh(), Dropout(p=0.2), Linear(1), optimizer=Adam(lr=0.01), regularizer=L2()
    )
    seen, alone = trainer(of), trainer(of)
    for _ in range(5):
        look(seen)
        seen.finish_epoch()
        alone.finish_epoch()
    for name, array in alone.snapshot().arrays.items():
        np.testing.assert_array_equal(seen.snapshot().arrays[name], array)


def test_half_the_step_and_ten_times_the_step_are_tried() -> None:
    of = plan(optimizer=SGD(lr=1e-3))
    now, half, whole, longer = look(trainer(of)).losses
    assert now > half > whole > longer
    assert now - longer == pytest.approx(10 * (now - whole), rel=0.1)
    assert now - half == pytest.approx((now - whole) / 2, rel=0.05)


@pytest.mark.parametrize(
    ("loss", "y", "expected"),
    [
        (CrossEntropyLoss(), np.array([0, 1, 2, 2]), -(0.5 * np.log(0.25) + 0.5 * np.log(0.5))),
        (BCEWithLogitsLoss(), np.array([0, 1, 1, 1]), -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))),
        (MSELoss(), np.array([[1.0], [3.0], [5.0], [7.0]]), 5.0),
        (L1Loss(), np.array([[1.0], [3.0], [5.0], [7.0]]), 2.0),
        (HuberLoss(delta=100.0), np.array([[1.0], [3.0], [5.0], [7.0]]), 2.5),
    ],
)
def test_chance_is_what_the_best_constant_answer_costs(loss, y, expected: float) -> None:
    data = Dataset(np.zeros((4, 2)) + np.arange(4)[:, None], y)
    of = plan(Linear(loss.out_shape(data)[0]), train=data, validation=None, loss=loss)
    assert of.chance == pytest.approx(expected, rel=1e-6)


# --- the cases that people have got stuck in --------------------------------------------------------------------------


def metric(made: Project, epochs: int = 40) -> float:
    return app.train(made, epochs, lambda done: None).trainer.validation_score.metric


def test_three_linear_layers_in_a_row_are_told_before_play_and_bent_by_the_remedy() -> None:
    made = plane(Linear(8), Linear(8), source=ZOO[0].make(Path()).source)
    (warning,) = [one for one in findings(made) if one.rule == "no-nonlinearity"]
    assert "linear1, linear2 and linear3" in warning.message
    assert metric(made) < 0.65
    mended = edits.mend(made, warning.remedies[0])
    assert [n.layer.label for n in mended.network.nodes] == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]
    assert not findings(mended)
    assert metric(mended) > 0.9


@pytest.mark.parametrize("layer", [Tanh(), ReLU()])
def test_weights_of_zero_are_copies_and_not_dead_units(layer) -> None:
    for made in (
        plane(Linear(4), layer, initializer=Zeros()),
        given(plane(Linear(4), layer), lambda key, w: 0 * w),
    ):
        coach = coached(made, 10)
        assert [one.rule for one in coach.warnings] == ["units-alike"]
        assert "dead" not in coach.warnings[0].words
        mended = edits.mend(made, coach.warnings[0].remedies[0])
        assert not coached(mended, 10).warnings


def test_a_network_that_has_learned_is_not_called_stuck() -> None:
    x = DATA.train.x.astype(float)
    line = replace(DATA.train, y=(x[:, 0] > 0).astype(DATA.train.y.dtype))
    of = plan(Linear(4), Linear(1), train=line, validation=None)
    coach, run = Coach(of), trainer(of)
    after(coach, run, 1)
    assert coach.advice.rule == "no-nonlinearity"
    after(coach, run, 40)
    assert run.log.view()["train_loss"][-1] < 0.3
    assert (coach.advice.rule, coach.told.light) == ("no-nonlinearity", "suspicious")


def test_twelve_sigmoids_lose_the_gradient_and_a_higher_rate_is_not_what_helps() -> None:
    made = plane(*deep(12, 8, Sigmoid()))
    coach = coached(made)
    (warning,) = coach.warnings
    assert warning.rule == "vanishing-gradient"
    assert "12 Sigmoid layers" in warning.words
    assert not any("rate" in remedy.text for remedy in warning.remedies)
    mended = edits.mend(made, warning.remedies[0])
    assert isinstance(warning.remedies[0], Several)
    assert "vanishing-gradient" not in [one.rule for one in coached(mended).said]
    # So deep a network amplifies every rounding: how good it gets exactly is luck, that it gets good is not.
    assert metric(made) < 0.6
    assert metric(mended) > 0.75


def test_units_that_a_large_step_has_thrown_out_are_not_a_network_that_is_too_simple() -> None:
    made = example("circle").project
    fast = edits.set_fit(made, made.fit.replace(optimizer=SGD(lr=1.2)))
    said, lights = list[Advice](), list[str]()

    def heard(coach: Coach) -> None:
        said.extend([coach.advice] if coach.advice else [])
        lights.append(coach.told.light)

    app.train(fast, 300, lambda done: None, coached=heard)
    assert {one.rule for one in said} == {"units-saturated"}
    assert lights[-1] == ""  # it has come to rest, and is not called learning
    (remedy,) = said[-1].remedies
    assert metric(edits.mend(fast, remedy), 100) > 0.97


def test_training_by_heart_is_no_good_fit() -> None:
    from engine.verdict import Kind, verdict

    fault = next(one for one in ZOO if one.name == "random labels")
    x, y = clouds(10)
    assert len(x) == len(y)
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        coach = coached(fault.make(Path(folder)))
    (said,) = coach.warnings
    assert said.rule == "overfitting"
    assert verdict(0.0, 0.0, 0.0, said.words).kind is Kind.HIGH_VARIANCE


# --- what cannot be told ----------------------------------------------------------------------------------------------


def strange(folder: Path) -> list[Project]:
    """Projects of which hardly anything can be told."""
    x, y = clouds(12)
    one = plane(source=Circle(samples=10), epochs=2)
    return [
        one.replace(preparation=one.preparation.replace(train=1.0, validation=0.0)),
        plane(batch_size=100_000),
        plane(source=Circle(samples=10), batch_size=1),
        table(folder, "tiny", x[:6], y[:6]),
        table(folder, "constant", np.ones((40, 3)), np.arange(40) % 2),
        table(folder, "same", np.random.default_rng(0).normal(size=(40, 3)), np.full(40, 2.5), outputs=1),
        curve(loss=HuberLoss(), optimizer=SGD(lr=100.0)),
        plane(*deep(1, 1, ReLU())),
        plane(Linear(8), Tanh(), optimizer=SGD(lr=0.0)),
        project(Digits(), [Flatten(), Linear(10)], Fit(loss=CrossEntropyLoss())),
    ]


@pytest.mark.parametrize("at", range(10))
def test_strange_projects_are_followed_without_a_fault(at: int, tmp_path: Path) -> None:
    coach = coached(strange(tmp_path)[at], 6)
    for one in coach.said:
        assert "nan" not in one.words
        assert "inf " not in one.words
        json.dumps(one.to_dict())


def test_a_half_built_network_has_only_its_plan_judged() -> None:
    of = plan(Linear(4), Tanh(), Linear(3))
    assert before(of) == ()
    assert math.isnan(of.chance)


# --- the plan ---------------------------------------------------------------------------------------------------------


def test_every_rule_says_what_and_why_in_sentences() -> None:
    for one in RULES.values():
        assert one.title
        assert not one.title.endswith(".")
        assert len(one.title) <= 48, "it stands in the bar"
        assert one.why.endswith(".")
        assert one.silences <= set(RULES) | {one.key}, one.silences - set(RULES)


def test_a_narrow_place_is_worth_a_hint_only() -> None:
    made = project(Digits(), [Flatten(), Linear(4), Linear(10)], Fit(loss=CrossEntropyLoss()))
    assert not [one for one in findings(made) if one.rule]
    (said,) = before(Plan(made.network, prepare(Digits().make(), made.preparation).train, None, made.fit))
    assert (said.rule, said.level) == ("no-nonlinearity", "hint")


def test_a_known_cause_of_the_data_silences_what_follows_from_it() -> None:
    made = next(one for one in ZOO if one.name == "wine, not scaled").make(Path())
    assert [one.rule for one in findings(made)] == ["far-from-one"]
    freed = edits.mean_so(made, "far-from-one")
    assert [one.rule for one in findings(freed)] == ["features-apart"]
    assert not findings(edits.mean_so(freed, "features-apart"))
    assert [one.rule for one in findings(edits.hear_again(freed))] == ["far-from-one"]


def test_rows_of_few_values_are_alike_by_chance(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 2, (200, 2))
    made = table(tmp_path, "bits", x, x[:, 0] ^ x[:, 1])
    assert isinstance(made.source, NpzFile)
    assert not [one for one in findings(made) if one.rule == "shared-samples"]


@pytest.mark.parametrize(
    "column",
    [lambda y: np.zeros(len(y)), lambda y: np.arange(len(y)) % 2, lambda y: np.where(y == 0, 0, np.arange(len(y)) % 3)],
    ids=["constant", "two values", "one class of three told"],
)  # fmt: skip
def test_a_column_whose_equal_values_belong_to_several_classes_tells_nothing(tmp_path: Path, column) -> None:
    y = np.repeat([0, 1, 2], 40)
    x = np.random.default_rng(0).normal(size=(120, 2))
    made = table(tmp_path, "alike", np.column_stack([column(y), x]), y, outputs=3)
    assert "column-tells" not in [one.rule for one in findings(made)]


def test_layers_that_are_joined_are_not_in_a_row() -> None:
    from engine.layers import Add
    from engine.network import Node

    nodes = (
        Node("a", Linear(4)),
        Node("t", Tanh()),
        Node("b", Linear(4)),
        Node("s", Add(), ("b", "t")),
        Node("c", Linear(1)),
    )
    of = replace(plan(), network=Network(nodes))
    assert "no-nonlinearity" not in [one.rule for one in before(of)]


def test_the_coach_of_a_run_that_goes_on_elsewhere_forgets_what_it_saw() -> None:
    of = plan(optimizer=Adam(lr=0.01))
    run, coach = trainer(of), Coach(of)
    after(coach, run, 5)
    run.reset()
    coach.look(look(run), run.log.view())
    assert (coach.step, coach.epoch) == (0, 0)


def test_a_divergence_is_said_with_its_remedy() -> None:
    made = plane(loss=MSELoss(), optimizer=SGD(lr=100.0))
    coach = coached(made)
    assert coach.warnings
    assert coach.warnings[0].rule in ("rate-too-large", "diverged")
    assert any("rate" in remedy.text for remedy in coach.warnings[0].remedies)


def test_a_rule_has_one_name(lone) -> None:
    of_looks([], "twice")
    with pytest.raises(KeyError, match="twice"):
        of_looks([], "twice")


def test_deep_digits_with_batch_norm_are_healthy() -> None:
    made = mlp(Linear(32), BatchNorm(), ReLU(), Linear(32), BatchNorm(), ReLU())
    assert not coached(made, 15).warnings


def test_dead_units_are_left_behind_by_beginning_anew() -> None:
    made = mlp(optimizer=SGD(lr=1.0), batch_size=16)
    (warning,) = coached(made, 10).warnings
    assert warning.rule == "units-died"
    mended = edits.mend(made, warning.remedies[0])
    assert mended.seed != made.seed
    assert mended.fit.optimizer.lr == 0.1
    assert not coached(mended, 10).warnings


@pytest.mark.parametrize(
    ("column", "told"), [(np.zeros(300), False), (np.arange(300) % 2, False), (np.arange(300) // 100, True)]
)
def test_a_column_of_few_values_tells_the_target_only_where_they_part_the_classes(column, told) -> None:
    """A pixel that is always black is sorted by whatever stands beside it: it was said to tell the digit."""
    data = Dataset(
        np.column_stack([column, np.random.default_rng(0).normal(size=300)]), np.arange(300) // 100
    )
    assert _facts(data).telling == (0 if told else None)
