"""The cases by which ONNX defines its operators: what is read of them computes what they say, the rest is refused in words."""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from pathlib import Path

import numpy as np
import pytest

from engine import Model
from engine.errors import EngineError
from engine.importing import read_network

onnx = pytest.importorskip("onnx", reason="onnx is not installed: nothing of it is read")
from onnx import numpy_helper  # noqa: E402

from engine.importing.onnx_reader import OPERATORS  # noqa: E402

#: operators that act on each value by itself: their cases have any shape, which is read as rows
EACH = {
    "Clip", "Elu", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "Relu", "Selu", "Sigmoid", "Softplus", "Tanh",
}  # fmt: skip


def cases() -> list:
    """Of one node each, of the operators of the table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case import node as nodes
        from onnx.backend.test.case.node import collect_testcases

        for module in pkgutil.iter_modules(nodes.__path__):
            importlib.import_module(f"{nodes.__name__}.{module.name}")
        found = {case.name: case for case in collect_testcases(None)}.values()
    return [
        case
        for case in found
        if [n.op_type in OPERATORS for n in case.model.graph.node] == [True] and is_plain(case)
    ]


def is_plain(case) -> bool:
    """Whether it is about a row or a picture of float32 for each sample, and arrays of numbers."""
    inputs, _ = case.data_sets[0]
    if not inputs or not all(isinstance(a, np.ndarray) and a.dtype.kind in "fiub" for a in inputs):
        return False
    each = case.model.graph.node[0].op_type in EACH
    return inputs[0].dtype == np.float32 and (inputs[0].ndim in (2, 4) or (each and inputs[0].ndim > 0))


def as_network(case, folder: Path) -> tuple[Path, np.ndarray, np.ndarray]:
    """The case with all but its first input fixed; that input and the output."""
    inputs, outputs = case.data_sets[0]
    proto = onnx.ModelProto()
    proto.CopyFrom(case.model)
    given = [one.name for one in proto.graph.input]
    first = proto.graph.node[0].input[0] if proto.graph.node[0].input else ""
    at = given.index(first) if first in given else 0
    for name, value in zip(given, inputs, strict=True):
        if name != first:
            proto.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    kept = proto.graph.input[at]
    del proto.graph.input[:]
    proto.graph.input.append(kept)
    (folder / "case.onnx").write_bytes(proto.SerializeToString())
    x, y = np.asarray(inputs[at]), np.asarray(outputs[0])
    if x.ndim in (2, 4):
        return folder / "case.onnx", x, y
    return folder / "case.onnx", x.reshape(len(x), -1), y.reshape(len(x), -1)


def computed(case, folder: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """What is computed here, and what the case says; ``None`` where it cannot be read."""
    path, x, y = as_network(case, folder)
    try:
        found = read_network(path)
        if found.refused:
            return None
        model = Model(found.network, x.shape[1:])
        model.load_state_dict(found.state)
    except EngineError:
        return None
    ours = model.predict(x)
    return ours, y.reshape(ours.shape) if y.size == ours.size else y


@pytest.mark.slow
def test_what_is_read_computes_what_the_case_says(tmp_path: Path) -> None:
    right: dict[str, int] = {}
    for case in cases():
        both = computed(case, tmp_path)
        if both is not None:
            np.testing.assert_allclose(*both, rtol=1e-4, atol=1e-4, err_msg=case.name)
            op = case.model.graph.node[0].op_type
            right[op] = right.get(op, 0) + 1
    assert {
        "Conv",
        "Gemm",
        "ConvTranspose",
        "Resize",
        "MaxPool",
        "AveragePool",
        "GlobalMaxPool",
        "Selu",
        "HardSwish",
        "Mish",
        "BatchNormalization",
        "Relu",
        "LeakyRelu",
        "Flatten",
    } <= set(right)
