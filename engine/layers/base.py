"""What a layer is: hyper-parameters (a frozen spec), shapes, and the calls that compute it in place.

Inside a program arrays are *batch-last*: ``(features, B)`` and ``(C, H, W, B)``. Layers see only those; conversion from the
public ``(B, …)`` happens once, at the boundary (see ``engine/program.py``, which says why).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.core import Array, Call, Parameter, Shape, Steps, call
from engine.errors import ShapeError
from engine.maths import DOT, PRODUCT, Maths, juxtaposed
from engine.ranges import ANY, Range
from engine.registry import Registry
from engine.spec import ByOption, Spec


@dataclass(frozen=True)
class Layout:
    """How a layer wants its input to lie in memory, so that no call has to copy it.

    Args:
        pad: ``(top, bottom, left, right)`` cells round an image.
        fill: what those cells hold.
        ones: a row of ones after the last feature, so that a bias is one more weight.
    """

    pad: tuple[int, int, int, int] = (0, 0, 0, 0)
    fill: float = 0.0
    ones: bool = False

    @property
    def plain(self) -> bool:
        """Nothing special asked."""
        return not self.ones and not any(self.pad)


@dataclass(frozen=True)
class Bind:
    """The buffers a layer computes in. All of them live as long as the program; calls must write in place.

    Attributes:
        xs: inputs, batch-last.
        fulls: the same inputs with the border or row of ones that ``layout`` asked for.
        y, dy: output and the gradient that arrives at it.
        dxs: where to write the gradient of each input; ``None`` where nobody needs it.
        dfulls: the same with the border that ``layout`` asked for; what is written into the border is ignored.
        params, grads: parameters and their gradients in public (PyTorch) shape: views of ``flat``, ``flat_grad``.
        flat, flat_grad: the node's parameters as one vector, arranged by ``Layer.arrange``.
        state: non-learned arrays kept between steps, such as running means.
        training: False in inference: dropout is off, batch statistics are the running ones.
        rng: the source of this layer's randomness.
    """

    xs: tuple[Array, ...]
    fulls: tuple[Array, ...]
    y: Array
    dy: Array
    dxs: tuple[Array | None, ...]
    dfulls: tuple[Array | None, ...] = (None,)
    params: Mapping[str, Array] = field(default_factory=dict)
    grads: Mapping[str, Array] = field(default_factory=dict)
    flat: Array = field(default_factory=lambda: np.zeros(0))
    flat_grad: Array = field(default_factory=lambda: np.zeros(0))
    state: Mapping[str, Array] = field(default_factory=dict)
    training: bool = True
    rng: np.random.Generator = field(default_factory=np.random.default_rng)

    @property
    def x(self) -> Array:
        return self.xs[0]

    @property
    def full(self) -> Array:
        return self.fulls[0]

    @property
    def dx(self) -> Array | None:
        return self.dxs[0]

    @property
    def dfull(self) -> Array | None:
        return self.dfulls[0]

    def empty(self, shape: Shape, dtype: Any = None) -> Array:
        """A work buffer (zeros), of the program's dtype unless told."""
        return np.zeros(shape, dtype or self.y.dtype)

    def scalar(self, value: float) -> Array:
        """A constant as a 0-d array: ufuncs take it 250 ns faster than a Python float, and it keeps the dtype."""
        return np.array(value, self.y.dtype)


class Layer(Spec):
    """Base of all layers. A subclass is a frozen dataclass registered with ``layers.register``.

    It says ``out_shape``, ``parameters`` if it learns, ``layout`` if it wants its input laid out specially, and ``bind``.
    """

    #: how many inputs it reads; None: two or more
    arity: ClassVar[int | None] = 1
    #: its output is its input's memory under another shape; it then needs no calls
    is_view: ClassVar[bool] = False
    #: it draws random numbers while training
    is_random: ClassVar[bool] = False
    #: of layers that act on each value alone: what becomes of ``x``, and the slope there, of ``x`` or of the value ``y``. Both formulas
    #: follow from these; ``formula_ends`` is what each of the two says besides
    value: ClassVar[Maths | None] = None
    slope: ClassVar[Maths | None] = None
    formula_ends: ClassVar[tuple[str, str]] = ("", "")
    letters: ClassVar[Mapping[str, str]] = {"weight": "w", "bias": "b"}
    #: its outputs lie where its inputs do (in inference), as those of a pooling or a Dropout
    keeps_range: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        value, slope, ends = (vars(cls).get(name) for name in ("value", "slope", "formula_ends"))
        ends = ends or ("", "")
        if value is None or slope is None:
            return
        written: Any = cls._written
        passed: Any = cls._passed
        if isinstance(value, ByOption):  # so are its formulas, then
            written, passed = (partial(ByOption.made, make=make) for make in (written, passed))
        cls.formula, cls.gradient_formula = written(value, ends), passed(slope, ends)

    @classmethod
    def _written(cls, value: Maths, ends: tuple[str, str]) -> str:
        return f"y = {juxtaposed(value.expression(cls.letter).latex)}{ends[0]}"

    @classmethod
    def _passed(cls, slope: Maths, ends: tuple[str, str]) -> str:
        passes = slope.expression(cls.letter)
        factor = "" if passes.latex == "1" else DOT + juxtaposed(passes.at(PRODUCT))
        return rf"\frac{{\partial L}}{{\partial x}} = \delta{factor}{ends[1]}"

    def out_shape(self, *in_shapes: Shape) -> Shape:
        """Shape of one output sample. Raises ShapeError when the inputs do not fit. By default unchanged."""
        return in_shapes[0]

    def parameters(self, *in_shapes: Shape) -> dict[str, Parameter]:
        """Learnable arrays by PyTorch's names."""
        return {}

    def state(self, *in_shapes: Shape) -> dict[str, Array]:
        """Initial values of arrays that are kept but not learned (PyTorch's buffers), float64."""
        return {}

    def layout(self, *in_shapes: Shape) -> Layout:
        """How it wants its first input to lie."""
        return Layout()

    def by_rows(self, batch: int, *in_shapes: Shape) -> bool:
        """Whether it works by whole rows of pictures, and gives one that lies in memory as ``(H, C, W, B)``, for so many samples."""
        return False

    def arrange(self, flat: Array, parameters: Mapping[str, Parameter]) -> dict[str, Array]:
        """Views with public shapes on the node's flat vector. By default one after the other, C order."""
        views, start = {}, 0
        for name, p in parameters.items():
            views[name] = flat[start : start + p.size].reshape(p.shape)
            start += p.size
        return views

    def kinks(self) -> tuple[float, ...]:
        """Inputs at which the slope jumps, of layers that act on each value alone: no derivative can be measured there."""
        return ()

    def output_range(self, *given: Range) -> Range:
        """Which values it can give where its inputs lie in ``given``. By default any, as a sum with weights can."""
        return given[0].joined(*given[1:]) if self.keeps_range or self.is_view else ANY

    def least_batch(self, *in_shapes: Shape) -> int:
        """Samples that a training batch must have at least."""
        return 1

    def bind(self, b: Bind) -> Steps:
        """The calls that compute forward and backward in ``b``'s buffers."""
        return Steps((), ())

    def check_inputs(self, *in_shapes: Shape) -> Shape:
        """``out_shape`` after checking the number of inputs."""
        if self.arity is None and len(in_shapes) < 2:
            raise ShapeError(
                f"{self.label} joins two or more inputs and has {len(in_shapes)}. Wire another block to it."
            )
        if self.arity is not None and len(in_shapes) != self.arity:
            raise ShapeError(
                f"{self.label} reads {self.arity} input and has {len(in_shapes)}. Remove a wire."
            )
        return self.out_shape(*in_shapes)


__all__ = [
    "Array", "Bind", "Call", "Layer", "Layout", "Parameter", "Shape", "Steps", "affine_views", "call", "layers",
]  # fmt: skip

layers: Registry[Layer] = Registry("layer", Layer)


def affine_views(flat: Array, parameters: Mapping[str, Parameter]) -> dict[str, Array]:
    """Weight and bias as one matrix ``(fan_in + 1, out)`` whose last row is the bias; see ``Layout.ones``.

    The public weight ``(out, …)`` is a transposed view of it.
    """
    weight = parameters["weight"]
    out, rest = weight.shape[0], weight.shape[1:]
    matrix = flat.reshape(-1, out)
    rows = int(np.prod(rest))
    views = {"weight": np.moveaxis(matrix[:rows].reshape(*rest, out), -1, 0)}
    if "bias" in parameters:
        views["bias"] = matrix[rows]
    return views
