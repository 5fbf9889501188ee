"""Whole programs: random graphs, all examples, what a program may import, and what a proof says of one that is wrong."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine import Fit, Network, Node, layers
from engine.data import Dataset
from engine.export import ExportError, Subject, evidence, export, notes, prove, targets
from engine.export.base import Writers
from engine.export.folder import write
from engine.export.numpy_words import numpy_writers
from engine.export.pytorch_words import pytorch_writers
from engine.export.targets import TARGETS
from engine.layers import Activation, Shape
from engine.losses import CrossEntropyLoss, HuberLoss
from engine.optimizers import SGD, Adam
from engine.schedules import OneCycleLR
from playground import app
from playground.document.examples import examples
from tests.engine.drawing import graphs
from tests.engine.export.exporting import assert_agrees, program, subject

RUN = ("numpy", "pytorch", "onnx")
PACKAGES = {"numpy": "numpy", "pytorch": "torch", "onnx": "onnx"}
#: steps of the larger examples that are repeated here; all 20 were, by hand. AlexNet at full size takes gigabytes (one step of it was, in PyTorch).
FEWER = {"lenet5": 3, "alexnet-small": 1, "resnet-small": 1, "notes-cnn": 5}
TOO_LARGE = ("alexnet",)


def needs(target: str) -> None:
    """Skip where the target cannot run here."""
    package = PACKAGES.get(target)
    if package is not None:
        pytest.importorskip(package, reason=f"{package} is not installed: exports to it are not run")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("target", RUN)
def test_random_networks(target: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any graph, with branches that end nowhere: every layer's values, and twenty steps."""
    needs(target)

    @settings(
        max_examples=30,
        deadline=None,
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
        phases=[Phase.explicit, Phase.generate],
    )
    @given(graphs(), st.integers(0, 2**16))
    def check(drawn: tuple[Network, Shape], seed: int) -> None:
        network, shape = drawn
        last = [Node("flatten_0", layers.Flatten()), Node("linear_0", layers.Linear(3))]
        network = Network((*network.nodes, *last))
        fit = Fit(loss=CrossEntropyLoss(), optimizer=SGD(lr=0.05, momentum=0.5), batch_size=8)
        folder = tmp_path_factory.mktemp("network")
        export(subject(network, shape, fit, seed), target, folder)
        assert_agrees(folder)

    check()


@pytest.mark.slow
@pytest.mark.parametrize("key", [e.key for e in examples() if e.key not in TOO_LARGE])
def test_examples(key: str, tmp_path: Path) -> None:
    """In every target whose package is here; what they are compared with is gathered once."""
    one = app.subject(next(e for e in examples() if e.key == key).project)
    seen = evidence.gather(one, FEWER.get(key, 20))
    for target in RUN:
        if importlib.util.find_spec(PACKAGES[target]):
            folder = tmp_path / target
            export(one, target, folder, evidence=seen)
            assert_agrees(folder)


# --- what a program is ----------------------------------------------------------------------------------------------------

SKIP = Network(
    (
        Node("in", layers.Linear(4)),
        Node('bend"""\nimport os', layers.Tanh()),
        Node("add", layers.Add(), ('bend"""\nimport os', "in")),
        Node("train", layers.Linear(2)),
        Node("concat", layers.Concat(), ("train", "in", "add")),
        Node("last", layers.Linear(3)),
    )
)
HOSTILE = 'Net"""\nimport os; os.abort()\n"""\\'


@pytest.fixture(scope="module")
def skipping(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A graph whose names would end strings and hide methods, in every target."""
    fit = Fit(loss=CrossEntropyLoss(), optimizer=Adam(), batch_size=8)
    folders = {target: tmp_path_factory.mktemp(target) for target in TARGETS}
    for target, folder in folders.items():
        if target == "onnx" and not importlib.util.find_spec("onnx"):
            continue  # it is written by that package itself
        export(subject(SKIP, (3,), fit, title=HOSTILE), target, folder)
    return folders


@pytest.mark.parametrize("target", RUN)
def test_names_cannot_end_a_string_nor_hide_a_method(skipping: dict[str, Path], target: str) -> None:
    needs(target)
    assert_agrees(skipping[target])
    programs = [file.read_text(encoding="utf-8") for file in skipping[target].glob("*.py")]
    assert programs
    for text in programs:
        _, ended, code = text.partition('"""\n\n')
        assert ended, "a docstring stands at the top"
        assert_harmless(text, code)


def test_names_cannot_end_a_cell(skipping: dict[str, Path]) -> None:
    cells = json.loads((skipping["notebook"] / "network.ipynb").read_text(encoding="utf-8"))["cells"]
    titled = [cell for cell in cells if "abort" in "".join(cell["source"])]
    assert [cell["cell_type"] for cell in titled] == ["markdown"]
    code = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert "def build(" in code
    assert_harmless(code, code)


def assert_harmless(text: str, code: str) -> None:
    assert "os" not in imported(text)
    assert "abort" not in code


def imported(text: str) -> set[str]:
    """The packages that a program imports."""
    nodes = list(ast.walk(ast.parse(text)))
    plain = {alias.name.partition(".")[0] for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    return plain | {str(n.module).partition(".")[0] for n in nodes if isinstance(n, ast.ImportFrom)}


def test_the_numpy_program_imports_numpy_alone(skipping: dict[str, Path]) -> None:
    files = list(skipping["numpy"].glob("*.py"))
    assert len(files) == 3
    for file in files:
        assert imported(file.read_text(encoding="utf-8")) <= sys.stdlib_module_names | {
            "numpy",
            "model",
            "train",
            "check",
        }


def test_a_proof_runs_it_elsewhere_and_sees_what_is_wrong(skipping: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(skipping["numpy"], tmp_path / "program")
    proof = prove(folder)
    assert proof.holds
    assert {row.dtype for row in proof.rows} == {"float32", "float64"}
    assert len(proof.rows) == 2 * (len(SKIP) + 1)
    with np.load(folder / "weights.npz") as file:
        weights = {name: file[name] for name in file.files}
    name = next(n for n in weights if n.startswith("linear") and n.endswith("bias"))
    weights[name] = weights[name] + np.float32(1e-4)
    np.savez(folder / "weights.npz", **weights)
    proof = prove(folder)
    assert not proof.holds
    assert not proof.worst.agrees
    unasserting = subprocess.run(
        [sys.executable, "-O", "check.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert unasserting.returncode
    assert "gives the same numbers" not in unasserting.stdout


def test_a_proof_of_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="There is no exported program"):
        prove(tmp_path)
    (tmp_path / "check.py").write_text("raise SystemExit('no weights')", encoding="utf-8")
    with pytest.raises(ExportError, match="no weights"):
        prove(tmp_path)
    said = "import os, sys; os.write(2, b'caf\\xe9 is closed'); sys.exit(1)"
    (tmp_path / "check.py").write_text(said, encoding="utf-8")
    with pytest.raises(ExportError, match="is closed"):
        prove(tmp_path)
    with pytest.raises(ExportError, match="cannot be run"):
        prove(tmp_path, python=str(tmp_path / "no-such-python"))


def test_a_notebook_proves_itself(skipping: dict[str, Path]) -> None:
    assert prove(skipping["notebook"]).holds


@pytest.mark.parametrize("target", ["numpy", "pytorch", "notebook"])
def test_all_its_epochs_may_hold_fewer_updates_than_are_repeated(target: str, tmp_path: Path) -> None:
    needs(target)
    fit = Fit(loss=CrossEntropyLoss(), schedule=OneCycleLR(), batch_size=64, epochs=3)
    export(subject(Network.chain(layers.Linear(3)), (2,), fit), target, tmp_path)
    if target == "notebook":
        assert prove(tmp_path).holds
    else:
        assert_agrees(tmp_path)


def test_a_program_goes_on_beyond_what_is_repeated(tmp_path: Path) -> None:
    """It learns, in orders that it draws itself, and stops early with the best weights."""
    fit = Fit(loss=HuberLoss(), optimizer=SGD(lr=0.1), batch_size=8, epochs=60, early_stopping=3)
    one = subject(Network.chain(layers.Linear(8), layers.Tanh(), layers.Linear(1)), (2,), fit)
    export(one, "numpy", tmp_path)
    with program(tmp_path) as check:
        net, data, seen = check.model.load(), check.train.load_data(), []
        watched = data["x_validation"], data["y_validation"]
        for epoch, _ in check.train.train(
            net, data
        ):  # random targets: soon it only learns the samples by heart
            seen.append(epoch)
        assert seen[-1] < 59
        best = check.train.evaluate(net, *watched)
        list(check.train.train(net, data, epochs=4, patience=0))
        assert best < check.train.evaluate(net, *watched)
        data["y_train"] = data["x_train"][:, :1].copy()
        losses = [loss for _, loss in check.train.train(net, data, epochs=30, patience=0)]
    assert losses[-1] < 0.2 * losses[0]


@dataclass(frozen=True)
class Homemade(Activation):
    """A layer that nobody has said how to write."""


def test_a_layer_that_nobody_can_write_is_refused_by_name(tmp_path: Path) -> None:
    layers.registry.register("Homemade", category="Activation")(Homemade)
    try:
        one = subject(
            Network.chain(layers.Linear(2), Homemade(), layers.Linear(3)), (2,), Fit(loss=CrossEntropyLoss())
        )
        with pytest.raises(ExportError, match="Homemade cannot be written in NumPy"):
            export(one, "numpy", tmp_path)
    finally:
        layers.registry.unregister("Homemade")


@pytest.mark.parametrize(("target", "writers"), [("numpy", numpy_writers), ("pytorch", pytorch_writers)])
def test_what_cannot_be_written_leaves_nothing_behind(
    target: str, writers: Writers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The training script is made after the network's: neither is written, and nothing was trained for it."""
    monkeypatch.delitem(writers._found, HuberLoss)
    monkeypatch.setattr(targets, "gather", lambda *_: pytest.fail("trained for nothing"))
    one = subject(Network.chain(layers.Linear(1)), (2,), Fit(loss=HuberLoss()))
    with pytest.raises(ExportError, match="Huber cannot be written"):
        export(one, target, tmp_path / "program")
    assert not (tmp_path / "program").exists()


@pytest.mark.parametrize(("limit", "kept"), [(280, (35, 9)), (80, (10, 9)), (40, (5, 5))])
def test_what_is_said_of_data_that_are_cut_is_what_was_cut(
    limit: int, kept: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "DATA_BYTES", limit)
    one = subject(Network.chain(layers.Linear(3)), (2,), Fit(loss=CrossEntropyLoss()))
    export(one, "numpy", tmp_path, steps=0)
    with np.load(tmp_path / "data.npz") as file:
        assert (len(file["x_train"]), len(file["y_validation"])) == kept
    said = notes(one, "numpy", steps=0)
    assert said == [
        f"Of the {there} {name} samples the first {count} go along; put the others into data.npz."
        for name, there, count in zip(("training", "validation"), (35, 9), kept, strict=True)
        if count < there
    ]
    assert not notes(one, "onnx", steps=0), "no data go along there"
    assert not notes(one, "numpy", steps=35), "the steps that are repeated need theirs"


# --- the folder -------------------------------------------------------------------------------------------------------


@pytest.fixture
def small() -> Subject:
    return subject(Network.chain(layers.Linear(3)), (2,), Fit(loss=CrossEntropyLoss()))


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def refused(small: Subject, target: str, folder: Path, names: str) -> None:
    """It is, naming the files, and nothing is replaced."""
    before = contents(folder)
    with pytest.raises(ExportError, match=f": {names}. Choose another folder"):
        export(small, target, folder, steps=0)
    assert contents(folder) == before


@pytest.mark.parametrize("target", ["numpy", "pytorch", "notebook"])
def test_files_of_others_are_not_replaced(target: str, small: Subject, tmp_path: Path) -> None:
    (tmp_path / "data.npz").write_bytes(b"mine")
    (tmp_path / "notes.txt").write_bytes(b"mine too")
    refused(small, target, tmp_path, "data.npz")
    (tmp_path / "data.npz").unlink()
    export(small, target, tmp_path, steps=0)
    assert (tmp_path / "notes.txt").read_bytes() == b"mine too"


def test_an_export_takes_the_place_of_an_older_one_unless_that_was_changed(
    small: Subject, tmp_path: Path
) -> None:
    written = export(small, "numpy", tmp_path, steps=0)
    assert sorted(tmp_path.iterdir()) == sorted(written)
    small.model.store.values[:] += 1
    export(small, "numpy", tmp_path, steps=0)
    with np.load(tmp_path / "weights.npz") as file:
        np.testing.assert_array_equal(file["0.weight"], small.state()["0.weight"])
    refused(small, "notebook", tmp_path, "check.npz, data.npz, export.json, names.json, weights.npz")
    with (tmp_path / "train.py").open("a", encoding="utf-8") as file:
        file.write("# I have thought about this.\n")
    refused(small, "numpy", tmp_path, "train.py")


@pytest.mark.parametrize(
    "listed",
    [
        b"",
        b"[" * 60_000,
        b"[]",
        b'{"target": "numpy"}',
        b'{"target": "numpy", "files": [1]}',
        b'{"target": "numpy", "files": {"model.py": {"bytes": 1e9, "sha256": ""}}}',
        b'{"target": "numpy", "files": {"model.py": {"bytes": 4, "sha256": null}}}',
        b" " * (1 << 17),
    ],
    ids=range(8),
)
def test_a_list_that_is_none_frees_nothing(listed: bytes, small: Subject, tmp_path: Path) -> None:
    (tmp_path / "export.json").write_bytes(listed)
    (tmp_path / "model.py").write_bytes(b"mine")
    refused(small, "numpy", tmp_path, "(export.json, )?model.py")


def test_where_one_file_cannot_be_written_none_is(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        write(tmp_path, "numpy", {"model.py": b"1", "gone/train.py": b"2"})
    assert not list(tmp_path.iterdir())


def test_nothing_to_train_and_nothing_at_all(tmp_path: Path) -> None:
    one = subject(Network.chain(layers.Linear(3, frozen=True)), (2,), Fit(loss=CrossEntropyLoss()))
    export(one, "numpy", tmp_path)
    assert_agrees(tmp_path)
    with pytest.raises(ExportError, match="empty"):
        export(subject(Network(), (2,), Fit(loss=CrossEntropyLoss())), "numpy", tmp_path)


def test_names_of_inputs_and_classes_go_along(small: Subject, tmp_path: Path) -> None:
    found = evidence.gather(small, 0)
    named = Dataset(
        found.train.x, found.train.y, features=tuple(f"größe {i}" for i in range(found.train.in_shape[0]))
    )
    written = json.loads(evidence.names(dataclasses.replace(found, train=named)))
    assert written["inputs"][0] == "größe 0"
    assert {"classes", "targets"} & written.keys() == ({"classes"} if named.classes else {"targets"})
    assert (tmp_path / "names.json") in export(small, "numpy", tmp_path, steps=0)
