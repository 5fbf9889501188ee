"""What a report says, as sections of words, tables and drawings: the same for a page and for a paper."""

from __future__ import annotations

import base64
import math
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.core import Array
from engine.data import Opened
from engine.errors import clipped, counted
from engine.network import shape_in_words
from engine.spec import Spec
from engine.textbook import figure
from playground import __version__
from playground.document.change import diff
from playground.document.project import Project
from playground.runner.messages import Predictions, SampleLoss, State
from playground.runs.trial import ENDS
from playground.ui.kit.numbers import fmt
from playground.ui.shell import figures
from playground.ui.shell.snapshot import Scene, stage

if TYPE_CHECKING:
    from engine.data import Dataset, Prepared
    from engine.log import LogView
    from playground.runner.frame import Frame
    from playground.runner.session import Session
    from playground.runs.kept import Entry

#: samples that are shown among the worst, and that are looked at; classes of a confusion matrix; runs; features of a sample; layers
WORST, LOOKED_AT, MOST_CLASSES, MOST_RUNS, MOST_FEATURES = 8, 20_000, 20, 40, 6
#: pixels of the views whose drawings are in it, and how wide they are in millimetres
CURVES, OUTPUT = ((560, 300), 150.0), ((480, 400), 110.0)
#: letters of what a person writes
LETTERS = 5000


@dataclass(frozen=True)
class Asked:
    """What the person says.

    Args:
        author: who hands it in.
        question, answer: what was asked, and what was found.
    """

    author: str = ""
    question: str = ""
    answer: str = ""


@dataclass(frozen=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Rows:
    """A table; a cell that begins with ``data:`` is a picture.

    Args:
        head: names of the columns; empty for none.
        rows: of cells.
        caption: what it is.
        numbers: whether all columns but the first are numbers.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    numbers: bool = False


@dataclass(frozen=True)
class Drawn:
    """A drawing in SVG, ``width`` millimetres wide at most, and what it shows in words."""

    svg: str
    width: float
    caption: str


Part = Words | Rows | Drawn


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Content:
    """A report: ``title``, a line of who and when, and its sections."""

    title: str
    line: str
    sections: tuple[Section, ...]


def content(session: Session, asked: Asked, entries: Sequence[Entry], folder: Path | None = None) -> Content:
    """What there is to say of the run of ``session``, where it stands, and of the runs beside it.

    Args:
        folder: where the report goes; data files are named from there.
    """
    frame, project = session.frame(), session.project
    data = frame.data
    when = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    line = " · ".join(
        one
        for one in (clipped(asked.author.strip(), 200), when, f"Chainrule Playground {__version__}")
        if one
    )
    found: list[Section] = []
    if asked.question.strip():
        found.append(Section("Question", _paragraphs(asked.question)))
    if asked.answer.strip():
        found.append(Section("Answer", _paragraphs(asked.answer)))
    found.append(Section("Result", _result(frame, project)))
    if data is not None:
        found.append(Section("Data", tuple(_data(project, data))))
        found.append(Section("Network", tuple(_network(project, data))))
    found.append(Section("Settings", (_settings(project, frame.log),)))
    if data is not None and frame.epoch:
        found.append(Section("Curves", (_view(session, "losses", *CURVES, "The loss of each epoch."),)))
        shown = _view(session, "output", *OUTPUT, "What the network answers, after the last of these epochs.")
        found.append(Section("Answers of the network", (shown, *_confusion(session, data))))
        found += [Section("Samples with the largest loss", (table,)) for table in _worst(session, data)]
    if entries:
        found.append(Section("Runs compared", tuple(_runs(entries, project))))
    found.append(Section("To run it again", tuple(_again(project))))
    return Content(project.name, line, tuple(found))


def _paragraphs(text: str) -> tuple[Words, ...]:
    return tuple(Words(part.strip()) for part in clipped(text, LETTERS).split("\n") if part.strip())


def _result(frame: Frame, project: Project) -> tuple[Part, ...]:
    if not frame.epoch:
        return (Words("It has not been trained yet."),)
    rows = []
    for name, loss, metric in (
        ("training", frame.train_loss, frame.train_metric), ("validation", frame.validation_loss, frame.validation_metric),
    ):  # fmt: skip
        if not math.isnan(loss):
            rows.append((name, fmt(loss), fmt(metric)))
    ended = f" {frame.message}" if frame.state is State.DIVERGED and frame.message else ""
    best = (
        f" The lowest validation loss was that of epoch {frame.best_epoch:,}."
        if frame.best_epoch is not None
        else ""
    )
    words = f"After {counted(frame.epoch, 'epoch')} ({counted(frame.step, 'update')}), with seed {project.seed}.{best}{ended}"
    return Words(words), Rows(("part", "loss", frame.metric_name), tuple(rows), numbers=True)


# --- what it was made from ----------------------------------------------------------------------------------------------


def _spoken(value: object) -> str:
    """A setting in words."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case Spec():
            inside = ", ".join(f"{p.called}: {_spoken(v)}" for p, v in value.values() if v != p.default)
            return f"{value.label} ({inside})" if inside else value.label
        case tuple() | list():
            return ", ".join(map(_spoken, value)) or "none"
        case None:
            return "none"
    return clipped(str(value), 200)


#: of how it is trained, said even where it is as usual
ALWAYS = ("loss", "optimizer", "batch_size")
#: learning rates that are listed one by one
MOST_RATES = 5


def _pairs(spec: Spec, always: Sequence[str] | None = None) -> Iterator[tuple[str, str]]:
    """Its settings; where ``always`` names some, besides these only what is not as usual."""
    for param, value in spec.values():
        if always is None or param.name in always or value != param.default:
            yield param.called, f"{_spoken(value)}{f' {param.unit}' if param.unit else ''}"


def _data(project: Project, data: Prepared) -> Iterator[Part]:
    raw = data.raw
    parts = [
        (name, part)
        for name, part in (("training", data.train), ("validation", data.validation), ("test", data.test))
        if part
    ]
    rows = [
        ("set", project.source.label),
        ("samples", f"{len(raw):,}: " + ", ".join(f"{len(p):,} {name}" for name, p in parts)),
    ]
    rows.append(("inputs", _inputs(raw)))
    if raw.classes:
        rows.append(("classes", clipped(", ".join(raw.classes), 400)))
    elif raw.targets:
        rows.append(("targets", clipped(", ".join(raw.targets), 400)))
    rows += [(name, words) for name, words in _pairs(project.source) if words]
    rows += list(_pairs(project.preparation, ("train", "validation", "normalize")))
    yield Rows((), tuple(rows), "Data card")
    if raw.classes and len(raw.classes) <= MOST_CLASSES:
        counts = [
            (name, *(f"{int((part.y == i).sum()):,}" for _, part in parts))
            for i, name in enumerate(raw.classes)
        ]
        yield Rows(
            ("class", *(name for name, _ in parts)), tuple(counts), "Samples of each class", numbers=True
        )
    for note in raw.report[:6]:
        yield Words(note.text)


def _inputs(raw: Dataset) -> str:
    if raw.x.ndim == 4:
        return f"pictures of {shape_in_words(raw.in_shape)}"
    return clipped(f"{counted(len(raw.features), 'feature')}: {', '.join(raw.features)}", 400)


def _network(project: Project, data: Prepared) -> Iterator[Part]:
    drawing = figure(project.network, data.in_shape, "maps", project.name)
    yield Drawn(drawing.svg(), drawing.width, f"The network, {counted(len(project.network), 'layer')}.")
    shapes, rows, total = project.network.known_shapes(data.in_shape), [], 0
    for node in project.network.nodes:
        shape = shapes.get(node.id)
        if shape is None:
            break
        count = sum(
            p.size
            for p in node.layer.parameters(*(shapes[i] for i in project.network.inputs_of(node.id))).values()
        )
        total += count
        settings = ", ".join(f"{p.called} {_spoken(v)}" for p, v in node.layer.values() if v != p.default)
        rows.append((node.id, node.layer.label, settings, " × ".join(map(str, shape)), f"{count:,}"))
    yield Rows(
        ("layer", "kind", "settings", "gives", "parameters"),
        tuple(rows),
        f"{total:,} numbers are learned. Settings that are not named are the usual ones.",
    )


def _settings(project: Project, log: LogView) -> Rows:
    rows = [("seed", str(project.seed)), *_pairs(project.fit, ALWAYS)]
    rates = [f"{rate:.3g}" for rate in log["learning_rate"] if math.isfinite(rate)]
    if rates:
        # Of the run itself: the project's may have been changed since.
        changes = [rate for rate, before in pairwise([*rates, ""]) if rate != before]
        used = " → ".join(changes if len(changes) <= MOST_RATES else (changes[0], "…", changes[-1]))
        rows.append(("learning rate of the epochs", used))
    else:
        rows.append(("learning rate", f"{project.fit.optimizer.lr:.3g}"))
    return Rows((), tuple(rows), "How it is trained. Settings that are not named are the usual ones.")


# --- what came of it ----------------------------------------------------------------------------------------------------


def _view(session: Session, key: str, size: tuple[int, int], width: float, caption: str) -> Drawn:
    with stage(session, Scene(key, size)) as shown:
        return Drawn(figures.svg(shown.window, width, shown.theme.panel, caption).decode(), width, caption)


def _judged(session: Session, data: Prepared) -> tuple[str, Dataset, Array, Array] | None:
    """The part by which it is judged, its first samples' answers and losses; ``None`` where there are none."""
    name, part = ("validation", data.validation) if data.validation else ("train", data.train)
    count = min(len(part), LOOKED_AT)
    wants = Predictions(name, 0, count), SampleLoss(name, count)
    frame = session.frame(wants)
    given, losses = (frame.answer(want) for want in wants)
    return None if given is None or losses is None else (name, part, np.asarray(given), np.asarray(losses))


def _confusion(session: Session, data: Prepared) -> Iterator[Part]:
    classes = data.raw.classes
    judged = _judged(session, data) if 1 < len(classes) <= MOST_CLASSES else None
    if judged is None:
        return
    name, part, given, _ = judged
    said = given.argmax(1)
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (part.y[: len(said)], said), 1)
    rows = tuple((classes[i], *(f"{n:,}" for n in row)) for i, row in enumerate(counts))
    right = int(np.trace(counts))
    caption = f"Rows: what it is. Columns: what the network says. {right:,} of {len(said):,} {name} samples are right."
    yield Rows(("confusion matrix", *classes), rows, caption, numbers=True)


def _worst(session: Session, data: Prepared) -> Iterator[Rows]:
    judged = _judged(session, data)
    if judged is None:
        return
    name, part, given, losses = judged
    worst = np.argsort(-losses, kind="stable")[:WORST]
    where = getattr(data.index, name)
    classes, rows = data.raw.classes, []
    for i in worst:
        at = int(where[i])
        sample = data.raw.x[at]
        if classes:
            truth, said = (
                classes[int(part.y[i])],
                f"{classes[int(given[i].argmax())]} ({fmt(float(given[i].max()) * 100)} %)",
            )
        else:
            truth, said = _few(np.ravel(data.raw.y[at])), _few(np.ravel(given[i]))
        rows.append(
            (
                f"{name} {int(i)}",
                _picture(sample) if sample.ndim == 3 else _few(sample),
                truth,
                said,
                fmt(float(losses[i])),
            )
        )
    yield Rows(
        ("sample", "input", "is", "network says", "loss"),
        tuple(rows),
        f"Of the {name} part, numbered from 0.",
    )


def _few(values: Array) -> str:
    shown = ", ".join(fmt(float(v)) for v in values[:MOST_FEATURES])
    return shown + (", …" if len(values) > MOST_FEATURES else "")


def _picture(sample: Array) -> str:
    """A sample as a picture, a ``data:`` URL."""
    from playground.ui.kit.colours import sample_image

    low, high = float(sample.min()), float(sample.max())
    return f"data:image/png;base64,{base64.b64encode(figures.png(sample_image(sample, low, high))).decode()}"


def _runs(entries: Sequence[Entry], project: Project) -> Iterator[Part]:
    rows = []
    for one in entries[-MOST_RUNS:]:
        found = one.result
        words = diff(project.replace(seed=0), one.trial.project.replace(seed=0)).words or "as in this report"
        rows.append(
            (
                clipped(words, 120),
                str(one.trial.seed),
                fmt(found.best[1]),
                fmt(found.best[2]),
                str(found.epoch),
                ENDS[found.end],
            )
        )
    yield Rows(("what differs", "seed", "best loss", entries[0].result.metric, "epochs", "end"), tuple(rows))
    groups: dict[str, list[float]] = {}
    for one in entries:
        words = diff(project.replace(seed=0), one.trial.project.replace(seed=0)).words or "as in this report"
        if not math.isnan(one.result.best[1]):
            groups.setdefault(words, []).append(one.result.best[1])
    several = {words: losses for words, losses in groups.items() if len(losses) > 1}
    if several:
        luck = [
            (clipped(w, 120), str(len(x)), fmt(float(np.median(x))), f"{fmt(min(x))} to {fmt(max(x))}")
            for w, x in several.items()
        ]
        yield Rows(
            ("what differs", "seeds", "median best loss", "range"),
            tuple(luck),
            "Luck: the same but for the seed.",
        )


def _again(project: Project) -> Iterator[Part]:
    yield Words(
        "The project is inside this file: open it in Chainrule Playground (File ▸ Open, or drop it onto the window) and press Play. "
        f"With seed {project.seed} the numbers are the same on this computer; elsewhere they may differ in their last digits."
    )
    source = project.source
    if isinstance(source, Opened):
        names = ", ".join(clipped(Path(one).name, 60) for one in source.paths)
        yield Words(f"The data are not inside: put {names} beside this file.")
    rows = (
        ("program", f"Chainrule Playground {__version__}"), ("Python", platform.python_version()), ("NumPy", np.__version__),
        ("system", f"{platform.system()} {platform.machine()}"), ("seed", str(project.seed)),
    )  # fmt: skip
    yield Rows((), rows, "Made with")
