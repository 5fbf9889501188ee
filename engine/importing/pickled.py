"""State dicts that ``torch.save`` has written, read without torch and without running anything that is in them.

Such a file is a .zip of the numbers and of a pickle that says how they are named. A pickle is a program for a small machine that may call
any function there is. This one knows the few steps that tensors, numbers and words are made of, and ends at the first other one.
"""

from __future__ import annotations

import os
import pickletools
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from engine.core import Array
from engine.errors import DataError, clipped, in_bytes
from engine.io.guarded import archive, foreign, opened
from engine.limits import WEIGHTS_BYTES

EXPECTED = "a state dict that torch.save has written"
#: bytes of the pickle and of the list of files; steps of the pickle; files; dimensions of a tensor
MOST_PICKLE, MOST_LIST, MOST_STEPS, MOST_FILES, MOST_AXES = 16 << 20, 8 << 20, 2_000_000, 20_000, 8

#: the kinds of numbers that tensors are made of, by the last word of PyTorch's name for them
DTYPES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"), "DoubleStorage": np.dtype("<f8"), "HalfStorage": np.dtype("<f2"), "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"), "ShortStorage": np.dtype("<i2"), "CharStorage": np.dtype("i1"), "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"), "BFloat16Storage": np.dtype("<u2"),
}  # fmt: skip


@dataclass(frozen=True)
class _Name:
    """A name that the pickle takes from a module; nothing is imported for it."""

    module: str
    name: str

    def __str__(self) -> str:
        return clipped(f"{self.module}.{self.name}", 80)


@dataclass(frozen=True)
class _Storage:
    """Numbers in a file of their own."""

    dtype: np.dtype[Any]
    bfloat: bool
    key: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    """How an array lies in a storage."""

    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def read_torch(path: str | os.PathLike[str]) -> dict[str, Array]:
    """The arrays of a ``state_dict`` by name; of a checkpoint with more in it, those of its network. Raises DataError."""
    with (
        foreign(path, EXPECTED),
        opened(path, WEIGHTS_BYTES, EXPECTED) as file,
        archive(file, path, MOST_LIST) as found,
    ):
        members = _members(found, Path(path).name)
        pickle = next((m for m in members.values() if m.filename.rpartition("/")[2] == "data.pkl"), None)
        if pickle is None:
            raise DataError(
                f"{clipped(Path(path).name, 80)} holds no data.pkl; expected {EXPECTED} with PyTorch 1.6 or newer. Save it anew there, "
                "or as .safetensors."
            )
        if pickle.file_size > MOST_PICKLE:
            raise _larger(pickle.file_size, MOST_PICKLE)
        root = pickle.filename.rpartition("data.pkl")[0]
        order = members.get(f"{root}byteorder")
        if order is not None and _bytes(found, order, 16).strip() != b"little":
            raise DataError(
                f"The numbers in it are not stored little-endian; expected {EXPECTED} on a usual machine. Save it anew."
            )
        tensors = _tensors(_Machine(_bytes(found, pickle, MOST_PICKLE)).run())
        numbers = _Numbers(found, members, root)
        return {name: numbers.array(name, tensor) for name, tensor in tensors.items()}


def _members(found: zipfile.ZipFile, name: str) -> dict[str, zipfile.ZipInfo]:
    infos = found.infolist()
    total = sum(info.file_size for info in infos)
    if len(infos) > MOST_FILES or len({info.filename for info in infos}) < len(infos):
        raise DataError(
            f"{clipped(name, 80)} holds more files than it needs, or two of one name; expected {EXPECTED}. Save it anew."
        )
    if total > WEIGHTS_BYTES:
        raise _larger(total, WEIGHTS_BYTES)
    return {info.filename: info for info in infos}


def _larger(size: int, limit: int) -> DataError:
    return DataError(
        f"What is in it takes {in_bytes(size)}; expected at most {in_bytes(limit)}. Save the weights alone."
    )


def _bytes(found: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    """All of a member, which may say that it is shorter than it is."""
    with found.open(info) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _larger(len(data), limit)
    return data


class _Numbers:
    """The arrays of a file; each storage is read once."""

    def __init__(self, found: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], root: str) -> None:
        self._found, self._members, self._root = found, members, root
        self._read: dict[str, Array] = {}
        self._left = WEIGHTS_BYTES

    def array(self, name: str, tensor: _Tensor) -> Array:
        flat = self._storage(tensor.storage)
        count = prod(tensor.size)
        reach = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.size, tensor.stride, strict=True)) + 1
        if count and not (reach <= len(flat) and count <= len(flat)):
            raise DataError(
                f"{clipped(repr(name), 80)} reaches beyond its numbers; expected {EXPECTED}. Save it anew."
            )
        self._left -= count * flat.itemsize
        if self._left < 0:
            raise _larger(WEIGHTS_BYTES - self._left, WEIGHTS_BYTES)
        if not count:
            return np.zeros(tensor.size, flat.dtype)
        strides = [s * flat.itemsize for s in tensor.stride]
        return np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.size, strides).copy()

    def _storage(self, storage: _Storage) -> Array:
        if storage.key not in self._read:
            info = self._members.get(f"{self._root}data/{storage.key}")
            size = storage.count * storage.dtype.itemsize
            if info is None or info.file_size != size:
                raise DataError(
                    f"The numbers {clipped(storage.key, 40)!r} are missing or cut short; expected {EXPECTED}. Copy it again."
                )
            flat = np.frombuffer(_bytes(self._found, info, size), storage.dtype)
            # A bfloat16 is the upper half of a float32.
            self._read[storage.key] = (flat.astype("<u4") << 16).view("<f4") if storage.bfloat else flat
        found = self._read[storage.key]
        if len(found) != storage.count:
            raise DataError(
                f"The numbers {clipped(storage.key, 40)!r} are told in two ways; expected {EXPECTED}. Save it anew."
            )
        return found


#: under which a checkpoint holds the network's arrays
HELD_UNDER = ("state_dict", "model_state_dict", "model", "net", "network", "module", "weights", "params")


def _tensors(value: Any) -> dict[str, _Tensor]:
    """The state dict in what was read."""
    for _ in range(4):
        if not isinstance(value, dict):
            break
        found = {k: v for k, v in value.items() if isinstance(k, str) and isinstance(v, _Tensor)}
        if found:
            return found
        inside = next((value[k] for k in HELD_UNDER if isinstance(value.get(k), dict)), None)
        value = (
            inside if inside is not None else next((v for v in value.values() if isinstance(v, dict)), None)
        )
    raise DataError(f"There are no arrays with names in it; expected {EXPECTED}. Save model.state_dict().")


class _Machine:
    """Follows a pickle, step by step; ``run`` gives what it makes."""

    def __init__(self, pickle: bytes) -> None:
        self._pickle = pickle
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        for number, (step, argument, _) in enumerate(pickletools.genops(self._pickle)):
            if number > MOST_STEPS:
                raise DataError(
                    f"It is made of more than {MOST_STEPS:,} steps; expected {EXPECTED}. Save the weights alone."
                )
            if step.name == "STOP":
                return self._stack.pop()
            self._do(step.name, argument)
        raise DataError(f"It ends too early; expected {EXPECTED}. Copy it again.")

    def _do(self, name: str, argument: Any) -> None:
        if name in _PUSHED:
            self._stack.append(argument)
        elif name in _MADE:
            self._stack.append(_MADE[name]())
        elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
            self._memo[argument] = self._stack[-1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = self._stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            self._stack.append(self._memo[argument])
        elif name == "MARK":
            self._marks.append(len(self._stack))
        elif name in _STEPS:
            _STEPS[name](self)
        elif name == "GLOBAL":
            self._stack.append(_Name(*argument.split(" ", 1)))
        elif name not in ("PROTO", "FRAME"):
            raise _code(f"a step called {name}")

    def marked(self) -> list[Any]:
        """What lies above the last mark."""
        at = self._marks.pop()
        found = self._stack[at:]
        del self._stack[at:]
        return found

    def tuple(self, count: int | None = None) -> None:
        items = self.marked() if count is None else [self._stack.pop() for _ in range(count)][::-1]
        self._stack.append(tuple(items))

    def set_items(self, pairs: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict):
            raise _code("a change of what is no dict")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if not isinstance(key, str | int | float | bool | None):
                raise _code("a name that is none")
            target[key] = value

    def append(self, items: list[Any]) -> None:
        if not isinstance(self._stack[-1], list):
            raise _code("a change of what is no list")
        self._stack[-1].extend(items)

    def build(self) -> None:
        """State of an object: of the dict itself it says nothing, and nothing else has any."""
        self._stack.pop()
        if not isinstance(self._stack[-1], dict):
            raise _code(f"the state of {self._stack[-1]}")

    def global_of_stack(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._stack.append(_Name(str(module), str(name)))

    def persistent(self) -> None:
        match self._stack.pop():
            case ("storage", _Name() as kind, str() as key, str(), int() as count) if (
                0 <= count <= WEIGHTS_BYTES
            ):
                word = kind.name.rpartition(".")[2]
                if kind.module not in ("torch", "torch.storage") or word not in DTYPES:
                    raise DataError(
                        f"Its numbers are of the kind {kind}; expected floats or whole numbers. Convert them first."
                    )
                self._stack.append(_Storage(DTYPES[word], word == "BFloat16Storage", key, count))
            case other:
                raise _code(f"a reference to {clipped(repr(other), 60)}")

    def reduce(self) -> None:
        """A call: of the few functions that make what a state dict is made of."""
        arguments, called = self._stack.pop(), self._stack.pop()
        if not isinstance(called, _Name) or str(called) not in _CALLED:
            raise _code(f"a call of {called}")
        self._stack.append(_CALLED[str(called)](arguments))


def _code(what: str) -> DataError:
    return DataError(
        f"This file contains code ({clipped(what, 100)}), which is not run; expected {EXPECTED}. Save model.state_dict(), or .safetensors."
    )


def _ordered(arguments: Any) -> dict[Any, Any]:
    if arguments not in ((), ([],)):
        raise _code("a dict made of something")
    return {}


def _tensor(arguments: Any) -> _Tensor:
    match arguments:
        case (_Storage() as storage, int() as offset, tuple() as size, tuple() as stride, *_):
            whole = all(type(n) is int and 0 <= n <= WEIGHTS_BYTES for n in (offset, *size, *stride))
            if whole and len(size) == len(stride) <= MOST_AXES:
                return _Tensor(storage, offset, size, stride)
    raise DataError(
        f"A tensor in it is described in a way that makes no sense; expected {EXPECTED}. Save it anew."
    )


def _parameter(arguments: Any) -> _Tensor:
    match arguments:
        case (_Tensor() as tensor, *_):
            return tensor
    raise _code("a parameter that is no tensor")


_CALLED: dict[str, Callable[[Any], Any]] = {
    "collections.OrderedDict": _ordered,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
}
_PUSHED = {
    "INT", "LONG", "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE",
    "BINUNICODE8", "BINSTRING", "SHORT_BINSTRING", "STRING", "BINBYTES", "SHORT_BINBYTES",
}  # fmt: skip
_MADE: dict[str, Callable[[], Any]] = {
    "EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False, "NONE": lambda: None,
}  # fmt: skip
_STEPS: dict[str, Callable[[_Machine], object]] = {
    "TUPLE": lambda m: m.tuple(), "TUPLE1": lambda m: m.tuple(1), "TUPLE2": lambda m: m.tuple(2), "TUPLE3": lambda m: m.tuple(3),
    "SETITEM": lambda m: m.set_items([m._stack.pop(), m._stack.pop()][::-1]), "SETITEMS": lambda m: m.set_items(m.marked()),
    "APPEND": lambda m: m.append([m._stack.pop()]), "APPENDS": lambda m: m.append(m.marked()), "BUILD": _Machine.build,
    "STACK_GLOBAL": _Machine.global_of_stack, "BINPERSID": _Machine.persistent, "REDUCE": _Machine.reduce,
    "POP": lambda m: m._stack.pop(),
}  # fmt: skip
