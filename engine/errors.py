"""What can go wrong in the engine, each with a sentence a learner can act on.

Every message says what is so, what was expected, and what to do.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.problems import Remedy

#: letters of a message, of a value that it repeats, and items of a list in it
MOST_LETTERS, MOST_OF_VALUE, MOST_ITEMS = 600, 80, 8

#: what is said of a MemoryError that has no words of its own
NO_ROOM = (
    "It takes more memory than there is; expected room for the network and copies of its weights. "
    "Make the network or the batches smaller, or close other programs."
)

# Looks no deeper into a value than it shows of it.
_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxlist, _SHORT.maxtuple, _SHORT.maxdict = 4, 6, 6, 3
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = MOST_OF_VALUE - 20


def clipped(text: str, most: int = MOST_LETTERS) -> str:
    """``text``, with "…" in place of its middle where it has more than ``most`` letters."""
    tail = most // 3
    return text if len(text) <= most else f"{text[: most - tail - 1]}…{text[-tail:]}"


def shown(value: object) -> str:
    """``repr(value)``, short whatever the value is: what a message repeats of its input."""
    try:
        text = _SHORT.repr(value)
    except Exception:  # noqa: BLE001  more digits than Python writes, or an object that fails at it
        text = f"a value of type {type(value).__name__}"
    return clipped(text, MOST_OF_VALUE)


def few(items: Collection[object], most: int = MOST_ITEMS) -> str:
    """The items in words: "a, b, c", or "a, b and 2,997 more"; "none" where there are none. Each is shortened as well."""
    first = [clipped(str(item), MOST_OF_VALUE) for item in islice(items, most)]
    more = f" and {len(items) - most:,} more" if len(items) > most else ""
    return ", ".join(first) + more or "none"


def counted(count: int, what: str) -> str:
    """ "1 file", "2,000 files" """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def in_bytes(size: int) -> str:
    """ "1.5 GB", "12 MB", "800 bytes" """
    for unit, name in ((2**30, "GB"), (2**20, "MB"), (2**10, "kB")):
        number = size / unit
        if number >= 999.5 / 1024:
            return f"{number:,.3g} {name}" if number < 999.5 else f"{number:,.0f} {name}"
    return f"{size:,} bytes"


class EngineError(ValueError):
    """Base class: everything the engine raises on purpose. No message is longer than a box can show, whatever it repeats."""

    def __init__(self, message: str = "") -> None:
        super().__init__(clipped(message))


class SpecError(EngineError):
    """A hyper-parameter has a value it cannot take."""


class ShapeError(EngineError):
    """Two shapes do not fit together.

    Attributes:
        node_id: the node at which they meet, or ``None`` outside a network.
    """

    def __init__(self, message: str, node_id: str | None = None) -> None:
        super().__init__(message)
        self.node_id = node_id


@dataclass(frozen=True)
class Offer:
    """Another way to read the same files.

    Args:
        words: what is done then, such as "Leave the numbers as they are".
        changes: parameters of the data set, with the values that do it; ``None`` for a file that the user is to choose.
    """

    words: str
    changes: tuple[tuple[str, Any], ...]


class DataError(EngineError):
    """A data set, file or column cannot be used as asked.

    Attributes:
        remedy: parameters of the data set with values that would help, where some are known.
        offers: ways that would help, the likeliest first; the remedy among them.
    """

    def __init__(
        self, message: str, remedy: Mapping[str, Any] | None = None, offers: Iterable[Offer] = ()
    ) -> None:
        super().__init__(message)
        self.remedy = dict(remedy or {})
        words = " and ".join(f"{name} to {value}" for name, value in self.remedy.items())
        own = (Offer(f"Set {words}", tuple(self.remedy.items())),) if self.remedy else ()
        self.offers = (*own, *offers)


class UnknownName(EngineError):
    """A registry was asked for a name it does not hold."""

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        known = sorted(known)
        written = name if isinstance(name, str) else shown(name)
        near = difflib.get_close_matches(written[:MOST_OF_VALUE], known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(known)}."
        super().__init__(f"There is no {kind} called {shown(written)}. {hint}")
        self.name = name


class DivergedError(EngineError):
    """Training produced a number that is not finite.

    Args:
        node_id, where, epoch, step: as the attributes.
        why: the likeliest cause and what to do, in sentences.
        back: where the weights are now, in a sentence.
        remedy: an edit after which training can go on; ``None`` where none is known.

    Attributes:
        node_id: the node where the first such number appeared ("loss" for the loss itself).
        where: "value" (forward), "gradient" (backward) or "parameter" (update).
        epoch, step: when (both counted from 0).
        remedy: see Args.
    """

    def __init__(
        self,
        node_id: str,
        where: str,
        epoch: int,
        step: int,
        *,
        why: str = "",
        back: str = "",
        remedy: Remedy | None = None,
    ) -> None:
        said = (
            f"The {where} of {node_id} is no longer a finite number (epoch {epoch}, step {step}).",
            why,
            back,
        )
        super().__init__(" ".join(part for part in said if part))
        self.node_id, self.where, self.epoch, self.step, self.remedy = node_id, where, epoch, step, remedy
