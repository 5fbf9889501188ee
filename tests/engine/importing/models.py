"""Files of models, as others write them and as they should not be."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine import Fit, Network, layers
from engine.export import onnx_target
from engine.export.base import npz
from engine.io.weights import packed
from engine.losses import CrossEntropyLoss
from tests.engine.export.exporting import subject

NETWORK = Network.chain(
    layers.Conv2d(4, 3, padding="same"), layers.BatchNorm(), layers.ReLU(), layers.MaxPool2d(2), layers.Flatten(), layers.Linear(3)
)  # fmt: skip
SHAPE = (2, 6, 6)


def one():
    """A network with weights."""
    return subject(NETWORK, SHAPE, Fit(loss=CrossEntropyLoss()))


def pickled(*steps: bytes) -> bytes:
    """A ``.pt`` whose pickle takes these steps."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02" + b"".join(steps) + b".")
        archive.writestr("a/data/0", np.arange(6, dtype="<f4").tobytes())
    return file.getvalue()


def text(word: str) -> bytes:
    return b"X" + len(word).to_bytes(4, "little") + word.encode()


def storage(key: str = "0", count: int = 6, kind: str = "FloatStorage", module: str = "torch") -> bytes:
    """A reference to numbers of their own."""
    return (
        b"("
        + text("storage")
        + f"c{module}\n{kind}\n".encode()
        + text(key)
        + text("cpu")
        + b"M"
        + count.to_bytes(2, "little")
        + b"tQ"
    )


def tensor(
    size: tuple[int, ...] = (2, 3), stride: tuple[int, ...] = (3, 1), offset: int = 0, numbers: bytes = b""
) -> bytes:
    """A tensor as PyTorch writes it."""
    sizes = b"(" + b"".join(b"J" + n.to_bytes(4, "little", signed=True) for n in size) + b"t"
    strides = b"(" + b"".join(b"J" + n.to_bytes(4, "little", signed=True) for n in stride) + b"t"
    hooks = b"ccollections\nOrderedDict\n)R"
    at = b"J" + offset.to_bytes(4, "little", signed=True)
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + (numbers or storage())
        + at
        + sizes
        + strides
        + b"\x89"
        + hooks
        + b"tR"
    )


def state_of(*named: tuple[str, bytes]) -> bytes:
    """A state dict of these tensors."""
    return pickled(b"ccollections\nOrderedDict\n)R(", *(text(name) + value for name, value in named), b"u")


def onnx_bytes() -> bytes:
    return bytes(onnx_target.model_of(one()).SerializeToString())


def whole_files() -> dict[str, Callable[[], bytes]]:
    """Good files by their ending, and what makes them."""
    return {
        ".onnx": onnx_bytes, ".safetensors": lambda: packed(one().state()), ".npz": lambda: npz(one().state()),
        ".pt": lambda: state_of(("0.weight", tensor()), ("0.bias", tensor((2,), (1,), 2))),
    }  # fmt: skip


def mutated(data: bytes, draw: random.Random) -> bytes:
    """``data`` with one to three accidents."""
    changed = bytearray(data)
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(max(1, min(len(changed), 400) if draw.random() < 0.6 else len(changed)))
        match draw.randrange(5):
            case 0:
                del changed[at:]
            case 1:
                changed[at : at + 1] = bytes([draw.randrange(256)])
            case 2:
                changed[at : at + 8] = draw.choice((b"\xff" * 8, b"\x00" * 8, b"\x7f\xff\xff\xff"))
            case 3:
                changed[at:at] = draw.randbytes(draw.choice((1, 9, 300)))
            case _:
                del changed[at : at + draw.choice((1, 8, 100))]
    return bytes(changed)


def written(folder: Path, ending: str, data: bytes) -> Path:
    path = folder / f"file{ending}"
    path.write_bytes(data)
    return path
