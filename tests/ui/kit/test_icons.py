"""Icons, at every size that somebody may ask for."""

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QIcon, QPainter, QPixmap

from playground.ui.kit.icons import icon
from playground.ui.kit.theme import LIGHT
from tests.ui.bench import ink


@pytest.mark.parametrize("size", [QSize(), QSize(0, 0), QSize(0, 16), QSize(16, 0), QSize(-3, 9)])
def test_an_icon_without_a_size_is_no_picture_and_no_complaint(qapp, size: QSize) -> None:
    assert icon("play", LIGHT).pixmap(size).isNull()


@pytest.mark.parametrize("size", [1, 7, 16, 48])
def test_an_icon_has_the_size_that_is_asked_for(qapp, size: int) -> None:
    picture = icon("play", LIGHT).pixmap(QSize(size, size))
    assert picture.deviceIndependentSize().toSize() == QSize(size, size)


def test_it_is_drawn_in_the_colour_that_is_asked_for(qapp) -> None:
    sheet = QPixmap(32, 32)
    sheet.fill("white")
    painter = QPainter(sheet)
    icon("play", LIGHT, "error").paint(painter, QRect(0, 0, 32, 32), mode=QIcon.Mode.Normal)
    painter.end()
    middle = sheet.toImage().pixelColor(15, 16)
    assert middle.name() == LIGHT.error
    assert ink(sheet.toImage(), "#ffffff")[0, 0] == 0
