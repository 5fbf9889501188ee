"""Films of a run: which moments, what is seen at each, as which file, how large; and that the window goes on meanwhile."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from playground import app
from playground.document.examples import example
from playground.runner.messages import Step
from playground.runner.session import Session
from playground.ui.kit.theme import LIGHT
from playground.ui.shell.film import encoding
from playground.ui.shell.film.dialog import FilmDialog
from playground.ui.shell.film.encoding import FilmError, Picture, encoded, palette_of
from playground.ui.shell.film.shooting import FIRST, LAST, Plan, caption, moments, shot, tables_of
from playground.ui.shell.snapshot import Scene
from tests.ui.shell import Shell, ToldRunner


def frames_of(data: bytes) -> list[tuple[np.ndarray, int]]:
    image, found = Image.open(io.BytesIO(data)), []
    for i in range(image.n_frames):
        image.seek(i)
        pixels = np.asarray(image.convert("RGB"))  # what lasts how long is known once it is decoded
        found.append((pixels, int(image.info["duration"])))
    return found


def drifting(count: int = 6, size: int = 48) -> list[Picture]:
    """Pictures of a boundary that moves, in the colours of a look-up table."""
    table = tables_of(LIGHT, 2)[0]
    x = np.linspace(0, 255, size)
    rows = [np.clip(x[None, :] + 20 * i - 60 + 0 * x[:, None], 0, 255).astype(int) for i in range(count)]
    return [Picture(table[row], 100) for row in rows]


@pytest.fixture(scope="module")
def session() -> Session:
    return app.train(example("xor").project, 6, lambda done: None)


# --- which moments ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "pictures", "per_epoch", "expected"),
    [
        (0, 4, 5, 10, [0, 10, 20, 30, 40]),
        (1, 2, 3, 10, [10, 15, 20]),
        (0, 1, 60, 3, [0, 1, 2, 3]),
        (2, 2.1, 1, 100, [200, 210]),
    ],
)
def test_moments_lie_evenly_from_the_first_epoch_to_the_last(
    first, last, pictures, per_epoch, expected
) -> None:
    assert moments(first, last, pictures, per_epoch) == expected


def test_each_picture_is_of_its_moment(qapp, session: Session) -> None:
    done: list[float] = []
    plan = Plan(Scene("output", (300, 260)), 0, 6, 4, 240, title="XOR")
    pictures = list(shot(session, plan, done.append))
    assert done == [0.25, 0.5, 0.75, 1.0]
    assert [one.milliseconds for one in pictures] == [FIRST, 100, 100, LAST]
    assert {one.pixels.shape[1:] for one in pictures} == {(240, 3)}
    alone = list(
        shot(session, Plan(Scene("output", (300, 260)), 6 - 1e-9, 6, 2, 240, title="XOR"), done.append)
    )
    np.testing.assert_array_equal(alone[-1].pixels, pictures[-1].pixels)
    assert not np.array_equal(pictures[0].pixels, pictures[-1].pixels)
    assert session.trainer is not None
    assert session.trainer.epoch == 6


def test_a_caption_stands_below_or_not(qapp, session: Session) -> None:
    with_it, without = (
        next(
            shot(
                session, Plan(Scene("network", (400, 200)), 0, 1, 2, 200, captions=wanted), lambda share: None
            )
        ).pixels
        for wanted in (True, False)
    )
    assert without.shape[0] == 100
    assert with_it.shape[0] > 100
    session.go_to(0)
    assert caption(session.frame(), 3).startswith("epoch \u2007\u20070   validation loss ")


def test_the_whole_window(qapp, session: Session) -> None:
    (first, *_) = shot(
        session, Plan(Scene("window", (1000, 640)), 0, 1, 2, 500, captions=False), lambda share: None
    )
    assert first.pixels.shape == (320, 500, 3)
    assert len(np.unique(first.pixels.reshape(-1, 3), axis=0)) > 100


def test_nothing_to_film(qapp) -> None:
    fresh = app.train(example("xor").project, 0, lambda done: None)
    with pytest.raises(FilmError, match="not been trained yet"):
        next(shot(fresh, Plan(Scene("output")), lambda share: None))
    fresh.go_to(0)


def test_more_pictures_than_memory_are_refused(qapp, session: Session, monkeypatch) -> None:
    monkeypatch.setattr("playground.ui.shell.film.shooting.MOST_PIXELS", 10_000)
    with pytest.raises(FilmError, match="fewer, or a narrower film"):
        next(shot(session, Plan(Scene("output", (300, 260)), 0, 6, 6, 240), lambda share: None))


# --- as a file ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_every_picture_is_there_as_long_as_it_is_to_be_seen(kind: str) -> None:
    pictures = [
        Picture(one.pixels, ms) for one, ms in zip(drifting(), (700, 100, 100, 100, 100, 2000), strict=True)
    ]
    made = encoded(pictures, kind, tables=tables_of(LIGHT, 2))
    found = frames_of(made.data)
    assert [ms for _, ms in found] == [700, 100, 100, 100, 100, 2000]
    assert made.size == (48, 48)
    for (pixels, _), one in zip(found, pictures, strict=True):
        assert np.abs(pixels.astype(int) - one.pixels).max() <= (0 if kind == "gif" else 24)


def test_a_gif_keeps_the_colours_of_the_tables_exactly() -> None:
    table = tables_of(LIGHT, 2)[0]
    codes = np.unique(
        (table[:, 0].astype(np.uint32) << 16) | (table[:, 1].astype(np.uint32) << 8) | table[:, 2]
    )[::2]
    others = np.setdiff1d(np.random.default_rng(0).integers(0, 1 << 24, 4000, dtype=np.uint32), codes)
    colours = np.union1d(codes, others)
    counts = np.where(np.isin(colours, codes), 5, 1)
    palette = palette_of(colours, counts, [table])
    assert len(palette) <= encoding.COLOURS
    kept = {tuple(row) for row in palette.astype(int)}
    wanted = {(int(c) >> 16, int(c) >> 8 & 255, int(c) & 255) for c in codes}
    assert len(kept & wanted) == min(len(wanted), encoding.OF_TABLES)


def test_few_colours_are_all_kept() -> None:
    colours = np.array([0, 255, 0xFFFFFF], np.uint32)
    assert palette_of(colours, np.ones(3, np.int64), []).tolist() == [[0, 0, 0], [0, 0, 255], [255, 255, 255]]


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_it_fits_or_says_that_it_cannot(kind: str) -> None:
    noise = np.random.default_rng(0)
    pictures = [Picture(noise.integers(0, 256, (64, 96, 3)).astype(np.uint8), 50) for _ in range(8)]
    whole = len(encoded(pictures, kind).data)
    made = encoded(pictures, kind, whole // 3)
    assert len(made.data) <= whole // 3
    assert made.note.startswith("To fit, it has ")
    assert sum(ms for _, ms in frames_of(made.data)) == 400
    with pytest.raises(FilmError, match="narrower film, fewer pictures or a larger limit"):
        encoded(pictures, kind, 300)


def test_mp4_where_its_package_is_installed(monkeypatch) -> None:
    if find_spec("av") is None:
        with pytest.raises(FilmError, match=r"chainrule-playground\[film\]"):
            encoded(drifting(), "mp4")
        pytest.skip("PyAV is not installed: no MP4")
    import av

    pictures = [Picture(one.pixels[:45, :47], 100) for one in drifting()]  # odd sides, which H.264 has not
    made = encoded(pictures, "mp4")
    with av.open(io.BytesIO(made.data)) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert shown[0].shape == (46, 48, 3)
    assert np.abs(shown[5][:45, :47].astype(int) - pictures[5].pixels).mean() < 12


def test_where_the_package_is_missing_it_is_offered(monkeypatch) -> None:
    monkeypatch.setattr(encoding, "find_spec", lambda name: None)
    with pytest.raises(FilmError, match=r"pip install 'chainrule-playground\[film\]'"):
        encoded(drifting(), "mp4")


# --- the dialog ---------------------------------------------------------------------------------------------------------


def opened(shell: Shell) -> FilmDialog:
    shell.window.actions_["file.film"].trigger()
    dialog = shell.window.findChild(FilmDialog)
    assert dialog is not None
    shell.qtbot.waitExposed(dialog)
    return dialog


def test_without_an_epoch_there_is_nothing_to_save(qtbot, tmp_path: Path) -> None:
    dialog = opened(Shell(qtbot, example("xor").project, tmp_path, ToldRunner()).show())
    assert not dialog.saves.isEnabled()
    assert "not finished an epoch" in dialog.said.text()
    dialog.reject()


@pytest.mark.slow
def test_a_run_is_filmed_beside_the_window(qtbot, tmp_path: Path) -> None:
    shell = Shell(qtbot, example("xor").project, tmp_path / "shell").show().until_ready()
    for epoch in (1, 2, 3):
        shell.runner.send(Step("epoch"))
        qtbot.waitUntil(lambda epoch=epoch: shell.frame.epoch == epoch)
    dialog = opened(shell)
    assert (dialog.first.value(), dialog.last.value()) == (0, 3)
    dialog.pictures.setValue(4)
    dialog.start(tmp_path / "it.webp")
    assert dialog.cancels.isVisible()
    assert not dialog.what.isEnabled()
    qtbot.waitUntil(lambda: not dialog.busy, timeout=120_000)
    assert dialog.said.text().startswith("Saved as it.webp: 4 pictures of 480 × "), dialog.said.text()
    assert len(frames_of((tmp_path / "it.webp").read_bytes())) == 4
    assert dialog.picture.movie() is not None
    dialog.start(tmp_path / "other.webp")
    QTest.mouseClick(dialog.cancels, Qt.MouseButton.LeftButton)
    assert dialog.said.text() == "Cancelled: nothing was saved."
    assert dialog.saves.isVisible()
    assert not (tmp_path / "other.webp").exists()
    dialog.reject()
