"""The look of every standard widget, made from the theme: calm panels with thin borders and one colour that asks for attention.

What a widget *is* is said by a property, so that no other file writes style sheets::

    label.setProperty("muted", True)      # secondary text; also "title", "heading", "problem", "warning", "good", "gradient"
    frame.setProperty("card", True)       # a panel with a rounded border; also "sunken"
    button.setProperty("primary", True)   # the one thing to press; also "flat" for one without a border, "link" for words to press
"""

from __future__ import annotations

from functools import cache
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QVBoxLayout, QWidget

from playground.ui.kit.colours import mix
from playground.ui.kit.resources import register
from playground.ui.kit.theme import Theme, cached

#: the free space round the contents of a panel, and between its rows, in pixels
MARGIN, GAP = 12, 8
#: how wide scroll bars are
SCROLL_BAR = 10

_GLYPHS = {
    "down": "M3 5.5 L7 9.5 L11 5.5",
    "up": "M3 8.5 L7 4.5 L11 8.5",
    "right": "M5 3 L9 7 L5 11",
    "check": "M3 7.2 L6 10 L11 4.4",
    "some": "M3.5 7 L10.5 7",
}

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="14" height="14" viewBox="0 0 14 14"><path d="{path}" fill="none" '
    'stroke="{colour}" stroke-width="{width}" stroke-linecap="round" stroke-linejoin="round"/></svg>'
)


def apply(app: QApplication, theme: Theme) -> None:
    """Give the whole application the theme's look. Call it again when the theme changes."""
    app.setPalette(palette(theme))
    rules = sheet(theme, app.font().pointSizeF())
    if rules != app.styleSheet():  # Qt would style every widget anew all the same
        app.setStyleSheet(rules)


def scrolled(view: QWidget, *parts: QWidget) -> QScrollArea:
    """Fill ``view`` with ``parts`` under one another, in a column that scrolls when it is higher than the view."""
    contents = QWidget()
    contents.setObjectName("contents")
    column = QVBoxLayout(contents)
    column.setContentsMargins(MARGIN, MARGIN // 2, MARGIN, MARGIN)
    column.setSpacing(GAP)
    for part in parts:
        column.addWidget(part)
    column.addStretch(1)
    area = QScrollArea(view)
    area.setObjectName("scroll")
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(contents)
    outer = QVBoxLayout(view)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(area)
    return area


def refresh(widget: QWidget) -> None:
    """Let a widget take the look of a property that was changed after it was shown."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def palette(theme: Theme) -> QPalette:
    """The theme as Qt's colour roles, for all that no style sheet reaches."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    roles = {
        role.Window: theme.window, role.WindowText: theme.text, role.Base: theme.panel, role.AlternateBase: theme.sunken,
        role.Text: theme.text, role.Button: theme.panel, role.ButtonText: theme.text, role.BrightText: theme.error,
        role.Highlight: theme.accent, role.HighlightedText: theme.accent_text, role.Accent: theme.accent,
        role.Link: theme.accent, role.LinkVisited: theme.accent, role.PlaceholderText: theme.muted,
        role.ToolTipBase: theme.text, role.ToolTipText: theme.panel, role.Mid: theme.border, role.Midlight: theme.border,
        role.Dark: theme.border, role.Shadow: theme.border, role.Light: theme.panel,
    }  # fmt: skip
    made = QPalette()
    for each, colour in roles.items():
        made.setColor(each, QColor(colour))
    faint = QColor(mix(theme.muted, theme.panel, 0.35))
    for each in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        made.setColor(group.Disabled, each, faint)
    made.setColor(group.Disabled, role.Highlight, QColor(theme.border))
    return made


@cached
def sheet(theme: Theme, points: float) -> str:
    """The style sheet for the theme; ``points`` is the size of ordinary text, as the system has it."""
    size = points if points > 0 else 9.0
    colours = {
        **{
            n: getattr(theme, n)
            for n in ("window", "panel", "sunken", "border", "text", "muted", "accent", "accent_text")
        },
        **{n: getattr(theme, n) for n in ("error", "good", "gradient", "warning")},
        "hover": mix(theme.panel, theme.accent, 0.07),
        "pressed": mix(theme.panel, theme.accent, 0.16),
        "chosen": mix(theme.panel, theme.accent, 0.12),
        "accent_hover": mix(theme.accent, theme.text, 0.12),
        "faint": mix(theme.muted, theme.panel, 0.35),
        "firm": mix(theme.border, theme.muted, 0.45),
        "bar": str(SCROLL_BAR),
        "small": f"{size * 0.92:.1f}pt",
        "large": f"{size * 1.2:.1f}pt",
    }
    glyphs = {
        "down": _glyph("down", theme.muted), "up": _glyph("up", theme.muted), "right": _glyph("right", theme.muted),
        "down_off": _glyph("down", theme.border), "up_off": _glyph("up", theme.border),
        "check": _glyph("check", theme.accent_text, 2.0), "some": _glyph("some", theme.accent_text, 2.0),
        "tick": _glyph("check", theme.accent, 1.8),
    }  # fmt: skip
    return Template(_SHEET).substitute(colours, **glyphs)


@cache
def _glyph(name: str, colour: str, width: float = 1.5) -> str:
    """Path of a drawn arrow or tick. Style sheets take pictures from files only, and in one colour each."""
    drawn = _SVG.format(path=_GLYPHS[name], colour=colour, width=width)
    return register(f"{name}-{colour[1:]}-{width:g}.svg", drawn.encode())


_SHEET = """
QMainWindow, QDialog { background: $window; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QMainWindow::separator { background: $window; width: 8px; height: 8px; }
QMainWindow::separator:hover { background: $border; }
View { background: $panel; }

QToolBar { background: $panel; border: none; border-bottom: 1px solid $border; padding: 0; spacing: 0; }
QToolBar[gutter="true"] { background: $window; border: none; }
QMenuBar { background: $panel; border-bottom: 1px solid $border; padding: 1px 6px; }
QMenuBar::item { background: transparent; padding: 4px 9px; border-radius: 5px; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $panel; border: 1px solid $border; padding: 5px; }
QMenu::item { padding: 5px 26px 5px 12px; border-radius: 5px; }
QMenu::item:selected { background: $chosen; color: $text; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $border; margin: 5px 8px; }
QMenu::icon { padding-left: 6px; }
QMenu::indicator { width: 14px; height: 14px; left: 6px; }
QMenu::indicator:checked { image: url($tick); }
QStatusBar { background: $panel; border-top: 1px solid $border; color: $muted; }
QStatusBar::item { border: none; }

QDockWidget { font-weight: 600; }
QDockWidget::title { background: $panel; border: 1px solid $border; border-bottom: none; text-align: left;
    border-top-left-radius: 8px; border-top-right-radius: 8px; padding: 7px 12px 3px 12px; }
DockTitle { background: $panel; border: 1px solid $border; border-bottom: none;
    border-top-left-radius: 8px; border-top-right-radius: 8px; }
Slot > View { border: 1px solid $border; border-top: none;
    border-bottom-left-radius: 8px; border-bottom-right-radius: 8px; }
QDockWidget::close-button, QDockWidget::float-button { border: none; background: transparent; padding: 0; }
QDockWidget::close-button:hover, QDockWidget::float-button:hover { background: $hover; border-radius: 4px; }
QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: $muted; border: none; border-bottom: 2px solid transparent;
    padding: 6px 11px; margin: 0; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $accent; border-bottom-color: $accent; }
QTabWidget::pane { border: none; border-top: 1px solid $border; }

QLabel[title="true"] { font-size: $large; font-weight: 600; }
QLabel[strong="true"] { font-weight: 600; }
QLabel[heading="true"] { font-weight: 600; padding-top: 4px; qproperty-indent: 0; }
QLabel[muted="true"] { color: $muted; font-size: $small; }
QLabel[problem="true"] { color: $error; font-size: $small; }
QLabel[warning="true"] { color: $warning; font-size: $small; }
QLabel[good="true"] { color: $good; }
QLabel[gradient="true"] { color: $gradient; }
QFrame[card="true"] { background: $panel; border: 1px solid $border; border-radius: 8px; }
QFrame[card="true"][wrong="true"] { border-color: $error; }
QFrame[sunken="true"] { background: $sunken; border: 1px solid $border; border-radius: 8px; }
QFrame[rule="true"] { background: $border; border: none; max-height: 1px; min-height: 1px; }
HoverCard { background: $text; color: $panel; border-radius: 6px; padding: 7px 10px; }
ReadOut { background: $text; color: $panel; border-radius: 5px; padding: 4px 6px; }
QToolTip { background: $text; color: $panel; border: 1px solid $text; padding: 5px; }

QPushButton, QToolButton { background: $panel; border: 1px solid $border; border-radius: 6px; padding: 5px 12px; }
QToolButton { padding: 4px 8px; }
QPushButton:hover, QToolButton:hover { background: $hover; border-color: $firm; }
QPushButton:pressed, QToolButton:pressed { background: $pressed; }
QPushButton:checked, QToolButton:checked { background: $chosen; border-color: $accent; }
QPushButton:focus, QToolButton:focus { border-color: $accent; }
QPushButton:disabled, QToolButton:disabled { color: $faint; background: $panel; border-color: $border; }
QPushButton:default { border-color: $accent; }
QPushButton[primary="true"], QToolButton[primary="true"] {
    background: $accent; color: $accent_text; border-color: $accent; font-weight: 600; }
QPushButton[primary="true"]:hover, QToolButton[primary="true"]:hover { background: $accent_hover; }
QPushButton[primary="true"]:focus, QToolButton[primary="true"]:focus { border: 2px solid $text; padding: 4px 11px; }
QToolButton[primary="true"]:focus { padding: 3px 7px; }
QPushButton[primary="true"]:disabled, QToolButton[primary="true"]:disabled {
    background: $border; color: $muted; border-color: $border; }
QToolButton[popupMode="1"] { padding-right: 22px; }
QToolButton::menu-button { border: none; border-left: 1px solid $border; width: 18px; margin: 4px 0; }
QToolButton::menu-arrow, QToolButton::menu-indicator { image: url($down); width: 12px; height: 12px; }
QToolButton[autoRaise="true"], QToolButton[flat="true"], QPushButton[flat="true"] {
    background: transparent; border: 1px solid transparent; padding: 2px; }
QToolButton[choice="true"] { padding: 3px 0; min-height: 19px; }
QToolButton[choice="true"]::menu-indicator, QToolButton[flat="true"]::menu-indicator { image: none; }
QToolButton[autoRaise="true"]:hover, QToolButton[flat="true"]:hover, QPushButton[flat="true"]:hover { background: $pressed; }
QToolButton[autoRaise="true"]:checked, QToolButton[flat="true"]:checked, QPushButton[flat="true"]:checked {
    background: $chosen; border-color: $accent; }
QToolButton[autoRaise="true"]:focus, QToolButton[flat="true"]:focus, QPushButton[flat="true"]:focus { border-color: $accent; }
QPushButton[listed="true"] { text-align: left; }

QPushButton[link="true"] {
    background: transparent; border: 1px solid transparent; padding: 1px 0; color: $accent; text-align: left; }
QPushButton[link="true"]:hover { background: $pressed; }
QPushButton[link="true"]:focus { border-color: $accent; }

QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit, QTextEdit {
    background: $panel; border: 1px solid $border; border-radius: 6px; padding: 3px 7px;
    selection-background-color: $accent; selection-color: $accent_text; }
QPlainTextEdit[code="true"] { border: none; border-top: 1px solid $border; border-radius: 0; padding: 0; }
QLineEdit, QComboBox { min-height: 19px; }
QAbstractSpinBox { min-height: 15px; }
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover { border-color: $firm; }
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus { border-color: $accent; }
QLineEdit[wrong="true"], QAbstractSpinBox[wrong="true"], QComboBox[wrong="true"] { border: 1px solid $error; }
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled { color: $faint; background: $sunken; }
QAbstractSpinBox QLineEdit, QComboBox QLineEdit { background: transparent; border: none; padding: 0; min-height: 0; }
QAbstractSpinBox { padding-right: 2px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    subcontrol-origin: border; width: 17px; border: none; background: transparent; border-radius: 3px; margin-right: 2px; }
QAbstractSpinBox::up-button { subcontrol-position: top right; margin-top: 2px; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; margin-bottom: 2px; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $pressed; }
QAbstractSpinBox::up-arrow { image: url($up); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url($down); width: 10px; height: 10px; }
QAbstractSpinBox::up-arrow:disabled, QAbstractSpinBox::up-arrow:off { image: url($up_off); }
QAbstractSpinBox::down-arrow:disabled, QAbstractSpinBox::down-arrow:off { image: url($down_off); }
QComboBox { padding-right: 2px; combobox-popup: 0; }
QComboBox::drop-down { subcontrol-origin: border; subcontrol-position: center right; width: 22px; border: none; }
QComboBox::down-arrow { image: url($down); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $panel; border: 1px solid $border; padding: 4px; outline: none;
    selection-background-color: $chosen; selection-color: $text; }
QComboBox QAbstractItemView::item { min-height: 24px; padding: 1px 6px; border-radius: 4px; color: $text; }
QComboBox QAbstractItemView::item:selected { background: $chosen; }
QComboBox QAbstractItemView::item:disabled { background: transparent; color: $faint; }

QCheckBox, QRadioButton { background: transparent; spacing: 7px; }
QCheckBox::indicator, QRadioButton::indicator { width: 14px; height: 14px; background: $panel; border: 1px solid $firm; }
QCheckBox::indicator { border-radius: 4px; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:hover, QCheckBox:focus::indicator, QRadioButton:focus::indicator { border-color: $accent; }
QCheckBox:focus { color: $accent; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url($check); }
QCheckBox::indicator:indeterminate { background: $accent; border-color: $accent; image: url($some); }
QRadioButton::indicator:checked { background: $panel; border: 5px solid $accent; width: 6px; height: 6px; }
QCheckBox:disabled, QRadioButton:disabled { color: $faint; }

QSlider::groove:horizontal { height: 4px; background: $border; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal { background: $panel; border: 2px solid $accent; width: 10px; height: 10px; margin: -5px 0;
    border-radius: 7px; }
QSlider::handle:horizontal:hover { background: $chosen; }
QSlider::handle:horizontal:focus { background: $accent; }
QSlider::sub-page:horizontal:disabled { background: $border; }
QSlider::handle:horizontal:disabled { border-color: $border; }
QProgressBar { background: $border; border: none; border-radius: 3px; max-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }

QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: none; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: ${bar}px; }
QScrollBar:horizontal { height: ${bar}px; }
QScrollBar::handle { background: $border; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $firm; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: $window; }

QAbstractItemView { background: $panel; border: 1px solid $border; border-radius: 6px;
    selection-background-color: $chosen; selection-color: $text; alternate-background-color: $sunken; }
QHeaderView { background: $sunken; border: none; border-radius: 0; }
QTableCornerButton::section { background: $sunken; border: none; }
QHeaderView::section { background: $sunken; color: $muted; border: none; border-bottom: 1px solid $border; padding: 4px 8px; }
QTableView { gridline-color: $border; }
QTableView[roomy="true"]::item { padding: 0 8px; }
QTableCornerButton::section { background: $sunken; border: none; }
QGroupBox { border: 1px solid $border; border-radius: 8px; margin-top: 10px; padding-top: 8px; font-weight: 600; }
QGroupBox::title { subcontrol-origin: margin; left: 10px; padding: 0 4px; }
"""
