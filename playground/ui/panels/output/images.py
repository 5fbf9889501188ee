"""Pictures: which class the network sees in each sample, and how sure it is of every class."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout

from engine.data import Prepared
from engine.network import INPUT
from playground.document.project import Project
from playground.runner.messages import OWN, Maps, Predictions, Want
from playground.ui.kit.colours import sample_image
from playground.ui.kit.points import rows_of, size_of
from playground.ui.kit.view import Context
from playground.ui.panels.output.part_bar import PartBar
from playground.ui.panels.output.picture import PacedPicture
from playground.ui.panels.output.samples import Sample, SampleCard, SampleGrid

Array = NDArray[Any]

#: how many samples are searched for wrong ones
SEARCHED = 1000


class Images(PacedPicture):
    """The chosen sample large, above a page of others."""

    name = "Pictures"

    def __init__(self, context: Context, project: Project, data: Prepared) -> None:
        super().__init__(context, project, data)
        self.setObjectName("images")
        self.set_title("Predictions")
        self.bar = PartBar(pages=True)
        self.card, self.grid = SampleCard(context.theme), SampleGrid(context.theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.card)
        layout.addWidget(self.bar)
        layout.addWidget(self.grid, 1)
        self._first = 0  # of the page, among the samples shown
        self._pictures: dict[int, QImage] = {}  # by row of the raw data
        self._brightness = (0.0, 1.0)  # of the whole set: black and white
        self.bar.part_changed.connect(self._part_changed)
        self.bar.part_changed.connect(lambda _: self.part_changed.emit())
        self.bar.paged.connect(self._turn)
        self.bar.wrong_changed.connect(lambda on: self._turn_to(0))
        self.grid.paged.connect(self._turn)
        self.grid.chosen.connect(lambda index: self.context.focus.choose_sample(self.bar.part, index))
        context.focus.sample_changed.connect(self._sample_changed)

    @staticmethod
    def suits(data: Prepared) -> bool:
        return data.raw.is_image and bool(data.raw.classes)

    @property
    def part(self) -> str:
        return self.bar.part

    # ---- what it is given ----------------------------------------------------------------------------------------------

    def wants(self) -> list[Want]:
        chosen = self._chosen()
        own = [Maps(INPUT, *chosen)] if chosen and chosen[0] == OWN else []
        return [self._page_want(), *([Predictions(chosen[0], chosen[1], 1)] if chosen else []), *own]

    def _page_want(self) -> Predictions:
        size = size_of(self.data, self.bar.part)
        if self.bar.wrong.isChecked():
            return Predictions(self.bar.part, 0, min(SEARCHED, size))
        return Predictions(self.bar.part, self._first, min(self.grid.capacity(), size - self._first))

    def _chosen(self) -> tuple[str, int] | None:
        """The sample that everybody looks at, if the data have it; or the person's own picture."""
        part, index = self.context.focus.seen
        if part == OWN:
            return part, index
        return (part, index) if 0 <= index < size_of(self.data, part) else None

    def fill(self) -> None:
        raw = self.data.raw
        self.bar.show_data(self.data)
        self._frame, self._first = None, 0
        self._pictures.clear()
        self._brightness = (float(raw.x.min()), float(raw.x.max()))
        self.redraw()

    # ---- drawing -------------------------------------------------------------------------------------------------------

    def redraw(self) -> None:
        classes, chosen = self.data.raw.classes, self._chosen()
        part = self.bar.part
        samples, count = self._page()
        self.grid.show_samples(samples, classes, chosen[1] if chosen and chosen[0] == part else -1)
        self.bar.show_page(self._first + 1 if samples else 0, self._first + len(samples), count)
        if chosen is None:
            self.card.show_sample(None, "", classes)
        else:
            shares = self._shares(Predictions(chosen[0], chosen[1], 1))
            one = None if shares is None else shares[0]
            own = chosen[0] == OWN
            self.card.show_sample(
                self._own(chosen[1], one) if own else self._sample(*chosen, one), chosen[0], classes
            )

    def _page(self) -> tuple[list[Sample], int]:
        """The samples of this page, and how many there are to page through."""
        part, want, room = self.bar.part, self._page_want(), self.grid.capacity()
        shares = self._shares(want)
        if not self.bar.wrong.isChecked():
            row = [None] * want.count if shares is None else list(shares)
            return [self._sample(part, want.start + i, one) for i, one in enumerate(row)], size_of(
                self.data, part
            )
        if shares is None:
            return [], 0
        truth = self.data.raw.y[rows_of(self.data, part)[: len(shares)]]
        wrong = (shares.argmax(axis=1) != truth).nonzero()[0].tolist()
        self._first = min(self._first, max(0, (len(wrong) - 1) // room * room))
        page = wrong[self._first : self._first + room]
        return [self._sample(part, index, shares[index]) for index in page], len(wrong)

    def _shares(self, want: Predictions) -> Array | None:
        """The newest answer to ``want``; ``None`` where there is none."""
        return None if self._frame is None else self._frame.answer(want)

    def _sample(self, part: str, index: int, shares: Array | None) -> Sample:
        row = int(rows_of(self.data, part)[index])
        if row not in self._pictures:
            self._pictures[row] = sample_image(self.data.raw.x[row].astype("float32"), *self._brightness)
        return Sample(index, self._pictures[row], int(self.data.raw.y[row]), shares)

    def _own(self, number: int, shares: Array | None) -> Sample:
        """The person's own picture, as the network reads it."""
        found = None if self._frame is None else self._frame.answer(Maps(INPUT, OWN, number))
        image = QImage()
        if found is not None and found.ndim == 3:
            image = sample_image(found.astype("float32"), float(found.min()), float(found.max()))
        return Sample(number, image, -1, shares)

    # ---- gestures ------------------------------------------------------------------------------------------------------

    def _part_changed(self, part: str) -> None:
        self._turn_to(0)

    def _turn(self, step: int) -> None:
        self._turn_to(self._first + step * self.grid.capacity())

    def _turn_to(self, first: int) -> None:
        size = size_of(self.data, self.bar.part)
        if self.bar.wrong.isChecked():
            size = self._page()[1] or 1
        room = self.grid.capacity()
        self._first = max(0, min(first, (size - 1) // room * room))
        self.redraw()

    def _sample_changed(self, sample: tuple[str, int]) -> None:
        self.redraw()
