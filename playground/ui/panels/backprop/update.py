"""The update, weight by weight: old value, gradient, what is added and remembered, the step, the new value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHeaderView, QSizePolicy, QTableView

from engine.regularizers import NoPenalty
from engine.trace import Card, Equation, Moment, NotKept, Operand, Place, Trace, UpdateRow, card, update_rows
from playground.ui.kit.fonts import small
from playground.ui.kit.formula import FormulaView
from playground.ui.kit.numbers import exact, fmt
from playground.ui.kit.step_progress import Progress
from playground.ui.kit.text import tip
from playground.ui.kit.view import Context
from playground.ui.kit.widgets import ComboBox, label, named
from playground.ui.panels.backprop.card import PATIENCE
from playground.ui.panels.backprop.clip_arrows import ClipArrows
from playground.ui.panels.backprop.side import SideCard
from playground.ui.panels.backprop.subject import in_words

NOT_YET = "·"  #: numbers that no step has reached
ROOMY = 270  #: from this height on, in pixels, there is room for an equation in symbols and in numbers
CALM = 120  #: milliseconds that the mouse rests on a number before its equation is typeset

Index = tuple[int, ...]
_Any_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Column:
    """One column: its heading, what it means, its number of a row, and from when on that is known."""

    heading: str
    help: str
    number: Callable[[UpdateRow], Operand]
    early: bool = False  #: known as soon as the gradient is
    old: bool = False  #: known from the beginning


def _corrected_slot(i: int, row: UpdateRow) -> Operand:
    return row.corrected[i]


def columns_of(trace: Trace) -> tuple[Column, ...]:
    """The columns that this run has: those of penalty, clipping and memory only where there is one."""
    found = [
        Column("old", "The weight before the update.", lambda r: r.old, old=True),
        Column(
            "gradient",
            "How the loss moves with it, added up over the batch.",
            lambda r: r.gradient,
            early=True,
        ),
    ]
    own = any(getattr(n.layer, "regularizer", None) is not None for n in trace.network.nodes)
    if own or not isinstance(trace.fit.regularizer, NoPenalty):
        found.append(Column("+ penalty", "What regularization adds to the gradient.", lambda r: r.penalty))
    if trace.fit.clipping is not None:
        found.append(
            Column("× clip", "The factor by which clipping shortens the gradient.", lambda r: r.clipping)
        )
    optimizer = trace.fit.optimizer
    for i, slot in enumerate(optimizer.slots):
        found.append(
            _slot(i, 0, slot, f"{slot}: what {optimizer.label} remembers, before this update.", old=True)
        )
        found.append(_slot(i, 1, f"new {slot}", f"{slot} with this gradient taken in."))
    if _corrected(trace):
        for i, slot in enumerate(optimizer.slots):
            found.append(
                Column(f"{slot} corrected", f"{slot} made up for starting at 0.", partial(_corrected_slot, i))
            )
    found += [
        Column("step", "By how much the weight moves.", lambda r: r.step),
        Column("new", "The weight after the update.", lambda r: r.new),
    ]
    return tuple(found)


def _slot(i: int, when: int, heading: str, words: str, old: bool = False) -> Column:
    return Column(heading, words, lambda r: r.slots[i][when], old=old)


def _corrected(trace: Trace) -> bool:
    for node_id in trace.learners():
        layer = trace.network[node_id].layer
        if not getattr(layer, "frozen", False):
            name, spec = next(iter(layer.parameters(*trace.in_shapes(node_id)).items()))
            (row,) = update_rows(trace, node_id, name, [(0,) * len(spec.shape)])
            return len(row.corrected) == len(trace.fit.optimizer.slots) > 0
    return False


class UpdateTable(QAbstractTableModel):
    """All cells of one parameter, made row by row as somebody looks: the chosen one first, then those with the largest gradients."""

    def __init__(self, parent: Any) -> None:
        super().__init__(parent)
        self.columns: tuple[Column, ...] = ()
        self.place: Place | None = None
        self.progress: Progress | None = None
        self._flat = np.zeros(0, np.int64)  # the cells' numbers in the order of the rows
        self._shape: Index = ()
        self._rows: dict[int, UpdateRow] = {}
        self._colour = QColor()

    def show_parameter(self, progress: Progress, place: Place, colour: str) -> None:
        """List the parameter that ``place`` is in."""
        self.beginResetModel()
        trace = progress.trace
        gradient = trace.parameter(place.node_id, place.name, "gradient")
        largest = np.argsort(-np.abs(np.nan_to_num(gradient).ravel()), kind="stable")
        known = progress.parameter_gradient(place.node_id, place.name, place.index)
        flat = largest if known else np.arange(gradient.size)
        first = int(np.ravel_multi_index(place.index, gradient.shape))
        self._flat, self._shape = np.concatenate([[first], flat[flat != first]]), gradient.shape
        self.columns, self.place, self.progress = columns_of(trace), place, progress
        self._rows, self._colour = {}, QColor(colour)
        self.endResetModel()

    def _cell(self, row: int) -> Index:
        """Which cell of the parameter stands in a row."""
        return tuple(int(i) for i in np.unravel_index(int(self._flat[row]), self._shape))

    def row(self, i: int) -> UpdateRow:
        """How the weight in a row changes."""
        if i not in self._rows and self.place is not None and self.progress is not None:
            at = (self.place.node_id, self.place.name)
            (self._rows[i],) = update_rows(self.progress.trace, *at, [self._cell(i)])
        return self._rows[i]

    def known(self, row: int, column: int) -> bool:
        """Whether the steps have reached this number."""
        one, progress, place = self.columns[column], self.progress, self.place
        if progress is None or place is None:
            return False
        at = (place.node_id, place.name, self._cell(row))
        return one.old or progress.updated(*at) or (one.early and progress.parameter_gradient(*at))

    def rowCount(self, parent: _Any_Index = QModelIndex()) -> int:  # noqa: B008  (Qt's signature)
        return 0 if parent.isValid() else len(self._flat)

    def columnCount(self, parent: _Any_Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: _Any_Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        known = self.known(index.row(), index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return fmt(self._number(index).value) if known else NOT_YET
        if role == Qt.ItemDataRole.ToolTipRole:
            words = self.columns[index.column()].help
            return (
                f"{words} Exactly: {self._number(index).value!r}"
                if known
                else f"{words} No step has reached it yet."
            )
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and self.columns[index.column()].heading == "gradient":
            return self._colour
        if role == Qt.ItemDataRole.FontRole and index.column() == len(self.columns) - 1:
            font = QFont()
            font.setBold(True)
            return font
        return None

    def _number(self, index: _Any_Index) -> Operand:
        return self.columns[index.column()].number(self.row(index.row()))

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return self.columns[section].heading
        if role == Qt.ItemDataRole.ToolTipRole and orientation is Qt.Orientation.Horizontal:
            return self.columns[section].help
        if role == Qt.ItemDataRole.DisplayRole and self.place is not None:
            return f"[{', '.join(str(i + 1) for i in self._cell(section))}]"
        return None

    def cell(self, row: int) -> Place | None:
        """The place of the weight in a row."""
        if self.place is None or not 0 <= row < len(self._flat):
            return None
        return Place(self.place.node_id, "parameter", self.place.name, self._cell(row))

    def equation(self, row: int, column: int) -> Equation | None:
        """How a number came about; ``None`` for those that were there before, and for those not known yet."""
        place = self.cell(row)
        if place is None or self.progress is None or not self.known(row, column):
            return None
        trace, found, number = self.progress.trace, self.row(row), self._number(self.index(row, column))
        if self.columns[column].early:
            moment = Moment("backward", "unit", place.node_id, "parameter", place.name, place.index)
            return _last(card(trace, moment, None if trace.whole else trace.samples[0], fmt))
        if number is found.new:
            return found.equations[-1]
        return next((e for e in found.equations if e.result.symbol == number.symbol), None)


def _last(found: Card) -> Equation:
    return found.equations[-1]


class UpdateCard(SideCard):
    """The table of one parameter of the layer that computes, the equation of the number one looks at, and the loss before and after."""

    title = "Update"
    idle = "Step inside an update to see how every weight changes."

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.setObjectName("update_card")
        tip_ = "Whose update is listed; it follows the step."
        self.choice = named(ComboBox(), "update_parameter", "Parameter", tip_)
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.choice.activated.connect(self._choose)
        self.table = UpdateTable(self)
        self.view = named(QTableView(), "update_table", "The update of every weight")
        self.view.setModel(self.table)
        self.view.setMouseTracking(True)
        self.view.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.view.setWordWrap(False)
        self.view.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.view.setShowGrid(False)
        self.view.setTabKeyNavigation(False)
        self.view.setAlternatingRowColors(True)
        self.view.verticalHeader().setDefaultSectionSize(24)
        self.view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.view.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        self.view.setMinimumHeight(76)
        for part in (self.view, self.view.horizontalHeader(), self.view.verticalHeader()):
            part.setFont(small(self.font()))
        self.view.horizontalScrollBar().rangeChanged.connect(
            lambda *_: self.view.scrollTo(self.view.currentIndex())
        )
        self.formula = FormulaView(context.theme, "update_equation", patience=PATIENCE)
        self.losses = label("update_losses", rich=True)
        self.losses.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.head.insertWidget(0, self.choice)
        self.arrows = ClipArrows(context.theme)
        self.body.addWidget(self.arrows)
        self.body.addWidget(self.view, 1)
        self.body.addWidget(self.formula)
        self.body.addWidget(self.losses)
        self._pending: tuple[int, int] | None = None
        self._rest = QTimer(self, singleShot=True, interval=CALM)
        self._rest.timeout.connect(self._explain_pending)
        self.view.entered.connect(self._entered)
        self.view.clicked.connect(self._clicked)
        self.view.selectionModel().currentChanged.connect(lambda now, _: self._look_at(now))
        context.theme.follow(self.touch)

    # --- showing ------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        step, place = self.step, self.subject.place
        if step is None or place is None:
            left_out = " ".join(step.trace.left_out) if step is not None else ""
            self.say(left_out or "Nothing in this network learns, so there is nothing to update.")
            return
        self.say("")
        trace = step.trace
        progress = Progress(trace, step.moment, step.sample, self.context.focus.veiled)
        self._list_parameters(trace, place)
        self.remark.say(
            f"{trace.fit.optimizer.label}, learning rate {exact(float(f'{trace.learning_rate:.6g}'))}"
        )
        old = (self.table.place, self.table.progress)
        if old[0] != place or old[1] is None or (old[1].trace, old[1].moment, old[1].veiled) != (
            trace, step.moment, progress.veiled,
        ):  # fmt: skip
            self.table.show_parameter(progress, place, self.context.theme.gradient)
            self._fit_columns()
            self._fit_rows()
            self.view.setCurrentIndex(self.table.index(0, self._telling()))
        self._say_losses(trace, progress)
        self.arrows.show_update(trace, step.moment.phase == "update" and not self.context.focus.veiled)

    def _telling(self) -> int:
        """The column that tells most at this step: the last that is known."""
        known = [c for c in range(self.table.columnCount()) if self.table.known(0, c)]
        return known[-1] if known else 0

    def _fit_columns(self) -> None:
        """As wide as any number may be, so that they stay where they are from step to step."""
        metrics = QFontMetrics(self.view.font())
        for i, column in enumerate(self.table.columns):
            words = max(metrics.horizontalAdvance(t) for t in (column.heading, "−1.23e−4"))
            self.view.setColumnWidth(i, words + 12)

    def _fit_rows(self) -> None:
        """No higher than its rows."""
        rows = min(self.table.rowCount(), 40)
        bar = self.view.horizontalScrollBar().sizeHint().height()
        self.view.setMaximumHeight(self.view.horizontalHeader().sizeHint().height() + 24 * rows + bar + 4)

    def _list_parameters(self, trace: Trace, place: Place) -> None:
        names = [
            (node_id, name)
            for node_id in trace.learners()
            for name in trace.network[node_id].layer.parameters(*trace.in_shapes(node_id))
        ]
        shown = [self.choice.itemData(i) for i in range(self.choice.count())]
        if shown != names:
            self.choice.clear()
            for node_id, name in names:
                self.choice.addItem(f"{node_id} · {name}", (node_id, name))
        self.choice.setCurrentIndex(names.index((place.node_id, place.name)))

    def _say_losses(self, trace: Trace, progress: Progress) -> None:
        before = fmt(trace.loss) if progress.loss else NOT_YET
        if not progress.loss_after:
            self.losses.setText(f"Loss of this batch {before}; the last step shows the new one")
            return
        change = trace.loss_after - trace.loss
        words = f"{'fell' if change < 0 else 'rose'} by {fmt(abs(change))}" if change else "stayed as it was"
        self.losses.setText(
            f"Loss of this batch {before} \N{RIGHTWARDS ARROW} <b>{fmt(trace.loss_after)}</b>: it {words}"
        )

    # --- looking ------------------------------------------------------------------------------------------------------

    def _choose(self, i: int) -> None:
        step = self.step
        node_id, name = self.choice.itemData(i)
        if step is not None:
            gradient = step.trace.parameter(node_id, name, "gradient")
            flat = int(np.abs(np.nan_to_num(gradient)).argmax())
            cell = tuple(int(k) for k in np.unravel_index(flat, gradient.shape))
            self.context.focus.choose_place(Place(node_id, "parameter", name, cell))

    def _entered(self, index: QModelIndex) -> None:
        self.context.focus.point_at(self.table.cell(index.row()))
        self._pending = (index.row(), index.column())
        self._rest.start()

    def _clicked(self, index: QModelIndex) -> None:
        place = self.table.cell(index.row())
        if place is not None and place != self.subject.place:
            self.context.focus.choose_place(place)

    def _look_at(self, index: QModelIndex) -> None:
        self._pending = (index.row(), index.column())
        self._explain_pending()

    def _explain_pending(self) -> None:
        if self._pending is None or self._pending[0] >= self.table.rowCount() or self._pending[0] < 0:
            return
        try:
            equation = self.table.equation(*self._pending)
        except NotKept as error:
            self.formula.set_latex(rf"\mathrm{{{error}}}")
            return
        self.formula.set_latex("" if equation is None else self._written(equation))
        place = self.table.cell(self._pending[0])
        step = self.step
        if place is not None and step is not None:
            self.formula.setToolTip(tip(in_words(place)))

    def _written(self, equation: Equation) -> str:
        """With its numbers, and where there is room first in symbols."""
        numbers = equation.numbers(fmt, 4)
        return numbers if self.height() < ROOMY else rf"{equation.latex(4)} \quad {numbers}"

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (event.oldSize().height() < ROOMY) != (event.size().height() < ROOMY):
            self._explain_pending()

    def leaveEvent(self, event: Any) -> None:
        super().leaveEvent(event)
        self._rest.stop()
        self.context.focus.point_at(None)
