"""What is in a ``.keras`` file: a ZIP with the layers as JSON and the weights as HDF5. Both are read as data; no class in it is looked up."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.core import Array
from engine.errors import DataError, clipped, shown
from engine.io.guarded import foreign, opened
from engine.limits import MOST_LAYERS, WEIGHTS_BYTES

EXPECTED = "a model that Keras 3 has saved as .keras"
CONFIG, WEIGHTS = "config.json", "model.weights.h5"
#: bytes of the layers as text, and groups and arrays of the weights
CONFIG_BYTES, MOST_ENTRIES = 8 << 20, 20_000
#: where the weights of the layers stand: in Keras 3, and in the first files of this kind
HOLDERS = ("layers", "_layer_checkpoint_dependencies")
#: ways to pack numbers that HDF5 has itself (deflate, shuffle, check sums): for others it would load a library
FILTERS = {1, 2, 3}


@dataclass(frozen=True)
class Entry:
    """A layer of the file.

    Args:
        name: its own.
        kind: the name of its class.
        module: of that class.
        config: its settings.
        reads: names of the layers it reads from, as lists, one for each time that it is used; ``None`` in a chain.
        registered: the name under which a class of somebody's own is known; "" for Keras' own.
    """

    name: str
    kind: str
    module: str
    config: Mapping[str, Any]
    reads: tuple[tuple[str, ...], ...] | None
    registered: str = ""


@dataclass(frozen=True)
class Model:
    """``layers`` in their order; ``outputs``: which give what the model gives; ``arrays``: by layer, in Keras' order."""

    layers: tuple[Entry, ...]
    outputs: tuple[str, ...]
    arrays: Mapping[str, tuple[Array, ...]]


def read_model(path: str | os.PathLike[str]) -> Model:
    """What the file says. Raises DataError for what is no such file, and where h5py is not installed."""
    try:
        import h5py
    except ImportError as error:
        raise DataError(
            "To read Keras' files needs one more package: pip install 'chainrule-playground[export]'. Install it, or save the weights as "
            ".safetensors or .npz."
        ) from error
    name = clipped(Path(path).name, 80)
    with (
        opened(path, WEIGHTS_BYTES, EXPECTED) as file,
        foreign(path, EXPECTED),
        zipfile.ZipFile(file) as parts,
    ):
        entries, outputs = _layers(_member(parts, CONFIG, CONFIG_BYTES, name), name)
        packed = io.BytesIO(_member(parts, WEIGHTS, WEIGHTS_BYTES, name))
        with h5py.File(packed, "r") as weights:
            return Model(entries, outputs, _arrays(weights, entries))


def _member(parts: zipfile.ZipFile, name: str, limit: int, file: str) -> bytes:
    """A part of the file, of at most ``limit`` bytes."""
    try:
        with parts.open(name) as stream:
            found = stream.read(limit + 1)
    except KeyError:
        raise DataError(f"{file} holds no {name}; expected {EXPECTED}. Choose another file.") from None
    if len(found) > limit:
        raise DataError(f"{name} in {file} is larger than is read ({limit:,} bytes). Choose a smaller model.")
    return found


# --- the layers ---------------------------------------------------------------------------------------------------------


def _layers(text: bytes, file: str) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    wrong = DataError(
        f"The layers in {file} are not written as Keras does; expected {EXPECTED}. Choose another file."
    )
    try:
        said = json.loads(text)
        config = said["config"]
        described, kind = config["layers"], str(said["class_name"])
    except (ValueError, RecursionError, KeyError, TypeError):
        raise wrong from None
    if kind not in ("Sequential", "Functional", "Model"):
        raise DataError(
            f"{file} holds {shown(clipped(kind, 60))}, a class of somebody's own, whose code is not run; expected a Sequential or functional model. "
            "Save it as one of these, or its weights alone."
        )
    if not isinstance(described, list) or len(described) > 4 * MOST_LAYERS:
        raise wrong
    try:
        entries = tuple(_entry(one, chain=kind == "Sequential") for one in described)
        outputs = () if kind == "Sequential" else _names(config["output_layers"])
    except (KeyError, TypeError, ValueError, IndexError, RecursionError):
        raise wrong from None
    if len({one.name for one in entries}) != len(entries):
        raise wrong
    return entries, outputs


def _entry(said: Mapping[str, Any], chain: bool) -> Entry:
    config = said["config"]
    if not isinstance(config, dict):
        raise TypeError
    reads = None if chain else tuple(_sources(node) for node in said["inbound_nodes"])
    own = said.get("registered_name")
    known = isinstance(own, str) and own != said["class_name"]
    return Entry(
        str(said.get("name") or config["name"]),
        str(said["class_name"]),
        str(said.get("module") or ""),
        config,
        reads,
        str(own) if known else "",
    )


def _sources(node: Any) -> tuple[str, ...]:
    """The layers whose results a layer is given, in order, in one use of it."""
    found: list[str] = []

    def look(value: Any) -> None:
        if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
            found.append(str(value["config"]["keras_history"][0]))
        elif isinstance(value, list | dict):
            for inner in value.values() if isinstance(value, dict) else value:
                look(inner)

    look(node["args"])
    look(node.get("kwargs", {}))
    return tuple(found)


def _names(said: Any) -> tuple[str, ...]:
    """Of layers: ``["dense", 0, 0]``, or a list of such."""
    if isinstance(said, list) and said and isinstance(said[0], str):
        return (said[0],)
    return tuple(str(one[0]) for one in said)


# --- the weights --------------------------------------------------------------------------------------------------------


def snake(kind: str) -> str:
    """A class' name as Keras writes it among the weights."""
    spaced = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
    return re.sub("([a-z])([A-Z])", r"\1_\2", spaced).lower()


def _arrays(file: Any, entries: Sequence[Entry]) -> dict[str, tuple[Array, ...]]:
    """By layer: found by the name that stands with them, or else by their class and number."""
    holder = next((one for name in HOLDERS if (one := _group(file, name)) is not None), None)
    groups, named = {}, {}
    for key in list(holder)[:MOST_ENTRIES] if holder is not None else ():
        found = _group(_group(holder, key), "vars")
        if found is not None:
            groups[key] = found
            name = found.attrs.get("name")
            if isinstance(name, str):
                named[name] = found
    counts: dict[str, int] = {}
    arrays, left = {}, WEIGHTS_BYTES
    for one in entries:
        stem = snake(one.kind)
        number = counts[stem] = counts.get(stem, -1) + 1
        group = named.get(one.name)
        if group is None:
            group = groups.get(f"{stem}_{number}" if number else stem)
        made: tuple[Array, ...] = ()
        for i in range(len(group) if group is not None else 0):
            array = _array(group, str(i), left)
            left -= array.nbytes
            made += (array,)
        arrays[one.name] = made
    return arrays


def _group(parent: Any, name: str) -> Any:
    """A group that lies in the file itself; ``None`` where there is none."""
    import h5py

    if parent is None or not isinstance(parent.get(name, getlink=True), h5py.HardLink):
        return None
    found = parent[name]
    return found if isinstance(found, h5py.Group) else None


def _array(group: Any, name: str, left: int) -> Array:
    """Numbers that lie in the file itself, packed in a way that needs no library of somebody's own. Raises DataError."""
    import h5py

    where = clipped(str(group.name), 80)
    inside = isinstance(group.get(name, getlink=True), h5py.HardLink)
    found = group[name] if inside else None
    if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        raise DataError(
            f"The numbers {where}/{name} do not lie in the file itself; expected all in one. Save the model anew."
        )
    packed = found.id.get_create_plist()
    if any(packed.get_filter(i)[0] not in FILTERS for i in range(packed.get_nfilters())):
        raise DataError(
            f"The numbers {where}/{name} are packed in a way that is not read; expected them as Keras writes them."
        )
    if found.dtype.kind not in "fiub" or found.nbytes > left or len(found.shape) > 8:
        raise DataError(
            f"The numbers {where}/{name} are of kind {found.dtype} and shape {clipped(str(found.shape), 60)}; expected fewer, or floats."
        )
    return np.asarray(found[()])
