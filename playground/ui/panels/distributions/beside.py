"""What the numbers are laid over: nothing, a moment that was held, or a run that was trained beside."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox

from engine.distributions import Distributions
from engine.errors import clipped
from playground.runner.messages import KeptSpreads
from playground.runs.kept import Entry
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import count
from playground.ui.kit.widgets import ComboBox

NOTHING, HOLD, HELD = "Beside: nothing", "Hold this moment", "held: epoch {}"
#: kept runs that are offered, the newest
MOST = 20


class BesideBox(ComboBox):
    """Chooses the other run. ``changed`` when it is another one.

    Args:
        entries: gives the kept runs that can be laid under, newest first, each with what differs in words and its file.
    """

    changed = Signal()

    def __init__(self, entries: Callable[[], list[tuple[Entry, str, str]]]) -> None:
        super().__init__()
        self.setObjectName("beside")
        self.setAccessibleName("What the numbers are laid over")
        self.setToolTip(
            "Lay another moment or another run under this one, in a second colour: hold this moment, change something, and see what it "
            "did; or choose a run of the Runs panel."
        )
        self.setFont(small(self.font()))
        self.setMinimumContentsLength(15)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._entries, self.held, self.now = entries, None, None
        self.want: KeptSpreads | None = None
        self.refill()
        self.activated.connect(self._activated)

    held: Distributions | None  #: the moment that was held
    now: Distributions | None  #: the one that can be

    def showPopup(self) -> None:
        self.refill()
        self.view().setMinimumWidth(
            self.view().sizeHintForColumn(0) + 24
        )  # in the box there is no room for all that differs
        super().showPopup()

    def clear_all(self) -> None:
        """Another project: nothing is beside it."""
        self.held, self.want = None, None
        self.refill()

    def refill(self) -> None:
        """Offer what there is now."""
        chosen = self.currentData() if self.count() else None
        self.clear()
        self.addItem(NOTHING, None)
        if self.held is not None:
            self.addItem(HELD.format(count(self.held.epoch)), HELD)
        self.addItem(HOLD, HOLD)
        for entry, words, file in self._entries()[:MOST]:
            self.addItem(
                clipped(f"run: {words}, seed {entry.trial.seed}, epoch {count(entry.result.epoch)}", 60), file
            )
        self.setCurrentIndex(max(0, self.findData(chosen)) if chosen is not None else 0)

    def _activated(self, index: int) -> None:
        data = self.itemData(index)
        if data == HOLD:
            self.held = self.now
            self.refill()
            self.setCurrentIndex(max(0, self.findData(HELD)))
            data = self.currentData()
        self.want = KeptSpreads(data) if data not in (None, HELD) else None
        self.changed.emit()

    @property
    def name(self) -> str:
        """Of what is beside, for the key of colours; "" for nothing."""
        return "" if self.currentData() is None else self.currentText()
