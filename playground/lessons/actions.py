"""What a lesson's links can do: a fixed list, ``do:set?fit.optimizer.lr=0.1``. Each is an edit, a command to the run, or a place to look at."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode

from engine.data import sources
from engine.errors import EngineError, UnknownName, shown
from engine.layers import registry as layers
from playground.document import edits
from playground.document.examples import example
from playground.document.naming import by_position, called
from playground.document.paths import place, set_at, with_words
from playground.document.project import Project
from playground.lessons.errors import LessonError
from playground.runner.messages import ApplyStep, Command, Discard, Inspect, Pause, Play, Reset, Step
from playground.runner.session import Session

#: letters of a link, and choices in it
MOST_LETTERS, MOST_CHOICES = 300, 12
#: parts of an update
PHASES = ("forward", "loss", "backward", "update")
#: epochs that one link trains, at most
MOST_EPOCHS = 100_000


@dataclass(frozen=True)
class Action:
    """One link.

    Args:
        name: of the action, one of ``ACTIONS``.
        choices: what it is told.
    """

    name: str
    choices: Mapping[str, str]

    @property
    def kind(self) -> Kind:
        return ACTIONS[self.name]

    def edited(self, project: Project) -> Project | None:
        """The project after it; ``None`` where it is no edit. Raises LessonError where it cannot be done to this project."""
        if self.kind.edit is None:
            return None
        try:
            made = self.kind.edit(project, self.choices)
            return made if self.opens else by_position(project, made)
        except (EngineError, KeyError, ValueError) as error:
            raise LessonError(f"do:{self.name} cannot be done here: {error}") from error

    @property
    def link(self) -> str:
        """As a text links to it."""
        told = urlencode(self.choices)
        return f"do:{self.name}?{told}" if told else f"do:{self.name}"

    @property
    def commands(self) -> tuple[Command, ...]:
        """What it tells the run."""
        return self.kind.commands(self.choices)

    @property
    def opens(self) -> bool:
        """Whether another project comes by it."""
        return self.name == "open"

    def do(self, session: Session) -> None:
        """All that it does, without a window. Raises LessonError."""
        project = self.edited(session.project)
        if project is not None:
            session.load(project, another=self.opens)
        self.kind.headless(session, self.choices)


def action(link: str) -> Action:
    """What ``do:…`` stands for. Raises LessonError where there is no such action, or it is told what it does not know."""
    if len(link) > MOST_LETTERS:
        raise LessonError(
            f"A link has {len(link):,} letters; expected at most {MOST_LETTERS}. Split it in the lesson."
        )
    name, _, told = link.removeprefix("do:").partition("?")
    if name not in ACTIONS:
        raise LessonError(str(UnknownName("action", name, ACTIONS)))
    try:
        pairs = parse_qsl(
            told, keep_blank_values=True, strict_parsing=bool(told), max_num_fields=MOST_CHOICES
        )
    except ValueError:
        raise LessonError(
            f"The link {shown(link)} cannot be read; expected do:{name}?{ACTIONS[name].example}. Correct it."
        ) from None
    known = ACTIONS[name].choices
    for key, _value in pairs:
        if known is not None and key not in known:
            raise LessonError(str(UnknownName(f"choice of do:{name}", key, known)))
    if (needed := ACTIONS[name].needed) and needed not in dict(pairs):
        raise LessonError(
            f"The link {shown(link)} does not say which {needed}; expected do:{name}?{ACTIONS[name].example}. Add it."
        )
    if (phase := dict(pairs).get("phase", PHASES[0])) not in PHASES:
        raise LessonError(str(UnknownName("phase of an update", phase, PHASES)))
    return Action(name, MappingProxyType(dict(pairs)))


@dataclass(frozen=True)
class Kind:
    """What an action of one name does.

    Args:
        help: for authors.
        example: what may follow the "?".
        choices: names it is told; ``None``: any.
        needed: the one that cannot be left out; "" for none.
        edit, commands, headless: what it makes of the project, tells the run, and does to a session without a window.
    """

    help: str
    example: str = ""
    choices: tuple[str, ...] | None = ()
    needed: str = ""
    edit: Callable[[Project, Mapping[str, str]], Project] | None = None
    commands: Callable[[Mapping[str, str]], tuple[Command, ...]] = lambda choices: ()
    headless: Callable[[Session, Mapping[str, str]], None] = lambda session, choices: None


def _open(project: Project, choices: Mapping[str, str]) -> Project:
    return example(choices["example"]).project


def _settings(project: Project, choices: Mapping[str, str]) -> Project:
    for path, written in choices.items():
        project = set_at(project, path, place(project, path).read(written))
    return project


def _add(project: Project, choices: Mapping[str, str]) -> Project:
    layer: Any = choices["layer"]
    after = choices.get("after")
    at = (
        0
        if after == "input"
        else len(project.network.nodes)
        if not after
        else edits.index_of(project, called(project.network, after)) + 1
    )
    made = layers.get(choices["layer"])
    fields = {key: value for key, value in choices.items() if key not in ("layer", "after")}
    if fields:
        layer = made()
        for name, written in fields.items():
            layer = with_words(layer, name, written)
    return edits.add_layer(project, layer, at)


def _source(project: Project, choices: Mapping[str, str]) -> Project:
    return edits.set_source(project, sources.get(choices["name"])())


def _epochs(choices: Mapping[str, str]) -> int:
    return min(int(choices.get("epochs", "1")), MOST_EPOCHS)


def _train(session: Session, choices: Mapping[str, str]) -> None:
    trainer = session.trainer
    session.play()
    session.train(math.inf, until_epoch=(trainer.epoch if trainer is not None else 0) + _epochs(choices))
    session.pause()


def _step(session: Session, choices: Mapping[str, str]) -> None:
    session.play()
    session.train(math.inf, most=1)
    session.pause()


def _apply(session: Session, choices: Mapping[str, str]) -> None:
    session.inspection.end()
    _step(session, choices)
    session.inspect()


ACTIONS: Mapping[str, Kind] = {
    "open": Kind("Open an example.", "example=circle", ("example",), "example", edit=_open),
    "set": Kind("Set fields of layers, training, data or preparation, or the seed.", "fit.optimizer.lr=0.1&linear1.out_features=3", None, edit=_settings),
    "add": Kind("Add a layer, behind another or at the end.", "layer=Tanh&after=linear1", None, "layer", edit=_add),
    "remove": Kind("Take a layer out.", "layer=tanh1", ("layer",), "layer", edit=lambda p, c: edits.remove(p, [called(p.network, c["layer"])])),
    "data": Kind("Choose other data.", "name=Spiral", ("name",), "name", edit=_source),
    "play": Kind("Train.", commands=lambda c: (Play(),), headless=lambda s, c: s.play()),
    "pause": Kind("Pause.", commands=lambda c: (Pause(),), headless=lambda s, c: s.pause()),
    "train": Kind("Train for so many epochs, then pause.", "epochs=50", ("epochs",), commands=lambda c: (Step("epoch", _epochs(c)),), headless=_train),
    "reset": Kind("Back to the first weights.", commands=lambda c: (Reset(),), headless=lambda s, c: s.reset()),
    "step": Kind("Train for one batch.", commands=lambda c: (Step("batch"),), headless=_step),
    "inside": Kind("Step inside the next update.", commands=lambda c: (Inspect(),), headless=lambda s, c: s.inspect()),
    "apply": Kind("Make the update that is looked into.", commands=lambda c: (ApplyStep(),), headless=_apply),
    "discard": Kind("Look no longer into an update.", commands=lambda c: (Discard(),), headless=lambda s, c: s.inspection.end()),
    "panel": Kind(
        "Show a panel; a block in it, and a phase of the next update (forward, loss, backward, update).",
        "name=backprop&layer=linear2&phase=backward", ("name", "layer", "phase"), "name",
    ),
    "look": Kind("Ring a block on the network.", "layer=linear1", ("layer",), "layer"),
}  # fmt: skip
