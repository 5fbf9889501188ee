"""Broken files of every kind that is opened. Each is opened, or refused in a sentence; nothing else comes of it."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PySide6.QtCore import QByteArray, QSettings

from engine.data import source_at
from engine.data.pixels import picture_at
from engine.errors import EngineError
from engine.io.weights import load_weights, save_weights
from playground.document import examples, files
from playground.document.project import findings
from playground.ui.shell.settings import Settings
from tests.engine.data.writing import write_folders, write_idx

SHORT = 250
LONGEST = 2000

#: what is put in the place of a value; some are no JSON, as some files are none
HOSTILE = (
    None, True, -1, 0, 2**31, 2**63, 1e308, 1e-308, float("nan"), float("inf"), "", "a" * 5000, "\ud800", "\x00", "<b>&amp;</b>",
    [], {}, [[[[[[]]]]]], [1, "a"], {"type": ""}, {"type": ["Linear"]}, {"type": "Linear", "out_features": -5}, "../../etc/passwd",
)  # fmt: skip


# --- what is done to a good file --------------------------------------------------------------------------------------


def broken(data: bytes, draw: random.Random) -> bytes:
    """A good file after one to four mishaps."""
    for _ in range(draw.randint(1, 4)):
        data = draw.choice(MISHAPS)(data, draw)
    return data


def cut(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randint(0, len(data))]


def flipped(data: bytes, draw: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 3, 30))):
        if changed:
            changed[near_the_start(len(changed), draw)] ^= 1 << draw.randrange(8)
    return bytes(changed)


def extreme(data: bytes, draw: random.Random) -> bytes:
    """A few bytes that stand for a number become the largest, the smallest or none."""
    at = near_the_start(len(data), draw)
    number = draw.choice(
        (b"\xff", b"\x00", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\xff" * 8, b"\x00" * 8)
    )
    return data[:at] + number + data[at + len(number) :]


def inserted(data: bytes, draw: random.Random) -> bytes:
    at = near_the_start(len(data), draw)
    return data[:at] + draw.randbytes(draw.choice((1, 8, 1000))) + data[at:]


def removed(data: bytes, draw: random.Random) -> bytes:
    at = near_the_start(len(data), draw)
    return data[:at] + data[at + draw.choice((1, 8, 1000)) :]


def repeated(data: bytes, draw: random.Random) -> bytes:
    at = near_the_start(len(data), draw)
    return data[:at] + data[at : at + 200] * draw.choice((2, 50)) + data[at:]


def near_the_start(size: int, draw: random.Random) -> int:
    """A place, as often among the first bytes, where formats say what they are, as in all the rest."""
    return draw.randrange(max(1, min(size, 64) if draw.random() < 0.5 else size))


MISHAPS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    cut,
    flipped,
    extreme,
    inserted,
    removed,
    repeated,
)


def altered(data: Any, draw: random.Random) -> Any:
    """JSON with one value replaced, left out, renamed or given twice, anywhere in it."""
    place, at = data, None
    while isinstance(place, dict | list) and place and (at is None or draw.random() < 0.85):
        holder = place
        at = draw.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        place = holder[at]
    if at is None:
        return draw.choice(HOSTILE)
    match draw.randrange(5):
        case 0:
            del holder[at]
        case 1 if isinstance(holder, dict):
            holder[draw.choice(("typ", "", "input", "\ud800", "x" * 3000))] = holder.pop(at)
        case 2 if isinstance(holder, list):
            holder.extend([place] * draw.choice((1, 300)))
        case _:
            holder[at] = draw.choice(HOSTILE)
    return data


# --- kinds of files, and how each is opened ---------------------------------------------------------------------------


def project(folder: Path, draw: random.Random) -> None:
    text = files.to_json(draw.choice(examples.examples()).project)
    if draw.random() < 0.7:
        data = json.loads(text)
        for _ in range(draw.choice((1, 1, 1, 3))):
            data = altered(data, draw)
        content = json.dumps(data).encode("utf-8", "surrogatepass")
        content = content.replace(b'"seed": 0', draw.choice((b'"seed": 0', b'"seed": ' + b"9" * 400)))
    else:
        content = broken(text.encode(), draw)
    path = folder / "it.json"
    path.write_bytes(content)
    found = files.load(path)
    # what it is made of is looked at, too, where that does not make a data set of any size
    if type(found.source).__module__ == "engine.data.starter":
        findings(found)
    files.to_json(found)


def weights(folder: Path, draw: random.Random) -> None:
    path = folder / "it.safetensors"
    rng = np.random.default_rng(draw.randrange(2**32))
    save_weights({"0.weight": rng.normal(size=(3, 4)), "0.bias": rng.normal(size=3).astype("float32")}, path)
    path.write_bytes(broken(path.read_bytes(), draw))
    load_weights(path)


def idx(folder: Path, draw: random.Random) -> None:
    packed = draw.random() < 0.5
    images = write_idx(folder, packed)
    victim = draw.choice(sorted(folder.iterdir()))
    data = victim.read_bytes()
    if packed and draw.random() < 0.7:  # what is inside, packed well
        data = gzip.compress(broken(gzip.decompress(data), draw))
    else:
        data = broken(data, draw)
    victim.write_bytes(data)
    source_at(draw.choice((images, folder))).make()


def npz(folder: Path, draw: random.Random) -> None:
    rng = np.random.default_rng(draw.randrange(2**32))
    path = folder / draw.choice(("it.npz", "x.npy"))
    arrays = {"x": rng.normal(size=(20, 3)), "y": rng.integers(0, 3, 20)}
    arrays[draw.choice(("x", "y", "z"))] = odd_array(draw)
    inner = {name: stored(a, draw) for name, a in arrays.items()}
    if path.suffix == ".npy":
        path.write_bytes(inner["x"])
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in inner.items():
                archive.writestr(f"{name}.npy", content)
    if draw.random() < 0.3:
        path.write_bytes(broken(path.read_bytes(), draw))
    source_at(path).make()


def odd_array(draw: random.Random) -> np.ndarray:
    rng = np.random.default_rng(draw.randrange(2**32))
    return draw.choice(
        (
            np.zeros((0, 3)), np.array(5.0), np.array([b"a", b"\xff"] * 10), np.array(["ä", "b"] * 10), np.array([{}, 1], object),
            np.zeros(20, "c16"), np.zeros(20, "M8[s]"), np.zeros(20, [("a", "i4"), ("b", "f8")]), np.zeros(20, bool),
            np.full((20, 3), np.nan), np.full((20, 3), 1e300), np.arange(20) - 10, np.full(20, 2**62), np.zeros((20, 2, 2, 2, 2)),
            rng.integers(0, 256, (20, 8, 8)).astype("u1"), rng.integers(0, 256, (20, 3, 8, 8)).astype(">u2"),
        )
    )  # fmt: skip


def stored(array: np.ndarray, draw: random.Random) -> bytes:
    """An array in NumPy's format, seldom with something wrong in it."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    data = buffer.getvalue()
    match draw.randrange(8):
        case 0:
            return broken(data, draw)
        case 1:
            shape = draw.choice((b"(2147483647, 9)", b"(True, 3)", b"(-1, 3)", b"(((((", b"()", b"(20, 3.5)"))
            return data.replace(str(array.shape).encode(), shape)
        case 2:
            return data.replace(
                array.dtype.str.encode(), draw.choice((b"|O", b"<f9", b"|V99", b"<U999999999"))
            )
    return data


PICTURES = (("PNG", "L"), ("PNG", "RGBA"), ("PNG", "I;16"), ("JPEG", "RGB"), ("BMP", "RGB"), ("GIF", "P"), ("WEBP", "RGB"), ("TIFF", "F"), ("PPM", "L"))  # fmt: skip


def drawn(draw: random.Random) -> bytes:
    kind, mode = draw.choice(PICTURES)
    grey = np.random.default_rng(draw.randrange(2**32)).integers(0, 256, (9, 7))
    image = Image.fromarray(grey.astype({"I;16": "uint16", "F": "float32"}.get(mode, "uint8")))
    buffer = io.BytesIO()
    (image if image.mode == mode else image.convert(mode)).save(buffer, kind)
    return buffer.getvalue()


def picture(folder: Path, draw: random.Random) -> None:
    path = folder / "it.png"
    data = draw.choice((drawn(draw), b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nquit\n"))
    path.write_bytes(broken(data, draw) if draw.random() < 0.9 else data)
    picture_at(path)


def folders(folder: Path, draw: random.Random) -> None:
    root = write_folders(folder / "all", {"a": [(6, 5)] * 3, "b": [(6, 5)] * 3})
    for victim in draw.sample(sorted(root.rglob("*.png")), draw.randint(1, 3)):
        match draw.randrange(4):
            case 0:
                victim.unlink()
            case 1:
                victim.rename(
                    victim.with_name(draw.choice((".hidden.png", "ä" * 60 + ".jpg", "img.txt", "x.zip")))
                )
            case 2:
                victim.write_bytes(drawn(draw))
            case _:
                victim.write_bytes(broken(victim.read_bytes(), draw))
    if draw.random() < 0.4:
        packed = folder / "all.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            for file in sorted(root.rglob("*.*")):
                archive.write(file, draw.choice(("", "", "../", "/")) + str(file.relative_to(root)))
        if draw.random() < 0.5:
            packed.write_bytes(broken(packed.read_bytes(), draw))
        root = packed
    source_at(root).make()


def settings(folder: Path, draw: random.Random) -> None:
    path = folder / "it.ini"
    kept = Settings(QSettings(str(path), QSettings.Format.IniFormat))
    kept.theme, kept.reduce_motion, kept.geometry, kept.layout = (
        "dark",
        True,
        QByteArray(b"abc"),
        QByteArray(b"\x00\xff"),
    )
    kept.add_recent(folder / "a.json")
    kept._store.sync()
    text = path.read_bytes()
    if draw.random() < 0.5:
        odd = draw.choice(
            (
                b"@Invalid()",
                b"@ByteArray(a), @ByteArray(b)",
                b"@Variant(\\0)",
                b"a" * 9000,
                b"%00%ff",
                b"1e999",
            )
        )
        lines = text.splitlines()
        at = draw.randrange(len(lines))
        lines[at] = lines[at].partition(b"=")[0] + b"=" + odd
        text = b"\n".join(lines)
    path.write_bytes(broken(text, draw) if draw.random() < 0.5 else text)
    again = Settings(QSettings(str(path), QSettings.Format.IniFormat))
    for name in (n for n, value in vars(Settings).items() if isinstance(value, property)):
        getattr(again, name)


KINDS: tuple[Callable[[Path, random.Random], None], ...] = (
    project, project, weights, idx, npz, picture, folders, settings,
)  # fmt: skip


def case(seed: int, folder: Path) -> str:
    draw = random.Random(seed)
    kind = draw.choice(KINDS)
    try:
        kind(folder, draw)
    except (EngineError, files.FileError) as refusal:
        said = str(refusal)
        assert 0 < len(said) < LONGEST, f"a refusal of {len(said)} letters: {said[:300]}"
        assert said.rstrip().endswith((".", "?", "!", ")", "…")), f"no sentence: {said}"
        return f"{kind.__name__} refused"
    return f"{kind.__name__} opened"
