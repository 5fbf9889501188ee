"""Try several values of one setting: the question before it, and the picture after it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.errors import EngineError, SpecError, clipped, counted
from engine.spec import Bool, Choice, Float, Int, Nested
from playground.document.paths import Place, in_words, place, places
from playground.document.project import Project
from playground.runner.sweep import Sweep
from playground.runs.plan import POINTS, Setting, grid, setting, spread
from playground.ui.kit.text import Label
from playground.ui.kit.widgets import ComboBox

#: runs that can be asked for at once, and settings: more are for the command line
MOST_RUNS, MOST_SETTINGS = 500, 4
#: pixels for one more line of words
GAP_BELOW = 16
#: what is mostly varied next
USUAL = ("fit.optimizer.lr", "fit.batch_size", "fit.regularizer", "fit.optimizer")


def place_or_none(project: Project, path: str) -> Place | None:
    """What is at ``path``; ``None`` where there is nothing."""
    try:
        return place(project, path)
    except SpecError:
        return None


def suggestion(there: Place, project: Project) -> str:
    """Values worth trying, as ``runs/plan.py`` reads them; "" where nothing can be said."""
    value, kind = there.value, there.kind
    match kind:
        case Bool():
            return "false,true"
        case Choice(options=options):
            return ",".join(options)
        case Nested(registry=registry):
            family = registry.by_category().get(getattr(value, "category", ""), ())
            found = [cls.key for cls in family if not any(p.required for p in cls.params())]
            return ",".join((["none"] if kind.optional else []) + found)
        case Int(min=low, max=high):
            near = {max(value // 2, low or 0), value, 2 * value or 1}
            return ",".join(str(n) for n in sorted(near) if high is None or n <= high)
        case Float(min=low, max=high, open_min=above, log=by_factors):
            if by_factors and value > 0:
                top = min(10 * value, high) if high is not None else 10 * value
                return f"log:{value / 100:g}..{top:g}/4"
            if low is not None and high is not None and not above and high - low <= 1:
                return f"{low:g}..{min(high, 0.9 if high == 1 else high):g}/4"
            return ",".join(f"{x:g}" for x in (value / 2, value, 2 * value or 0.1))
    return ""


class SettingRow(QWidget):
    """A setting, and the values of it that are to be tried. ``changed`` where either is another."""

    changed = Signal()

    def __init__(self, project: Project, path: str, number: int) -> None:
        super().__init__()
        end = str(number or "")
        self.setObjectName(f"several_row{end}")
        self._project = project
        self.path = ComboBox()
        self.path.setObjectName(f"several_path{end}")
        self.path.setAccessibleName("Setting to vary")
        self.path.setToolTip("What is different from run to run; all else stays as it is.")
        for there in places(project):
            if suggestion(there, project) and there.path != "seed":
                self.path.addItem(f"{there.path}  ({in_words(there.value)})", there.path)
        self.path.setMinimumContentsLength(24)
        self.path.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.values = QLineEdit()
        self.values.setObjectName(f"several_values{end}")
        self.values.setAccessibleName("Values to try")
        self.values.setToolTip(
            "Values with commas between them; a range in so many steps, such as 0..0.5/4; or by factors, such as log:1e-4..1/5."
        )
        self.remove = QPushButton("Remove")
        self.remove.setObjectName(f"several_remove{end}")
        self.remove.setAccessibleName("Remove this setting")
        self.remove.setToolTip("Leave this setting as it is.")
        self.remove.setVisible(number > 0)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.path, 1)
        row.addWidget(self.values, 1)
        row.addWidget(self.remove)
        self.path.currentIndexChanged.connect(self._suggest)
        self.values.textChanged.connect(self.changed)
        self.path.setCurrentIndex(max(self.path.findData(path), 0))
        self._suggest()

    def _suggest(self) -> None:
        path = self.path.currentData()
        self.values.setText(suggestion(place(self._project, path), self._project) if path else "")
        self.changed.emit()

    @property
    def asked(self) -> Setting:
        """What is asked for. Raises EngineError."""
        return setting(self._project, f"{self.path.currentData()}={self.values.text()}")


class SeveralDialog(QDialog):
    """Asks what to try, and says beforehand how many runs that is and how long they take."""

    asked = Signal(object)  #: a Sweep

    def __init__(
        self, project: Project, path: str, epochs: int, speed: float | None, parent: QWidget | None = None
    ) -> None:
        """``speed``: seconds that an epoch takes, where that is known."""
        super().__init__(parent)
        self.setObjectName("several_dialog")
        self.setWindowTitle("Try Several")
        self._project, self._speed = project, speed
        self._sweep: Sweep | None = None
        self.rows: list[SettingRow] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        self.add = QPushButton("Add a setting")
        self.add.setObjectName("several_add")
        self.add.setToolTip("Vary one more setting at the same time.")
        self.add.clicked.connect(lambda: self._add(""))
        self.plan = ComboBox()
        self.plan.setObjectName("several_plan")
        self.plan.setAccessibleName("How values of several settings are put together")
        self.plan.setToolTip(
            "Each with each: all values together. Spread evenly: so many points over the ranges, which tells more of each setting."
        )
        self.plan.addItems(["each with each", "spread evenly"])
        self.points, self.seeds, self.epochs = QSpinBox(), QSpinBox(), QSpinBox()
        for box, name, words, most, value in (
            (self.points, "several_points", "Points spread over the ranges", MOST_RUNS, POINTS),
            (self.seeds, "several_seeds", "Seeds for each value", 50, 1),
            (self.epochs, "several_epochs", "Epochs of each run", 1_000_000, epochs),
        ):
            box.setObjectName(name)
            box.setAccessibleName(words)
            box.setToolTip(f"{words}.")
            box.setAlignment(Qt.AlignmentFlag.AlignRight)
            box.setRange(1, most)
            box.setValue(value)
            box.valueChanged.connect(self._check)
        self.words = Label()
        self.words.setObjectName("several_words")
        self.words.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.button(QDialogButtonBox.StandardButton.Cancel).setIcon(
            QIcon()
        )  # as elsewhere, words alone
        self.start = self.buttons.addButton("Start", QDialogButtonBox.ButtonRole.AcceptRole)
        self.start.setObjectName("several_start")
        self.start.setProperty("primary", True)
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.plan.currentIndexChanged.connect(self._check)
        self._add(path)

    @property
    def path(self) -> QComboBox:
        """Of the first setting."""
        return self.rows[0].path

    @property
    def values(self) -> QLineEdit:
        """Of the first setting."""
        return self.rows[0].values

    def _lay_out(self) -> None:
        plan = QHBoxLayout()
        plan.setSpacing(8)
        plan.addWidget(self.plan, 1)
        plan.addWidget(self.points, 1)
        self._form = QFormLayout()
        self._form.setSpacing(8)
        self._form.addRow(Label("Settings"), self._rows)
        self._form.addRow("", self.add)
        self._form.addRow(Label("Points"), plan)
        self._plan_row = plan
        for words, field in (("Seeds", self.seeds), ("Epochs", self.epochs)):
            self._form.addRow(Label(words), field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 18)
        layout.setSpacing(12)
        layout.addLayout(self._form)
        layout.addWidget(self.words)
        layout.addStretch(1)
        layout.addWidget(self.buttons)
        self.resize(560, 300)

    def _add(self, path: str) -> None:
        """One more setting: ``path``, or the first that is not varied yet."""
        used = {row.path.currentData() for row in self.rows}
        usual = next((p for p in USUAL if p not in used and place_or_none(self._project, p)), "")
        row = SettingRow(self._project, path or usual, len(self.rows))
        row.changed.connect(self._check)
        row.remove.clicked.connect(lambda: self._remove(row))
        self.rows.append(row)
        self._rows.addWidget(row)
        if len(self.rows) == 2:
            self.plan.setCurrentIndex(1)
        self._check()
        QTimer.singleShot(0, self, self._grow)  # once the new row has its size

    def _grow(self) -> None:
        self.resize(self.width(), max(self.height(), self.sizeHint().height() + GAP_BELOW))

    def _remove(self, row: SettingRow) -> None:
        self.rows.remove(row)
        row.hide()
        row.deleteLater()
        if len(self.rows) == 1:
            self.plan.setCurrentIndex(0)
        self._check()

    def _check(self) -> None:
        """Say what will be done, or why it cannot."""
        self._sweep = None
        spread_out = self.plan.currentIndex() == 1
        self.points.setVisible(spread_out)
        self._form.setRowVisible(self._plan_row, len(self.rows) > 1)
        self.add.setEnabled(len(self.rows) < MOST_SETTINGS)
        try:
            asked = tuple(row.asked for row in self.rows)
            if len({one.path for one in asked}) < len(asked):
                raise SpecError("A setting is there twice. Choose another, or remove one.")
            first = self._project.seed
            sweep = Sweep(
                self._project,
                asked,
                spread(asked, self.points.value()) if spread_out else grid(asked),
                tuple(range(first, first + self.seeds.value())),
                self.epochs.value(),
            )
            runs = len(sweep.points) * len(sweep.seeds)
            if runs > MOST_RUNS:
                self.words.setText(
                    f"{counted(runs, 'run')} are more than the {MOST_RUNS} that the window makes. Try fewer, or use playground sweep."
                )
            elif sweep.trials:
                self._sweep = sweep
                self.words.setText(f"{counted(runs, 'run')}: {self._named(sweep)}.{self._time(runs)}")
        except EngineError as error:
            self.words.setText(str(error))
        self.start.setEnabled(self._sweep is not None)

    def _named(self, sweep: Sweep) -> str:
        values = [" ".join(map(in_words, point)) for point in sweep.points]
        return clipped(", ".join(values), 120) + (
            f", {len(sweep.seeds)} seeds each" if len(sweep.seeds) > 1 else ""
        )

    def _time(self, runs: int) -> str:
        if self._speed is None:
            return ""
        seconds = runs * self.epochs.value() * self._speed
        return f" That takes about {f'{seconds:.0f} s' if seconds < 90 else f'{seconds / 60:.0f} min'}."

    def _take(self) -> None:
        if self._sweep is not None:
            self.asked.emit(self._sweep)
            self.accept()
