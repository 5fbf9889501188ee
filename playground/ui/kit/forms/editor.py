"""One editor per kind of parameter, found through a registry: a new kind needs one class here and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QStyledItemDelegate,
    QToolButton,
    QWidget,
)

from engine.spec import Bool, Choice, Flags, Float, FloatList, Int, Kind, NestedList, Pair, Param
from playground.ui.kit.forms.field import WIDTH, StepField
from playground.ui.kit.forms.number import NumberField, PairField
from playground.ui.kit.icons import icon
from playground.ui.kit.numbers import exact
from playground.ui.kit.style import refresh
from playground.ui.kit.text import escaped
from playground.ui.kit.theme import Theme
from playground.ui.kit.widgets import ComboBox

if TYPE_CHECKING:
    from playground.lessons.locks import Allowed


class Editor(QWidget):
    """Base of editors: shows one value of a parameter and says what a person makes of it.

    ``entered`` carries the new value, legal or not, and a merge key (see ``StepField``). ``control`` is the widget with the focus;
    ``below`` stands under the row, over the whole width, where an editor needs that.
    """

    entered = Signal(object, str)
    control: QWidget
    below: QWidget | None = None

    def __init__(self, param: Param, theme: Theme) -> None:
        super().__init__()
        self.param, self.theme = param, theme

    def show_value(self, value: Any) -> None:
        """Show ``value`` without emitting anything."""

    def showing(self, value: Any) -> Iterator[None]:
        """``show_value`` bit by bit: for editors that need long."""
        self.show_value(value)
        yield

    def restart(self, value: Any) -> None:
        """Show ``value`` and drop whatever was being typed."""
        self.show_value(value)

    def mark(self, wrong: bool) -> None:
        """Whether what stands here was refused."""
        self.control.setProperty("wrong", wrong)
        refresh(self.control)

    def commit(self) -> None:
        """Take what is being typed."""

    def stops(self) -> list[QWidget]:
        """What Tab goes to inside it, in order."""
        return [self.control]

    def inner_stops(self) -> list[QWidget]:
        """What Tab goes to in the forms inside it, after the reset button."""
        return []

    def annotate(self, unsuited: Mapping[str, str]) -> None:
        """Entries that cannot be chosen now, with the reason of each, by registry key."""

    def lock_inside(self, locks: tuple[Allowed, str] | None) -> None:
        """Which fields of inner forms answer: what a lesson has opened, and the path of this parameter; ``None``: all."""

    def _take(self, control: QWidget) -> None:
        """Make ``control`` the whole editor. It is no focus proxy: with one, Qt 6.11's setTabOrder ties Tab into a ring."""
        self.control = control
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(control)


E_ = TypeVar("E_", bound=type[Editor])
_editors: dict[type[Kind], type[Editor]] = {}


def edits(*kinds: type[Kind]) -> Callable[[E_], E_]:
    """Class decorator: this editor serves these kinds."""

    def decorate(cls: E_) -> E_:
        _editors.update(dict.fromkeys(kinds, cls))
        return cls

    return decorate


def editor_for(param: Param, theme: Theme) -> Editor:
    """A new editor for ``param``. Raises LookupError for a kind without one."""
    for cls in type(param.kind).__mro__:
        if cls in _editors:
            return _editors[cls](param, theme)
    raise LookupError(
        f"No form shows a {type(param.kind).__name__} ({param.name}). Register an editor for it with @edits."
    )


def in_words(param: Param, value: Any) -> str:
    """A value as the form shows it, for tool tips and messages."""
    match value:
        case None:
            return str(getattr(param.kind, "none_label", "none"))
        case bool():
            return "on" if value else "off"
        case "":
            return "none"
        case tuple() if isinstance(param.kind, FloatList):
            return param.kind.written(value) or param.kind.none_label
        case tuple() if isinstance(param.kind, Flags):
            return ", ".join(value) or "none"
        case tuple() if isinstance(param.kind, NestedList):
            return ", ".join(spec.label for spec in value) or param.kind.none_label
        case tuple() | int() if isinstance(param.kind, Pair):
            return param.kind.written(value)
        case int() | float():
            return exact(value)
    return str(getattr(value, "label", value))


class _FieldEditor(Editor):
    field: StepField

    def _show(self, field: StepField) -> None:
        self.field = field
        field.entered.connect(self.entered)
        self._take(field)

    def show_value(self, value: Any) -> None:
        self.field.show_value(value)

    def mark(self, wrong: bool) -> None:
        self.field.mark(wrong)

    def commit(self) -> None:
        self.field.commit()


@edits(Int, Float)
class NumberEditor(_FieldEditor):
    """A number to type, step or drag."""

    def __init__(self, param: Param, theme: Theme) -> None:
        super().__init__(param, theme)
        around = 0.0 if param.required else float(param.default)
        self._show(NumberField(param.kind, param.unit, theme, self, around))  # type: ignore[arg-type]


@edits(Pair)
class PairEditor(_FieldEditor):
    """One number, height × width, or a word from the little menu beside the box."""

    def __init__(self, param: Param, theme: Theme) -> None:
        super().__init__(param, theme)
        kind: Pair = param.kind  # type: ignore[assignment]
        self._show(PairField(kind, param.unit, theme, self))
        offered: dict[str, Any] = {word: word for word in kind.words}
        if kind.zero:
            offered[kind.written(0)] = 0
        self._button = self._offer(offered) if offered else None

    def _offer(self, words: Mapping[str, Any]) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(f"{self.param.name}.words")
        button.setProperty("choice", True)
        button.setFixedWidth(22)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # by keyboard the word is typed
        button.setToolTip(f"A word instead of a number: {', '.join(words)}.")
        button.setAccessibleName("A word instead of a number")
        button.setIconSize(QSize(12, 12))
        button.setIcon(icon("chevron-down", self.theme, "muted"))
        menu = QMenu(button)
        for word, value in words.items():
            menu.addAction(word).triggered.connect(
                lambda _checked=False, value=value: self.entered.emit(value, "")
            )
        button.setMenu(menu)
        layout = self.layout()
        layout.setSpacing(2)  # type: ignore[union-attr]
        layout.insertWidget(0, button)  # type: ignore[union-attr]
        return button


@edits(Bool)
class BoolEditor(Editor):
    """A check box."""

    def __init__(self, param: Param, theme: Theme) -> None:
        super().__init__(param, theme)
        self.box = QCheckBox()
        self.box.clicked.connect(lambda on: self.entered.emit(on, ""))
        self._take(self.box)

    def show_value(self, value: Any) -> None:
        self.box.setChecked(bool(value))


class Combo(ComboBox):
    """A list to choose from that leaves the wheel to the form until it has the focus."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(6)
        self.setMaxVisibleItems(16)
        self.setItemDelegate(QStyledItemDelegate(self))  # the one that follows the style sheet

    def minimumSizeHint(self) -> QSize:
        return QSize(88, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(max(hint.width() + 10, WIDTH), hint.height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def showPopup(self) -> None:
        # The list is as wide as its longest name, however narrow the box.
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 28)
        super().showPopup()

    def forbid(self, index: int, reason: str, help: str) -> None:
        """Make an entry one that cannot be chosen, and say why; "" allows it."""
        model = self.model()
        if isinstance(model, QStandardItemModel):
            model.item(index).setEnabled(not reason)
        self.explain(index, reason or help)

    def explain(self, index: int, words: str) -> None:
        """Give an entry a tool tip."""
        # plain ones do not wrap
        self.setItemData(index, f"<p>{escaped(words)}</p>", Qt.ItemDataRole.ToolTipRole)


@edits(Choice)
class ChoiceEditor(Editor):
    """One of a few words."""

    def __init__(self, param: Param, theme: Theme) -> None:
        super().__init__(param, theme)
        self.combo = Combo()
        self.combo.addItems(param.kind.options)  # type: ignore[attr-defined]
        self.combo.activated.connect(lambda index: self.entered.emit(self.combo.itemText(index), ""))
        self._take(self.combo)

    def show_value(self, value: Any) -> None:
        self.combo.setCurrentText(value)


@edits(Flags)
class FlagsEditor(Editor):
    """A check box for each of a few words, in a block under the label."""

    COLUMNS = 3

    def __init__(self, param: Param, theme: Theme) -> None:
        super().__init__(param, theme)
        self.below = QWidget()
        grid = QGridLayout(self.below)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        self.boxes: dict[str, QCheckBox] = {}
        for number, option in enumerate(param.kind.options):  # type: ignore[attr-defined]
            box = QCheckBox(option)
            box.setObjectName(f"{param.name}.{option}")
            box.setAccessibleName(option)
            box.setToolTip(param.help)
            box.clicked.connect(self._clicked)
            grid.addWidget(box, number // self.COLUMNS, number % self.COLUMNS)
            self.boxes[option] = box
        self.control = next(iter(self.boxes.values()))

    def stops(self) -> list[QWidget]:
        return list(self.boxes.values())

    def _clicked(self) -> None:
        self.entered.emit(tuple(option for option, box in self.boxes.items() if box.isChecked()), "")

    def show_value(self, value: Any) -> None:
        for option, box in self.boxes.items():
            box.setChecked(option in value)
