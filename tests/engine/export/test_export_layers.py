"""Every registered thing, in every variant, as it is written in each target: forward, backward and as it trains."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import Fit, Model, Network, layers
from engine.clipping import clippings
from engine.data import Dataset
from engine.export import Subject, numpy_target, pytorch_target
from engine.export.base import Writers
from engine.export.targets import WRITERS, export
from engine.initializers import Initializer, Orthogonal, initializers
from engine.layers import Layer, Shape
from engine.losses import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, Loss, MSELoss, NLLLoss, losses
from engine.optimizers import SGD, optimizers
from engine.program import Program
from engine.regularizers import regularizers
from engine.schedules import schedules
from tests.engine.catalogue import case_id, layer_cases, variants
from tests.engine.export.exporting import assert_agrees, program, run, subject

CASES = list(layer_cases())


@pytest.mark.parametrize("writers", WRITERS, ids=lambda w: w.target)
def test_everything_registered_is_written(writers: Writers) -> None:
    """Whoever registers a class says how it is written, or takes it out of what the target writes."""
    missing = [cls.key for kind in writers.kinds for cls in kind if cls not in writers]
    assert not missing, f"say how these are written in {writers.target}: {missing}"


def alone(layer: Layer, shape: Shape) -> Subject:
    """A network of one layer, with weights that are neither 0 nor 1; of one that joins, of two branches."""
    if layer.arity is None:
        branches = layers.Tanh(), layers.SiLU()
        nodes = [layers_node(f"branch{i}", branch, "input") for i, branch in enumerate(branches)]
        network = Network((*nodes, layers_node("join1", layer, "branch0", "branch1")))
    else:
        network = Network.chain(layer)
    model = Model(network, shape)
    rng = np.random.default_rng(0)
    model.store.values[:] = rng.normal(0.5, 0.2, model.store.values.shape)
    for state in model.store.state.values():
        for array in state.values():
            array[...] = rng.uniform(0.5, 1.5, array.shape)
    data = Dataset(rng.normal(size=(4, *shape)), np.arange(4) % 2)
    return Subject("One layer", model, Fit(loss=MSELoss()), data)


def exact_copy(one: Subject) -> Model:
    """Its model in float64."""
    exact = Model(one.model.network, one.model.in_shape, dtype="float64")
    exact.load_state_dict(one.model.state_dict())
    return exact


def layers_node(node_id: str, layer: Layer, *sources: str) -> Any:
    from engine.network import Node

    return Node(node_id, layer, sources)


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=case_id)
def test_a_layer_in_numpy(layer: Layer, shape: Shape) -> None:
    """Value and gradients in training, where it does not act at random, and the value in inference."""
    one = alone(layer, shape)
    exact = exact_copy(one)
    net = run(numpy_target.model_text(one.outline)).build(
        {k: v.astype(float) for k, v in one.state().items()}
    )
    rng = np.random.default_rng(1)
    x = rng.normal(0, 2, (4, *shape))
    np.testing.assert_allclose(net.forward(x), exact.predict(x), rtol=0, atol=1e-12)
    if layer.is_random:
        return
    program = Program(one.model.network, shape, 4, exact.store, input_gradient=True)
    program.x[...] = np.moveaxis(x, 0, -1)
    program.forward()
    ours = np.moveaxis(program.output, -1, 0)
    np.testing.assert_allclose(net.forward(x, training=True), ours, rtol=0, atol=1e-12)
    dy = rng.normal(size=ours.shape)
    program.d_output[...] = np.moveaxis(dy, 0, -1)
    program.backward()
    dx = np.moveaxis(program.gradient("input"), -1, 0)
    np.testing.assert_allclose(np.broadcast_to(net.backward(dy), x.shape), dx, rtol=0, atol=1e-11)
    for node_id, own in exact.gradients.items():
        for name, gradient in own.items():
            np.testing.assert_allclose(net.layers[node_id].grads[name], gradient, rtol=0, atol=1e-10)
    for node_id, own in exact.store.state.items():
        for name, kept in own.items():
            np.testing.assert_allclose(getattr(net.layers[node_id], name), kept, rtol=0, atol=1e-12)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_layers_in_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed: exports to it are not run")
    for layer, shape in CASES:
        one = alone(layer, shape)
        exact = exact_copy(one)
        net = run(pytorch_target.model_text(one.outline)).build().to(torch.float64)
        found = net.load_state_dict({k: torch.tensor(v) for k, v in one.state().items()}, strict=False)
        assert not found.unexpected_keys, case_id(layer)
        assert all(key.endswith("num_batches_tracked") for key in found.missing_keys), case_id(layer)
        x = np.random.default_rng(1).normal(0, 2, (4, *shape))
        with torch.no_grad():
            theirs = net.eval()(torch.tensor(x)).numpy()
        np.testing.assert_allclose(theirs, exact.predict(x), rtol=0, atol=1e-10, err_msg=case_id(layer))


@pytest.mark.slow
def test_layers_in_onnx(tmp_path: Path) -> None:
    """By ONNX's reference evaluator as the program's own check uses it, and by onnxruntime where that is installed."""
    pytest.importorskip("onnx", reason="onnx is not installed: exports to it are not run")
    for number, (layer, shape) in enumerate(CASES):
        one = alone(layer, shape)
        folder = tmp_path / str(number)
        export(one, "onnx", folder, steps=0)
        with program(folder) as check:
            theirs = check.values("float32")[one.places()[-1].name]
        x = check.EXPECTED["x"]
        right = exact_copy(one).predict(x)
        tolerance = 1e-5 * max(1.0, float(np.abs(right).max()))
        np.testing.assert_allclose(theirs, right, rtol=0, atol=tolerance, err_msg=case_id(layer))
        if importlib.util.find_spec("onnxruntime"):
            import onnxruntime

            session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
            (again,) = session.run(None, {"input": x})
            np.testing.assert_allclose(again, right, rtol=0, atol=tolerance, err_msg=case_id(layer))


# --- training ----------------------------------------------------------------------------------------------------------

ROW = Network.chain(layers.Linear(5), layers.Tanh(), layers.Linear(3))
PICTURE = Network.chain(layers.Conv2d(2, 3, groups=1), layers.Tanh(), layers.Flatten(), layers.Linear(3))


def fits() -> list[Fit]:
    """A way to train for every variant of whatever takes part in it."""
    base = Fit(loss=CrossEntropyLoss(), optimizer=SGD(lr=0.2), batch_size=8, epochs=7)
    found = [base.replace(max_norm=0.4)]
    found += [base.replace(optimizer=o.replace(lr=0.05)) for cls in optimizers for o in variants(cls)]
    found += [base.replace(schedule=s) for cls in schedules for s in variants(cls)]
    found += [base.replace(regularizer=r) for cls in regularizers for r in variants(cls)]
    found += [base.replace(clipping=c) for cls in clippings for c in variants(cls)]
    return found


def trained_by_losses() -> list[Loss]:
    return [loss for cls in losses for loss in variants(cls) if getattr(loss, "num_classes", 0) <= 3]


def end_of(loss: Loss) -> list[layers.Layer]:
    """What gives what the loss asks for, where that is no logit."""
    return (
        [layers.Sigmoid()]
        if isinstance(loss, BCELoss)
        else [layers.LogSoftmax()]
        if isinstance(loss, NLLLoss)
        else []
    )


@pytest.mark.slow
@pytest.mark.parametrize("target", ["numpy", "pytorch"])
def test_trains_alike(target: str, tmp_path: Path) -> None:
    """Twenty steps, two and a half epochs of four batches and a smaller one, with everything that takes part in an update."""
    if target == "pytorch":
        pytest.importorskip("torch", reason="torch is not installed: exports to it are not run")
    cases = [(ROW, (4,), fit) for fit in fits()]
    cases += [
        (
            Network.chain(layers.Linear(5), layers.Tanh(), layers.Linear(outputs_of(loss)), *end_of(loss)),
            (4,),
            Fit(loss=loss, batch_size=8),
        )
        for loss in trained_by_losses()
    ]
    cases.append((PICTURE, (2, 5, 4), Fit(loss=CrossEntropyLoss(), batch_size=8, max_norm=0.3)))
    for number, (network, shape, fit) in enumerate(cases):
        folder = tmp_path / str(number)
        export(subject(network, shape, fit, seed=number), target, folder)
        assert_agrees(folder)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["numpy", "pytorch"])
def test_pictures_from_pictures_train_alike(target: str, tmp_path: Path) -> None:
    """Targets that are pictures, for every loss that takes them; what makes pictures larger is trained, too."""
    if target == "pytorch":
        pytest.importorskip("torch", reason="torch is not installed: exports to it are not run")
    network = Network.chain(
        layers.Conv2d(3, 3, stride=2, padding="same"),
        layers.Mish(),
        layers.ConvTranspose2d(3, 3, stride=2, padding=1, output_padding=(1, 0), groups=3),
        layers.LayerNorm(normalized_ndim=2),
        layers.ZeroPad2d((1, 0, 0, 1)),
        layers.Conv2d(2, 2),
    )
    rng = np.random.default_rng(0)
    for number, loss in enumerate(
        (MSELoss(), losses.get("L1Loss")(), losses.get("HuberLoss")(), BCEWithLogitsLoss())
    ):
        data = [Dataset(rng.normal(size=(n, 2, 6, 5)), rng.uniform(size=(n, 2, 6, 5))) for n in (35, 9)]
        model = Model(network, (2, 6, 5), seed=number)
        assert loss.out_shape(data[0]) == model.out_shape
        one = Subject("Pictures", model, Fit(loss=loss, optimizer=SGD(lr=0.1), batch_size=8), *data)
        folder = tmp_path / str(number)
        export(one, target, folder)
        assert_agrees(folder)


def outputs_of(loss: Loss) -> int:
    return 3 if "multiclass" in loss.tasks else 1


@pytest.mark.slow
@pytest.mark.parametrize("target", ["numpy", "pytorch"])
def test_masks_noise_frozen_layers_and_own_penalties_go_along(target: str, tmp_path: Path) -> None:
    if target == "pytorch":
        pytest.importorskip("torch", reason="torch is not installed: exports to it are not run")
    network = Network.chain(
        layers.GaussianNoise(std=0.3),
        layers.Conv2d(4, 3, frozen=True),
        layers.BatchNorm(),
        layers.Dropout2d(p=0.4),
        layers.Flatten(),
        layers.Linear(6, regularizer=regularizers.get("elastic")(l1=0.01, l2=0.1)),
        layers.PReLU(per_channel=True),
        layers.Dropout(p=0.3),
        layers.Linear(4, frozen_bias=True),
        layers.Linear(3, regularizer=regularizers.get("none")()),
    )
    fit = Fit(
        loss=CrossEntropyLoss(), optimizer=SGD(lr=0.1, momentum=0.9), batch_size=8, regularizer=regularizers.get("l2")(),
        clipping=clippings.get("norm")(max_norm=0.5), max_norm=1.0, early_stopping=1,
    )  # fmt: skip
    export(subject(network, (2, 5, 5), fit), target, tmp_path)
    assert_agrees(tmp_path)


# --- first weights -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["numpy", "pytorch"])
@pytest.mark.parametrize("cls", list(initializers), ids=case_id)
def test_first_weights_are_drawn_as_here(target: str, cls: type[Initializer]) -> None:
    """The same mean, spread and ends, as far as chance lets one tell; for a matrix and for a convolution in groups."""
    for initializer in variants(cls):
        network = Network.chain(layers.Conv2d(32, 5, groups=4), layers.Flatten(), layers.Linear(300))
        one = subject(network, (16, 9, 9), Fit(initializer=initializer), samples=2)
        if target == "numpy":
            module = run(numpy_target.model_text(one.outline))
            net = module.build({k: np.ones_like(v) for k, v in one.state().items()})
            module.begin_anew(net, 1)
            drawn = [net.layers[i].params[name] for i in "02" for name in ("weight", "bias")]
        else:
            torch = pytest.importorskip("torch", reason="torch is not installed: exports to it are not run")
            torch.manual_seed(1)
            module = run(pytorch_target.model_text(one.outline))
            net = module.build()
            module.begin_anew(net)
            drawn = [p.detach().numpy() for i in (0, 2) for p in (net[i].weight, net[i].bias)]
        for new, name in zip(drawn, ("0.weight", "0.bias", "2.weight", "2.bias"), strict=True):
            ours = one.state()[name]
            assert new.std() == pytest.approx(ours.std(), rel=0.1, abs=1e-12), (case_id(initializer), name)
            assert new.mean() == pytest.approx(ours.mean(), abs=0.15 * float(ours.std()) + 1e-7)
            assert np.abs(new).max() == pytest.approx(np.abs(ours).max(), rel=0.35)
        if isinstance(initializer, Orthogonal):
            w = drawn[2] if len(drawn[2]) <= drawn[2].shape[1] else drawn[2].T
            np.testing.assert_allclose(w @ w.T, initializer.gain**2 * np.eye(len(w)), atol=1e-4)
