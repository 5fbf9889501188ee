"""``.keras`` files as Keras 3 writes them, made with h5py alone."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np

from engine.importing.keras_file import snake

Described = tuple[str, dict[str, Any], list[np.ndarray]]


def layer(kind: str, arrays: list[np.ndarray] | None = None, **config: Any) -> Described:
    """A layer's class, its settings and what it has learned."""
    return kind, config, arrays or []


def weights_file(described: list[Described]) -> bytes:
    import h5py

    file, counts = io.BytesIO(), dict[str, int]()
    with h5py.File(file, "w") as h5:
        for kind, config, arrays in described:
            stem = snake(kind)
            number = counts[stem] = counts.get(stem, -1) + 1
            group = h5.create_group(f"layers/{stem}_{number}/vars" if number else f"layers/{stem}/vars")
            group.attrs["name"] = config["name"]
            for i, array in enumerate(arrays):
                group[str(i)] = array
    return file.getvalue()


def keras_parts(described: list[Described], in_shape: tuple[int, ...], **changed: bytes) -> dict[str, bytes]:
    """The members of the file of a chain of these layers; ``config`` or ``weights``: another one in its place."""
    named = [("InputLayer", {"batch_shape": [None, *in_shape]}, []), *described]
    named = [(kind, {"name": f"l{i}", **config}, arrays) for i, (kind, config, arrays) in enumerate(named)]
    layers = [
        {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None}
        for kind, config, _ in named
    ]
    model = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": layers}}
    return {
        "metadata.json": b'{"keras_version": "3.11.0"}',
        "config.json": changed.get("config", json.dumps(model).encode()),
        "model.weights.h5": changed["weights"] if "weights" in changed else weights_file(named[1:]),
    }


def zipped(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def keras_bytes(described: list[Described], in_shape: tuple[int, ...], **changed: bytes) -> bytes:
    return zipped(keras_parts(described, in_shape, **changed))


def window(size: int = 2, **more: Any) -> dict[str, Any]:
    return {"pool_size": [size, size], "strides": [size, size], "padding": "valid", **more}


def conv(filters: int, size: int, **more: Any) -> dict[str, Any]:
    return {
        "filters": filters, "kernel_size": [size, size], "strides": [1, 1], "padding": "valid", "dilation_rate": [1, 1], "groups": 1,
        "activation": "linear", "use_bias": True, **more,
    }  # fmt: skip


def small() -> list[Described]:
    """A convolution, a pooling, and a dense layer that reads its pixels."""
    rng = np.random.default_rng(0)
    normal = lambda *shape: rng.normal(size=shape).astype("f4")
    return [
        layer("Conv2D", [normal(3, 3, 2, 4), normal(4)], **conv(4, 3, padding="same", activation="relu")),
        layer(
            "BatchNormalization",
            [normal(4), normal(4), normal(4), normal(4) ** 2],
            axis=-1,
            epsilon=1e-3,
            momentum=0.99,
        ),
        layer("MaxPooling2D", **window()),
        layer("Flatten"),
        layer("Dense", [normal(36, 3), normal(3)], units=3, activation="linear", use_bias=True),
    ]
