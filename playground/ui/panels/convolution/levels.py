"""The three levels on top of one another, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEasingCurve, QEvent, QObject, QRectF, Qt, QVariantAnimation
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QStackedWidget, QWidget

from playground.runner.messages import Want
from playground.ui.kit import motion
from playground.ui.panels.convolution.level import Level
from playground.ui.panels.convolution.overview import Overview
from playground.ui.panels.convolution.scope import Scope
from playground.ui.panels.convolution.spread import Spread
from playground.ui.panels.convolution.structure import Spot
from playground.ui.panels.convolution.window import WindowLevel

#: milliseconds from one level to the next
MOVING = 250


class Levels(QStackedWidget):
    """Shows the level that the scope is at. Any press or key ends a movement under way."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope
        self.overview, self.spread, self.window_level = Overview(scope), Spread(scope), WindowLevel(scope)
        for level in (self.overview, self.spread, self.window_level):
            self.addWidget(level)
        self._curtain = _Curtain(self)
        self._before = QPixmap()  # what is about to be left; none where the network itself has changed
        scope.leaving.connect(self._remember)
        scope.moved.connect(self._moved)

    @property
    def level(self) -> Level:
        shown = self.currentWidget()
        return shown if isinstance(shown, Level) else self.overview

    @property
    def moving(self) -> bool:
        """Whether a movement is under way."""
        return self._curtain.isVisible()

    def wants(self) -> Iterable[Want]:
        return self.level.wants()

    def finish(self) -> None:
        """End a movement at once."""
        self._curtain.end()

    def _remember(self) -> None:
        if motion.lasting(MOVING) and self.isVisible():
            self._before = self.grab()

    def _moved(self, before: Spot) -> None:
        after = self.scope.spot
        level = (self.overview, self.spread, self.window_level)[after.level - 1]
        old, self._before = self._before, QPixmap()
        had_keys = self.level.hasFocus()
        self.finish()
        self.setCurrentWidget(level)
        level.arrange()
        if had_keys:
            level.setFocus()
        if not old.isNull():
            small = self._small(before, after)
            time = motion.lasting(MOVING)
            self._curtain.begin(old, self.grab(), small, inward=after.level >= before.level, time=time)

    def _small(self, before: Spot, after: Spot) -> QRectF:
        """Where the deeper level is on the shallower one."""
        deeper = before if before.level > after.level else after
        if min(before.level, after.level) == 1:
            found = self.overview.tile_of(deeper.node_id, deeper.channel)
            if found is not None:
                return found
        middle = QRectF(self.rect())
        return middle.adjusted(
            self.width() * 0.3, self.height() * 0.3, -self.width() * 0.3, -self.height() * 0.3
        )


class _Curtain(QWidget):
    """Lies over the levels while one grows into the other."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._old, self._new = QPixmap(), QPixmap()
        self._small, self._inward, self._share = QRectF(), True, 0.0
        self._motion = QVariantAnimation(self)
        self._motion.setStartValue(0.0)
        self._motion.setEndValue(1.0)
        self._motion.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._motion.valueChanged.connect(self._go)
        self._motion.finished.connect(self.end)
        self.hide()
        parent.installEventFilter(self)

    def begin(self, old: QPixmap, new: QPixmap, small: QRectF, *, inward: bool, time: int) -> None:
        self._old, self._new, self._small, self._inward, self._share = old, new, small, inward, 0.0
        self._cover()
        self.show()
        self.raise_()
        self._motion.setDuration(time)
        self._motion.start()

    def _cover(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())

    def end(self) -> None:
        self._motion.stop()
        self._old = self._new = QPixmap()
        self.hide()

    def _go(self, share: float) -> None:
        self._share = share
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:  # captions of another length, say
            self._cover()
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.end()
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        whole = QRectF(self.rect())
        deep, shallow = (self._new, self._old) if self._inward else (self._old, self._new)
        share = self._share if self._inward else 1.0 - self._share
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawPixmap(whole, shallow, QRectF(shallow.rect()))
        painter.setOpacity(min(1.0, share * 1.6))
        small = self._small
        grown = QRectF(
            small.x() + (whole.x() - small.x()) * share,
            small.y() + (whole.y() - small.y()) * share,
            small.width() + (whole.width() - small.width()) * share,
            small.height() + (whole.height() - small.height()) * share,
        )
        painter.drawPixmap(grown, deep, QRectF(deep.rect()))
        painter.end()


KEYS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
