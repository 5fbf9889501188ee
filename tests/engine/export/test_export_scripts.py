"""The program in one text: it runs alone, and every layer has lines in it that are about it and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from engine import Fit, Network, Node, layers
from engine.export import TARGETS, ExportError, Outline
from engine.export.lines import DATA, LOSS, MARK, Line, aligned, listing, marked, plain
from engine.layers import Shape
from engine.losses import BCELoss, CrossEntropyLoss, HingeLoss, NLLLoss, losses
from engine.regularizers import L2
from playground.document.examples import examples
from playground.document.project import data_of
from tests.engine.drawing import graphs
from tests.engine.export.exporting import run

SCRIPTED = [key for key, target in TARGETS.items() if target.script is not None]
RUNS = {"numpy": "numpy", "pytorch": "torch"}
#: so large that its first weights alone take half a gigabyte, or that its two epochs take minutes
TOO_LARGE = ("alexnet", "alexnet-small", "resnet-small")
CHAIN = Network.chain(layers.Linear(4), layers.Tanh(), layers.Linear(3))


def outline(network: Network, in_shape: Shape, fit: Fit | None = None) -> Outline:
    return Outline("Test", network, in_shape, fit or Fit(loss=CrossEntropyLoss(), batch_size=16))


def script(target: str, one: Outline) -> tuple[Line, ...]:
    write = TARGETS[target].script
    assert write is not None
    return write(one)


def text(lines: tuple[Line, ...]) -> str:
    return "\n".join(line.text for line in lines) + "\n"


def run_alone(target: str, lines: tuple[Line, ...], capsys: pytest.CaptureFixture[str]) -> str:
    """What the program prints."""
    if target not in RUNS:
        pytest.skip("its text is no program of Python that can run here")
    pytest.importorskip(RUNS[target])
    capsys.readouterr()
    run(text(lines), "__main__")
    return capsys.readouterr().out


@pytest.mark.parametrize("target", SCRIPTED)
@pytest.mark.parametrize("loss", list(losses), ids=lambda cls: cls.key)
def test_it_runs_alone_whatever_the_loss(target: str, loss: type, capsys: pytest.CaptureFixture[str]) -> None:
    ends = [layers.Sigmoid()] if loss is BCELoss else [layers.LogSoftmax()] if loss is NLLLoss else []
    network = Network.chain(
        layers.Linear(4), layers.Tanh(), layers.Linear(1 if loss is HingeLoss else 3), *ends
    )
    fit = Fit(loss=loss(), batch_size=16, regularizer=L2(0.01))
    said = run_alone(target, script(target, outline(network, (2,), fit)), capsys)
    assert re.fullmatch(r"(epoch 1, loss \S+\n){4}(epoch 2, loss \S+\n){4}", said)
    assert "nan" not in said


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("target", [t for t in SCRIPTED if t in RUNS])
@pytest.mark.parametrize("key", [e.key for e in examples() if e.key not in TOO_LARGE])
def test_that_of_every_example_runs_alone(target: str, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    project = next(e for e in examples() if e.key == key).project
    one = Outline(project.name, project.network, data_of(project).in_shape, project.fit)
    assert "epoch 2, loss" in run_alone(target, script(target, one), capsys)


@pytest.mark.parametrize("target", SCRIPTED)
@settings(max_examples=25, suppress_health_check=[*HealthCheck], phases=[Phase.explicit, Phase.generate])
@given(graphs(), st.integers(0, 3))
def test_every_layer_has_its_lines(target: str, drawn: tuple[Network, Shape], at: int) -> None:
    """And the line that makes a layer is about that layer alone."""
    network, shape = drawn
    network = Network(
        (*network.nodes, Node("flatten_0", layers.Flatten()), Node("linear_0", layers.Linear(3)))
    )
    try:
        lines = script(target, outline(network, shape))
    except ExportError:
        assume(TARGETS[target].trains)  # the other lacks some settings, which is tested elsewhere
        raise
    ids = {node.id for node in network.nodes}
    seen = {block for line in lines for block in line.blocks}
    assert seen == ids | {"input"} | ({"loss"} if TARGETS[target].trains else set())
    assert {line.blocks for line in lines if line.makes} >= {(i,) for i in ids}
    assert MARK not in text(lines)


@pytest.mark.parametrize("target", SCRIPTED)
def test_a_line_is_about_the_layer_that_it_makes(target: str) -> None:
    makes = {
        "numpy": ('Linear(w["0.weight"], w["0.bias"])', "Tanh()", 'Linear(w["2.weight"], w["2.bias"])'),
        "pytorch": ("nn.Linear(2, 4)", "nn.Tanh()", "nn.Linear(4, 3)"),
    }
    if target not in makes:
        pytest.skip("how it writes layers is tested elsewhere")
    lines = script(target, outline(CHAIN, (2,)))
    for node, made in zip(CHAIN.nodes, makes[target], strict=True):
        assert [line.blocks for line in lines if line.text.strip().startswith(made)] == [(node.id,)]


@pytest.mark.parametrize("target", SCRIPTED)
def test_names_cannot_end_it(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = (Node('a"""\nimport os', layers.Linear(4)), Node(f"b{MARK}0", layers.Linear(3)))
    hostile = Outline(f'x"""{MARK}9\nimport os\n', Network(nodes), (2,), Fit(loss=CrossEntropyLoss()))
    lines = script(target, hostile)
    assert not [line for line in lines if line.text.strip() == "import os"]
    if target in RUNS:
        assert "epoch 1" in run_alone(target, lines, capsys)


def test_a_mark_goes_along_and_comes_off() -> None:
    code = aligned([("a = 1", "(N, 1)", 0), ("long = 2", "", 1)], 2)
    assert plain(code) == "  a = 1     # (N, 1)\n  long = 2"
    lines = listing(f"begin\n{code}\n{marked('x', DATA, LOSS, 1, 1)}\n", ["n", "m"])
    assert lines == (
        Line("begin"), Line("  a = 1     # (N, 1)", ("n",), True), Line("  long = 2", ("m",), True), Line("x", ("input", "loss", "m")),
    )  # fmt: skip


@pytest.mark.parametrize("target", SCRIPTED)
def test_what_is_written_to_files_has_no_marks(target: str, tmp_path: Path) -> None:
    from engine.export import export
    from tests.engine.export.exporting import subject

    fit = Fit(loss=CrossEntropyLoss(), regularizer=L2(0.01))
    for file in export(subject(CHAIN, (2,), fit), target, tmp_path, steps=1):
        if file.suffix == ".py":
            assert MARK not in file.read_text(encoding="utf-8")
