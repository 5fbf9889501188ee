"""*Record*: an author does a task once; what was done becomes its stored solution, and goals are proposed from what has changed. No Qt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from engine.data import sources
from engine.errors import EngineError, counted
from engine.spec import Spec
from playground.document.change import diff
from playground.document.paths import in_words, places
from playground.document.project import Project
from playground.lessons.actions import MOST_LETTERS, action
from playground.lessons.errors import LessonError
from playground.lessons.expressions import Expression
from playground.lessons.names import Seen
from playground.runner.messages import Command, Reset, Step

#: links of one recording, and steps of single batches in a row
MOST_LINKS = 60
#: scores from which goals are proposed: the better one is the larger, or the smaller
_LARGER = ("metric.validation.accuracy", "metric.validation.r2", "metric.train.accuracy", "metric.train.r2")
_SMALLER = ("metric.validation.loss", "metric.train.loss")
_COUNTED = {"network.units": "hidden units", "network.layers": "layers with weights"}


@dataclass(frozen=True)
class Proposal:
    """One condition that a goal may ask for.

    Args:
        when: as a lesson writes it.
        words: what it asks for, as a learner reads it.
        seen: what there was, as its author reads it.
        chosen: it is what an author most likely means.
    """

    when: str
    words: str
    seen: str = ""
    chosen: bool = False


@dataclass
class Recording:
    """What is done to one project, from ``before`` on.

    Attributes:
        links: what was done so far, as a lesson writes it.
        left_out: what of it no link can say, in sentences; the solution lacks it.
    """

    before: Seen
    links: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    _project: Project | None = None
    _trained: tuple[int, int] = (0, 0)  # epoch and step up to which training is in the links

    def __post_init__(self) -> None:
        self._project = self.before.project
        self._trained = self.before.frame.epoch, self.before.frame.step

    def see_edit(self, after: Project, now: Seen) -> None:
        """The document has changed. ``now``: the moment before that."""
        before = self._project or after
        self._train(now)
        self._project = after
        if after == before:
            return
        try:
            self._add(_links(before, after))
        except LessonError as error:
            self.left_out.append(str(error))
        if diff(before, after).draws_anew:
            self._trained = 0, 0

    def see_command(self, command: Command, now: Seen) -> None:
        """The run is told something. ``now``: the moment before that."""
        if isinstance(command, Reset):
            self._train(now)
            self._add(["do:reset"])
            self._trained = 0, 0
        elif isinstance(command, Step):
            self._train(now)
            single = command.unit == "batch"
            self._add(["do:step" if single else f"do:train?epochs={command.count}"])
            by = (0, 1) if single else (command.count, 0)
            self._trained = now.frame.epoch + by[0], now.frame.step + by[1]

    def _train(self, now: Seen) -> None:
        """What was trained since the last link."""
        epoch, step = self._trained
        done = now.frame.epoch - epoch
        if done <= 0 and now.frame.step > step and now.frame.epoch == epoch:
            done = 1  # it was paused within an epoch; a goal is met no worse after all of it
        if done > 0:
            self._add([f"do:train?epochs={done}"])
        self._trained = now.frame.epoch, now.frame.step

    def _add(self, links: Sequence[str]) -> None:
        for link in links:
            if len(self.links) >= MOST_LINKS:
                self.left_out.append(f"More than {MOST_LINKS} steps were taken; the rest is left out.")
                return
            if self.links and _same_field(self.links[-1], link):
                self.links[-1] = link
            elif self.links and link == "do:reset" == self.links[-1]:
                continue
            else:
                self.links.append(link)

    def finish(self, now: Seen) -> tuple[Proposal, ...]:
        """The goals that ``now`` suggests, against what there was at the beginning; the likeliest first."""
        self._train(now)
        found = [
            *_scores(self.before, now),
            *_settings(self.before.project, now.project),
            *_training(self.before, now),
        ]
        return tuple(sorted(found, key=lambda one: not one.chosen))


def lesson_text(
    title: str, start: Sequence[str], goal: str, chosen: Sequence[Proposal], links: Sequence[str]
) -> str:
    """A lesson with this one goal, as a file. Raises LessonError where nothing is asked for, or it cannot be read again."""
    from playground.lessons.reading import parse

    if not chosen:
        raise LessonError("Nothing is asked for; expected at least one condition. Choose one.")
    when = " and ".join(one.when for one in chosen)
    text = f'''+++
title = {_quoted(title)}
about = "What one learns, in a sentence."
minutes = 5
topic = "My lessons"
start = [{", ".join(map(_quoted, start))}]
+++
## {_line(title)}

Say here what is to be done, and why it is worth it.

::: predict id=guess kind=choice
What will happen?
- [ ] nothing :: Say here why not.
- [x] what is asked for below
> Say here why.
:::

::: goal id=goal when="{when}" solution="{" ".join(links)}"
{_line(goal)}
:::

::: free
Say here what to try next.
:::
'''
    parse(text, "recorded")
    return text


def start_links(project: Project) -> tuple[str, ...]:
    """Links that make ``project`` of the example that is nearest to it. Raises LessonError where none can."""
    from playground.document.examples import examples

    best: tuple[str, ...] | None = None
    for one in examples():
        base = one.project
        if type(base.source) is not type(project.source) and project.source.key not in sources:
            continue
        try:
            links = (f"do:open?example={one.key}", *_links(base, project))
        except LessonError:
            continue
        if best is None or len(links) < len(best):
            best = links
        if len(best) == 1:
            break
    if best is None:
        raise LessonError(
            "The project that is open cannot be written as a lesson's start; expected an example, changed by what the window offers. Open one."
        )
    return best


# --- links ----------------------------------------------------------------------------------------------------------


def _links(before: Project, after: Project) -> list[str]:
    """Links that make ``after`` of ``before``; they are tried. Raises LessonError where none do."""
    links, project = list[str](), before
    change = diff(before, after)
    if (
        change.touches({"weight_edits"})
        and after.weight_edits
        and not change.touches({"network", "fit", "source"})
    ):
        raise LessonError("A weight was set by hand, which no link does.")

    def do(link: str) -> None:
        nonlocal project
        if len(link) > MOST_LETTERS:
            raise LessonError("A value is too long for a link.")
        project = action(link).edited(project) or project
        links.append(link)

    try:
        if type(project.source) is not type(after.source):
            do(f"do:data?{urlencode({'name': after.source.key})}")
        for node in project.network.nodes:
            if node.id not in [one.id for one in after.network.nodes]:
                do(f"do:remove?{urlencode({'layer': node.id})}")
        previous = "input"
        for node in after.network.nodes:
            if node.id not in [one.id for one in project.network.nodes]:
                do(f"do:add?{urlencode({'layer': node.layer.key, 'after': previous})}")
            previous = node.id
        for _ in range(3):  # what is chosen brings fields of its own
            old = {one.path: one.value for one in places(project)}
            for one in places(after):
                was = old.get(one.path)
                if was is None and one.path not in old:
                    continue
                same = type(was) is type(one.value) if isinstance(one.value, Spec) else was == one.value
                if not same:
                    do(f"do:set?{urlencode({one.path: in_words(one.value)})}")
    except (EngineError, KeyError, ValueError) as error:
        raise LessonError(f"An edit cannot be written as a link: {error}") from None
    # given weights are numbers of the run, not of the task
    alike = {
        "name": after.name,
        "notes": after.notes,
        "meant": after.meant,
        "weight_edits": (),
        "first_weights": (),
    }
    if project.replace(**alike) != after.replace(weight_edits=(), first_weights=()):
        raise LessonError(
            f"An edit cannot be written as a link: {change.words or 'wires, or an order of layers'}."
        )
    return links


def _same_field(before: str, link: str) -> bool:
    """Whether two links set one and the same field: a slider that was dragged."""
    head, _, _ = link.partition("=")
    return head.startswith("do:set?") and "&" not in before and before.partition("=")[0] == head


# --- goals ----------------------------------------------------------------------------------------------------------


def _scores(before: Seen, now: Seen) -> Iterator[Proposal]:
    chosen = False
    for name in (*_LARGER, *_SMALLER):
        was, value = (Expression(name).value(one) for one in (before, now))
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            continue
        larger = name in _LARGER
        asked = _looser(float(value), larger)
        better = not isinstance(was, int | float) or (value > was if larger else value < was)
        if asked is None or not better:
            continue
        if isinstance(was, int | float) and (was >= asked if larger else was < asked):
            continue  # it would be met at the start
        label = Expression(name).conditions(now)[0].label
        first = name.startswith("metric.validation") and not chosen
        chosen = chosen or first
        sign = ">=" if larger else "<"
        yield Proposal(
            f"{name} {sign} {asked:g}",
            f"{label} {'at least' if larger else 'below'} {asked:g}",
            f"you reached {value:.3g}",
            first,
        )


def _looser(value: float, larger: bool) -> float | None:
    """A round number that ``value`` leaves well behind; ``None`` where there is none."""
    if larger:
        steps = math.floor(value * 20 - 0.4) / 20 if value < 0.96 else 0.95
        return round(steps, 2) if steps > 0 else None
    if value <= 0:
        return 0.01
    unit = 10.0 ** math.floor(math.log10(value))
    return float(f"{math.ceil(value * 1.1 / unit) * unit:.3g}")


def _settings(before: Project, after: Project) -> Iterator[Proposal]:
    """Settings and layers that differ."""
    old = {one.path: one.value for one in places(before)}
    units = {"network.units", "network.layers"}
    for one in places(after):
        was = old.get(one.path)
        if (
            was == one.value
            or one.path == "seed"
            or (one.path not in old and not isinstance(one.value, Spec))
        ):
            continue
        if one.path.endswith(("out_features", "out_channels")) and "network.units" in units:
            units.discard("network.units")
            yield from _counted(before, after)
        if isinstance(one.value, Spec):
            if type(was) is not type(one.value):
                yield Proposal(
                    f"setting('{one.path}') == '{one.value.key}'", f"{one.label} is {one.value.label}"
                )
        elif isinstance(one.value, bool):
            yield Proposal(
                f"setting('{one.path}') == {one.value}", f"{one.label} is {'on' if one.value else 'off'}"
            )
        elif isinstance(one.value, int | float) and isinstance(was, int | float):
            sign, words = (">=", "at least") if one.value > was else ("<=", "at most")
            yield Proposal(
                f"setting('{one.path}') {sign} {one.value:g}",
                f"{one.label} {words} {one.value:g}",
                f"it was {was:g}",
            )
    kinds = [[node.layer.key for node in p.network.nodes] for p in (before, after)]
    for key in sorted({*kinds[0], *kinds[1]}):
        was, now = (one.count(key) for one in kinds)
        if was != now:
            yield Proposal(
                f"network.count('{key}') == {now}",
                f"{counted(int(now), 'layer')} of kind {key}",
                f"there were {was}",
                True,
            )


def _counted(before: Project, after: Project) -> Iterator[Proposal]:
    from playground.runner.messages import Frame

    for name, what in _COUNTED.items():
        was, now = (Expression(name).value(Seen(p, Frame(p))) for p in (before, after))
        if isinstance(was, int | float) and isinstance(now, int | float) and was != now:
            sign = "<=" if now < was else ">="
            yield Proposal(
                f"{name} {sign} {now:g}",
                f"{'at most' if now < was else 'at least'} {now:g} {what}",
                f"there were {was:g}",
                name == "network.units",
            )


def _training(before: Seen, now: Seen) -> Iterator[Proposal]:
    if now.frame.epoch > 0:
        yield Proposal(f"run.epoch >= {now.frame.epoch}", f"at least {now.frame.epoch} epochs")
        yield Proposal(f"run.epoch <= {now.frame.epoch}", f"within {now.frame.epoch} epochs")
    if Expression("run.diverged").value(now):
        yield Proposal("run.diverged", "the run has diverged", chosen=True)


def _quoted(text: str) -> str:
    """A text as TOML writes it."""
    kept = "".join(c for c in text if c >= " " and c != "\x7f")
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _line(text: str) -> str:
    """A text that is one line, and begins nothing else."""
    return " ".join(text.replace(":::", "").split()) or "A goal"
