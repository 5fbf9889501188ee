"""Any block can read any earlier one: skip connections are made, led elsewhere and taken away by edits."""

import pytest

from engine.errors import SpecError
from engine.layers import Add, Concat, Linear, Tanh
from engine.network import INPUT
from playground.document import edits, wiring
from playground.document.examples import example
from playground.document.project import Project, problems, shapes


def project_of(*chain) -> Project:
    return edits.paste(example("circle").project.replace(network=Project().network), chain, 0)


@pytest.fixture
def residual() -> Project:
    """4 values, twice, and their sum."""
    return project_of(Linear(4), Tanh(), Linear(4), Add(), Linear(1))


def test_a_join_can_be_led_to_any_earlier_block(residual: Project) -> None:
    assert residual.network.inputs_of("add1") == ("tanh1", "linear2")
    after = edits.set_inputs(residual, "add1", ("linear1", "linear2"))
    assert after.network.inputs_of("add1") == ("linear1", "linear2")
    assert not problems(after)
    assert edits.set_inputs(after, "add1", ("linear1", "linear2")) is after


def test_what_fits_is_told_from_what_does_not(residual: Project) -> None:
    found = {c.id: c.fits for c in wiring.candidates(residual, "add1", 0)}
    assert found == {INPUT: False, "linear1": True, "tanh1": True, "linear2": True}
    assert {c.id: c.shape for c in wiring.candidates(residual, "add1", 0)}[INPUT] == (2,)
    further = {c.id for c in wiring.candidates(residual, "add1", 2) if c.fits}
    assert further == {"linear1", "tanh1", "linear2"}


def test_a_concat_takes_what_an_add_does_not() -> None:
    project = project_of(Linear(4), Linear(3), Concat(), Linear(1))
    after = edits.set_inputs(project, "concat1", wiring.connected(project, INPUT, "concat1"))
    assert after.network.inputs_of("concat1") == (INPUT, "linear1", "linear2")
    assert shapes(after)["concat1"] == (9,)


def test_a_wire_goes_and_the_block_before_stays(residual: Project) -> None:
    without = wiring.disconnected(residual, "tanh1", "add1")
    assert without == ("linear2",)
    after = edits.set_inputs(residual, "linear2", ("linear1",))
    assert wiring.disconnected(after, "linear1", "linear2") == ("tanh1",)


def test_who_reads_the_block_before_follows_when_blocks_move(residual: Project) -> None:
    there = edits.set_inputs(residual, "linear2", ("linear1",))
    assert there.network["linear2"].inputs == ("linear1",)
    back = edits.set_inputs(there, "linear2", ("tanh1",))
    assert back.network["linear2"].inputs == ()
    assert back == residual


@pytest.mark.parametrize(
    ("node", "inputs", "said"),
    [
        ("linear1", ("linear2",), "does not come before it"),
        ("add1", ("add1", "linear1"), "does not come before it"),
        ("add1", ("nobody",), "does not come before it"),
        ("linear2", ("linear1", "tanh1"), "expected 1 input"),
        ("add1", (), "expected at least one input"),
    ],
)
def test_a_wire_that_cannot_be_is_refused(
    residual: Project, node: str, inputs: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SpecError, match=said):
        edits.set_inputs(residual, node, inputs)


def test_skips_are_the_wires_round_something() -> None:
    assert wiring.skips(example("circle").project.network.nodes) == ()
    skips = wiring.skips(example("resnet-small").project.network.nodes)
    assert len([to for _, to in skips if to.startswith("add")]) == 3
