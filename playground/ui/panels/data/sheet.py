"""A sheet to type an exercise into, number by number: inputs, targets, and the weights and biases that it begins with."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.data import Numbers, Typed, prepare
from engine.errors import EngineError, SpecError
from engine.evaluate import Evaluator
from engine.layers import Conv2d, Linear
from engine.layers.conv import pair
from engine.losses import losses
from engine.model import Model
from engine.network import Network, Node
from engine.optimizers import SGD
from playground.document import edits
from playground.document.project import FirstWeights, Project, misfits
from playground.ui.kit.numbers import fmt, parse
from playground.ui.kit.sentence import Sentence
from playground.ui.kit.text import Label
from playground.ui.kit.view import Context
from playground.ui.kit.widgets import ComboBox
from playground.ui.panels.data.exercise import (
    ACTIVATIONS,
    MOST_UNITS,
    Typable,
    cells_of,
    convolution,
    dense,
    nested,
    table_of,
)
from playground.ui.panels.data.number_table import NotANumber, NumberTable

#: digits of outputs and loss below the sheet: as many as exercises print
DIGITS = 9

ABOUT = (
    "Inputs and targets in rows, and beside them the first weights and biases; a table that stays empty is drawn by the seed. Rows can be "
    "pasted from a spreadsheet. Every row trains: none is held back to validate or to test."
)


class Sheet(QDialog):
    """Makes one edit of the project of what was typed."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sheet")
        self.setWindowTitle("Type numbers")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._context = context
        self._project: Project = context.document.value
        title = Label("Type an exercise")
        title.setProperty("title", True)
        about = Label(ABOUT)
        about.setProperty("muted", True)
        about.setWordWrap(True)
        self.rows = NumberTable("sheet_rows", "the rows", grows=True)
        self.inputs, self.targets = (
            self._count("sheet_inputs", 2, "How many inputs a row has."),
            self._count("sheet_targets", 1, "How many targets a row has: as many outputs has the network."),
        )
        self.as_classes = QCheckBox("the target is a class")
        self.as_classes.setObjectName("sheet_as_classes")
        self.as_classes.setToolTip("Counted from 0, in place of a number.")
        self.network = ComboBox()
        self.network.setObjectName("sheet_network")
        self.network.addItems(["as on the canvas", "made of this:", "one convolution:"])
        self.network.setToolTip("The network that learns these rows.")
        self.hidden = QLineEdit("2")
        self.hidden.setObjectName("sheet_hidden")
        self.hidden.setToolTip("Units of each hidden layer, such as 2, or 4, 3; empty for none.")
        self.activation, self.last = ComboBox(), ComboBox()
        self.activation.setObjectName("sheet_activation")
        self.activation.addItems(ACTIVATIONS)
        self.activation.setToolTip("What follows each hidden layer.")
        self.last.setObjectName("sheet_last")
        self.last.addItems([*ACTIVATIONS, "none"])
        self.last.setToolTip("What follows the last layer.")
        self.frozen = QCheckBox("biases stay as they are")
        self.frozen.setObjectName("sheet_frozen")
        self.frozen.setToolTip("Training leaves the biases alone, as some exercises do.")
        self.picture, self.kernel = QLineEdit("3×3"), QLineEdit("2×2")
        self.picture.setObjectName("sheet_picture")
        self.picture.setToolTip("Rows and columns of the picture, whose values are the inputs, row by row.")
        self.kernel.setObjectName("sheet_kernel")
        self.kernel.setToolTip("Rows and columns of the filter; it has no bias.")
        self.rate = QLineEdit("0.5")
        self.rate.setObjectName("sheet_rate")
        self.rate.setToolTip("The learning rate: with plain gradient descent, all rows at once.")
        self.weights: dict[str, NumberTable] = {}
        self._typed: dict[str, Typable] = {}
        self._weights = QVBoxLayout()
        self.answer = Label()
        self.answer.setObjectName("sheet_result")
        self.answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.problem = Sentence("sheet_problem", "problem")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.use = self.buttons.addButton("Use these numbers", QDialogButtonBox.ButtonRole.AcceptRole)
        self.use.setObjectName("sheet_use")
        self.use.setProperty("primary", True)
        for button in self.buttons.findChildren(QPushButton):
            button.setAutoDefault(False)  # or Enter, which ends a number, would end the dialog
        self.buttons.accepted.connect(self._use)
        self.buttons.rejected.connect(self.reject)
        self._lay_out(title, about)
        self._begin()
        for spin in (self.inputs, self.targets):
            spin.valueChanged.connect(self._reshape)
        self.as_classes.toggled.connect(self._reshape)
        self.frozen.toggled.connect(self._compute)
        for combo in (self.network, self.activation, self.last):
            combo.currentIndexChanged.connect(self._reshape)
        for line in (self.hidden, self.picture, self.kernel):
            line.textEdited.connect(self._reshape)
        self.rate.textEdited.connect(self._compute)
        self.rows.edited.connect(self._rows_edited)
        self._reshape()
        self._fill_weights()
        self._compute()
        self.rows.setCurrentCell(0, 0)
        self.rows.setFocus()

    def _count(self, name: str, value: int, what: str) -> QSpinBox:
        spin = QSpinBox()
        spin.setObjectName(name)
        spin.setRange(1, MOST_UNITS)
        spin.setValue(value)
        spin.setToolTip(what)
        spin.setAccessibleName(what)
        return spin

    def _lay_out(self, title: QWidget, about: QWidget) -> None:
        counts = QHBoxLayout()
        for name, spin in (("inputs", self.inputs), ("targets", self.targets)):
            counts.addWidget(Label(name))
            counts.addWidget(spin)
        counts.addStretch(1)
        self._made = QWidget()
        self._form = form = QFormLayout(self._made)
        form.setContentsMargins(0, 0, 0, 0)
        made: dict[str, QWidget] = {
            "picture": self.picture,
            "filter": self.kernel,
            "hidden units": self.hidden,
            "then": self.activation,
            "after the last layer": self.last,
            "learning rate": self.rate,
            "": self.frozen,
        }
        self._fields = tuple(made)
        for name, field in made.items():
            form.addRow(Label(name), field)
        choice = QHBoxLayout()
        choice.addWidget(Label("network"))
        choice.addWidget(self.network, 1)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addLayout(counts)
        left.addWidget(self.rows, 1)
        left.addWidget(self.as_classes)
        left.addLayout(choice)
        left.addWidget(self._made)
        inside = QWidget()
        inside.setLayout(self._weights)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inside)
        area.setMinimumWidth(320)
        both = QHBoxLayout()
        both.setSpacing(16)
        both.addLayout(left, 1)
        both.addWidget(area, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(10)
        column.addWidget(title)
        column.addWidget(about)
        column.addLayout(both, 1)
        column.addWidget(self.answer)
        column.addWidget(self.problem)
        column.addWidget(self.buttons)
        self.resize(820, 600)

    # ---- what is there already -----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """The rows of the project, where they were typed."""
        source = self._project.source
        if isinstance(source, Typed):
            width = source.rows.array.shape[1]
            self.inputs.setValue(source.inputs)
            self.targets.setValue(width - source.inputs)
            self.as_classes.setChecked(source.as_classes)
            self.rows.show_columns([""] * width)
            self.rows.fill(source.rows.array.tolist())
        else:
            self.network.setCurrentIndex(1)

    def _fill_weights(self) -> None:
        """The weights that the project begins with, where the network is the one on the canvas."""
        if self.network.currentIndex():
            return
        given = {(one.node_id, one.name): np.array(one.values) for one in self._project.first_weights}
        for node_id, table in self.weights.items():
            weight, bias = given.get((node_id, "weight")), given.get((node_id, "bias"))
            if weight is not None and weight.shape[0] == table.rowCount():
                weight = weight.reshape(len(weight), -1)
                columns = weight if bias is None else np.column_stack((weight, bias))
                if columns.shape[1] == table.columnCount():
                    table.fill(columns.tolist())

    # ---- what is made of it ----------------------------------------------------------------------------------------------

    def made_network(self) -> Network:
        """The network that learns the rows. Raises SpecError where what was typed of it makes none."""
        if self.network.currentIndex() == 0:
            return self._with_outputs(self._project.network)
        if self.network.currentIndex() == 2:
            return convolution(self.picture.text(), self.kernel.text())
        # Of classes the loss itself makes probabilities.
        last = "none" if self.as_classes.isChecked() else self.last.currentText()
        return dense(
            self.hidden.text(),
            self.activation.currentText(),
            last,
            self._outputs(),
            self.frozen.isChecked(),
        )

    def _outputs(self) -> int:
        """How many outputs the rows need."""
        if not self.as_classes.isChecked():
            return self.targets.value()
        try:
            classes = round(max((row[-1] for row in self.rows.numbers()), default=1)) + 1
        except NotANumber:
            classes = 2
        return 1 if classes <= 2 else min(classes, MOST_UNITS)

    def _with_outputs(self, network: Network) -> Network:
        """``network`` with as many units in its last layer as there are to be outputs, where that is a Linear."""
        *nodes, last = network.nodes or (Node("", Linear()),)
        if not network.nodes or not isinstance(last.layer, Linear):
            return network
        layer = last.layer.replace(out_features=self._outputs())
        return Network((*nodes, Node(last.id, layer, last.inputs)))

    def source(self) -> Typed:
        """The rows. Raises NotANumber, and SpecError where they cannot be learned from."""
        rows = self.rows.numbers()
        if not rows:
            raise SpecError("No row has been typed yet; expected at least 1. Type inputs and targets.")
        return Typed(Numbers(rows), self.inputs.value(), self.as_classes.isChecked())

    def first_weights(self) -> tuple[FirstWeights, ...]:
        """What was typed of the weights. Raises NotANumber where a table is filled in part."""
        found: list[FirstWeights] = []
        for node_id, table in self.weights.items():
            if table.is_empty:
                continue
            numbers, layer = np.array(table.numbers()), self._typed[node_id]
            weight = numbers[:, :-1] if layer.bias else numbers
            if isinstance(layer, Conv2d):
                weight = weight.reshape(len(weight), -1, *pair(layer.kernel_size))
            found.append(FirstWeights(node_id, "weight", nested(weight)))
            if layer.bias:
                found.append(FirstWeights(node_id, "bias", tuple(numbers[:, -1].tolist())))
        return tuple(found)

    def project(self) -> Project:
        """The project with all that was typed. Raises NotANumber or EngineError."""
        made = self.network.currentIndex() > 0
        fit = None
        if made:
            rate = parse(self.rate.text())
            if rate is None or not rate > 0:
                raise SpecError(
                    f"The learning rate is {self.rate.text()[:30]!r}; expected a number above 0. Type such as 0.5."
                )
            loss = self._project.fit.loss if self.as_classes.isChecked() else losses.get("MSELoss")()
            fit = self._project.fit.replace(loss=loss, optimizer=SGD(lr=float(rate)), batch_size=100_000)
        given = self.first_weights()
        project = edits.type_numbers(
            self._context.document.value, self.source(), given, self.made_network(), fit
        )
        wrong = misfits(given, project.network, project.network.known_shapes((self.inputs.value(),)))
        if wrong:
            raise SpecError(wrong[0].message)
        return project

    def _rows_edited(self) -> None:
        last = next(reversed(self._typed.values()), None)
        units = last.out_features if isinstance(last, Linear) else self._outputs()
        other = self.as_classes.isChecked() and units != self._outputs()
        self._reshape() if other else self._compute()

    def _reshape(self) -> None:
        """Other counts or another network: as many cells as there are numbers."""
        way = self.network.currentIndex()
        self._made.setVisible(way > 0)
        for row, field in enumerate(self._fields):
            self._form.setRowVisible(
                row, way == (2 if field in ("picture", "filter") else 1) or field == "learning rate"
            )
        self.as_classes.setEnabled(way != 2)
        self.inputs.setEnabled(way != 2)
        try:
            network = self.made_network()
            if way == 2:
                self._count_cells(network)
            shapes = network.known_shapes((self.inputs.value(),))
        except EngineError as error:
            self._say(str(error))
            return
        names = [f"x{i + 1}" for i in range(self.inputs.value())]
        targets = 1 if self.as_classes.isChecked() else self.targets.value()
        self.rows.show_columns([*names, *(["t"] if targets == 1 else [f"t{i + 1}" for i in range(targets)])])
        self.last.setEnabled(not self.as_classes.isChecked())
        self.targets.setEnabled(not self.as_classes.isChecked() and way != 2)
        texts = {node_id: table.texts() for node_id, table in self.weights.items()}
        while (item := self._weights.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.weights, self._typed = {}, {}
        for node in network.nodes:
            if isinstance(node.layer, Typable) and node.id in shapes:
                self._add_table(node, shapes[network.inputs_of(node.id)[0]], texts.get(node.id, []))
        self._weights.addStretch(1)
        self._compute()

    def _count_cells(self, network: Network) -> None:
        """As many inputs as the picture has cells, as many targets as the filter has places."""
        self.as_classes.setChecked(False)
        for spin, count in zip((self.inputs, self.targets), cells_of(network), strict=True):
            spin.blockSignals(True)
            spin.setRange(1, max(MOST_UNITS, count))
            spin.setValue(count)
            spin.blockSignals(False)

    def _add_table(self, node: Node, in_shape: tuple[int, ...], texts: list[list[str]]) -> None:
        layer = node.layer
        if not isinstance(layer, Typable):
            return
        columns, rows = table_of(layer, in_shape)
        if max(len(columns), len(rows)) > 4 * MOST_UNITS:
            return
        table = NumberTable(f"sheet_{node.id}", f"the weights of {node.id}")
        table.show_columns(columns, rows)
        if texts and (len(texts), len(texts[0])) == (table.rowCount(), table.columnCount()):
            table.show_texts(texts)
        table.edited.connect(self._compute)
        heading = Label(f"{node.id}: first weights, a row for each {rows[0].split()[0]}")
        heading.setProperty("muted", True)
        self.weights[node.id], self._typed[node.id] = table, layer
        self._weights.addWidget(heading)
        self._weights.addWidget(table)

    def _compute(self) -> None:
        """What the network gives for the rows, with the weights that were typed."""
        try:
            project = self.project()
            data = prepare(project.source.make(), project.preparation)
            model = Model(
                project.network,
                data.in_shape,
                project.seed,
                initializer=project.fit.initializer,
                dtype="float64",
            )
            for one in project.first_weights:
                model.parameters[one.node_id][one.name][...] = np.array(one.values)
            loss = project.fit.loss
            loss.out_shape(data.train)
            score = Evaluator(model, data.train, loss)()
            first = ", ".join(
                fmt(float(value), DIGITS) for value in model.predict(data.transform(data.raw.x[:1]))[0][:6]
            )
        except NotANumber as error:
            self._say("" if self.rows.is_empty else str(error))
        except EngineError as error:
            self._say("" if self.rows.is_empty else str(error))
        else:
            drawn = "" if project.first_weights else " (weights drawn by the seed)"
            self.answer.setText(
                f"Outputs of row 1: {first}   ·   {loss.label} {fmt(score.loss, DIGITS)}{drawn}"
            )
            self.problem.setText("")
            self.problem.hide()
            self.use.setEnabled(True)

    def _say(self, problem: str) -> None:
        self.answer.setText("")
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.use.setEnabled(False)

    def _use(self) -> None:
        """Make it the project's, as one edit."""
        try:
            project = self.project()
        except (NotANumber, EngineError) as error:
            self._say(str(error))
            return
        self._context.document.settle()
        self._context.document.apply(project, "Type numbers")
        self.accept()
