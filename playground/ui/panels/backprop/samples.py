"""Whose numbers are followed: one sample of the batch, or the batch as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from engine.trace import Outcomes, Trace, sample_outcomes
from playground.runner.messages import OWN
from playground.ui.kit.icons import icon
from playground.ui.kit.numbers import fmt
from playground.ui.kit.stepper import Stepper
from playground.ui.kit.text import RIGHT, WRONG
from playground.ui.kit.theme import Theme
from playground.ui.kit.widgets import ComboBox, filled, named, tool


@dataclass(frozen=True)
class Entry:
    """One line of the picker: ``sample`` is a place in the batch, ``None`` all of it.

    ``anew``: the update is to be recorded anew, with ``guest`` in it or (``None``) as it comes.
    """

    sample: int | None
    words: str
    anew: bool = False
    guest: tuple[str, int] | None = None


def entries(trace: Trace, by_loss: bool, seen: tuple[str, int] | None = None) -> tuple[Entry, ...]:
    """The whole batch, then its samples: in their order, or the highest loss first. What is not kept comes last.

    ``seen``: the sample that somebody looks at; where the batch lacks it, it can be followed in it all the same.
    """
    outcomes = sample_outcomes(trace)
    order = np.argsort(-outcomes.losses, kind="stable") if by_loss else range(len(trace.samples))
    found = [Entry(None, f"whole batch ({trace.size})")] if trace.size > 1 else []
    found += [Entry(trace.samples[int(row)], _words(trace, outcomes, int(row))) for row in order]
    others = sorted(set(range(trace.size)) - set(trace.samples))
    found += [Entry(n, f"{n + 1} · not recorded yet") for n in others]
    if trace.guest is not None:
        found.append(Entry(-1, "the batch as it comes", anew=True))
    if seen is not None and seen != trace.guest and not (seen[0] == "train" and seen[1] in trace.batch):
        found.append(Entry(-1, f"{guest_in_words(seen)}, in the place of 1", anew=True, guest=seen))
    return tuple(found)


def _words(trace: Trace, outcomes: Outcomes, row: int) -> str:
    n = trace.samples[row]
    label = trace.labels[n]
    said = f"class {int(label)}" if outcomes.right is not None else f"target {_numbers(label)}"
    if len(trace.shapes[trace.network.output_id]) > 1:
        said = "a picture"
    mark = "" if outcomes.right is None else f" {RIGHT if outcomes.right[row] else WRONG}"
    which = guest_in_words(trace.guest) if trace.guest is not None and n == 0 else f"{n + 1}"
    return f"{which} · {said}{mark} · loss {fmt(float(outcomes.losses[row]))}"


def _numbers(label: object) -> str:
    values = np.ravel(np.asarray(label, np.float64))
    words = ", ".join(fmt(float(v)) for v in values[:3])
    return words if len(values) <= 3 else f"{words}, …"


def guest_in_words(guest: tuple[str, int]) -> str:
    """ "validation sample 7", "your picture"."""
    part, index = guest
    return "your picture" if part == OWN else f"{part} sample {index + 1}"


class SamplePicker(QWidget):
    """Index, label, right or wrong, loss; the switch beside it brings the highest loss to the top."""

    def __init__(self, stepper: Stepper, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("backprop_samples")
        self._stepper = stepper
        self._trace: Trace | None = None
        self._entries: tuple[Entry, ...] = ()
        tip = (
            "Whose values and gradients are shown: one sample of this batch (number, label, right or wrong, loss), "
            "or the whole batch, whose gradients add up."
        )
        self.box = named(ComboBox(), "backprop_sample", "Sample", tip)
        self.box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.box.setMaxVisibleItems(16)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(9)
        self.box.view().setTextElideMode(Qt.TextElideMode.ElideNone)
        tip = "List the samples with the highest loss first: what the network finds hardest."
        picture = icon("sort-descending", theme)
        self.by_loss = tool("backprop_by_loss", "Highest loss first", tip, None, picture, checkable=True)
        self.by_loss.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        filled(QHBoxLayout(self), self.box, self.by_loss, gap=4)
        self.box.activated.connect(self._chosen)
        self.by_loss.toggled.connect(self._fill)
        stepper.moved.connect(self._refresh)
        stepper.looks_changed.connect(self._fill)

    def _refresh(self) -> None:
        walk = self._stepper.walk
        if walk is None:
            self._trace = None
            return
        if walk.trace is not self._trace:
            self._trace = walk.trace
            self._fill()
        self._select(walk.sample)

    def _fill(self) -> None:
        if self._trace is None:
            return
        self._entries = entries(self._trace, self.by_loss.isChecked(), self._stepper.looked_at)
        self.box.clear()
        self.box.addItems([entry.words for entry in self._entries])
        self.by_loss.setEnabled(self._trace.size > 1)
        widest = max(self.box.fontMetrics().horizontalAdvance(entry.words) for entry in self._entries[:200])
        self.box.view().setMinimumWidth(widest + 40)
        if self._stepper.walk is not None:
            self._select(self._stepper.walk.sample)

    def _select(self, sample: int | None) -> None:
        at = next((i for i, entry in enumerate(self._entries) if entry.sample == sample), 0)
        if at != self.box.currentIndex():
            self.box.setCurrentIndex(at)

    def _chosen(self, i: int) -> None:
        entry = self._entries[i]
        if entry.anew:
            self._stepper.begin(guest=entry.guest)
        else:
            self._stepper.choose_sample(entry.sample)
