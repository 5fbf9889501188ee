"""The pages of the help, as plain values: made from registries, panels and words, so that what is registered has a page."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from PySide6.QtGui import QKeySequence

from engine.augmentation import augmentations
from engine.clipping import clippings
from engine.data import sources
from engine.fit import Fit
from engine.initializers import initializers
from engine.layers import registry as layers
from engine.losses import losses
from engine.optimizers import optimizers
from engine.registry import Registry
from engine.regularizers import regularizers
from engine.schedules import schedules
from engine.spec import NestedList, Param, Spec
from playground.document.examples import Example, examples
from playground.document.project import Project
from playground.ui.kit.actions import SPECS
from playground.ui.kit.numbers import count
from playground.ui.panels import PANELS
from playground.ui.shell.help import words

NETWORK = "panel/network"  #: the canvas is no dock, and is a panel all the same
KEYS = "keys"

#: what is registered, by the heading its pages stand under
REGISTRIES: Mapping[str, Registry[Any]] = {
    "Layers": layers,
    "Losses": losses,
    "Optimizers": optimizers,
    "Schedules": schedules,
    "Regularization": regularizers,
    "First weights": initializers,
    "Gradient clipping": clippings,
    "Augmentation": augmentations,
    "Data sets": sources,
}


@dataclass(frozen=True)
class Page:
    """One page.

    Args:
        id: "panel/backprop", "layer/Linear", "word/Epoch"; see ``page_id`` for what is registered.
        title: its heading.
        group: the heading it is listed under.
        text: paragraphs, the first of which is the sentence that says it all.
        formulas: what each says, and its LaTeX.
        params: settings of what is registered.
        keys: keys and what they do.
        links: pages to go on with.
        spec: what is registered.
    """

    id: str
    title: str
    group: str
    text: tuple[str, ...]
    formulas: tuple[tuple[str, str], ...] = ()
    params: tuple[Param, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
    links: tuple[str, ...] = ()
    spec: type[Spec] | None = None

    def rank(self, searched: str) -> int | None:
        """How well it answers a search, 0 best; ``None`` where a word of it is nowhere on the page."""
        title, wanted = self.title.casefold(), searched.casefold().split()
        everything = " ".join(
            (title, self.id, self.group, *self.text, *(f"{p.name} {p.label} {p.help}" for p in self.params))
        ).casefold()
        if not all(word in everything for word in wanted):
            return None
        whole = " ".join(wanted)
        # Layers are written in one word: who types "batch norm" means BatchNorm, too.
        begins = title.startswith((whole, "".join(wanted)))
        return 0 if title == whole else 1 if begins else 2 if whole in title else 3


def page_id(spec: Spec | type[Spec]) -> str:
    """Of what is registered; "" for what is not."""
    cls = spec if isinstance(spec, type) else type(spec)
    for registry in REGISTRIES.values():
        if issubclass(cls, registry.base) and cls.key in registry:
            return f"{registry.kind}/{cls.key}"
    return ""


@cache
def pages() -> Mapping[str, Page]:
    """All there are, by their ids, in the order in which they are listed."""
    found = list(_all())
    headings = list(
        dict.fromkeys(page.group for page in found)
    )  # a registry's order may come back to a category
    return {page.id: page for page in sorted(found, key=lambda one: headings.index(one.group))}


def _all() -> Iterator[Page]:
    yield Page(
        KEYS, "Keys", "Panels", ("Every key of the menus; those of a panel stand on its page.",),
        keys=tuple((", ".join(map(_written, spec.keys)), spec.text.rstrip("…")) for spec in SPECS if spec.keys),
    )  # fmt: skip
    yield Page(
        NETWORK, "Network", "Panels", words.PANELS["network"], keys=words.KEYS["network"],
        links=("word/Unit", "word/Weights", "word/Skip connection"),
    )  # fmt: skip
    for panel in PANELS:
        text = words.PANELS.get(panel.key) or (_first_line(panel.view),)
        yield Page(f"panel/{panel.key}", panel.title, "Panels", text, keys=words.KEYS.get(panel.key, ()))
    for word, (meaning, links) in words.GLOSSARY.items():
        yield Page(f"word/{word}", word, "Words", (meaning,), links=links)
    for group, registry in REGISTRIES.items():
        for cls in registry:
            yield _of(cls, registry, group)


def _of(cls: type[Spec], registry: Registry[Any], group: str) -> Page:
    under = f"{group} · {cls.category}" if cls.category else group
    formulas = (("Formula", cls.formula), ("Gradient", cls.gradient_formula))
    return Page(
        f"{registry.kind}/{cls.key}", cls.label, under, _paragraphs(cls), tuple((n, f) for n, f in formulas if f),
        cls.params(), links=tuple(_words_about(cls)), spec=cls,
    )  # fmt: skip


def _words_about(cls: type[Spec]) -> Iterator[str]:
    """The words that name it among the pages to go on with."""
    for word, (_, links) in words.GLOSSARY.items():
        if page_id(cls) in links:
            yield f"word/{word}"


def _first_line(cls: type) -> str:
    return (inspect.getdoc(cls) or "").partition("\n")[0]


def _paragraphs(cls: type[Spec]) -> tuple[str, ...]:
    """Its docstring, each paragraph in one line; what is said of arguments stands at the settings."""
    whole = (inspect.getdoc(cls) or "").partition("\nArgs:")[0]
    return tuple(" ".join(part.split()) for part in whole.split("\n\n") if part.strip())


def _written(key: object) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)  # type: ignore[call-overload]


@cache
def _projects() -> tuple[tuple[Example, Project], ...]:
    return tuple((example, example.project) for example in examples())


def used_in(cls: type[Spec]) -> Example | None:
    """The first example that has one, the smallest coming first; ``None`` where none has."""
    for example, project in _projects():
        if any(type(spec) is cls for spec in _specs(project)):
            return example
    return None


def _specs(project: Project) -> Iterator[Spec]:
    yield project.source
    for one in (*(node.layer for node in project.network.nodes), project.fit):
        yield one
        for _, value in one.values():
            yield from (
                each for each in (value if isinstance(value, tuple) else (value,)) if isinstance(each, Spec)
            )


def place_in_fit(cls: type[Spec]) -> Param | None:
    """The setting of Training that takes such a spec."""
    return next(
        (p for p in Fit.params() if issubclass(cls, getattr(getattr(p.kind, "registry", None), "base", ()))),
        None,
    )


def with_it(fit: Fit, cls: type[Spec]) -> Fit:
    """``fit`` with a default one of ``cls`` in its place. Raises SpecError where it needs a value first."""
    param = place_in_fit(cls)
    if param is None:
        return fit
    value = (*getattr(fit, param.name), cls()) if isinstance(param.kind, NestedList) else cls()
    return fit.replace(**{param.name: value})


def found(searched: str) -> list[Page]:
    """The pages that answer a search, the best first; all of them, as they are listed, for an empty one."""
    ranked = [(rank, page) for page in pages().values() if (rank := page.rank(searched)) is not None]
    return (
        [page for _, page in sorted(ranked, key=lambda one: one[0])]
        if searched.strip()
        else list(pages().values())
    )


def how_many(number: int) -> str:
    """ "1 page", "12 pages" """
    return f"{count(number)} page{'s' * (number != 1)}"
