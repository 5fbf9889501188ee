"""What augmentation makes of the training samples: pictures as they are and as the next epochs show them, or points before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.augmentation import Augmenter, check_augmentation
from engine.core import Array
from engine.data import epoch_order
from engine.errors import EngineError
from playground.document.project import data_of
from playground.ui.kit.colours import draw_image, sample_image
from playground.ui.kit.fonts import small
from playground.ui.kit.icons import icon
from playground.ui.kit.points import Look, draw_marker, look, marker_of
from playground.ui.kit.text import Label

if TYPE_CHECKING:
    from engine.data import Prepared
    from playground.document.project import Project
    from playground.ui.kit.theme import Theme

#: pictures: the sample as it is, and so many epochs of it
EPOCHS = 7
#: pictures side by side
COLUMNS = 4
#: of the points so many are drawn
MOST = 120
#: between the cells, in pixels
SPACE = 6


class AugmentationPreview(QWidget):
    """Shows, of the real training samples, what the network will be given; hidden while nothing is augmented."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("augmentation_preview")
        self._project: Project | None = None
        self._data: Prepared | None = None
        self._augmenter: Augmenter | None = None
        self._turn = 0  #: of samples, or of epochs where the samples are points
        self.words = Label()
        self.words.setObjectName("augmentation_words")
        self.words.setProperty("muted", True)
        self.words.setWordWrap(True)
        self.pictures, self.points = Pictures(theme), Points(theme)
        self.another = QPushButton()
        self.another.setObjectName("augmentation_another")
        self.another.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.another.clicked.connect(self._go_on)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for part in (self.words, self.pictures, self.points, self.another):
            layout.addWidget(part)
        self.another.setIcon(icon("skip-next-outline", theme))
        self.hide()

    def show_project(self, project: Project) -> None:
        """Show what ``project`` does to its samples; nothing where it does nothing, or cannot."""
        chain = project.fit.augmentation
        try:
            data = data_of(project)
            check_augmentation(chain, data.in_shape)
        except EngineError:
            chain = ()
        if not chain:
            self._data = self._augmenter = None
            self.hide()
            return
        if data is not self._data or self._project is None or project.seed != self._project.seed:
            self._augmenter = Augmenter(data.train.x, project.seed)
        self._project, self._data = project, data
        self._fill()
        self.show()

    def _go_on(self) -> None:
        self._turn += 1
        self._fill()

    def _fill(self) -> None:
        data = self._data
        if data is None:
            return
        images = data.train.is_image
        self.pictures.setVisible(images)
        self.points.setVisible(not images)
        name = "Another sample" if images else "Another epoch"
        self.another.setText(name)
        self.another.setAccessibleName(name)
        if images:
            self.another.setToolTip("Show the next training sample in the same epochs.")
            self._fill_pictures(data)
        else:
            self.another.setToolTip("Show what the next epoch makes of the training samples.")
            self._fill_points(data)

    def _fill_pictures(self, data: Prepared) -> None:
        index = self._turn % len(data.train)
        shown = [data.train.x[index], *(self._augmented(epoch, index)[0] for epoch in range(EPOCHS))]
        low, high = float(data.train.x.min()), float(data.train.x.max())
        self.pictures.show_images([sample_image(x, low, high) for x in shown])
        self.words.setText(f"Training sample {index + 1} as it is, and as the first {EPOCHS} epochs show it:")

    def _fill_points(self, data: Prepared) -> None:
        before = data.train.x[:MOST]
        self.points.show_points(data, before, self._augmented(self._turn)[:MOST])
        axes = ""
        if len(data.features) > 2:
            axes = f", {data.features[0]} across and {data.features[1]} upwards"
        self.words.setText(
            f"Training samples as they are (left), and as epoch {self._turn + 1} shows them (right){axes}:"
        )

    def _augmented(self, epoch: int, index: int | None = None) -> Array:
        """The training samples, or the one at ``index``, as ``epoch`` (from 0) will show them, ``(n, *in_shape)``."""
        data, project = self._data, self._project
        if data is None or project is None or self._augmenter is None:
            return np.zeros((0,))
        x, chain = data.train.x, project.fit.augmentation
        order = epoch_order(len(x), project.seed, epoch)
        if index is not None:
            at = int(np.argmax(order == index))
            return self._augmenter(chain, x[index : index + 1].copy(), epoch, at)
        out = np.empty_like(x)
        out[order] = self._augmenter(chain, x[order], epoch, 0)
        return out


class _Strip(QWidget):
    """Base of what is as high as its width asks for; a layout's height for width is not kept inside a form that scrolls."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(small(self.font()))

    def resizeEvent(self, event: object) -> None:
        self.setFixedHeight(self._height(self.width()))

    def _height(self, width: int) -> int:
        raise NotImplementedError


class Pictures(_Strip):
    """A grid of small pictures with a name under each."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setObjectName("augmentation_pictures")
        self.setAccessibleName("A training sample and augmented versions of it")
        self.setToolTip("Exactly what training is fed: same seed, same pictures.")
        self.images: list[QImage] = []

    def show_images(self, images: list[QImage]) -> None:
        """The first is the sample as it is."""
        self.images = images
        self.update()

    def _height(self, width: int) -> int:
        rows = -(-(EPOCHS + 1) // COLUMNS)
        return rows * (round(self._side(width)) + self.fontMetrics().height() + 4)

    def _side(self, width: float) -> float:
        return min((width - (COLUMNS - 1) * SPACE) / COLUMNS, 96.0)

    def paintEvent(self, event: object) -> None:
        painter, theme = QPainter(self), self.theme
        side, line = self._side(self.width()), self.fontMetrics().height()
        for number, image in enumerate(self.images):
            row, column = divmod(number, COLUMNS)
            cell = QRectF(column * (side + SPACE), row * (side + line + 4), side, side)
            draw_image(painter, image, cell.adjusted(2, 2, -2, -2))
            painter.setPen(QPen(QColor(theme.border if number else theme.accent), 1.0 if number else 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(cell.adjusted(1, 1, -1, -1))
            painter.setPen(QColor(theme.muted if number else theme.text))
            under = QRectF(cell.x(), cell.bottom(), side, line)
            painter.drawText(under, Qt.AlignmentFlag.AlignCenter, f"epoch {number}" if number else "as it is")
        painter.end()


class Points(_Strip):
    """Two small squares: the samples before and after, both to the same scale."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setObjectName("augmentation_points")
        self.setAccessibleName("Training samples before and after augmentation")
        self.setToolTip("Exactly what training is fed: same seed, same places.")
        self.before = self.after = np.zeros((0, 2))
        self._labels: list[int] = []

    def show_points(self, data: Prepared, before: Array, after: Array) -> None:
        """Samples ``(n, features)``, the first ones of ``data``'s training part, and what became of them."""
        self._labels = data.train.y[: len(before)].tolist() if data.train.classes else []
        if before.shape[1] > 1:
            self.before, self.after = before[:, :2], after[:, :2]
        else:  # one input: it goes across, the target upwards
            target = data.train.y[: len(before), :1] if not self._labels else np.zeros((len(before), 1))
            self.before, self.after = np.hstack((before, target)), np.hstack((after, target))
        self.update()

    def _height(self, width: int) -> int:
        return round(self._side(width))

    def _side(self, width: float) -> float:
        return min((width - SPACE) / 2, 200.0)

    def paintEvent(self, event: object) -> None:
        painter, theme = QPainter(self), self.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = self._side(self.width())
        both = np.concatenate((self.before, self.after))
        if len(both):
            low, high = both.min(axis=0), both.max(axis=0)
            span = np.where(high > low, high - low, 1.0)
        for number, points in enumerate((self.before, self.after)):
            cell = QRectF(number * (side + SPACE), 0, side, side)
            painter.setPen(QPen(QColor(theme.border), 1.0))
            painter.setBrush(QColor(theme.sunken))
            painter.drawRect(cell.adjusted(0.5, 0.5, -0.5, -0.5))
            room = cell.adjusted(7, 7, -7, -7)
            for at, point in enumerate(points):
                x, y = (point - low) / span
                place = QPointF(room.x() + x * room.width(), room.bottom() - y * room.height())
                draw_marker(painter, place, self._look(at), 6.0)
        painter.end()

    def _look(self, at: int) -> Look:
        label = self._labels[at] if self._labels else None
        if label is None:
            return look(self.theme, "train", self.theme.train)
        return look(self.theme, "train", self.theme.class_colour(label), marker_of(label))
