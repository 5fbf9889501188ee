"""Everything about the selected block: what it does, its settings, its formulas, its numbers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.layers import Layer
from engine.windows import slides
from playground.document import edits
from playground.document.change import JUDGED, diff
from playground.ui.kit.forms import SpecForm
from playground.ui.kit.formula import FormulaView
from playground.ui.kit.icons import icon
from playground.ui.kit.remedies import remedy_buttons
from playground.ui.kit.style import GAP, refresh, scrolled
from playground.ui.kit.subject import LOSS, Subject, subject_of, unsuited_losses
from playground.ui.kit.text import Label, RichLabel
from playground.ui.kit.view import StepAt, View
from playground.ui.panels.inspector.curve import CurvePlot
from playground.ui.panels.inspector.loss_curve import LossCurve
from playground.ui.panels.inspector.name import NameField
from playground.ui.panels.inspector.reads import Reads

if TYPE_CHECKING:
    from engine.problems import Problem
    from playground.document.project import Project
    from playground.ui.kit.theme import Theme
    from playground.ui.kit.view import Context

HINT = "Click a block of the network to see what it does and to change it."


class InspectorView(View):
    """The block that is selected on the canvas."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("inspector_view")
        self._subject: Subject | None = None
        self._make_parts(context.theme)
        self._lay_out()
        context.focus.node_changed.connect(self._selected)
        context.focus.step_changed.connect(self._step_changed)
        self.context.focus.allowed_changed.connect(self._lock)
        self._refresh()
        context.theme.follow(self._restyle)

    def _make_parts(self, theme: Theme) -> None:
        self.hint = _text("hint", "muted")
        self.hint.setText(HINT)
        self.dot = Label()
        self.dot.setObjectName("category_dot")
        self.dot.setFixedSize(10, 10)
        self.title = _text("title", "title")
        self.place = _text("place", "muted")
        self.help = _text("help")
        self.problem = _text("problem", "problem")
        self._found: tuple[Problem, ...] = ()
        self.remedies: list[QPushButton] = []
        self._remedy_box = QWidget()
        self._remedy_column = QVBoxLayout(self._remedy_box)
        self._remedy_column.setContentsMargins(0, 0, 0, 0)
        self._remedy_column.setSpacing(6)
        self.watch = QToolButton()
        self.watch.setObjectName("watch")
        self.watch.setText("Watch it at work")
        self.watch.setToolTip(
            "Open the Convolution panel at this layer: its filters and maps, down to every single number."
        )
        self.watch.setAccessibleName("Watch this layer at work")
        self.watch.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.watch.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.watch.setIcon(icon("eye-outline", theme))
        self.watch.clicked.connect(lambda: self.context.focus.watch_asked.emit(self.context.focus.node_id))
        self.form = SpecForm(theme)
        self.form.setObjectName("form")
        self.form.edited.connect(self._edited)
        self.form.asks_several = self._several
        self.reads = Reads(self.context)
        self.name = NameField(self.context)
        self._fact_labels: list[tuple[QLabel, QLabel]] = []
        self.facts = QFormLayout()
        self.facts.setHorizontalSpacing(12)
        self.facts.setVerticalSpacing(4)
        self.facts.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.curve_caption = _text("curve_caption", "muted", rich=True)
        self._curves = QWidget()
        curves = QVBoxLayout(self._curves)
        curves.setContentsMargins(0, 0, 0, 0)
        curves.setSpacing(0)
        self.forward_heading = _heading("Formula")
        self.forward = FormulaView(theme, "formula")
        self.backward_heading = _heading("Gradient", "gradient")
        self.backward = FormulaView(theme, "gradient_formula")

    # Plots are slow to make, and most windows begin without a selected block.
    @cached_property
    def curve(self) -> CurvePlot:
        """Of the selected activation; hidden while there is none."""
        plot = CurvePlot(self.context.theme)
        self._hold(plot)
        return plot

    @cached_property
    def loss_curve(self) -> LossCurve:
        """Of the loss; hidden while that is not selected."""
        plot = LossCurve(self.context.theme)
        self._hold(plot)
        return plot

    def _hold(self, plot: QWidget) -> None:
        plot.hide()
        layout = self._curves.layout()
        if layout is not None:
            layout.addWidget(plot)

    def _lay_out(self) -> None:
        name = QHBoxLayout()
        name.setSpacing(8)
        name.addWidget(self.dot)
        name.addWidget(self.title)
        name.addStretch(1)
        name.addWidget(self.place)
        self._rule = QFrame()
        self._rule.setProperty("rule", True)
        self.body = QWidget()
        self.body.setObjectName("body")
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(name)
        # The problem stands below the fields: as it comes and goes, they stay under the mouse.
        wrong = (self.problem, self._remedy_box)
        above: tuple[QWidget, ...] = (
            self.help, self.watch, self.form, self.reads, self.name, *wrong, self._rule,
        )  # fmt: skip
        below: tuple[QWidget, ...] = (
            self.curve_caption,
            self._curves,
            self.forward_heading,
            self.forward,
        )
        for part in above:
            column.addWidget(part)
        column.setAlignment(self.watch, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self.facts)
        for part in (*below, self.backward_heading, self.backward):
            column.addWidget(part)
        self._scroll = scrolled(self, self.hint, self.body)

    # --- news ---------------------------------------------------------------------------------------------------------

    def show_project(self, before: Project | None, after: Project) -> None:
        if diff(before, after).touches(JUDGED):
            self._refresh()

    def _selected(self, node_id: str) -> None:
        self.name.commit()
        self.form.commit()  # what is being typed belongs to the block that was selected
        self._refresh()
        self._scroll.verticalScrollBar().setValue(0)

    def _several(self, name: str) -> None:
        subject = self._subject
        if subject is not None:
            at = "fit" if subject.node_id == LOSS else subject.node_id
            self.context.focus.several_asked.emit(f"{at}.{name}")

    def _step_changed(self, step: StepAt | None) -> None:
        """The samples of the update that is stepped through lie on the loss's curve."""
        if self._subject is not None and self._subject.node_id == LOSS:
            self.loss_curve.show_batch(step.trace if step is not None else None)

    def _restyle(self) -> None:
        self._paint_dot()
        self._caption_curve()

    def _refresh(self) -> None:
        project, node_id = self.context.document.value, self.context.focus.node_id
        subject = self._subject = subject_of(project, node_id) if node_id else None
        self.body.setVisible(subject is not None)
        self.hint.setVisible(subject is None)
        if subject is not None:
            self._show_subject(subject, project)

    def _show_subject(self, subject: Subject, project: Project) -> None:
        self.title.setText(subject.title)
        self.place.setText(subject.place)
        self.help.setText(subject.help)
        self._show_problems(subject.problems)
        self.watch.setVisible(isinstance(subject.spec, Layer) and slides(subject.spec))
        self.watch.setEnabled(not any(problem.level == "error" for problem in subject.problems))
        self._paint_dot()
        self.form.setVisible(subject.spec is not None and bool(subject.spec.params()))
        if subject.spec is not None:
            self.form.set_hidden(subject.hidden)
            self.form.set_spec(subject.spec, subject.node_id)
            for name in ("initializer", "regularizer"):
                self.form.set_note(name, subject.notes.get(name, ""))
            self.form.set_unsuited("loss", unsuited_losses(project) if subject.node_id == LOSS else {})
        self.reads.show_block(project, subject.node_id)
        self._lock()
        self.name.show_block(project, subject.node_id)
        self._rule.setVisible(not all(part.isHidden() for part in (self.form, self.reads, self.name)))
        self._show_facts(subject.facts)
        of_loss = subject.node_id == LOSS
        for part in (self.curve_caption, self._curves):
            part.setVisible(subject.activation is not None or of_loss)
        for name, wanted in (("curve", subject.activation is not None), ("loss_curve", of_loss)):
            if wanted or name in vars(self):
                getattr(self, name).setVisible(wanted)
        if of_loss:
            self.loss_curve.show_loss(project.fit.loss)
            self._caption_curve()
            self._step_changed(self.context.focus.step)
        if subject.activation is not None:
            self.curve.show_activation(subject.activation)
            self._caption_curve()
        for heading, view, latex in (
            (self.forward_heading, self.forward, subject.formula),
            (self.backward_heading, self.backward, subject.gradient_formula),
        ):
            view.set_latex(latex)
            heading.setVisible(bool(latex))
            view.setVisible(bool(latex))

    def _lock(self) -> None:
        """What a lesson has not opened does not answer."""
        subject, focus = self._subject, self.context.focus
        if subject is None:
            return
        self.form.set_locks(focus.allowed, "fit" if subject.node_id == LOSS else subject.node_id)
        self.reads.setEnabled(focus.opens("network"))

    def _show_problems(self, found: tuple[Problem, ...]) -> None:
        """All sentences, in the colour of the worst, and a button per remedy."""
        self.problem.setText("\n".join(_sentence(problem) for problem in found))
        self.problem.setVisible(bool(found))
        level = found[0].level if found else "error"
        for look, wanted in (("problem", level == "error"), ("warning", level == "warning")):
            if self.problem.property(look) != wanted:
                self.problem.setProperty(look, wanted)
                refresh(self.problem)
        if found != self._found:
            self._found = found
            for button in self.remedies:
                button.hide()
                self._remedy_column.removeWidget(button)
                button.deleteLater()
            self.remedies = [
                button for problem in found for button in remedy_buttons(problem, self.context.document)
            ]
            for button in self.remedies:
                self._remedy_column.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
        self._remedy_box.setVisible(bool(self.remedies))

    def _show_facts(self, facts: tuple[tuple[str, str], ...]) -> None:
        while len(self._fact_labels) > len(facts):
            self._fact_labels.pop()
            self.facts.removeRow(len(self._fact_labels))
        while len(self._fact_labels) < len(facts):
            label, value = _text("fact_name", "muted", wrap=False), _text("fact")
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.facts.addRow(label, value)
            self._fact_labels.append((label, value))
        for (label, value), (name, words) in zip(self._fact_labels, facts, strict=True):
            label.setText(name)
            value.setText(words)
            value.setAccessibleName(f"{name}: {words}")

    def _caption_curve(self) -> None:
        theme = self.context.theme
        of_loss = self._subject is not None and self._subject.node_id == LOSS
        value, slope = ("ℓ of one sample", "dℓ/dz") if of_loss else ("y", "dy/dx")
        self.curve_caption.setText(
            f'<span style="color:{theme.accent}"><b>—</b> {value}</span> &nbsp; '
            f'<span style="color:{theme.gradient}"><b>- -</b> slope {slope}</span>'
        )

    def _paint_dot(self) -> None:
        category = self._subject.category if self._subject else ""
        colour = self.context.theme.category_colour(category)
        self.dot.setStyleSheet(f"background: {colour}; border-radius: 5px;")
        self.dot.setToolTip(category)
        self.dot.setVisible(bool(category))

    # --- edits --------------------------------------------------------------------------------------------------------

    def _edited(self, spec: Any, merge: str) -> None:
        subject, document = self._subject, self.context.document
        if subject is None:
            return
        if subject.node_id == LOSS:
            document.do(edits.set_fit, spec, text="Change loss", merge=merge and f"loss.{merge}")
        elif _is_there(document.value, subject.node_id, spec):
            document.do(edits.set_layer, subject.node_id, spec, merge=merge and f"{subject.node_id}.{merge}")


def _sentence(problem: Problem) -> str:
    return problem.message if problem.level == "error" else f"Warning: {problem.message}"


def _is_there(project: Project, node_id: str, spec: Any) -> bool:
    """Whether the block that a form shows is still what it was: the document may have changed before the form hears of it."""
    return node_id in project.network and type(project.network[node_id].layer) is type(spec)


def _text(name: str, look: str = "", wrap: bool = True, rich: bool = False) -> QLabel:
    label = RichLabel() if rich else Label()
    label.setObjectName(name)
    label.setWordWrap(wrap)
    if look:
        label.setProperty(look, True)
    return label


def _heading(text: str, look: str = "") -> QLabel:
    label = _text(f"heading_{text.lower()}", "heading", wrap=False)
    label.setText(text)
    if look:
        label.setProperty(look, True)
    return label
