"""What a rule is, and the list of all rules. Their order is that of asking: a cause stands before its effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar

from engine.coach.evidence import Moment, Plan
from engine.coach.picture import Picture
from engine.problems import Remedy

#: "warning": it will hardly learn what it should; "hint": worth knowing, and nothing that has to be changed
Level = Literal["warning", "hint"]
#: "symptom": it is seen, its cause is not; "likely": the cause that mostly is behind it; "proven": measured or computed
Sureness = Literal["symptom", "likely", "proven"]
#: where a rule's finding is to be looked at
About = Literal["layer", "data", "fit", "curves"]


@dataclass(frozen=True)
class Finding:
    """What a rule has found.

    Args:
        words: what is so, with this run's numbers, in a sentence or two.
        do: what to do, in a sentence; "" where the remedies say it.
        node_id: the block it is about; "input", "loss" or "" for the whole.
        remedies: edits that would each end it, the best first.
        level: where it differs from the rule's.
        title: where it differs from the rule's.
        why: where it differs from the rule's: "" where the words say it already.
        picture: what was measured, to be drawn beside the words.
        since: the last epoch at which all was well; ``None`` where that is not known better than by when it was seen first.
    """

    words: str
    do: str = ""
    node_id: str = ""
    remedies: tuple[Remedy, ...] = ()
    level: Level | None = None
    title: str = ""
    why: str | None = None
    picture: Picture | None = None
    since: int | None = None


class Rule:
    """Base of rules. A subclass says when it has found something, in one or more of the three moments.

    Attributes:
        key: its name, stable: project files hold it where a user means it so.
        title: in a few words, for a line.
        why: why it matters, in a sentence or two.
        sure: how sure it is where it speaks.
        level: how much it matters.
        stuck: it keeps the network from learning; others only make what is learned doubtful.
        rests: it speaks of a run that has come to rest: that is no longer called learning.
        hits: how many looks in a row must find it while the run goes on.
        silences: rules that say nothing while this one speaks, as it explains what they would say.
        sources: where the rule and its numbers come from.
        about: where it is to be looked at: "layer" for the block it names, "data", "fit" for how it is trained, "curves" for the losses.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    why: ClassVar[str] = ""
    sure: ClassVar[Sureness] = "likely"
    level: ClassVar[Level] = "warning"
    stuck: ClassVar[bool] = True
    rests: ClassVar[bool] = False
    hits: ClassVar[int] = 3
    silences: ClassVar[frozenset[str]] = frozenset()
    sources: ClassVar[str] = ""
    about: ClassVar[About] = "layer"

    def before(self, plan: Plan) -> Iterator[Finding]:
        """What there is to say before the first update, from network, data and training alone."""
        return iter(())

    def begins(self, moment: Moment) -> Iterator[Finding]:
        """What there is to say of the first weights: ``moment`` is the one before the first update."""
        return iter(())

    def trains(self, moment: Moment) -> Iterator[Finding]:
        """What there is to say in the midst of the run."""
        return iter(())

    def ends(self, moment: Moment) -> Iterator[Finding]:
        """What there is to say when all planned epochs are over."""
        return iter(())


#: every rule, causes first
RULES: dict[str, Rule] = {}
R = TypeVar("R", bound=type[Rule])


def rule(key: str) -> Callable[[R], R]:
    """Class decorator: the rule is asked, after those registered before it."""

    def register(cls: R) -> R:
        if key in RULES:
            raise KeyError(f"There is a rule {key!r} already. Choose another name.")
        cls.key = key
        RULES[key] = cls()
        return cls

    return register


#: what a network does that does not learn, for whatever reason
STUCK = frozenset(
    {"rate-too-small", "units-died", "vanishing-gradient", "exploding-gradient", "stuck-at-chance", "underfitting",
     "penalty-too-strong", "rate-too-large", "start-loss", "still-improving", "diverged"}
)  # fmt: skip
