"""Files of pictures, written for tests."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
from PIL import Image

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (12, 6, 5), dtype=np.uint8)
LABELS = np.arange(12, dtype=np.uint8) % 3


def idx(pixels: np.ndarray, magic: int) -> bytes:
    return struct.pack(f">{1 + pixels.ndim}I", magic, *pixels.shape) + pixels.tobytes()


def write_idx(
    folder: Path, packed: bool = False, pixels: np.ndarray = PIXELS, labels: np.ndarray = LABELS
) -> Path:
    """MNIST's two files; returns the one of pictures."""
    ending, pack = (".gz", gzip.compress) if packed else ("", bytes)
    (folder / f"t10k-labels-idx1-ubyte{ending}").write_bytes(pack(idx(labels, 0x801)))
    path = folder / f"t10k-images-idx3-ubyte{ending}"
    path.write_bytes(pack(idx(pixels, 0x803)))
    return path


def write_folders(root: Path, sizes: dict[str, list[tuple[int, int]]], mode: str = "L") -> Path:
    """A folder per class with pictures of these sizes (width, height), each of one brightness."""
    for name, those in sizes.items():
        (root / name).mkdir(parents=True)
        for number, size in enumerate(those):
            Image.new(mode, size, 20 * number if mode == "L" else (20 * number, 0, 255)).save(
                root / name / f"img{number}.png"
            )
    return root


def write_npz(folder: Path, **arrays: np.ndarray) -> Path:
    path = folder / "set.npz"
    np.savez_compressed(path, **arrays)
    return path


def cut(path: Path, to: int) -> None:
    """Keep the first bytes only."""
    path.write_bytes(path.read_bytes()[:to])
