"""Export to ONNX: the network in inference, one file with its weights, and a check by ONNX's own reference evaluator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine import layers
from engine.core import Array
from engine.export.base import ExportError, Place, Subject, Writers, npz
from engine.export.check import check_text
from engine.layers.conv import pair
from engine.network import INPUT

onnx_writers = Writers("ONNX", layers.registry)
writes = onnx_writers.writes

#: of the operators; 20 is the first with Gelu. With the format that came with it, so that older readers take the file too
OPSET, IR_VERSION = 20, 9


@dataclass
class Graph:
    """What a model is made of, so far."""

    state: dict[str, Array]
    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)

    def add(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """A node; returns its output."""
        from onnx import helper

        self.nodes.append(
            helper.make_node(op, inputs, [output], name=f"{op}_{len(self.nodes)}", **attributes)
        )
        return output

    def constant(self, name: str, value: Any) -> str:
        """A number or an array that is no weight; numbers are float32."""
        array = np.asarray(value)
        self.constants[name] = array if array.dtype == np.int64 else array.astype(np.float32)
        return name

    def weight(self, at: Place, name: str, value: Array | None = None) -> str:
        """The layer's parameter, or what takes its place."""
        key = f"{at.name}.{name}"
        return self.constant(key, self.state[key] if value is None else value)


def _weights(at: Place, graph: Graph) -> list[str]:
    return [graph.weight(at, name) for name in ("weight", "bias") if name in at.shapes]


# --- layers: write(layer, place, graph) adds nodes, the last of which gives the value called as the place ------------------------


@writes(
    layers.ReLU, layers.Tanh, layers.Sigmoid, layers.Identity, layers.Mish, layers.Hardswish, layers.Dropout, layers.Dropout2d,
    layers.GaussianNoise,
)  # fmt: skip
def _plain(layer: layers.Layer, at: Place, graph: Graph) -> None:
    """What acts at random does nothing in inference."""
    ops = {"ReLU": "Relu", "Tanh": "Tanh", "Sigmoid": "Sigmoid", "Mish": "Mish", "Hardswish": "HardSwish"}
    graph.add(ops.get(layer.key, "Identity"), [*at.sources], at.name)


@writes(layers.GELU)
def _gelu(layer: layers.GELU, at: Place, graph: Graph) -> None:
    graph.add("Gelu", [*at.sources], at.name, approximate=layer.approximate)


@writes(layers.Hardsigmoid)
def _hardsigmoid(layer: layers.Hardsigmoid, at: Place, graph: Graph) -> None:
    graph.add("HardSigmoid", [*at.sources], at.name, alpha=1 / 6, beta=0.5)


@writes(layers.Linear)
def _linear(layer: layers.Linear, at: Place, graph: Graph) -> None:
    graph.add("Gemm", [*at.sources, *_weights(at, graph)], at.name, transB=1)


@writes(layers.Conv2d)
def _conv(layer: layers.Conv2d, at: Place, graph: Graph) -> None:
    top, bottom, left, right = layer.pads(*at.ins)
    graph.add(
        "Conv", [*at.sources, *_weights(at, graph)], at.name, kernel_shape=pair(layer.kernel_size), strides=pair(layer.stride),
        pads=(top, left, bottom, right), dilations=pair(layer.dilation), group=layer.groups,
    )  # fmt: skip


@writes(layers.ConvTranspose2d)
def _conv_transpose(layer: layers.ConvTranspose2d, at: Place, graph: Graph) -> None:
    top, left = pair(layer.padding)
    graph.add(
        "ConvTranspose", [*at.sources, *_weights(at, graph)], at.name, kernel_shape=pair(layer.kernel_size),
        strides=pair(layer.stride), pads=(top, left, top, left), output_padding=pair(layer.output_padding),
        dilations=pair(layer.dilation), group=layer.groups,
    )  # fmt: skip


@writes(layers.Upsample)
def _upsample(layer: layers.Upsample, at: Place, graph: Graph) -> None:
    scales = graph.constant(f"{at.name}.scales", np.array([1, 1, *pair(layer.scale_factor)], np.float32))
    how = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
    if layer.mode == "bilinear":
        how = {
            "mode": "linear",
            "coordinate_transformation_mode": "align_corners" if layer.align_corners else "half_pixel",
        }
    graph.add("Resize", [*at.sources, "", scales], at.name, **how)


@writes(layers.ZeroPad2d)
def _zero_pad(layer: layers.ZeroPad2d, at: Place, graph: Graph) -> None:
    top, bottom, left, right = layer.pads()
    ends = graph.constant(f"{at.name}.pads", np.array([0, 0, top, left, 0, 0, bottom, right], np.int64))
    graph.add("Pad", [*at.sources, ends], at.name)


@writes(layers.MaxPool2d)
def _max_pool(layer: layers.MaxPool2d, at: Place, graph: Graph) -> None:
    top, bottom, left, right = layer.border(*at.ins)
    graph.add(
        "MaxPool", [*at.sources], at.name, kernel_shape=pair(layer.kernel_size), strides=layer.steps(),
        pads=(top, left, bottom, right), dilations=pair(layer.dilation),
    )  # fmt: skip


@writes(layers.AvgPool2d)
def _avg_pool(layer: layers.AvgPool2d, at: Place, graph: Graph) -> None:
    sources, pads, border = [*at.sources], layer.pads(*at.ins), layer.border(*at.ins)
    counts = layer.count_include_pad
    if counts and border != pads:
        # What lies beyond the padding never counts: the padding, which does, is made part of the picture.
        top, bottom, left, right = pads
        ends = np.array([0, 0, top, left, 0, 0, bottom, right], np.int64)
        sources = [graph.add("Pad", [*sources, graph.constant(f"{at.name}.pads", ends)], f"{at.name}.padded")]
        border, counts = (0, border[1] - bottom, 0, border[3] - right), False
    top, bottom, left, right = border
    graph.add(
        "AveragePool", sources, at.name, kernel_shape=pair(layer.kernel_size), strides=layer.steps(),
        pads=(top, left, bottom, right), dilations=pair(layer.dilation), count_include_pad=int(counts),
    )  # fmt: skip


@writes(layers.AdaptiveAvgPool2d)
def _adaptive(layer: layers.AdaptiveAvgPool2d, at: Place, graph: Graph) -> None:
    from engine.layers.pool import averages

    (h, w), (height, width) = pair(layer.output_size), at.ins[0][1:]
    rows = graph.constant(f"{at.name}.rows", averages(height, h))
    columns = graph.constant(f"{at.name}.columns", averages(width, w).T)
    tall = graph.add("MatMul", [*at.sources, columns], f"{at.name}.tall")
    graph.add("MatMul", [rows, tall], at.name)


@writes(layers.GlobalAvgPool2d)
def _global(layer: layers.GlobalAvgPool2d, at: Place, graph: Graph) -> None:
    pooled = graph.add("GlobalAveragePool", [*at.sources], f"{at.name}.pooled")
    graph.add("Flatten", [pooled], at.name, axis=1)


@writes(layers.GlobalMaxPool2d)
def _global_max(layer: layers.GlobalMaxPool2d, at: Place, graph: Graph) -> None:
    pooled = graph.add("GlobalMaxPool", [*at.sources], f"{at.name}.pooled")
    graph.add("Flatten", [pooled], at.name, axis=1)


@writes(layers.LeakyReLU)
def _leaky(layer: layers.LeakyReLU, at: Place, graph: Graph) -> None:
    graph.add("LeakyRelu", [*at.sources], at.name, alpha=layer.negative_slope)


@writes(layers.PReLU)
def _prelu(layer: layers.PReLU, at: Place, graph: Graph) -> None:
    slope = graph.state[f"{at.name}.weight"].reshape(-1, *(1 for _ in at.out[1:]))
    graph.add("PRelu", [*at.sources, graph.weight(at, "weight", slope)], at.name)


@writes(layers.ELU)
def _elu(layer: layers.ELU, at: Place, graph: Graph) -> None:
    graph.add("Elu", [*at.sources], at.name, alpha=layer.alpha)


@writes(layers.SELU)
def _selu(layer: layers.SELU, at: Place, graph: Graph) -> None:
    graph.add("Selu", [*at.sources], at.name, alpha=layer.alpha, gamma=layer.scale)


@writes(layers.SiLU)
def _silu(layer: layers.SiLU, at: Place, graph: Graph) -> None:
    gate = graph.add("Sigmoid", [*at.sources], f"{at.name}.gate")
    graph.add("Mul", [*at.sources, gate], at.name)


@writes(layers.Softplus)
def _softplus(layer: layers.Softplus, at: Place, graph: Graph) -> None:
    beta = graph.constant(f"{at.name}.beta", layer.beta)
    scaled = graph.add("Mul", [*at.sources, beta], f"{at.name}.scaled")
    graph.add("Div", [graph.add("Softplus", [scaled], f"{at.name}.bent"), beta], at.name)


@writes(layers.Hardtanh)
def _hardtanh(layer: layers.Hardtanh, at: Place, graph: Graph) -> None:
    ends = [graph.constant(f"{at.name}.{name}", getattr(layer, name)) for name in ("min_val", "max_val")]
    graph.add("Clip", [*at.sources, *ends], at.name)


@writes(layers.Softmax)
def _softmax(layer: layers.Softmax, at: Place, graph: Graph) -> None:
    graph.add("Softmax", [*at.sources], at.name, axis=1)


@writes(layers.LogSoftmax)
def _log_softmax(layer: layers.LogSoftmax, at: Place, graph: Graph) -> None:
    graph.add("LogSoftmax", [*at.sources], at.name, axis=1)


@writes(layers.Flatten)
def _flatten(layer: layers.Flatten, at: Place, graph: Graph) -> None:
    graph.add("Flatten", [*at.sources], at.name, axis=1)


@writes(layers.Unflatten)
def _unflatten(layer: layers.Unflatten, at: Place, graph: Graph) -> None:
    shape = graph.constant(f"{at.name}.shape", np.array([-1, *at.out], np.int64))
    graph.add("Reshape", [*at.sources, shape], at.name)


@writes(layers.BatchNorm)
def _batch_norm(layer: layers.BatchNorm, at: Place, graph: Graph) -> None:
    n = at.out[0]
    affine = [None, None] if layer.affine else [np.ones(n), np.zeros(n)]
    own = [graph.weight(at, name, value) for name, value in zip(("weight", "bias"), affine, strict=True)]
    kept = [graph.weight(at, name) for name in ("running_mean", "running_var")]
    graph.add("BatchNormalization", [*at.sources, *own, *kept], at.name, epsilon=layer.eps)


@writes(layers.LayerNorm)
def _layer_norm(layer: layers.LayerNorm, at: Place, graph: Graph) -> None:
    shape = layer.normalized_shape(*at.ins)
    affine = [None, None] if layer.elementwise_affine else [np.ones(shape), np.zeros(shape)]
    own = [graph.weight(at, name, value) for name, value in zip(("weight", "bias"), affine, strict=True)]
    graph.add("LayerNormalization", [*at.sources, *own], at.name, axis=-len(shape), epsilon=layer.eps)


@writes(layers.LocalResponseNorm)
def _local_response(layer: layers.LocalResponseNorm, at: Place, graph: Graph) -> None:
    if layer.size % 2:
        graph.add(
            "LRN", [*at.sources], at.name, size=layer.size, alpha=layer.alpha, beta=layer.beta, bias=layer.k
        )
        return
    # An even window reaches one channel further back in PyTorch and here, one further on in ONNX: the sums by a band of ones.
    c = np.arange(at.out[0])
    ahead = c[None, :] - c[:, None]
    band = ((-(layer.size // 2) <= ahead) & (ahead <= (layer.size - 1) // 2)) * (layer.alpha / layer.size)
    names = {key: f"{at.name}.{key}" for key in ("square", "sums", "damp", "power")}
    graph.add("Mul", [*at.sources, *at.sources], names["square"])
    graph.add(
        "Conv", [names["square"], graph.constant(f"{at.name}.band", band[:, :, None, None])], names["sums"]
    )
    graph.add("Add", [names["sums"], graph.constant(f"{at.name}.k", layer.k)], names["damp"])
    graph.add("Pow", [names["damp"], graph.constant(f"{at.name}.exponent", -layer.beta)], names["power"])
    graph.add("Mul", [*at.sources, names["power"]], at.name)


@writes(layers.Add)
def _add(layer: layers.Add, at: Place, graph: Graph) -> None:
    graph.add("Sum", [*at.sources], at.name)


@writes(layers.Concat)
def _concat(layer: layers.Concat, at: Place, graph: Graph) -> None:
    graph.add("Concat", [*at.sources], at.name, axis=1)


# --- the files ---------------------------------------------------------------------------------------------------------


def program(subject: Subject) -> dict[str, bytes]:
    """The model and its check by name. Raises ExportError."""
    model = model_of(subject)
    imports = "from pathlib import Path\n\nimport numpy as np\nimport onnx\nfrom onnx.reference import ReferenceEvaluator"
    own, new = [op for op in REPLACED if any(node.op_type == op for node in model.graph.node)], ""
    if own:
        texts = "\n".join(REPLACED[op] for op in own)
        imports = f"{imports}\nfrom onnx.reference.op_run import OpRun\n{texts}"
        new = f", new_ops=[{', '.join(own)}]"
    check = check_text(imports, VALUES.format(new=new), dtypes=("float32",))
    return {"model.onnx": model.SerializeToString(), "check.py": check.encode()}


#: what makes the files that the check reads
READS = {"check.npz": lambda subject, evidence: npz(evidence.arrays(training=False))}


def model_of(subject: Subject) -> Any:
    """The network as an ONNX model, checked. Raises ExportError where onnx is not installed."""
    try:
        import onnx
        from onnx import TensorProto, helper, numpy_helper
    except ImportError as error:
        raise ExportError(
            "Export to ONNX needs one more package: pip install 'chainrule-playground[export]', or choose another target."
        ) from error
    places, graph = subject.places(), Graph(subject.state())
    for place in places:
        onnx_writers(place.layer, place, graph)
    ends = [(INPUT, subject.model.in_shape), (places[-1].name, places[-1].out)]
    begin, end = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", *shape]) for n, shape in ends)
    constants = [numpy_helper.from_array(np.ascontiguousarray(a), n) for n, a in graph.constants.items()]
    model = helper.make_model(
        helper.make_graph(graph.nodes, subject.outline.name, [begin], [end], constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="Chainrule Playground",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


VALUES = """\
    model = onnx.load(Path(__file__).with_name("model.onnx"))
    onnx.checker.check_model(model, full_check=True)
    names = [key.removeprefix("value ") for key in EXPECTED if key.startswith("value ")]
    found = ReferenceEvaluator(model{new}).run(names, {{"input": EXPECTED["x"].astype(dtype)}})
    return dict(zip(names, found))"""

#: take the place of the reference evaluator's own, where the network has such a layer
REPLACED = {
    "LRN": '''

class LRN(OpRun):
    """As ONNX defines it; that of onnx up to 1.23 walks over the samples instead of the channels (onnx issue 7805)."""

    op_domain = ""

    def _run(self, x, alpha=None, beta=None, bias=None, size=None):
        before, after = (size - 1) // 2, size // 2
        padded = np.pad(x * x, ((0, 0), (before, after), (0, 0), (0, 0)))
        sums = sum(padded[:, i : i + x.shape[1]] for i in range(size))
        return ((x / (bias + alpha / size * sums) ** beta).astype(x.dtype),)
''',
    "ConvTranspose": '''

class ConvTranspose(OpRun):
    """As ONNX defines it; that of onnx up to 1.23 mixes up the channels of groups, and works number by number."""

    op_domain = ""

    def _run(
        self, x, w, b=None, auto_pad=None, dilations=None, group=None, kernel_shape=None, output_padding=None,
        output_shape=None, pads=None, strides=None,
    ):
        (n, c, height, width), (kh, kw), (sh, sw), (dh, dw) = x.shape, kernel_shape, strides, dilations
        w = w.reshape(group, c // group, *w.shape[1:])
        stamps = np.einsum("ngchw,gcouv->nuvgohw", x.reshape(n, group, -1, height, width), w)
        stamps = stamps.reshape(n, kh, kw, -1, height, width)
        rows, columns = (
            (size - 1) * s + d * (k - 1) + 1 + more
            for size, k, s, d, more in zip(x.shape[2:], kernel_shape, strides, dilations, output_padding)
        )
        y = np.zeros((n, stamps.shape[3], rows, columns), x.dtype)
        for u in range(kh):
            for v in range(kw):
                down = slice(u * dh, u * dh + sh * (height - 1) + 1, sh)
                y[:, :, down, v * dw : v * dw + sw * (width - 1) + 1 : sw] += stamps[:, u, v]
        top, left, bottom, right = pads
        y = y[:, :, top : rows - bottom, left : columns - right]
        return (y if b is None else y + b[:, None, None],)
''',
}
