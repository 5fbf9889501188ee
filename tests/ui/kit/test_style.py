"""The style sheet holds for both themes: nothing unknown, readable text, and every look does what it says."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PySide6.QtCore import QFile, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.layers import registry
from playground.ui.kit import style
from playground.ui.kit.colours import mix
from playground.ui.kit.theme import DARK, LIGHT, Theme
from playground.ui.kit.view import View
from tests.ui.bench import ink, pixels

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


@pytest.fixture
def styled(qapp):
    """Styles the application, and takes it off again."""
    before, style_before = QApplication.palette(), QApplication.style().objectName()
    QApplication.setStyle("Fusion")
    yield lambda theme: style.apply(qapp, theme)
    qapp.setStyleSheet("")
    QApplication.setPalette(before)
    QApplication.setStyle(style_before)


def luminance(colour: str) -> float:
    """WCAG 2's relative luminance."""
    channel = np.array(QColor(colour).getRgbF()[:3])
    linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@THEMES
def test_every_text_can_be_read(theme: Theme) -> None:
    """WCAG AA: 4.5 for text."""
    for background in (theme.panel, theme.sunken):
        for colour in (theme.text, theme.muted, theme.accent, theme.error, theme.good, theme.gradient):
            assert contrast(colour, background) >= 4.5, f"{colour} on {background}"
    assert contrast(theme.accent_text, theme.accent) >= 4.5
    assert contrast(theme.text, mix(theme.panel, theme.accent, 0.16)) >= 4.5


@THEMES
def test_categories_can_be_told_from_the_panel_and_from_one_another(theme: Theme) -> None:
    """3.0 is WCAG's bound for what is not text. Their names stand beside the dots as well."""
    colours = [theme.category_colour(category) for category in registry.by_category()]
    assert all(contrast(colour, theme.panel) >= 2.9 for colour in colours)
    named = {colour for _, colour in theme.categories}
    assert len(named) == len(theme.categories)
    assert theme.category_colour("a group that nobody knows") == theme.muted


@THEMES
def test_the_sheet_is_complete(theme: Theme) -> None:
    sheet = style.sheet(theme, 9.0)
    assert "$" not in sheet
    files = set(re.findall(r"url\(([^)]+)\)", sheet))
    assert files
    for file in files:
        assert QFile.exists(file)
        assert QSvgRenderer(file).isValid()
    used = {colour.lower() for colour in re.findall(r"#[0-9a-fA-F]{6}", sheet)}
    assert theme.panel in used
    assert style.sheet(theme, 9.0) is sheet, "made once"


def test_text_grows_with_the_system_font() -> None:
    sizes = [
        float(re.search(r'muted="true"\] \{[^}]*font-size: ([\d.]+)pt', style.sheet(LIGHT, p))[1])
        for p in (9, 18)
    ]
    assert sizes[1] == pytest.approx(2 * sizes[0], rel=0.02)
    assert style.sheet(LIGHT, -1.0) == style.sheet(LIGHT, 9.0), "a font measured in pixels has no points"


@THEMES
def test_the_palette_has_the_theme_s_colours(qapp, styled, theme: Theme) -> None:
    styled(theme)
    palette = qapp.palette()
    assert palette.color(QPalette.ColorRole.Window).name() == theme.window
    assert palette.color(QPalette.ColorRole.Text).name() == theme.text
    disabled = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text).name()
    assert 1.5 < contrast(disabled, theme.panel) < contrast(theme.muted, theme.panel)


@pytest.fixture
def gallery(qtbot):
    """One of each standard widget on a panel."""

    def build() -> QWidget:
        panel = QFrame()
        panel.setProperty("card", True)
        layout = QVBoxLayout(panel)
        for widget in (
            QPushButton("Go"),
            QLineEdit("text"),
            QSpinBox(),
            QComboBox(),
            QCheckBox("on"),
            QLabel("words"),
        ):
            widget.setObjectName(type(widget).__name__)
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            layout.addWidget(widget)
        qtbot.addWidget(panel)
        panel.resize(200, 300)
        with qtbot.waitExposed(panel):
            panel.show()
        return panel

    return build


def painted(panel: QWidget, name: str) -> np.ndarray:
    return pixels(panel.findChild(QWidget, name).grab().toImage())[..., :3].astype(int)


def middle(panel: QWidget, name: str, x: int = 4) -> str:
    """The colour inside a widget, near its left end."""
    picture = painted(panel, name)
    return QColor(*(int(v) for v in picture[picture.shape[0] // 2, x])).name()


@THEMES
def test_what_is_primary_stands_out(styled, gallery, theme: Theme) -> None:
    styled(theme)
    panel = gallery()
    button = panel.findChild(QPushButton)
    assert middle(panel, "QPushButton") == theme.panel
    button.setProperty("primary", True)
    style.refresh(button)
    assert middle(panel, "QPushButton") == theme.accent
    button.setEnabled(False)
    assert middle(panel, "QPushButton") == theme.border


@THEMES
@pytest.mark.parametrize("flat", [False, True])
def test_a_tool_that_is_on_looks_so_even_where_it_has_no_border(
    qtbot, styled, theme: Theme, flat: bool
) -> None:
    styled(theme)
    tool = QToolButton()
    tool.setAutoRaise(flat)
    tool.setCheckable(True)
    tool.setText("Draw")
    qtbot.addWidget(tool)
    tool.show()
    for on in (False, True):
        tool.setChecked(on)
        fill = tool.grab().toImage().pixelColor(tool.width() // 2, 3).name()
        assert (fill == mix(theme.panel, theme.accent, 0.12)) == on


@THEMES
@pytest.mark.parametrize("name", ["QLineEdit", "QSpinBox", "QComboBox"])
def test_what_is_wrong_has_an_edge_in_the_colour_of_errors(styled, gallery, theme: Theme, name: str) -> None:
    styled(theme)
    panel = gallery()
    widget = panel.findChild(QWidget, name)
    error = np.array(QColor(theme.error).getRgb()[:3])

    def edge() -> bool:
        return bool((np.abs(painted(panel, name)[:, 0] - error).sum(axis=1) < 20).any())

    assert not edge()
    widget.setProperty("wrong", True)
    style.refresh(widget)
    assert edge()


@THEMES
def test_a_check_mark_is_a_shape_and_not_a_colour_alone(styled, gallery, theme: Theme) -> None:
    styled(theme)
    panel = gallery()
    box = panel.findChild(QCheckBox)
    box.setChecked(True)
    square = painted(panel, "QCheckBox")[:, :16]
    on = np.abs(square - QColor(theme.accent).getRgb()[:3]).sum(axis=2) < 20
    tick = np.abs(square - QColor(theme.accent_text).getRgb()[:3]).sum(axis=2) < 60
    assert on.sum() > 60
    assert tick.sum() > 5


@THEMES
@pytest.mark.parametrize("name", ["QSpinBox", "QComboBox"])
def test_arrows_are_drawn(styled, gallery, theme: Theme, name: str) -> None:
    styled(theme)
    panel = gallery()
    picture = painted(panel, name)
    inside = picture[3:-3, -18:-3]
    assert (np.abs(inside - QColor(theme.muted).getRgb()[:3]).sum(axis=2) < 120).sum() >= 4


@THEMES
def test_views_paint_their_panel(qtbot, styled, theme: Theme) -> None:
    styled(theme)
    view = View(None)
    qtbot.addWidget(view)
    view.resize(50, 50)
    with qtbot.waitExposed(view):
        view.show()
    assert ink(view.grab().toImage(), theme.panel).max() == 0


def test_a_scrolled_column_scrolls_down_and_never_sideways(qtbot, styled) -> None:
    styled(LIGHT)
    view = View(None)
    parts = [QLabel(f"part {n}") for n in range(60)]
    area = style.scrolled(view, *parts)
    qtbot.addWidget(view)
    view.resize(200, 200)
    with qtbot.waitExposed(view):
        view.show()
    assert area.verticalScrollBar().maximum() > 0
    assert area.horizontalScrollBar().maximum() == 0
    assert area.verticalScrollBar().width() == style.SCROLL_BAR
    assert [part.y() for part in parts] == sorted(part.y() for part in parts)
