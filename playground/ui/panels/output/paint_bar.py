"""The tools to paint samples with: what the mouse does on the picture, with which class, how wide and how densely."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.data.numbers import MOST_LETTERS
from engine.data.points import MOST_CLASSES
from playground.ui.kit.fonts import small
from playground.ui.kit.icons import icon
from playground.ui.kit.numbers import fmt
from playground.ui.kit.points import look, marker_icon, marker_of
from playground.ui.kit.switches import FlowLayout, switch
from playground.ui.kit.text import Label, button_text, tip
from playground.ui.kit.theme import Theme

#: tool → icon, and what it does
TOOLS = {
    "brush": ("spray", "Brush: sprays points round the mouse, normally distributed."),
    "point": ("circle-medium", "Point: puts one point; drag it to its place."),
    "line": ("draw", "Line: points along the way you draw; with Shift, along a straight line."),
    "ring": ("circle-outline", "Ring: drag from its middle to its edge."),
    "box": ("square-outline", "Box: drag from corner to corner; points fill it evenly."),
    "raise": ("image-filter-hdr", "Height: draws the heights under the brush to the height chosen below."),
    "eraser": ("eraser", "Eraser: takes points away."),
    "select": (
        "selection-drag",
        "Select: drag a point, or a frame round several. Ctrl turns those, Shift resizes them, Delete takes them away.",
    ),
}
#: action on the selected points → icon, and what it does
ACTIONS = {
    "turn_left": ("rotate-left", "Turn the selected points by 15°, against the clock."),
    "turn_right": ("rotate-right", "Turn the selected points by 15°, with the clock."),
    "shrink": ("arrow-collapse", "Draw the selected points together."),
    "grow": ("arrow-expand", "Draw the selected points apart."),
    "jitter": ("blur", "Let each selected point stray a little."),
    "recolour": ("format-color-fill", "Give the selected points the class or height chosen above."),
    "delete": ("trash-can-outline", "Take the selected points away (Delete)."),
}
#: the radius of the brush in hundredths of the picture, points of a dab, and the height in hundredths of the scale
RADIUS, AMOUNT, HEIGHT = (1, 20, 5), (1, 40, 8), (-100, 100, 100)


#: the width of the bar beside a picture
BESIDE = 150
#: and that of a class in it
CHIP = 146
#: so many classes have a row each; more stand two in a row
FEW = 3
_NO_LIMIT = 16_777_215  # Qt's QWIDGETSIZE_MAX


class PaintBar(QWidget):
    """Says what is chosen; whoever paints asks it."""

    tool_changed = Signal(str)
    class_renamed = Signal(int, str)
    class_added = Signal()
    class_removed = Signal(int)
    acted = Signal(str)  #: one of ACTIONS, "clear" or "ground"

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("paint_bar")
        self._theme = theme
        self._classes: tuple[str, ...] = ()
        self._counts: tuple[int, ...] = ()
        self.limit = 1.0  #: the end of the scale of heights
        self.tools = self._tools()
        self.actions_ = {name: self._button(name, *what) for name, what in ACTIONS.items()}
        for name, button in self.actions_.items():
            button.clicked.connect(partial(self.acted.emit, name))
        self.clear = self._button("paint_clear", "delete-sweep-outline", "Take all points away.")
        self.clear.clicked.connect(lambda: self.acted.emit("clear"))
        self.ground = self._button(
            "paint_ground", "grid", "Even ground: a grid of points of height 0 in place of all there are."
        )
        self.ground.clicked.connect(lambda: self.acted.emit("ground"))
        self.radius, radius = self._slider(
            "paint_radius", "radius", RADIUS, "σ of the brush, in hundredths of the picture's width."
        )
        text = "Points for each dab of the brush; a line, a ring or a box has six times as many."
        self.amount, amount = self._slider("paint_amount", "points", AMOUNT, text)
        text = "The height that new points have, and that the height tool draws to."
        self.height_, self.height_row = self._slider("paint_height", "height", HEIGHT, text)
        text = "Begin with fresh weights after each stroke. Off: the weights are kept, and learn the new points as well."
        self.anew = switch("paint_anew", "restart", text, False, lambda on: None)
        self.said = Label()
        self.said.setObjectName("paint_said")
        self.said.setProperty("muted", True)
        self.said.setFont(small(self.said.font()))
        self.said.setWordWrap(True)
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        # Always of this height: a picture that gave way to a sentence would move under the brush.
        self.said.setFixedHeight(2 * self.said.fontMetrics().lineSpacing())
        self.said.hide()
        self.tool_changed.connect(lambda tool: self.say(""))
        self._chips = QButtonGroup(self)
        self._chips.idToggled.connect(lambda number, on: self._show_name() if on else None)
        self.name = QLineEdit()
        self.name.setObjectName("class_name")
        self.name.setMaxLength(MOST_LETTERS)
        self.name.setFixedWidth(84)
        self.name.setToolTip("The name of the chosen class.")
        self.name.setAccessibleName("Name of the class")
        self.name.editingFinished.connect(self._renamed)
        self.add = self._button(
            "class_add", "plus", f"One class more, up to {MOST_CLASSES}. The loss and the last layer follow."
        )
        self.add.clicked.connect(self.class_added)
        self.remove = self._button("class_remove", "minus", "Take the chosen class away, with its points.")
        self.remove.clicked.connect(lambda: self.class_removed.emit(self.label))
        self._lay_out(radius, amount)
        theme.follow(self._restyle)

    def _lay_out(self, radius: QWidget, amount: QWidget) -> None:
        first, self._row, third, self._of_selection = (FlowLayout(gap=1, row_gap=1) for _ in range(4))
        for button in (*self.tools.values(), self.ground, self.clear, self.anew):
            first.addWidget(button)
        self._class_row = QWidget()
        names = QHBoxLayout()
        names.setSpacing(2)
        for widget in (self.name, self.add, self.remove):
            names.addWidget(widget)
        names.addStretch(1)
        both = QVBoxLayout(self._class_row)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(4)
        both.addLayout(self._row)
        both.addLayout(names)
        self._sliders = QWidget()
        self._sliders.setLayout(third)
        for row in (radius, amount, self.height_row):
            third.addWidget(row)
        self.selection = QWidget()
        self.selection.setLayout(self._of_selection)
        for button in self.actions_.values():
            self._of_selection.addWidget(button)
        self.selection.hide()
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(first)
        column.addWidget(self._class_row)
        column.addWidget(self._sliders)
        column.addWidget(self.selection)
        column.addStretch(1)

    def stand_beside(self, beside: bool) -> None:
        """Stand in a narrow column beside the picture, or in rows above it."""
        self.setFixedWidth(BESIDE) if beside else self.setMaximumWidth(_NO_LIMIT)
        self.setMinimumWidth(BESIDE if beside else 0)

    def event(self, event: QEvent) -> bool:
        # Rows that flow may not be squeezed into one another; what they need depends on the width.
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self.setMinimumHeight(self._column.heightForWidth(self.width()))
        return super().event(event)

    def _tools(self) -> dict[str, QToolButton]:
        group, made = QButtonGroup(self), {}
        for name, (picture, what) in TOOLS.items():
            button = made[name] = self._button(f"tool_{name}", picture, what)
            button.setCheckable(True)
            group.addButton(button)
            button.toggled.connect(lambda on, name=name: self.tool_changed.emit(name) if on else None)
        made["brush"].setChecked(True)
        return made

    def _button(self, name: str, picture: str, what: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setAutoRaise(True)
        button.setIcon(icon(picture, self._theme))
        button.setIconSize(QSize(16, 16))
        button.setToolTip(what)
        button.setAccessibleName(what.partition(":")[0].partition(".")[0])
        button.setAccessibleDescription(what)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _slider(
        self, name: str, text: str, values: tuple[int, int, int], what: str
    ) -> tuple[QSlider, QWidget]:
        row, slider, label, number = QWidget(), QSlider(Qt.Orientation.Horizontal), Label(text), Label()
        slider.setObjectName(name)
        slider.setRange(*values[:2])
        slider.setFixedWidth(60)
        slider.setToolTip(what)
        slider.setAccessibleName(text)
        slider.setAccessibleDescription(what)
        slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for one in (label, number):
            one.setFont(small(one.font()))
            one.setProperty("muted", True)
        number.setMinimumWidth(number.fontMetrics().horizontalAdvance("−0.00"))
        written = (lambda value: fmt(value / 100 * self.limit)) if name == "paint_height" else str
        slider.valueChanged.connect(lambda value: number.setText(written(value)))
        slider.setValue(values[2])
        inside = QHBoxLayout(row)
        inside.setContentsMargins(0, 0, 6, 0)
        inside.setSpacing(4)
        for widget in (label, slider, number):
            inside.addWidget(widget)
        return slider, row

    # ---- what is chosen ------------------------------------------------------------------------------------------------

    @property
    def tool(self) -> str:
        return next(name for name, button in self.tools.items() if button.isChecked())

    @property
    def label(self) -> int:
        """The chosen class; 0 where there are none."""
        return max(0, self._chips.checkedId())

    @property
    def value(self) -> float:
        """What new points are: their class, or their height."""
        return float(self.label) if self._classes else self.height_.value() / 100 * self.limit

    @property
    def sigma(self) -> float:
        """Of the brush, as a share of the picture's width."""
        return self.radius.value() / 100 / 2

    # ---- what it shows -------------------------------------------------------------------------------------------------

    def show_points(
        self, shape: str, classes: tuple[str, ...], counts: tuple[int, ...], limit: float
    ) -> None:
        """What there is to paint: the names of the classes, and how many points each has; ``limit``: the end of the scale of heights."""
        self.limit = limit
        self.tools["raise"].setVisible(shape == "heights")
        self.ground.setVisible(shape == "heights")
        self.height_row.setVisible(shape == "heights")
        self._class_row.setVisible(shape == "classes")
        if shape != "heights" and self.tool == "raise":
            self.tools["brush"].setChecked(True)
        if len(classes) != len(self._classes):
            self._make_chips(len(classes))
        self._classes, self._counts = classes, counts
        for number, (name, count) in enumerate(zip(classes, counts, strict=True)):
            chip = self._chips.button(number)
            room = chip.width() - (70 if len(classes) <= FEW else 50)
            text = chip.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room)
            chip.setText(f"{button_text(text)}  {count}")
            chip.setToolTip(tip(f"Paint points of the class {name}."))
            chip.setAccessibleName(f"Class {name}")
        self.add.setEnabled(len(classes) < MOST_CLASSES)
        self.remove.setEnabled(len(classes) > 2)
        self._show_name()

    def _make_chips(self, count: int) -> None:
        kept = min(self.label, max(count - 1, 0))
        more = count > len(self._chips.buttons()) > 0
        for chip in self._chips.buttons():
            self._chips.removeButton(chip)
            chip.hide()
            chip.setObjectName("")
            chip.deleteLater()
        while (item := self._row.takeAt(0)) is not None:
            del item
        for number in range(count):
            chip = QToolButton()
            chip.setObjectName(f"class_{number}")
            chip.setCheckable(True)
            chip.setAutoRaise(True)
            chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            chip.setFont(small(chip.font()))
            chip.setFixedWidth(
                CHIP if count <= FEW else CHIP // 2
            )  # whatever the count: nothing may move away from under the mouse
            chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._chips.addButton(chip, number)
            self._row.addWidget(chip)
        if count:
            self._chips.button(count - 1 if more else kept).setChecked(True)
        self._restyle()

    def _restyle(self) -> None:
        for chip in self._chips.buttons():
            number = self._chips.id(chip)
            one = look(self._theme, "train", self._theme.class_colour(number), marker_of(number))
            chip.setIcon(marker_icon(one, self.devicePixelRatioF()))

    def _show_name(self) -> None:
        if self._classes and not self.name.hasFocus():
            self.name.setText(self._classes[min(self.label, len(self._classes) - 1)])
            self.name.setCursorPosition(0)

    def _renamed(self) -> None:
        name, label = self.name.text().strip(), self.label
        if self._classes and name and name != self._classes[label]:
            self.class_renamed.emit(label, name)
        elif self._classes:
            self.name.setText(self._classes[label])

    def show_selection(self, count: int) -> None:
        """So many points are selected."""
        # In place of the sliders, and as soon as there is the tool: the bar is high enough as it is.
        selecting = self.tool == "select" or count > 0
        self.selection.setVisible(selecting)
        self._sliders.setVisible(not selecting or not self._classes)
        self.selection.setEnabled(count > 0)

    def say(self, text: str) -> None:
        """A sentence below the picture; "": what the tool does."""
        self.said.setText(text or TOOLS[self.tool][1])
        self.said.setToolTip(tip(text))

    def setVisible(self, visible: bool) -> None:
        super().setVisible(visible)
        self.said.setVisible(visible)
