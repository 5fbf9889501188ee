"""Which data, how they are drawn, and what is done to them before training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.data import (
    Opened,
    PastedTable,
    PictureSet,
    TableFile,
    Typed,
    given_parts,
    source_at,
    split_in_words,
)
from engine.data.reading import TEXT_ENDINGS
from engine.data.roles import TARGET
from engine.data.table import MOST_PASTED, Tabular, embedded
from engine.errors import DataError, EngineError, Offer, clipped
from playground.document import edits
from playground.document.document import News
from playground.document.project import data_of, prepared
from playground.document.store import Pending, store
from playground.ui.kit.forms import SpecForm
from playground.ui.kit.sentence import Sentence
from playground.ui.kit.style import refresh, scrolled
from playground.ui.kit.subject import samples_in_words
from playground.ui.kit.text import Label, RichLabel, escaped
from playground.ui.kit.view import View, at_once
from playground.ui.panels.data.columns_table import ALSO_TARGET, ColumnsTable
from playground.ui.panels.data.drawing import SIZES, DrawingBench
from playground.ui.panels.data.gallery import Gallery
from playground.ui.panels.data.loading import Loading
from playground.ui.panels.data.normalization import Normalization
from playground.ui.panels.data.open_images import OpenImages
from playground.ui.panels.data.preview import DataPreview
from playground.ui.panels.data.read_report import ReadReport
from playground.ui.panels.data.source_picker import SourcePicker

if TYPE_CHECKING:
    from engine.data import Dataset, Preparation, Prepared, Source
    from playground.document.project import Project
    from playground.ui.kit.theme import Theme
    from playground.ui.kit.view import Context


class SplitBar(QWidget):
    """How the samples are dealt out to the parts, as a bar."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("split_bar")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = theme
        self.counts: tuple[int, int, int] = (0, 0, 0)

    def show_counts(self, counts: tuple[int, int, int]) -> None:
        """Samples to train, validate and test with."""
        self.counts = counts
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(80, 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        total = sum(self.counts)
        if not total:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()), 4, 4)
        painter.setClipPath(outline)
        x = 0.0
        theme = self._theme
        for count, colour in zip(self.counts, (theme.train, theme.validation, theme.muted), strict=True):
            width = self.width() * count / total
            painter.fillRect(QRectF(x, 0, max(0.0, width - 1), self.height()), QColor(colour))
            x += width


class DataView(View):
    """The data set, its settings, and its preparation."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("data_view")
        theme = context.theme
        self.picker = SourcePicker(theme)
        self.picker.chosen.connect(self._source_chosen)
        self.loading = Loading(self)
        self.opener = OpenImages(theme, self.loading)
        self.opener.asked.connect(self.open_path)
        self.opener.asked_again.connect(self._read_again)
        self.opener.pasted.connect(self.paste)
        self.opener.keep_asked.connect(self._keep_table)
        self.preview = DataPreview(theme)
        self.preview.accepted.connect(self._use_previewed)
        self.preview.dismissed.connect(self._end_preview)
        self.preview.changed.connect(self._preview_changed)
        self.preview.column_asked.connect(self._preview_column_asked)
        self._previewed: tuple[Source, str] | None = None
        self._wrong = ""  #: the parameter of the source that was entered wrongly
        menu = self.opener.button.menu()
        self.typing = menu.addAction("Type numbers…", self.type_numbers)
        self.typing.setToolTip(
            "Type or paste rows of numbers, and the weights to begin with, as an exercise gives them."
        )
        self.drawing = menu.addAction("Draw pictures…", self.draw_pictures)
        self.drawing.setToolTip(
            "Draw pictures of your own on a pad, or paste them, a few of each class; the project holds them."
        )
        self.bench = DrawingBench(context)
        self.bench.asked.connect(
            lambda source, text: context.document.edit(edits.draw_pictures, source, text=text)
        )
        self.edit_numbers = QPushButton("Numbers and first weights…")
        self.edit_numbers.setObjectName("edit_numbers")
        self.edit_numbers.setToolTip(self.typing.toolTip())
        self.edit_numbers.clicked.connect(self.type_numbers)
        self.help = _label("source_help", rich=True)
        self.gallery = Gallery(theme)
        self.columns = ColumnsTable(theme, "columns")
        self.columns.asked.connect(self._column_asked)
        self.columns.looked_at.connect(self._look_at_column)
        self.normalization = Normalization(theme)
        self.normalization.beside_asked.connect(self._normalize_beside)
        self._looked_at = ""
        self.source_form, self.preparation_form = SpecForm(theme), SpecForm(theme)
        self.source_form.setObjectName("source_form")
        self.preparation_form.setObjectName("preparation_form")
        for form, part in ((self.source_form, "source"), (self.preparation_form, "preparation")):
            form.asks_several = partial(self._several, part)
        self.source_form.edited.connect(self._source_edited)
        self.preparation_form.edited.connect(self._preparation_edited)
        self.bar = SplitBar(theme)
        self.counts = _label("counts", "muted")
        self.split = Sentence("split_words", "muted")
        self.report = ReadReport("read_report")
        self.report.chosen.connect(self._report_chosen)
        self.problem = Sentence("problem", "problem")
        rule = QFrame()
        rule.setProperty("rule", True)
        parts = (
            self.opener,
            self.preview,
            self.picker,
            self.help,
            self.columns,
            self.report,
            self.gallery,
            self.bench,
            self.edit_numbers,
            self.source_form,
            self.problem,
            rule,
            self.bar,
            self.counts,
            self.split,
            self.preparation_form,
            self.normalization,
        )
        self._area = scrolled(self, *parts)
        self._choosing = (self.opener, self.picker, self.columns, self.edit_numbers, self.report)
        context.focus.allowed_changed.connect(self._lock)
        self._lock()
        self._below_opened = False

    def show_project(self, before: Project | None, after: Project) -> None:
        at_once(self.showing(before, after))

    def showing(self, before: Project | None, after: Project) -> Iterator[None]:
        if before is not None and self.context.document.news is News.OPENED:
            # What is being opened, or was entered wrongly, was meant for the last project.
            self.loading.cancel()
            self.opener.say("")
            self._end_preview()
        if before is not None and before.source is after.source and before.preparation is after.preparation:
            return
        self._clear_wrong()
        source = after.source
        if before is None or before.source is not source:
            self._end_preview()
        self.opener.again.setVisible(isinstance(source, Opened) and bool(source.paths))
        self.opener.keep.setEnabled(isinstance(source, TableFile))
        drawn = source if isinstance(source, PictureSet) else None
        self._place_picker(below_opened=source.from_disk or drawn is not None)
        self.bench.show_source(drawn)
        self.help.setVisible(drawn is None)  # it has words of its own
        self.opener.say("")
        self.picker.mark(type(source))
        self.edit_numbers.setVisible(isinstance(source, Typed))
        self.help.setText(f"<b>{escaped(source.label)}</b>: {escaped(source.help())}")
        yield
        yield from self.source_form.setting(source, type(source))
        self.source_form.setVisible(any(p.entered for p in source.params()))
        yield
        yield from self.preparation_form.setting(after.preparation)
        try:
            data = data_of(after)
        except EngineError as error:
            waits = isinstance(error, Pending)
            for look, on in (
                ("problem", not waits),
                ("muted", waits),
            ):  # that they are on their way is nothing wrong
                self.problem.setProperty(look, on)
            refresh(self.problem)
            self.problem.setText(str(error))
            self.gallery.show_data(None)
            self.report.show_report(())
            self._show_columns(None)
            self.split.hide()
        else:
            self.problem.clear()
            self._show_data(data)
        self.problem.setVisible(bool(self.problem.text()))

    def _place_picker(self, below_opened: bool) -> None:
        """Below what was chosen in it there would be no room to see pictures that were opened: those come first."""
        if below_opened == self._below_opened:
            return
        self._below_opened = below_opened
        self._place(self.picker, self.problem if below_opened else self.preview)

    def _place(self, widget: QWidget, above: QWidget) -> None:
        """Put ``widget`` right below ``above``."""
        contents = self._area.widget()
        column = contents.layout() if contents is not None else None
        if isinstance(column, QVBoxLayout) and column.indexOf(widget) != column.indexOf(above) + 1:
            column.removeWidget(widget)
            column.insertWidget(column.indexOf(above) + 1, widget)

    def _show_data(self, data: Prepared) -> None:
        self.report.show_report(data.raw.report, "targets" if data.raw.encoding is not None else "")
        self.gallery.show_data(None if self.bench.source is not None else data.raw)
        self._show_columns(data)
        hidden = _ruled_by_files(data.raw, self.context.document.value.preparation)
        if data.raw.in_shape != (2,):
            hidden.add("extra_features")
        hidden.add("target" if data.raw.classes else "balance")
        self.preparation_form.set_hidden(hidden)
        train, validation, test = (
            len(part) if part is not None else 0 for part in (data.train, data.validation, data.test)
        )
        self.bar.show_counts((train, validation, test))
        self.counts.setText(samples_in_words(data))
        self.bar.setToolTip(samples_in_words(data))
        self.split.setText(split_in_words(data.raw, self.context.document.value.preparation))
        self.split.setVisible(bool(self.split.text()))

    def _show_columns(self, data: Prepared | None) -> None:
        encoding = data.raw.encoding if data is not None else None
        self.columns.show_columns(encoding.about if encoding is not None else ())
        in_table = {"roles", "targets", "inputs"} if encoding is not None else set()
        self.source_form.set_hidden(_of_no_use(self.context.document.value.source) | in_table)
        self._look_at_column(self._looked_at)

    def _look_at_column(self, name: str) -> None:
        """Show what normalizing does, to the first input that a column makes where one is looked at: then beside the columns."""
        self._looked_at = name
        project = self.context.document.value
        try:
            data = data_of(project)
        except EngineError:
            data = None
        encoding = data.raw.encoding if data is not None else None
        blocks = encoding.blocks if encoding is not None else ()
        first = next((block.first for block in blocks if block.name == name), -1)
        self._place(self.normalization, self.columns if first >= 0 else self.preparation_form)
        self.normalization.show_data(data, project.preparation.normalize)
        self.normalization.look_at(first)

    def _normalize_beside(self) -> None:
        """Ask for a run without normalization, or standardized where there is none, beside this one."""
        self.context.document.settle()
        project = self.context.document.value
        way = "standardize" if project.preparation.normalize == "none" else "none"
        self.context.focus.beside_asked.emit(
            edits.set_preparation(project, project.preparation.replace(normalize=way))
        )

    def type_numbers(self) -> None:
        """Open the sheet of numbers."""
        from playground.ui.panels.data.sheet import Sheet

        self.opener.say("")
        Sheet(self.context, self).open()

    def draw_pictures(self) -> None:
        """Begin an empty set of pictures, as large as those that are there."""
        self.opener.say("")
        project, size, colour = self.context.document.value, 16, False
        if isinstance(project.source, PictureSet):
            return
        try:
            shape = data_of(project).raw.in_shape
        except EngineError:
            shape = ()
        if len(shape) == 3 and shape[1] == shape[2] and SIZES[0] <= shape[1] <= SIZES[-1]:
            size, colour = shape[1], shape[0] == 3
        empty = PictureSet(pictures="", size=size, colour=colour)
        self.context.document.edit(edits.draw_pictures, empty, text="Draw pictures")

    # --- edits --------------------------------------------------------------------------------------------------------

    # Each waits until the data are there: an edit whose data cannot be had is none.

    def open_path(self, path: Path) -> None:
        """Show what is in a file or folder, and ask whether to use it; where it cannot be read, say why. The project stays as it is."""
        self._look_into(lambda: source_at(path), path.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        else:
            super().keyPressEvent(event)

    def paste(self) -> None:
        """Show the table in the clipboard, and ask whether to use it; where there is none, say so."""
        text = QApplication.clipboard().text()
        if len(text) > MOST_PASTED:
            self.opener.say(
                f"The clipboard holds {len(text):,} letters; expected {MOST_PASTED:,} at most. Save the table as a file and open that."
            )
            return
        self._look_into(lambda: PastedTable(text=text), "Pasted table")

    def _keep_table(self) -> None:
        source = self.context.document.value.source
        if isinstance(source, TableFile):
            self._open(lambda: embedded(source), "Keep the table in the project")

    def _look_into(self, find: Callable[[], Source], name: str) -> None:
        self._end_preview()
        project = self.context.document.value

        def ready(source: Source) -> None:
            data = prepared(source, edits.preparation_for(project, source))
            self._previewed = source, f"Open {name}"
            self.preview.show_data(name, data, edits.preparation_for(project, source))
            self._area.verticalScrollBar().setValue(0)
            self.context.focus.room_asked.emit("data", True)
            if _has_focus(self):  # whoever works elsewhere by now is not called away
                self.preview.use.setFocus()

        self._find(find, ready, lambda mended: self._look_into(lambda: mended, name))

    def _preview_changed(self, offer: Offer) -> None:
        """Show the same files read in another way."""
        if self._previewed is not None:
            changed, name = self.opener.with_offer(self._previewed[0], offer), self.preview.title.text()
            if changed is not None:
                self._look_into(lambda: changed, name)

    def _preview_column_asked(self, column: str, what: str, value: str) -> None:
        if self._previewed is None:
            return
        source, name = self._previewed[0], self.preview.title.text()
        changed = self._with_column(source, column, what, value)
        if changed is not None:
            self._look_into(lambda: changed, name)

    def _column_asked(self, column: str, what: str, value: str) -> None:
        changed = self._with_column(self.context.document.value.source, column, what, value)
        if changed is not None:
            text = f"Change the {'empty cells' if what == 'fill' else what} of {clipped(column, 40)}"
            self._open(lambda: changed, text)

    def _with_column(self, source: Source, column: str, what: str, value: str) -> Source | None:
        """A table with another role of a column, or another way with its empty cells; ``None`` where that cannot be."""
        if not isinstance(source, Tabular):
            return None
        try:
            if what == "order":
                order = tuple(kind.strip() for kind in value.split("<") if kind.strip())
                return edits.with_choice(source, column, order=order)
            if what == "fill":
                return edits.with_choice(source, column, fill=value)
            encoding = store.raw(source).encoding
            about = encoding.about if encoding is not None else ()
            also = value == ALSO_TARGET
            return edits.with_role(source, about, column, TARGET if also else value, also)
        except EngineError as error:
            self.opener.say(str(error))
            return None

    def _report_chosen(self, offer: Offer) -> None:
        changed = self.opener.with_offer(self.context.document.value.source, offer)
        if changed is not None:
            self._source_edited(changed, "")

    def _use_previewed(self) -> None:
        if self._previewed is not None:
            source, text = self._previewed
            self._open(lambda: source, text, pin=False)  # as it was shown

    def _end_preview(self) -> None:
        self._previewed = None
        if _has_focus(self.preview):
            self.opener.button.setFocus()
        if not self.preview.isHidden():
            self.preview.hide()
            self.context.focus.room_asked.emit("data", False)

    def _read_again(self) -> None:
        """Take the files of the project as they are now."""
        source = self.context.document.value.source

        def ready(found: Source) -> None:
            if found == source:
                self.opener.tell("The files have not changed since they were opened.")
            else:
                self._apply_source(found, "Read the files again")
                self.opener.tell("The files were read again.")

        self._find(lambda: source, ready, lambda mended: self._open(lambda: mended, "Read the files again"))

    def _open(self, find: Callable[[], Source], text: str, pin: bool = True) -> None:
        self._find(
            find,
            lambda source: self._apply_source(source, text),
            lambda mended: self._open(lambda: mended, text),
            pin,
        )

    def _find(
        self,
        find: Callable[[], Source],
        ready: Callable[[Source], object],
        retry: Callable[[Source], object],
        pin: bool = True,
    ) -> None:
        """Have the data of a source made; where that fails, say why, and offer to ``retry`` with what would help.

        ``pin``: as its files are now.
        """
        found: list[Source] = []

        def remembered() -> Source:
            found.append(find())
            return found[-1].pinned() if pin else found[-1]

        def failed(error: EngineError) -> None:
            offers = error.offers if isinstance(error, DataError) and found else ()
            self.opener.say(str(error), [(offer.words, partial(take, offer)) for offer in offers])

        def take(offer: Offer) -> None:
            changed = self.opener.with_offer(found[-1], offer)
            if changed is not None:
                retry(changed)

        self._load(remembered, ready, failed)

    def _source_chosen(self, cls: type[Source]) -> None:
        if type(self.context.document.value.source) is not cls:
            self._open(cls, f"Choose {cls.label}")

    def _lock(self) -> None:
        """What a lesson has not opened does not answer."""
        focus = self.context.focus
        for form, part in ((self.source_form, "source"), (self.preparation_form, "preparation")):
            form.set_locks(focus.allowed, part)
        for widget in self._choosing:
            widget.setEnabled(focus.opens("data"))

    def _several(self, part: str, name: str) -> None:
        self.context.focus.several_asked.emit(f"{part}.{name}")

    def _source_edited(self, source: Source, merge: str) -> None:
        name = _changed(self.context.document.value.source, source)

        def failed(error: EngineError) -> None:
            self.source_form.set_spec(self.context.document.value.source, object())
            self.source_form.show_error(name, str(error))
            self._wrong = name

        self._clear_wrong()
        self._load(
            source.pinned,
            lambda source: self._apply_source(source, merge=merge and f"source.{merge}"),
            failed,
        )

    def _clear_wrong(self) -> None:
        """What was entered wrongly is no more: its sentence goes."""
        if self._wrong:
            self.source_form.show_error(self._wrong, "")
            self._wrong = ""

    def _preparation_edited(self, preparation: Preparation, merge: str) -> None:
        document = self.context.document

        def ready(source: Source) -> None:
            document.do(edits.set_preparation, preparation, merge=merge and f"preparation.{merge}")

        def failed(error: EngineError) -> None:
            # Whatever the samples are, what was entered is right by itself: the data's own problem is shown.
            ready(document.value.source)

        self._request(lambda: document.value.source, lambda _: preparation, ready, failed)

    def _load(
        self,
        find: Callable[[], Source],
        ready: Callable[[Source], object],
        failed: Callable[[EngineError], object],
    ) -> None:
        self.opener.say("")
        project = self.context.document.value
        self._request(find, lambda source: edits.preparation_for(project, source), ready, failed)

    def _request(
        self,
        find: Callable[[], Source],
        preparation: Callable[[Source], Preparation],
        ready: Callable[[Source], object],
        failed: Callable[[EngineError], object],
    ) -> None:
        """As ``Loading.request``; nothing happens where the project has got other data, or is another one, in the meantime."""
        document = self.context.document
        asked_over = document.value.source

        def unless_late(act: Callable[[Any], object]) -> Callable[[Any], object]:
            return lambda found: act(found) if document.value.source is asked_over else None

        self.loading.request(find, preparation, unless_late(ready), unless_late(failed))

    def _apply_source(self, source: Source, text: str = "", merge: str = "") -> None:
        document = self.context.document
        if isinstance(source, Opened) and source.paths and not isinstance(document.value.source, Opened):
            document.do(edits.open_source, source, Path(source.paths[0]).stem, text=text)
        else:
            document.do(edits.set_source, source, text=text, merge=merge)


def _of_no_use(source: Source) -> set[str]:
    """Parameters of a table that change nothing, or that are too long to be shown."""
    if not isinstance(source, TableFile):
        return {"text"}
    is_text = Path(source.path).suffix.lower() in TEXT_ENDINGS
    return {"sheet"} if is_text else {"delimiter", "encoding"}


def _ruled_by_files(data: Dataset, preparation: Preparation) -> set[str]:
    """Parameters of the preparation that change nothing, because of the parts that the files give, or do not give."""
    if data.parts is None:
        return {"given_parts"}
    given = given_parts(data, preparation)
    if not given:
        return set()
    return {"train", "validation", "split_seed"} if "validation" in given else {"train"}


def _changed(before: Source, after: Source) -> str:
    """The first parameter that differs."""
    if type(before) is type(after):
        for param, value in after.values():
            if value != getattr(before, param.name):
                return param.name
    return after.params()[0].name


def _has_focus(widget: QWidget) -> bool:
    """Whether the keyboard is in ``widget``."""
    focused = QApplication.focusWidget()
    return focused is not None and widget.isAncestorOf(focused)


def _label(name: str, look: str = "", rich: bool = False) -> QLabel:
    label = RichLabel() if rich else Label()
    label.setObjectName(name)
    label.setWordWrap(True)
    if look:
        label.setProperty(look, True)
    return label
