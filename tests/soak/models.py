"""Broken files of other programs' models. Each is read, as far as it can be, or refused in a sentence; nothing in it is run."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from engine.errors import EngineError
from engine.importing import read_network
from tests.engine.importing.keras_files import keras_parts, small, zipped
from tests.engine.importing.models import SHAPE, mutated, whole_files, written

SHORT = 150
LONGEST = 1500

#: what Python says of itself when something is run, fetched, or looked up for a pickle
RUN = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "subprocess.Popen",
    "socket.connect",
    "pickle.find_class",
)

heard: list[str] = []


@cache
def listen() -> None:
    """From now on, until the process ends: an audit hook cannot be taken away."""
    sys.addaudithook(lambda event, _: heard.append(event) if event in RUN else None)


@cache
def good() -> dict[str, Callable[[random.Random], bytes]]:
    """Files with accidents, by the ending of their names."""
    whole = {
        ending: make()
        for ending, make in whole_files().items()
        if ending != ".onnx" or find_spec("onnx") is not None
    }
    made: dict[str, Callable[[random.Random], bytes]] = {
        ending: (lambda draw, data=data: mutated(data, draw)) for ending, data in whole.items()
    }
    if find_spec("h5py") is not None:
        parts = keras_parts(small(), (6, 6, 2))

        def keras(draw: random.Random) -> bytes:
            """As often in the ZIP as in what is packed in it."""
            name = draw.choice(list(parts))
            return (
                zipped(parts | {name: mutated(parts[name], draw)})
                if draw.random() < 0.7
                else mutated(zipped(parts), draw)
            )

        made[".keras"] = keras
    return made


def case(seed: int, folder: Path) -> str:
    draw = random.Random(seed)
    listen()
    ending = draw.choice(sorted(good()))
    path = written(folder, ending, good()[ending](draw))
    heard.clear()
    try:
        found = read_network(path, SHAPE)
    except EngineError as refusal:
        said, came = str(refusal), "refused"
    else:
        said = " ".join(f"{part.where}: {part.words}." for part in found.refused) or "It is read, all of it."
        came = "read in part" if found.refused else "read"
    assert not heard, f"something was run: {heard[:5]}"
    assert 20 < len(said) < LONGEST, f"{len(said)} letters: {said[:300]}"
    assert "Traceback" not in said
    return f"{ending} {came}"
