"""Pictures one after another as a file: WebP, GIF or MP4, small enough for where it goes."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError, in_bytes

Pixels = NDArray[np.uint8]
Table = NDArray[np.uint8]

#: kinds of films by their ending
KINDS = {"webp": "WebP", "gif": "GIF", "mp4": "MP4"}
#: how a person installs what MP4 needs
INSTALL_MP4 = "pip install 'chainrule-playground[film]'"
#: colours of a GIF; of them so many at most are those of the look-up tables, as writing and lines need some too
COLOURS, OF_TABLES = 256, 176
#: colours closer than this, as a distance in RGB, are one in a GIF
ALIKE = 9.0
#: of WebP (quality, more is better) and MP4 (constant rate factor, less is better): as it is tried, one after another, until the film fits
QUALITIES, FACTORS = (75, 55, 35), (20, 27, 33)
#: a film that does not fit is made this small at most, as a share of its width, before every other picture is left out
SMALLEST = 0.5
#: shortest time of a picture in a GIF, in milliseconds: less is slowed down by browsers
SHORTEST = 20
#: times that it is written anew to fit
ROUNDS = 10


class FilmError(EngineError):
    """A film cannot be made as asked for; the message says why and what to do."""


@dataclass(frozen=True)
class Picture:
    """One picture of a film.

    Args:
        pixels: RGB, (height, width, 3).
        milliseconds: how long it is seen.
    """

    pixels: Pixels
    milliseconds: int


@dataclass(frozen=True)
class Encoded:
    """A film as a file.

    Args:
        data: the file.
        size: width and height in pixels.
        pictures: how many there are.
        note: what was given up to make it fit; "" for nothing.
    """

    data: bytes
    size: tuple[int, int]
    pictures: int
    note: str = ""


def missing(kind: str) -> str:
    """What is not installed that ``kind`` needs, in a sentence; "" where all is there."""
    if kind != "mp4" or find_spec("av") is not None:
        return ""
    return f"MP4 needs one more package: {INSTALL_MP4}. WebP is as small, and needs none."


def encoded(
    pictures: Sequence[Picture], kind: str, limit: int | None = None, tables: Sequence[Table] = (),
    tell: Callable[[], object] = lambda: None,
) -> Encoded:  # fmt: skip
    """``pictures``, all of one size, as a file of one of ``KINDS``.

    Args:
        limit: bytes that it may have; where it has more, quality goes first, then width, then every other picture.
        tables: the look-up tables that the pictures were painted with, (n, 3 or more): a GIF keeps their colours exactly.
        tell: called whenever some of the work is done.

    Raises FilmError where a package is missing or the film cannot be made to fit.
    """
    why = missing(kind)
    if why:
        raise FilmError(why)
    write = {"webp": _webp, "gif": _gif, "mp4": _mp4}[kind]
    qualities = {"webp": QUALITIES, "gif": (0,), "mp4": FACTORS}[kind]
    full, shots, quality, share = list(pictures), list(pictures), 0, 1.0
    for _ in range(ROUNDS):
        data = write(_scaled(shots, share), qualities[quality], tables)
        tell()
        if limit is None or len(data) <= limit:
            height, width = _scaled(shots[:1], share)[0].pixels.shape[:2]
            return Encoded(data, (width, height), len(shots), _given_up(full, shots, share, quality))
        if quality + 1 < len(qualities):
            quality += 1
        elif share > SMALLEST:
            share = max(SMALLEST, share * min(0.9, (limit / len(data)) ** 0.5 * 0.97))
        elif len(shots) >= 4:
            shots, share = _thinned(shots), 1.0 if len(data) < 2 * limit else share
        else:
            break
    raise FilmError(
        f"The film has {in_bytes(len(data))} at the least; expected {in_bytes(limit or 0)} at most. "
        "Choose a narrower film, fewer pictures or a larger limit."
    )


def _given_up(full: Sequence[Picture], shots: Sequence[Picture], share: float, quality: int) -> str:
    given = []
    if quality:
        given.append("a lower quality")
    if share < 1.0:
        given.append(f"{share:.0%} of the width")
    if len(shots) < len(full):
        given.append(f"{len(shots)} of {len(full)} pictures")
    return f"To fit, it has {' and '.join(given)}." if given else ""


def _thinned(shots: Sequence[Picture]) -> list[Picture]:
    """Every other picture, seen as long as both, and the last one."""
    kept = [
        replace(one, milliseconds=one.milliseconds + next_.milliseconds)
        for one, next_ in zip(shots[:-1:2], shots[1:-1:2], strict=False)
    ]
    return [*kept, shots[-1]]


def _scaled(shots: Sequence[Picture], share: float) -> list[Picture]:
    if share == 1.0:
        return list(shots)
    from PIL import Image

    height, width = shots[0].pixels.shape[:2]
    size = max(2, round(width * share)), max(2, round(height * share))
    return [
        replace(one, pixels=np.asarray(Image.fromarray(one.pixels).resize(size, Image.Resampling.LANCZOS)))
        for one in shots
    ]


def _webp(shots: Sequence[Picture], quality: int, tables: Sequence[Table]) -> bytes:
    from PIL import Image

    first, *others = (Image.fromarray(one.pixels) for one in shots)
    file = io.BytesIO()
    first.save(
        file, "WEBP", save_all=True, append_images=others, duration=[one.milliseconds for one in shots], loop=0, quality=quality, method=2,

    )  # fmt: skip
    return file.getvalue()


# --- GIF ----------------------------------------------------------------------------------------------------------------


def _gif(shots: Sequence[Picture], quality: int, tables: Sequence[Table]) -> bytes:
    from PIL import Image

    codes = [_codes(one.pixels) for one in shots]
    colours, counts = _counted(codes)
    palette = palette_of(colours, counts, tables)
    index = _nearest(colours, palette)
    flat = palette.astype(np.uint8).ravel().tolist()
    made = []
    for one in codes:
        image = Image.fromarray(index[np.searchsorted(colours, one)])
        image.putpalette(flat)
        made.append(image)
    times = [max(SHORTEST, round(one.milliseconds, -1)) for one in shots]
    file = io.BytesIO()
    made[0].save(file, "GIF", save_all=True, append_images=made[1:], duration=times, loop=0, optimize=False)
    return file.getvalue()


def _codes(pixels: Pixels) -> NDArray[np.uint32]:
    """Each pixel's colour as one number, (height, width)."""
    r, g, b = (pixels[..., c].astype(np.uint32) for c in range(3))
    return ((r << np.uint32(16)) | (g << np.uint32(8)) | b).astype(np.uint32)


def _counted(codes: Sequence[NDArray[np.uint32]]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """All colours there are, ascending, and how many pixels have each."""
    found = [np.unique(one, return_counts=True) for one in codes]
    colours, where = np.unique(np.concatenate([c for c, _ in found]), return_inverse=True)
    counts = np.bincount(where, np.concatenate([n for _, n in found]), len(colours))
    return colours, counts.astype(np.int64)


def _rgb(codes: NDArray[np.uint32]) -> NDArray[np.float64]:
    return np.stack([codes >> 16 & 255, codes >> 8 & 255, codes & 255], axis=-1).astype(np.float64)


def palette_of(
    colours: NDArray[np.uint32], counts: NDArray[np.int64], tables: Sequence[Table]
) -> NDArray[np.float64]:
    """At most ``COLOURS`` colours (n, 3) for pixels of ``colours`` (as numbers), of which there are so many.

    All of them where they are few enough. Else those of ``tables`` that occur, and then what occurs most and is not there nearly.
    """
    if len(colours) <= COLOURS:
        return _rgb(colours)
    known = (
        np.unique(np.concatenate([_codes(table[None, :, :3])[0] for table in tables]))
        if tables
        else colours[:0]
    )
    own = np.isin(colours, known)
    kept = np.flatnonzero(own)
    if len(kept) > OF_TABLES:
        kept = kept[np.argsort(-counts[kept], kind="stable")[:OF_TABLES]]
    points, chosen = _rgb(colours), np.zeros((COLOURS, 3))
    n = len(kept)
    chosen[:n] = points[kept]
    for near in (ALIKE, 0.0):  # the second time round, where that leaves room
        for i in np.argsort(-counts, kind="stable")[: 40 * COLOURS]:
            if n == COLOURS:
                return chosen
            if n == 0 or np.abs(chosen[:n] - points[i]).sum(1).min() > near:
                chosen[n] = points[i]
                n += 1
    return chosen[:n]


def _nearest(colours: NDArray[np.uint32], palette: NDArray[np.float64]) -> Pixels:
    """The index in ``palette`` that is nearest to each colour."""
    from scipy.spatial import cKDTree

    return cKDTree(palette).query(_rgb(colours))[1].astype(np.uint8)


# --- MP4 ----------------------------------------------------------------------------------------------------------------


def _mp4(shots: Sequence[Picture], quality: int, tables: Sequence[Table]) -> bytes:
    import av

    height, width = (side + side % 2 for side in shots[0].pixels.shape[:2])  # H.264 halves the colours' sides
    file, at = io.BytesIO(), 0
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream(
            "libx264", rate=25, options={"crf": str(quality), "preset": "fast"}
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        last = replace(shots[-1], milliseconds=0)  # a picture is seen until the next one
        for one in (*shots, last):
            h, w = one.pixels.shape[:2]
            frame = av.VideoFrame.from_ndarray(
                np.pad(one.pixels, ((0, height - h), (0, width - w), (0, 0)), "edge"), "rgb24"
            )
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            container.mux(stream.encode(frame))
            at += one.milliseconds
        container.mux(stream.encode())
    return file.getvalue()
