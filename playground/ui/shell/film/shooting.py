"""A run as pictures: a session is brought to one moment after another, and a view painted off screen at each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter

from playground.ui.kit.numbers import fmt
from playground.ui.kit.theme import Theme, lut
from playground.ui.shell import figures
from playground.ui.shell.film.encoding import FilmError, Picture, Pixels, Table
from playground.ui.shell.snapshot import Scene, Stage, stage

if TYPE_CHECKING:
    from playground.runner.messages import Frame
    from playground.runner.session import Session

#: pictures of a film at most, and the pixels of all of them together: they are in memory until it is written
MOST, MOST_PIXELS = 600, 250_000_000
#: milliseconds of the first picture and of the last one, at least: a film that loops is seen to begin and to end
FIRST, LAST = 700, 2000
#: rounds in which a view has settled at a new moment: in the first it asks, in the second it is answered
ROUNDS = 3
#: height of a caption and size of its text, as shares of a picture's width, and the bounds of both in pixels
BAND, TEXT, LEAST, MOST_BAND = 0.056, 0.5, 22, 56
#: as wide as a digit
FIGURE_SPACE = "\u2007"


@dataclass(frozen=True)
class Plan:
    """What is to be filmed.

    Args:
        scene: what is seen.
        first, last: epochs; ``None`` for the last one that there is.
        pictures: how many, evenly over the epochs; there are no more than updates.
        width: in pixels.
        milliseconds: how long each is seen.
        captions: whether the epoch and the scores stand below.
        title: in the caption.
    """

    scene: Scene = field(default_factory=Scene)
    first: float = 0.0
    last: float | None = None
    pictures: int = 60
    width: int = 640
    milliseconds: int = 100
    captions: bool = True
    title: str = ""


def moments(first: float, last: float, pictures: int, per_epoch: int) -> list[int]:
    """The updates, ascending, after which ``pictures`` are taken, from the epoch ``first`` to ``last``."""
    low, high = round(first * per_epoch), round(last * per_epoch)
    count = min(max(2, pictures), high - low + 1)
    return sorted({round(float(step)) for step in np.linspace(low, high, count)})


def shot(session: Session, plan: Plan, tell: Callable[[float], object]) -> Iterator[Picture]:
    """The pictures, in turn; ``tell`` is told the share of them that is done.

    Raises FilmError where there is nothing to film.
    """
    trainer = session.trainer
    if trainer is None:
        raise FilmError(f"There is no run to film. {session.message}".strip())
    frame = session.frame()
    per_epoch = -(-len(trainer.train) // min(trainer.fit.batch_size, len(trainer.train)))
    # Where samples were added on the way, epochs have had fewer updates: counted from here, as from here on they are right.
    offset = trainer.steps - round((trainer.epoch + trainer.part_of_epoch) * per_epoch)
    latest = (frame.latest_step - offset) / per_epoch
    earliest = max(0.0, (frame.earliest_step - offset) / per_epoch)
    last = latest if plan.last is None else min(plan.last, latest)
    first = max(plan.first, earliest)
    if last <= first:
        why = (
            f"it goes from epoch {earliest:g} to {latest:g}"
            if latest > earliest
            else "it has not been trained yet"
        )
        raise FilmError(f"There is nothing to film: {why}. Train it, or choose other epochs.")
    steps = moments(first, last, min(plan.pictures, MOST), per_epoch)
    with stage(session, plan.scene) as shown:
        for number, step in enumerate(steps):
            session.go_to(step + offset)
            shown.show(ROUNDS)
            pixels = painted(shown, plan, len(f"{last:,.0f}"))
            if number == 0 and pixels.size // 3 * len(steps) > MOST_PIXELS:
                raise FilmError(
                    f"{len(steps)} pictures of {pixels.shape[1]} × {pixels.shape[0]} pixels are more than memory is given for. "
                    "Choose fewer, or a narrower film."
                )
            yield Picture(pixels, _time(number, len(steps), plan.milliseconds))
            tell((number + 1) / len(steps))


def _time(number: int, pictures: int, milliseconds: int) -> int:
    if number == pictures - 1:
        return max(LAST, milliseconds)
    return max(FIRST, milliseconds) if number == 0 else milliseconds


def painted(shown: Stage, plan: Plan, digits: int = 1) -> Pixels:
    """What is seen now, (height, width, 3) RGB, with its caption, whose epoch has so many ``digits`` in the end."""
    view, theme = shown.window, shown.theme
    factor = plan.width / view.width()
    height = round(view.height() * factor)
    band = round(min(MOST_BAND, max(LEAST, plan.width * BAND))) if plan.captions else 0
    image = QImage(plan.width, height + band, QImage.Format.Format_RGB888)
    image.fill(QColor(theme.panel))
    painter = QPainter(image)
    painter.save()
    painter.scale(factor, factor)
    figures.draw(view, painter, theme.panel)
    painter.restore()
    if band:
        _write(painter, QRectF(0, height, plan.width, band), caption(shown.frame, digits), plan.title, theme)
    painter.end()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def caption(frame: Frame, digits: int = 1) -> str:
    """The epoch and what is known of the scores; the epoch as wide as one of ``digits``, so that what follows stands still."""
    words = [f"epoch {f'{frame.epoch:,}'.rjust(digits, FIGURE_SPACE)}"]
    for name, train, validation in (
        ("loss", frame.train_loss, frame.validation_loss), (frame.metric_name, frame.train_metric, frame.validation_metric),
    ):  # fmt: skip
        value, of = (train, "train") if math.isnan(validation) else (validation, "validation")
        if name and not math.isnan(value):
            words.append(f"{of} {name} {fmt(value)}")
    return "   ".join(words)


def _write(painter: QPainter, band: QRectF, words: str, title: str, theme: Theme) -> None:
    """The caption to the left, the title, if there is room, to the right."""
    painter.fillRect(band, QColor(theme.window))
    margin = band.height() * 0.45
    inner = band.adjusted(margin, 0, -margin, 0)
    font = QFont(painter.font())
    font.setPixelSize(max(9, round(band.height() * TEXT)))
    while QFontMetricsF(font).horizontalAdvance(words) > inner.width() and font.pixelSize() > 7:
        font.setPixelSize(font.pixelSize() - 1)
    painter.setFont(font)
    painter.setPen(QColor(theme.text))
    painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
    metrics = QFontMetricsF(font)
    left = inner.width() - metrics.horizontalAdvance(words) - 2 * margin
    short = metrics.elidedText(title, Qt.TextElideMode.ElideRight, left) if left > 6 * margin else ""
    painter.setPen(QColor(theme.muted))
    painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, short)


def tables_of(theme: Theme, classes: int) -> Sequence[Table]:
    """The look-up tables that pictures of numbers are painted with."""
    from playground.ui.kit import colours

    made = (
        colours.binary_table(theme), colours.class_table(theme, max(2, min(classes, 64))), colours.signed_table(theme),
        colours.gradient_table(theme),
    )  # fmt: skip
    tables = [np.array([[c >> 16 & 255, c >> 8 & 255, c & 255] for c in table], np.uint8) for table in made]
    return [*tables, lut(("#000000", "#ffffff"))]
