"""How the network is trained: what may change while it runs, and what draws new weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QWidget

from engine.augmentation import augmentations
from engine.errors import EngineError
from engine.spec import Int, Spec, param
from playground.document import edits
from playground.document.project import data_of
from playground.ui.kit.forms import SpecForm
from playground.ui.kit.icons import icon
from playground.ui.kit.style import scrolled
from playground.ui.kit.subject import unsuited_losses
from playground.ui.kit.text import RichLabel
from playground.ui.kit.view import View, at_once
from playground.ui.panels.training.augmentation_preview import AugmentationPreview
from playground.ui.panels.training.batch_sizes import BatchSizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.fit import Fit
    from playground.document.project import Project
    from playground.ui.kit.view import Context

#: parameters of ``Fit`` whose change draws new weights; all others take effect in the next step
FIRST_WEIGHTS = frozenset({"initializer"})


@dataclass(frozen=True)
class Draw(Spec):
    """What chance decides."""

    seed: int = param(
        Int(min=0),
        default=0,
        help="Decides the first weights, the order of the samples and the dropout masks: the same seed, the same run.",
    )


class TrainingView(View):
    """The form of the project's ``Fit``, in two parts, and its seed."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("training_view")
        self.live, self.first, self.seed = (SpecForm(context.theme) for _ in range(3))
        for form, name in ((self.live, "live_form"), (self.first, "first_form"), (self.seed, "seed_form")):
            form.setObjectName(name)
        self.preview = AugmentationPreview(context.theme)
        self.live.attach("augmentation", self.preview)
        for form in (self.live, self.first):
            form.asks_several = lambda name: context.focus.several_asked.emit(f"fit.{name}")
        self.batches = BatchSizes()
        self.live.attach("batch_size", self.batches)
        self.batches.chosen.connect(self._batch_size_chosen)
        self.live.edited.connect(self._fit_edited)
        self.first.edited.connect(self._fit_edited)
        self.seed.edited.connect(self._seed_edited)
        self.live.set_hidden(FIRST_WEIGHTS)
        self.first.set_hidden({p.name for p in context.document.value.fit.params()} - FIRST_WEIGHTS)
        self.draw = QPushButton("New weights")
        self.draw.setObjectName("new_weights")
        self.draw.setToolTip("Draw other first weights, and start again at epoch 0.")
        self.draw.setAccessibleName("New weights")
        self.draw.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.draw.clicked.connect(self._new_weights)
        rule = QFrame()
        rule.setProperty("rule", True)
        scrolled(
            self,
            _heading("While it runs", "Changes take effect at once; the weights stay."),
            self.live,
            rule,
            _heading("First weights", "A change draws new weights and starts again at epoch 0."),
            self.first,
            self.seed,
            self.draw,
        )
        self.draw.setIcon(icon("dice-5-outline", context.theme))
        context.focus.allowed_changed.connect(self._lock)
        self._lock()

    def _lock(self) -> None:
        """What a lesson has not opened does not answer."""
        focus = self.context.focus
        for form in (self.live, self.first):
            form.set_locks(focus.allowed, "fit")
        for part in (self.seed, self.draw):
            part.setEnabled(focus.opens("seed"))
        self.batches.setEnabled(focus.allowed is None or focus.allowed.field("fit.batch_size"))

    def show_project(self, before: Project | None, after: Project) -> None:
        at_once(self.showing(before, after))

    def showing(self, before: Project | None, after: Project) -> Iterator[None]:
        if before is None or before.fit is not after.fit:
            yield from self.live.setting(after.fit)
            yield from self.first.setting(after.fit)
        self.seed.set_spec(Draw(after.seed))
        self._show_batches(after)
        if before is None or before.fit is not after.fit or before.source is not after.source:
            unsuited = unsuited_losses(after)
            self.live.set_unsuited("loss", unsuited)
            self.live.show_error("loss", unsuited.get(after.fit.loss.key, ""))
            self._show_augmentation(after)
        elif before.preparation is not after.preparation or before.seed != after.seed:
            self._show_augmentation(after)

    def _show_batches(self, project: Project) -> None:
        try:
            samples = len(data_of(project).train)
        except EngineError:
            samples = 0
        self.batches.show_size(project.fit.batch_size, samples)

    def _batch_size_chosen(self, size: int) -> None:
        document = self.context.document
        document.do(edits.set_fit, document.value.fit.replace(batch_size=size), text="Change batch size")

    def _show_augmentation(self, project: Project) -> None:
        try:
            in_shape = data_of(project).in_shape
        except EngineError:
            reasons = {}
        else:
            reasons = {cls.key: cls.unsuited(in_shape) for cls in augmentations}
        self.live.set_unsuited("augmentation", {key: reason for key, reason in reasons.items() if reason})
        wrong = (reasons.get(one.key, "") for one in project.fit.augmentation)
        self.live.show_error("augmentation", next(filter(None, wrong), ""))
        self.preview.show_project(project)

    def _fit_edited(self, fit: Fit, merge: str) -> None:
        self.context.document.do(edits.set_fit, fit, merge=merge and f"fit.{merge}")

    def _seed_edited(self, draw: Draw, merge: str) -> None:
        self.context.document.do(edits.set_seed, draw.seed, merge=merge and f"project.{merge}")

    def _new_weights(self) -> None:
        self.context.document.edit(edits.new_weights)


def _heading(title: str, words: str) -> QLabel:
    label = RichLabel(f"<b>{title}</b><br>{words}")
    label.setWordWrap(True)
    label.setProperty("muted", True)
    return label
