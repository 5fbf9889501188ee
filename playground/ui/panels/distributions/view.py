"""How the numbers of every layer are spread, now and over time; beside another run, in two colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from engine.distributions import Distributions
from playground.document.project import problems
from playground.runner.messages import GoTo, SpreadFilm, Spreads, State
from playground.runs.kept import Entry, Kept, differs
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import count
from playground.ui.kit.places import runs_of
from playground.ui.kit.style import MARGIN
from playground.ui.kit.switches import FlowLayout, Tabs, switch
from playground.ui.kit.text import tip
from playground.ui.kit.view import Table, View
from playground.ui.kit.widgets import filled, label, named, scroller
from playground.ui.panels.distributions import model
from playground.ui.panels.distributions.beside import BesideBox
from playground.ui.panels.distributions.film import FilmRidges
from playground.ui.panels.distributions.layers import AxisStrip, LayerRidges
from playground.ui.panels.distributions.paint import colours

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.runner.messages import Frame, Want
    from playground.runner.spreads import Film
    from playground.ui.kit.theme import Theme
    from playground.ui.kit.view import Context

WANT = Spreads()
NOTHING = "The hills appear as soon as the network can run. See Problems for what is missing."


class Key(QWidget):
    """Which colour is which run; hidden while there is one."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("distributions_key")
        self.setFont(small(self.font()))
        self._theme, self._quantity, self._names = theme, model.SHOWN[0], ("", "")
        self.setFixedHeight(self.fontMetrics().height() + 2)
        self.hide()

    def show_names(self, names: tuple[str, str], quantity: model.Quantity) -> None:
        """``names``: of now and of the other, "" for none."""
        self._names, self._quantity = names, quantity
        self.setVisible(bool(names[1]))
        self.setAccessibleName(" and ".join(names))
        self.update()

    def paintEvent(self, event: object) -> None:
        painter, metrics, x = QPainter(self), self.fontMetrics(), 8
        for name, colour in zip(self._names, colours(self._theme, self._quantity), strict=True):
            painter.fillRect(x, self.height() // 2 - 4, 14, 8, QColor(colour))
            painter.setPen(QColor(self._theme.text))
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, self.width() // 2 - 30)
            painter.drawText(x + 20, metrics.ascent() + 1, text)
            x += 40 + metrics.horizontalAdvance(text)
        painter.end()


class DistributionsView(View):
    """The layers at the left, one layer over time at the right."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("distributions_view")
        self._found: Distributions | None = None
        self._film: Film | None = None
        self._other: Distributions | None = None
        self._said = ""
        self._logarithmic = {one.key: one.logarithmic for one in model.SHOWN}
        self.tabs = Tabs(self, "quantity", [(one.key, one.title, one.says) for one in model.SHOWN])
        self.tabs.chosen.connect(lambda key: self._changed())
        self.powers = switch(
            "powers_of_ten", "powers of ten",
            "An axis on which each mark is ten times the last: for numbers whose sizes lie far apart.", False, self._powers,
        )  # fmt: skip
        self.shared = switch(
            "one_axis", "one axis",
            "All layers on the same axis, so that widths can be compared. Off: each as wide as it needs; its number tells its size.",
            True, lambda on: self._changed(),
        )  # fmt: skip
        self.worst = switch(
            "worst_first", "worst first", "Layers that are unusual stand above the others, the worst first. Off: all in the order of the network.", True,
            lambda on: self._changed(),
        )  # fmt: skip
        self.seek = named(
            QLineEdit(), "find_layer", "Find a layer", "Show only layers in whose names this stands."
        )
        self.seek.setPlaceholderText("Find a layer")
        self.seek.setClearButtonEnabled(True)
        self.seek.setFont(small(self.seek.font()))
        self.seek.setMaximumWidth(120)
        for box in (self.powers, self.shared, self.worst):
            box.setMinimumHeight(26)  # as the buttons they stand beside
        self.seek.textChanged.connect(lambda text: self._changed())
        self.beside = BesideBox(self._kept)
        self.beside.changed.connect(self._beside_changed)
        self.says = label("distributions_says", little=True)
        self.look = label("distributions_look", little=True, muted=True)
        self.summary = label("distributions_summary", wraps=False, little=True)
        self.key = Key(context.theme)
        self.layers = LayerRidges(context.theme)
        self.layers.chosen.connect(context.focus.select)
        self.strip = AxisStrip(self.layers, context.theme)
        self.film = FilmRidges(context.theme)
        self.film.gone.connect(lambda step: context.send(GoTo(step)))
        self.film_title = label("film_title", wraps=False, little=True, muted=True)
        context.focus.node_changed.connect(self._selected)
        self._lay_out()
        self._words()

    def _lay_out(self) -> None:
        bar = FlowLayout(gap=6)
        parts: tuple[QWidget, ...] = (self.powers, self.shared, self.worst, self.seek, self.beside)
        for part in (*self.tabs.buttons.values(), *parts):
            bar.addWidget(part)
        left, right = QWidget(), QWidget()
        left.setObjectName("distributions_layers")
        right.setObjectName("distributions_film")
        self.area = scroller("distributions_scroll", self.layers)
        self.area.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        filled(QVBoxLayout(left), self.summary, self.key, self.area, self.strip, gap=2)
        filled(QVBoxLayout(right), self.film_title, self.film, gap=2, margins=(8, 0, 0, 0))
        split = named(QSplitter(Qt.Orientation.Horizontal), "distributions_split")
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        words = filled(QVBoxLayout(), self.says, self.look, gap=0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 4, MARGIN, 4)
        layout.setSpacing(4)
        layout.addLayout(bar)
        layout.addLayout(words)
        layout.addWidget(split, 1)

    @property
    def quantity(self) -> model.Quantity:
        """What is looked at."""
        return model.BY_KEY[self.tabs.key]

    @property
    def _layer(self) -> str:
        """The layer that is shown over time: the selected block, or the one next to it that has this quantity; "" for none."""
        if self._found is None:
            return ""
        names = [name for name, _ in self._found.of(self.quantity.key)]
        chosen = self.context.focus.node_id
        if chosen in names:
            return chosen
        order = [node.id for node in self.context.document.value.network.nodes]
        if chosen in order:
            here = order.index(chosen)
            after = [name for name in names if name in order and order.index(name) >= here]
            if after:
                return after[0]
        return self.layers.rows[0].name if self.layers.rows else (names[0] if names else "")

    # --- news ---------------------------------------------------------------------------------------------------------

    def wants(self) -> list[Want]:
        found: list[Want] = [WANT]
        layer = self._layer
        if layer:
            found.append(SpreadFilm(layer, self.quantity.key))
        if self.beside.want is not None:
            found.append(self.beside.want)
        return found

    def show_project(self, before: Project | None, after: Project) -> None:
        if before is None or before.name != after.name:
            self.beside.clear_all()
            self._other, self._said = None, ""
        if self._found is None:
            self._changed()

    def show_frame(self, frame: Frame) -> None:
        known = (self._found, self._film, self._other, self._said)
        found = frame.answer(WANT)
        if found is None and frame.state is not State.EMPTY:
            found = self._found  # it was asked too late for this frame
        self._found = found
        layer = self._layer
        self._film = frame.answer(SpreadFilm(layer, self.quantity.key)) if layer else None
        self._other, self._said = self._other_of(frame)
        now = (self._found, self._film, self._other, self._said)
        if any(a is not b and a != b for a, b in zip(known, now, strict=True)):
            self.beside.now = found
            self._changed()

    def _other_of(self, frame: Frame) -> tuple[Distributions | None, str]:
        """The numbers that are laid under, and why there are none."""
        if self.beside.want is not None:
            answer = frame.answer(self.beside.want)
            if isinstance(answer, str):
                return None, answer
            return (self._other if answer is None else answer), ""
        return (self.beside.held if self.beside.name else None), ""

    def _beside_changed(self) -> None:
        self._other = self.beside.held if self.beside.want is None and self.beside.name else None
        self._said = ""
        self._changed()

    def _kept(self) -> list[tuple[Entry, str, str]]:
        project = self.context.document.value
        kept = Kept(runs_of(self.context.document))
        kept.read()
        return [
            (entry, differs(entry, project), str(kept.run_file(entry.key)))
            for entry in reversed(kept.entries.values())
            if kept.run_file(entry.key).exists()
        ]

    # --- what is shown ------------------------------------------------------------------------------------------------

    def _powers(self, on: bool) -> None:
        self._logarithmic[self.quantity.key] = on
        self._changed()

    def _words(self) -> None:
        quantity = self.quantity
        self.says.setText(quantity.says)
        self.look.setText(quantity.look)
        blocked = self.powers.blockSignals(True)
        self.powers.setChecked(self._logarithmic[quantity.key])
        self.powers.blockSignals(blocked)
        self.powers.setEnabled(quantity.signed)

    def _changed(self) -> None:
        """Draw what is known, as it is asked for now."""
        quantity, found = self.quantity, self._found
        self._words()
        rows: tuple[model.Row, ...] = ()
        if found is not None:
            rows = model.rows(
                found, quantity, logarithmic=self._logarithmic[quantity.key], shared=self.shared.isChecked(),
                worst_first=self.worst.isChecked(), seek=self.seek.text(), other=self._other,
            )  # fmt: skip
            at = f"On {count(found.samples)} training samples, after {count(found.step)} updates. "
            self.summary.setText(self._said or at + model.summary(found, quantity))
        else:
            self.summary.setText(NOTHING if problems(self.context.document.value) else "")
        self._fit()
        self.layers.show_rows(quantity, rows, self.shared.isChecked())
        self.strip.refresh()
        self.key.show_names(("now", self.beside.name if self._other is not None else ""), quantity)
        layer = self._layer
        self.layers.select(layer)
        self._show_film(layer, rows)

    def _fit(self) -> None:
        self.layers.give_room(self.area.viewport().height())

    def _selected(self, node_id: str) -> None:
        if self.isVisible():
            self._changed()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._fit)  # once the layout has given the rows their place

    def _show_film(self, layer: str, rows: tuple[model.Row, ...]) -> None:
        quantity, found, film = self.quantity, self._found, self._film
        if found is None or not layer:
            self.film.show_moments(quantity, (), 0)
            self.film_title.setText("")
            return
        now = dict(found.of(quantity.key)).get(layer)
        moments = {one.step: (one.epoch, one.spread) for one in (film.frames if film is not None else ())}
        if now is not None:
            moments[found.step] = found.epoch, now
        spreads = [spread for _, spread in moments.values()]
        axis = model.axis_of(spreads, quantity, self._logarithmic[quantity.key])
        drawn = tuple(
            (step, epoch, model.row(layer, spread, axis)) for step, (epoch, spread) in sorted(moments.items())
        )
        self.film.show_moments(quantity, drawn, found.step)
        hint = "click a moment to go there" if len(drawn) > 1 else "press Play"
        if film is not None and (film.refusal or film.missing):
            hint = film.refusal or f"{count(film.missing)} more to come"
        self.film_title.setText(f"{layer} over time: {hint}")
        self.film_title.setToolTip(tip(self.film_title.text()))

    def as_table(self) -> Table | None:
        """The figures of each layer, as they are drawn."""
        if self._found is None:
            return None
        names = ("layer", "quantity", "numbers", "mean", "std", "exactly_0", "not_finite", "said")
        return Table(
            names,
            tuple(
                (row.name, self.quantity.key, row.spread.total, row.spread.mean, row.spread.std, row.spread.zeros, row.spread.lost, row.words)
                for row in self.layers.rows
            ),
        )  # fmt: skip
