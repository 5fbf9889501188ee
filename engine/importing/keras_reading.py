"""A model of Keras as it is followed, layer by layer; what no layer here computes is named, with its position, and the network can be cut there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from engine import layers
from engine.core import Array, Shape
from engine.errors import EngineError, clipped, counted, few, shown
from engine.importing.base import How, Imported, Part
from engine.importing.drafts import Drafts, Unreadable
from engine.importing.keras_file import Entry, Model
from engine.layers.base import Layer
from engine.limits import MOST_LAYERS
from engine.network import INPUT

Config = Mapping[str, Any]
Read = Callable[["Reading", Config, list[str], Sequence[Array]], str]

READERS: dict[str, Read] = {}


def reads(*kinds: str) -> Callable[[Read], Read]:
    """Decorator of the function that reads layers of these kinds and returns the id of what gives their result."""

    def decorate(read: Read) -> Read:
        READERS.update(dict.fromkeys(kinds, read))
        return read

    return decorate


class Reading(Drafts):
    """One model as it is read.

    Attributes:
        values: the id of what gives the result of each layer of the file.
        shapes: of a sample after each layer that was read, as here: ``(C, H, W)``.
        rows: where a layer gives a row in Keras' order: which of its values is each of ours.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model
        self.values: dict[str, str] = {}
        self.shapes: dict[str, Shape] = {}
        self.rows: dict[str, Array] = {}
        self.turned: set[str] = set()  # what a Permute gives: pictures whose order in a row is ours already

    def imported(self) -> Imported:
        last = INPUT
        entries = self._model.layers
        if not any(one.kind == "InputLayer" for one in entries):
            self._begin(entries)
        for number, entry in enumerate(entries):
            where = f"layer {number + 1}, {clipped(entry.name, 40)}"
            before = set(self.drafts)
            try:
                value = self._read(entry, last)
            except (Unreadable, EngineError) as error:
                self.parts.append(Part(where, clipped(entry.kind, 40), "refused", str(error)))
                break
            self.values[entry.name] = last = value
            self._report(where, entry.kind, value, [one for one in self.drafts if one not in before])
        else:
            wanted = self._model.outputs
            if len(wanted) > 1:
                self.parts.append(
                    Part(
                        "the model",
                        counted(len(wanted), "output"),
                        "replaced",
                        "the first one is taken; the others are left out",
                    )
                )
            last = self.values.get(wanted[0], last) if wanted else last
        if last in self.rows:
            self.parts.append(
                Part(
                    "the end",
                    "Flatten",
                    "replaced",
                    "its values come channel by channel here, not pixel by pixel",
                )
            )
        return self.made(last)

    def _begin(self, entries: Sequence[Entry]) -> None:
        """A chain that was never told what it reads may say so with its first layer."""
        built = entries[0].config.get("batch_shape") if entries else None
        self._input({"batch_shape": built})

    def _read(self, entry: Entry, before: str) -> str:
        if entry.kind == "Lambda" or entry.registered or not entry.module.startswith("keras"):
            raise Unreadable(
                f"{clipped(entry.registered or entry.kind, 60)} is code of its own, which is not run"
            )
        if entry.kind == "InputLayer":
            if INPUT in self.shapes or INPUT in self.values.values():
                raise Unreadable("it is a second input; a network here has one")
            return self._input(entry.config)
        read = READERS.get(entry.kind)
        if read is None:
            inside = (
                "a model inside a model"
                if entry.kind in ("Sequential", "Functional", "Model")
                else "no layer here computes it"
            )
            raise Unreadable(inside)
        if len(self.drafts) >= MOST_LAYERS:
            raise Unreadable(f"a network has at most {MOST_LAYERS:,} layers here")
        if entry.config.get("data_format") == "channels_first":
            raise Unreadable("it takes pictures channel by channel (channels_first); expected channels_last")
        sources = [before]
        if entry.reads is not None:
            if len(entry.reads) != 1:
                raise Unreadable(f"it is used {len(entry.reads)} times; a layer here has one place")
            missing = [name for name in entry.reads[0] if name not in self.values]
            if missing or not entry.reads[0]:
                raise Unreadable(
                    f"it reads {few([shown(name) for name in missing]) or 'nothing'}, which nothing before it gives"
                )
            sources = [self.values[name] for name in entry.reads[0]]
        try:
            value = read(self, entry.config, sources, self._model.arrays.get(entry.name, ()))
            return (
                self.activated(entry.config["activation"], value)
                if "activation" in entry.config and entry.kind in _WITH
                else value
            )
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
            if isinstance(error, EngineError):
                raise
            raise Unreadable(f"its settings are not as Keras writes them ({type(error).__name__})") from None

    def _input(self, config: Config) -> str:
        shape = config.get("batch_shape") or config.get("batch_input_shape") or ()
        sizes = tuple(int(n) for n in shape[1:] if isinstance(n, int) and n > 0)
        if len(shape) in (2, 4) and len(sizes) == len(shape) - 1:
            self.in_shape = self.shapes[INPUT] = sizes if len(sizes) == 1 else (sizes[2], sizes[0], sizes[1])
        return INPUT

    def _report(self, where: str, kind: str, value: str, new: Sequence[str]) -> None:
        draft = self.drafts.get(value)
        how: How = "understood"
        if draft is None:
            words = "what the network reads"
        elif not new:
            how, words = "replaced", "left out: in inference it does nothing"
        else:
            words = ", ".join(f"{self.drafts[one].layer.label} {one}" for one in new)
        self.parts.append(Part(where, clipped(kind, 40), how, words))

    # --- what readers use -------------------------------------------------------------------------------------------------

    def put(self, layer: Layer, sources: Sequence[str], **state: Array) -> str:
        """Add a layer and note what it gives; its weights must be as it wants them."""
        known = [self.shapes[one] for one in sources if one in self.shapes]
        shape = None
        if len(known) == len(sources):
            shape = layer.check_inputs(*known)
            wants = {name: p.shape for name, p in layer.parameters(*known).items()}
            wants |= {name: a.shape for name, a in layer.state(*known).items()}
            has = {name: a.shape for name, a in state.items()}
            if has != wants:
                raise Unreadable(
                    f"its weights have the shapes {clipped(str(has), 120)}; expected {clipped(str(wants), 120)}"
                )
        floats = {name: np.ascontiguousarray(a, np.float32) for name, a in state.items()}
        if not all(np.isfinite(a).all() for a in floats.values()):
            raise Unreadable("its weights are not all finite numbers")
        node_id = self.layer(layer, *sources, **floats)
        if shape is not None:
            self.shapes[node_id] = shape
        orders = [self.rows[one] for one in sources if one in self.rows]
        if orders and not isinstance(layer, layers.Linear):
            if layer.category == "Merge" and (
                len(orders) != len(sources) or isinstance(layer, layers.Concat)
            ):
                raise Unreadable("it joins rows whose values stand in different orders")
            self.rows[node_id] = orders[0]
        return node_id

    def in_our_order(self, a: Array, source: str, axis: int = 0) -> Array:
        """Weights that belong to the values of a row, along ``axis``, in the order in which those stand here."""
        order = self.rows.get(source)
        if order is None:
            return a
        if a.shape[axis] != len(order):
            raise Unreadable(f"its weights have the shape {a.shape}; expected {len(order)} along one side")
        return np.take(a, order, axis)

    def activated(self, said: Any, value: str) -> str:
        """With an activation behind it."""
        name = str(said.get("class_name") or said.get("config")) if isinstance(said, Mapping) else str(said)
        if name in ("linear", "None"):
            return value
        made = _ACTIVATIONS.get(name)
        if made is None:
            raise Unreadable(f"no layer here computes its activation {shown(clipped(name, 40))}")
        return self.put(made(), [value])


#: kinds whose activation is a setting of theirs
_WITH = ("Dense", "Conv2D", "DepthwiseConv2D", "Conv2DTranspose", "Activation")
_ACTIVATIONS: Mapping[str, Callable[[], Layer]] = {
    "relu": layers.ReLU, "relu6": lambda: layers.Hardtanh(0.0, 6.0), "tanh": layers.Tanh, "sigmoid": layers.Sigmoid, "softmax": layers.Softmax,
    "gelu": layers.GELU, "silu": layers.SiLU, "swish": layers.SiLU, "mish": layers.Mish, "elu": layers.ELU, "selu": layers.SELU,
    "softplus": layers.Softplus, "hard_sigmoid": layers.Hardsigmoid, "hard_silu": layers.Hardswish, "hard_swish": layers.Hardswish,
    "leaky_relu": lambda: layers.LeakyReLU(0.2),
}  # fmt: skip
