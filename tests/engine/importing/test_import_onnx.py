"""ONNX files: out and in again with the same bits, operators that cannot be named by their position, and hostile files of every kind."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine import Fit, Model, Network, Node, layers
from engine.errors import DataError, EngineError
from engine.export import export
from engine.importing import Imported, onnx_reader, read_network
from engine.layers import Layer, Shape
from engine.losses import CrossEntropyLoss
from tests.engine.catalogue import case_id, layer_cases
from tests.engine.drawing import graphs
from tests.engine.export.exporting import subject
from tests.engine.importing.models import SHAPE, mutated, one, whole_files, written

onnx = pytest.importorskip("onnx", reason="onnx is not installed: nothing of it is read")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

#: layers that do nothing in inference, of which a file keeps nothing
IDLE = {"Dropout", "Dropout2d", "GaussianNoise", "Identity"}


def model(
    nodes: list[Any],
    constants: dict[str, np.ndarray] | None = None,
    dims: tuple[Any, ...] = ("N", 4),
    version: int = 20,
    **more: Any,
) -> bytes:
    """A file with these nodes, from "x" to "y"."""
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(a), name) for name, a in (constants or {}).items()],
    )  # fmt: skip
    return bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)], **more).SerializeToString()
    )


def read(
    folder: Path,
    *nodes: Any,
    constants: dict[str, np.ndarray] | None = None,
    dims: tuple[Any, ...] = ("N", 4),
) -> Imported:
    return read_network(written(folder, ".onnx", model(list(nodes), constants, dims)))


def node(op: str, *inputs: str, out: str = "y", **attributes: Any) -> Any:
    return helper.make_node(op, list(inputs), [out], **attributes)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


# --- out and in again ---------------------------------------------------------------------------------------------------


def came_back(found: Imported, network: Network, shape: Shape, model_: Model) -> None:
    """The same weights to the bit, and the same values."""
    assert not found.refused
    assert found.in_shape == shape
    again = Model(found.network, shape)
    again.load_state_dict(found.state)
    kept = list(model_.state_dict().values())
    theirs = list(found.state.values())
    for a in theirs:
        assert (
            any(a.shape == b.shape and a.tobytes() == b.tobytes() for b in kept)
            or not a.any()
            or (a == 1).all()
        )
    x = rng().normal(size=(5, *shape)).astype(np.float32)
    right = model_.predict(x)
    np.testing.assert_allclose(
        again.predict(x), right, rtol=0, atol=1e-5 * max(1.0, float(np.abs(right).max()))
    )


@pytest.mark.slow
def test_every_layer_comes_back(tmp_path: Path) -> None:
    refused = set()
    for number, (layer, shape) in enumerate(layer_cases()):
        if layer.key in IDLE:
            continue
        folder = tmp_path / str(number)
        network = _alone(layer)
        taken = subject(network, shape, samples=4)
        export(taken, "onnx", folder, steps=0)
        try:
            found = read_network(folder / "model.onnx")
            if found.refused:
                raise DataError(found.refused[0].words)
        except DataError:
            refused.add(case_id(layer))
            continue
        came_back(found, network, shape, taken.model)
    even = {case_id(layer) for layer, _ in layer_cases() if getattr(layer, "size", 1) % 2 == 0}
    assert refused <= even


def _alone(layer: Layer) -> Network:
    if layer.arity is None:
        return Network(
            (
                Node("a", layers.Tanh(), ("input",)),
                Node("b", layers.SiLU(), ("input",)),
                Node("c", layer, ("a", "b")),
            )
        )
    return Network.chain(layer)


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[*HealthCheck], phases=[Phase.explicit, Phase.generate])
@given(graphs(), st.integers(0, 2**16))
def test_random_networks_come_back(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[Network, Shape], seed: int
) -> None:
    network, shape = drawn
    network = Network(
        (*network.nodes, Node("flatten_0", layers.Flatten()), Node("linear_0", layers.Linear(3)))
    )
    taken = subject(network, shape, Fit(loss=CrossEntropyLoss()), seed)
    folder = tmp_path_factory.mktemp("network")
    export(taken, "onnx", folder, steps=0)
    found = read_network(folder / "model.onnx")
    if not found.refused:
        came_back(found, network, shape, taken.model)
    else:
        assert (
            "size=2" in str(network)
            or "size=4" in str(network)
            or "no layer here computes it" in found.refused[0].words
        )


def test_what_is_exported_has_the_same_layers_in_words(tmp_path: Path) -> None:
    found = read_network(written(tmp_path, ".onnx", whole_files()[".onnx"]()))
    assert [n.layer.key for n in found.network.nodes] == [
        "Conv2d",
        "BatchNorm",
        "ReLU",
        "MaxPool2d",
        "Flatten",
        "Linear",
    ]
    assert found.in_shape == SHAPE
    assert found.parts[0].where.startswith("node 1, Conv")
    assert all(part.how == "understood" for part in found.parts)
    weight = one().state()["5.weight"]
    assert found.state["linear1.weight"].tobytes() == weight.tobytes()


# --- as others write them -------------------------------------------------------------------------------------------------


def predicted(found: Imported, x: np.ndarray) -> np.ndarray:
    model_ = Model(found.network, x.shape[1:])
    model_.load_state_dict(found.state)
    return model_.predict(x)


def test_a_product_and_a_sum_are_a_linear(tmp_path: Path) -> None:
    w, b = rng().normal(size=(4, 3)).astype("f4"), rng().normal(size=3).astype("f4")
    found = read(
        tmp_path, node("MatMul", "x", "w", out="p"), node("Add", "b", "p"), constants={"w": w, "b": b}
    )
    assert [n.layer for n in found.network.nodes] == [layers.Linear(3)]
    x = rng().normal(size=(2, 4)).astype("f4")
    np.testing.assert_allclose(predicted(found, x), x @ w + b, atol=1e-6)


def test_a_bias_is_not_put_where_another_reads_the_product(tmp_path: Path) -> None:
    w, b = np.ones((4, 3), "f4"), np.ones(3, "f4")
    found = read(
        tmp_path, node("MatMul", "x", "w", out="p"), node("Add", "p", "b", out="q"), node("Sum", "p", "q"), constants={"w": w, "b": b}
    )  # fmt: skip
    assert "only a bias" in found.refused[0].words


@pytest.mark.parametrize("version", [11, 20])
def test_pads_are_folded_into_the_convolution(tmp_path: Path, version: int) -> None:
    w = rng().normal(size=(2, 1, 3, 3)).astype("f4")
    pads = [0, 0, 1, 2, 0, 0, 3, 0]
    nodes = [node("Pad", "x", "pads", out="p"), node("Conv", "p", "w", pads=[0, 1, 0, 1])]
    data = model(nodes, {"w": w, "pads": np.array(pads)}, ("N", 1, 5, 5), version)
    found = read_network(written(tmp_path, ".onnx", data))
    assert found.network.nodes[0].layer.pads() == (1, 3, 3, 1)
    x = rng().normal(size=(2, 1, 5, 5)).astype("f4")
    from onnx.reference import ReferenceEvaluator

    (right,) = ReferenceEvaluator(onnx.load_model_from_string(data)).run(None, {"x": x})
    np.testing.assert_allclose(predicted(found, x), right, atol=1e-5)


def agrees(
    folder: Path, nodes: list[Any], constants: dict[str, np.ndarray], dims: tuple[int, ...]
) -> Imported:
    """What is read computes what ONNX's own reference does."""
    from onnx.reference import ReferenceEvaluator

    data = model(nodes, constants, ("N", *dims))
    found = read_network(written(folder, ".onnx", data))
    assert not found.refused
    x = rng().normal(size=(2, *dims)).astype("f4")
    (right,) = ReferenceEvaluator(onnx.load_model_from_string(data)).run(None, {"x": x})
    np.testing.assert_allclose(predicted(found, x), right, atol=1e-5)
    return found


def test_pads_that_others_read_too_stay_a_layer(tmp_path: Path) -> None:
    w, pads = rng().normal(size=(2, 2, 3, 3)).astype("f4"), np.array([0, 0, 1, 2, 0, 0, 1, 0])
    nodes = [
        node("Pad", "x", "pads", out="p"), node("Relu", "p", out="q"), node("Conv", "p", "w", pads=[1, 1, 1, 1], out="c"),
        node("Add", "q", "c"),
    ]  # fmt: skip
    found = agrees(tmp_path, nodes, {"w": w, "pads": pads}, (2, 5, 5))
    assert [n.layer.key for n in found.network.nodes] == ["ZeroPad2d", "ReLU", "Conv2d", "Add"]


def test_a_border_is_still_there_where_the_layer_behind_it_cannot_be_read(tmp_path: Path) -> None:
    pads = np.array([0, 0, 1, 2, 0, 0, 1, 0])
    nodes = [node("Pad", "x", "pads", out="p"), node("Conv", "p", "w", strides=[1000, 1])]
    found = read(
        tmp_path, *nodes, constants={"w": np.ones((1, 1, 2, 2), "f4"), "pads": pads}, dims=("N", 1, 5, 5)
    )
    assert found.refused
    assert [n.layer.key for n in found.network.nodes] == ["ZeroPad2d"]


def test_a_transposed_convolution_that_cuts_off_less_at_the_end(tmp_path: Path) -> None:
    w = rng().normal(size=(2, 3, 3, 3)).astype("f4")
    found = agrees(
        tmp_path, [node("ConvTranspose", "x", "w", strides=[2, 2], pads=[1, 1, 0, 1])], {"w": w}, (2, 4, 5)
    )
    assert found.network.nodes[0].layer.output_padding == (1, 0)


@pytest.mark.parametrize(("axis", "shape"), [(1, (2, 3, 4)), (2, (3, 4)), (-1, (4,))])
def test_layer_norm_over_the_last_axes(axis: int, shape: tuple[int, ...], tmp_path: Path) -> None:
    scale = rng().normal(size=shape).astype("f4")
    agrees(tmp_path, [node("LayerNormalization", "x", "s", axis=axis)], {"s": scale}, (2, 3, 4))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"mode": "cubic"}, "it is cubic"),
        ({"coordinate_transformation_mode": "asymmetric"}, "round_prefer_floor"),
        ({"mode": "linear", "coordinate_transformation_mode": "asymmetric"}, "it is linear with asymmetric"),
        ({"antialias": 1}, "antialias"),
    ],
)
def test_pictures_that_are_enlarged_otherwise_are_refused(
    how: dict[str, Any], words: str, tmp_path: Path
) -> None:
    scales = np.array([1, 1, 2, 3], "f4")
    nodes = [node("Relu", "x", out="r"), node("Resize", "r", "", "scales", **how)]
    (part,) = read(tmp_path, *nodes, constants={"scales": scales}, dims=("N", 1, 4, 4)).refused
    assert words in part.words
    nodes[1] = node("Resize", "r", "", "odd")
    (part,) = read(
        tmp_path, *nodes, constants={"odd": np.array([1, 1, 1.5, 2], "f4")}, dims=("N", 1, 4, 4)
    ).refused
    assert "whole factors" in part.words


@pytest.mark.parametrize("auto", ["SAME_UPPER", "SAME_LOWER", "VALID"])
def test_automatic_pads_are_those_of_the_reference(tmp_path: Path, auto: str) -> None:
    w = rng().normal(size=(2, 1, 2, 4)).astype("f4")
    data = model([node("Conv", "x", "w", auto_pad=auto)], {"w": w}, ("N", 1, 6, 7))
    found = read_network(written(tmp_path, ".onnx", data))
    x = rng().normal(size=(2, 1, 6, 7)).astype("f4")
    from onnx.reference import ReferenceEvaluator

    (right,) = ReferenceEvaluator(onnx.load_model_from_string(data)).run(None, {"x": x})
    np.testing.assert_allclose(predicted(found, x), right, atol=1e-5)


def test_a_constant_a_dropout_and_a_reshape(tmp_path: Path) -> None:
    w = numpy_helper.from_array(np.ones((8, 2), "f4"))
    found = read(
        tmp_path, node("Dropout", "x", out="d"), node("Reshape", "d", "s", out="r"), helper.make_node("Constant", [], ["w"], value=w),
        node("MatMul", "r", "w"), constants={"s": np.array([0, -1])}, dims=("N", 2, 2, 2),
    )  # fmt: skip
    assert [n.layer.key for n in found.network.nodes] == ["Flatten", "Linear"]


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ([node("Relu", "x", out="r"), node("Sin", "r")], "no layer here computes it"),
        ([node("Relu", "x", out="r"), node("Mul", "r", "two")], ""),
        ([node("Relu", "x", out="r"), node("Softmax", "r", axis=0)], "along axis 0"),
        ([node("Relu", "x", out="r"), node("Gemm", "r", "w", alpha=2.0)], "scales or turns"),
        ([node("Relu", "x", out="r"), node("Gemm", "r", "x")], "its weights follow from the input"),
        ([node("Relu", "x", out="r"), node("Concat", "r", "x", axis=0)], "along axis 0"),
        ([node("Relu", "x", out="r"), helper.make_node("Relu", ["r"], ["y"], domain="evil")], "of the domain 'evil'"),
        ([node("Relu", "x", out="r"), node("Relu", "nowhere")], "which nothing before it gives"),
        ([node("Relu", "x", out="r"), node("Clip", "r", "two")], "one end alone"),
        ([node("Relu", "x", out="r"), node("Flatten", "r", axis=2)], "begins at axis 2"),
        ([node("Relu", "x", out="r"), node("Conv", "r", "w")], "only pictures are convolved"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_by_its_position_and_the_rest_is_there(
    nodes: list[Any], words: str, tmp_path: Path
) -> None:
    constants = {"w": np.ones((4, 3), "f4"), "two": np.array(2.0, "f4")}
    found = read(tmp_path, *nodes, constants=constants)
    if not words:
        assert [n.layer.key for n in found.network.nodes] == ["ReLU"]
        return
    (part,) = found.refused
    assert part.where.startswith(f"node 2, {nodes[1].op_type}")
    assert words in part.words
    assert [n.layer.key for n in found.network.nodes] == ["ReLU"], "it can be cut there"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (lambda: b"", "holds no network"),
        (lambda: model([]), "holds no network"),
        (lambda: model([node("Relu", "x")], version=3), "version 3"),
        (lambda: model([node("Sin", "x")]), "node 1, Sin: no layer here computes it"),
        (lambda: model([node("F", "x")], functions=[helper.make_function("own", "F", ["x"], ["y"], [node("Relu", "x")], [helper.make_opsetid("", 20)])]), "operators of its own"),
    ],
)  # fmt: skip
def test_what_is_no_network_is_refused(data: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        read_network(written(tmp_path, ".onnx", data()))


def test_numbers_elsewhere_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(np.ones(12, "f4").tobytes())
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 3])
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "secret"
    proto = onnx.load_model_from_string(model([node("MatMul", "x", "w")]))
    proto.graph.initializer.append(tensor)
    with pytest.raises(DataError, match="lie in another file, which is not read"):
        read_network(written(tmp_path, ".onnx", proto.SerializeToString()))


@pytest.mark.parametrize("dims", [[-1, 3], [2**40, 3], [5, 5], [2**31, 2**31]])
def test_numbers_that_are_not_as_many_as_said_are_refused(dims: list[int], tmp_path: Path) -> None:
    proto = onnx.load_model_from_string(model([node("MatMul", "x", "w")], {"w": np.ones((4, 3), "f4")}))
    del proto.graph.initializer[0].dims[:]
    proto.graph.initializer[0].dims.extend(dims)
    with pytest.raises(DataError, match=r"makes no sense|not as many"):
        read_network(written(tmp_path, ".onnx", proto.SerializeToString()))


def test_where_onnx_is_missing_the_extra_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(DataError, match=r"chainrule-playground\[export\]"):
        onnx_reader.read_onnx(written(tmp_path, ".onnx", b""))


# --- hostile files ----------------------------------------------------------------------------------------------------


def survives(folder: Path, ending: str, data: bytes) -> bool:
    """Whether it is read; where not, one sentence says why, and nothing else comes of it."""
    said = ""
    try:
        found = read_network(written(folder, ending, data), (2, 6, 6))
    except EngineError as error:
        said = str(error)
    else:
        said = " ".join(f"{part.where} {part.words}" for part in found.refused) or "It is read, all of it."
    assert 20 < len(said) < 1500
    assert "Traceback" not in said
    return said == "It is read, all of it."


@pytest.mark.parametrize("ending", list(whole_files()))
def test_mutated_files_give_sentences_only(ending: str, tmp_path: Path) -> None:
    good = whole_files()[ending]()
    assert survives(tmp_path, ending, good)
    draw = random.Random(ending)
    outcomes = [survives(tmp_path, ending, mutated(good, draw)) for _ in range(60)]
    assert not all(outcomes)


@pytest.mark.slow
@pytest.mark.parametrize("ending", list(whole_files()))
def test_a_thousand_mutated_files_give_sentences_only(ending: str, tmp_path: Path) -> None:
    good, draw = whole_files()[ending](), random.Random(f"many {ending}")
    for _ in range(1000):
        survives(tmp_path, ending, mutated(good, draw))
