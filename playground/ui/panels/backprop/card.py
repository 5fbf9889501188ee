"""The step card, always the same five lines: what happens, the formula, the same with numbers, the result, and why."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.trace import BACKWARD, Card, Equation, Operand
from playground.ui.kit.colours import mix
from playground.ui.kit.formula import FormulaView
from playground.ui.kit.linked import Linked, Zone, colour_of, words_for
from playground.ui.kit.numbers import fmt, parse
from playground.ui.kit.symbols import draw, plain, width
from playground.ui.kit.text import escaped
from playground.ui.kit.theme import Theme
from playground.ui.kit.view import Focus
from playground.ui.kit.widgets import filled, label
from playground.ui.panels.backprop.boxes import Boxes
from playground.ui.panels.backprop.stages import StagesView
from playground.ui.panels.backprop.terms import TermStrip

#: the five lines, with what each tells
LINES = ("What", "Formula", "Numbers", "Result", "Why")
#: terms of a sum that are written out in a card that is at least so wide, in pixels
MOST = ((700, 6), (460, 3), (0, 2))
#: milliseconds that a step must stay before its formulas are typeset: a held key goes by faster
PATIENCE = 60
#: terms of a sum that somebody might add up by hand
PENCIL = 40
#: pixels that the names of the lines take
CAPTIONS = 90
FLOWS = "The data are read by several layers: what these send back adds up."


class ResultLine(Linked):
    """The number that a step gives, in large figures."""

    def __init__(self, focus: Focus, theme: Theme, name: str) -> None:
        super().__init__(focus, theme, name)
        self.operand: Operand | None = None
        self._veiled = self._backward = False
        self.setFixedHeight(26)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_operand(self, operand: Operand | None, veiled: bool, backward: bool) -> None:
        """Show this number; ``backward``: it is a gradient, or a part of one."""
        self.operand, self._veiled, self._backward = operand, veiled, backward
        if operand is not None:
            self.setAccessibleName(
                "to be predicted" if veiled else f"{plain(operand.symbol)} = {self.written(operand.value)}"
            )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.operand is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        operand = self.operand
        colour = self.theme.gradient if self._backward else colour_of(self.theme, operand.place)
        font = QFont(self.font())
        font.setPointSizeF(max(8.0, font.pointSizeF() * 1.25))
        end = draw(painter, QPointF(4, 18), operand.symbol, font, QColor(self.theme.text))
        font.setBold(True)
        end = draw(painter, QPointF(end, 18), r"\ =\ ", font, QColor(self.theme.text))
        painter.setFont(font)
        number = "?" if self._veiled else self.written(operand.value)
        room = QRectF(end, 1, painter.fontMetrics().horizontalAdvance(number) + 8, 24)
        if self.lit(operand.place):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mix(self.theme.panel, colour, 0.25)))
            painter.drawRoundedRect(room, 4, 4)
        painter.setPen(QColor(colour))
        painter.drawText(QPointF(end + 4, 18), number)
        words = "Predict it first." if self._veiled else words_for(operand)
        self.zones = (Zone(QRectF(0, 0, room.right(), 26), words, operand.place),)
        painter.end()


class StepCard(QWidget):
    """One step in words and numbers."""

    def __init__(self, focus: Focus, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("step_card")
        self._fmt = lambda value: fmt(value, focus.digits)
        self.sentence = _selectable("step_sentence")
        self.formula = FormulaView(theme, "step_formula", patience=PATIENCE)
        self.numbers = FormulaView(theme, "step_numbers", patience=PATIENCE)
        self.result = ResultLine(focus, theme, "step_result")
        self.why = _selectable("step_why")
        self.boxes = Boxes(focus, theme, "step_boxes")
        self.terms = TermStrip(focus, theme, "step_terms")
        self.flows = _selectable("step_flows_words", muted=True)
        self.branches = Boxes(focus, theme, "step_branches")
        self.before = _selectable("step_before", "Worked out on the way to it:", muted=True)
        self.stages = StagesView(focus, theme, "step_stages")
        self._captions: dict[str, QLabel] = {}
        below = (self.branches, self.boxes, self.terms, self.flows, self.before, self.stages)
        filled(QVBoxLayout(self), self._lines(), 2, *below, None, gap=6)

    def _lines(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(1, 1)
        contents = (self.sentence, self.formula, self.numbers, self.result, self.why)
        for row, (caption, part) in enumerate(zip(LINES, contents, strict=True)):
            said = label(f"step_caption_{caption.lower()}", caption, wraps=False, muted=True)
            said.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            said.setContentsMargins(0, 4 if caption == "Result" else 1, 0, 0)
            self._captions[caption] = said
            grid.addWidget(said, row, 0)
            grid.addWidget(part, row, 1)
        return grid

    def show_card(self, card: Card, where: str, veiled: bool, shapes: str = "") -> None:
        """Explain a step. ``where``: "Step 11 of 34"; ``veiled``: its result is to be predicted; ``shapes``: of what passes."""
        title = escaped(card.title)
        # Sentences tell results: nothing of them while the learner is asked for one.
        sentence, why = ("", "") if veiled else (escaped(card.sentence), escaped(card.why))
        passing = f" <i>{shapes}</i>" if shapes else ""
        self.sentence.setText(f"{where} · <b>{title}.</b> {sentence}{passing}".rstrip())
        formula, numbers = self._written(card)
        self.formula.set_latex(formula)
        backward = card.result is not None and (
            card.moment.phase == "backward"
            or (card.result.place is not None and card.result.place.kind in BACKWARD)
        )
        self.numbers.set_latex("" if veiled else numbers, "gradient" if backward else "accent")
        self.result.set_operand(card.result, veiled, backward)
        self.why.setText(why)
        self._show("Formula", self.formula, bool(card.formula))
        self._show("Numbers", self.numbers, bool(card.numbers))
        self._show("Result", self.result, card.result is not None)
        self._show("Why", self.why, bool(why))
        self.numbers.setVisible(bool(card.numbers) and not veiled)
        self.boxes.set_boxes(card.boxes, veiled)
        self._show_terms(card, veiled)
        self.flows.setText(FLOWS)
        self.flows.setVisible(card.total is not None and card.moment.part != "fork")
        total = card.total.result if card.total is not None else None
        self.branches.set_branches(card.contributions, total, veiled)

    def _written(self, card: Card) -> tuple[str, str]:
        """Formula and numbers, with as many terms of a long sum as the card is wide for; the chips have the others."""
        last = card.equations[-1] if card.equations else None
        most = next(n for room, n in MOST if self.width() >= room)
        formula, numbers = card.formula, card.numbers
        if last is not None and len(last.terms) > most:
            formula = last.latex(most) if formula == last.latex() else formula
            numbers = last.numbers(self._fmt, most) if numbers == last.numbers(self._fmt) else numbers
        if last is not None and not self._adds_up(last):
            before, sign, after = numbers.rpartition(" = ")
            numbers = rf"{before} \approx {after}" if sign else numbers
        more = [rf"\qquad {written}" if written else "" for written in card.joined]  # on a line of its own
        one_line = _on_one_line(formula)
        fits = width(one_line, self.font()) <= self.width() - CAPTIONS
        return (one_line if fits else formula) + more[0], numbers + more[1]

    def _adds_up(self, equation: Equation) -> bool:
        """Whether the numbers as they are written give the result as it is written; else a pencil does not close the sum."""
        if equation.rule != "sum" or len(equation.terms) > PENCIL or not math.isfinite(equation.result.value):
            return True

        def shown(value: float) -> float:
            return float(parse(self._fmt(value)) or 0.0)

        total = sum(math.prod(shown(f.value) for f in term.factors) for term in equation.terms)
        total *= math.prod(shown(one.value) for one in equation.scale)
        return self._fmt(total) == self._fmt(equation.result.value)

    def _show_terms(self, card: Card, veiled: bool) -> None:
        moment = card.moment
        staged = bool(card.stages) and moment.phase == "loss"
        last = card.equations[-1] if card.equations else None
        if staged:
            self.stages.show_stages(card.stages, moment, veiled)
        else:
            self.stages.show_steps(card.equations[:-1])
        self.before.setVisible(not staged and len(card.equations) > 1)
        single = last is not None and len(last.terms) == 1 and card.boxes is not None
        single = single or moment.part == "fork"  # each term has a box
        if last is None or staged or single:
            self.terms.set_equation(None)
            return
        in_terms = moment.term >= 0 and moment.part in ("value", "parameter", "share")
        self.terms.set_equation(last, moment.term if in_terms else -1, veiled)

    def _show(self, line: str, part: QWidget, on: bool) -> None:
        self._captions[line].setVisible(on)
        part.setVisible(on)


def _selectable(name: str, text: str = "", muted: bool = False) -> QLabel:
    made = label(name, text, rich=True, muted=muted)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return made


def _on_one_line(formula: str) -> str:
    """Formulas of a layer side by side, as a card has more width than height."""
    return formula.replace(r"\quad", r"\ \ \ ")
