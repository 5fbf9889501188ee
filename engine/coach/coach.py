"""The coach: asks the rules, weighs what they find, and says one thing at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.coach.evidence import Look, Moment, Plan
from engine.coach.picture import Picture, losses
from engine.coach.rule import RULES, About, Finding, Level, Rule, Sureness
from engine.errors import clipped
from engine.log import LogView
from engine.problems import Problem, Remedy

#: looks in a row that must not find it any more before a rule is silent again
MISSES = 3
#: looks that are remembered
LOOKS = 12
#: letters that an advice has at most
LETTERS = 600


@dataclass(frozen=True)
class Advice:
    """What the coach says.

    Args:
        rule: its key.
        level: how much it matters.
        epoch: when it was said first.
        title: in a few words.
        words: what is so, with this run's numbers.
        why: why it matters.
        sure: how sure that is.
        node_id: the block it is about; "input", "loss" or "" for the whole.
        remedies: edits to try, the best first.
        stuck: it keeps the network from learning.
        moment: "before", "begins", "trains" or "ends".
        picture: what was measured; ``None`` where there is nothing to draw.
        about: as ``Rule.about``.
        sane: the last epoch at which all was well, as far as can be told; 0 where it was so from the start.
        step: the update after which it was said first.
    """

    rule: str
    level: Level
    epoch: int
    title: str
    words: str
    why: str
    sure: Sureness
    node_id: str = ""
    remedies: tuple[Remedy, ...] = ()
    stuck: bool = True
    moment: str = "trains"
    picture: Picture | None = None
    about: About = "layer"
    sane: int = 0
    step: int = 0

    def to_dict(self) -> dict[str, object]:
        """For programs: rule, level, epoch, words (what is so, and why that matters), and what the remedies do."""
        return {
            "rule": self.rule,
            "level": self.level,
            "epoch": self.epoch,
            "words": f"{self.words} {self.why}".strip(),
            "remedies": [remedy.text for remedy in self.remedies],
        }


def _advice(rule: Rule, found: Finding, epoch: int, moment: str, seen: Moment | None = None) -> Advice:
    """``seen``: the run, whose losses are shown where the rule shows nothing of its own."""
    picture, sane = found.picture, 0
    if moment in ("trains", "ends") and seen is not None:
        if picture is None and len(seen.log):
            picture = losses(seen.log)
        # It was there at the first of the looks that found it; the one before had nothing to find.
        sane = max(epoch - rule.hits, 0) if found.since is None else found.since
    step = seen.now.step if seen is not None and seen.looks else 0
    words = f"{found.words} {found.do}".strip()
    return Advice(
        rule.key, found.level or rule.level, epoch, found.title or rule.title, clipped(words, LETTERS),
        rule.why if found.why is None else found.why, rule.sure,
        found.node_id, found.remedies, rule.stuck, moment, picture, rule.about, sane, step,
    )  # fmt: skip


#: "learning": all is well, as far as can be told; "stuck": it does not learn; "suspicious": it does, and something is wrong, or it
#: has not begun, and something will be
Light = Literal["", "learning", "stuck", "suspicious"]


@dataclass(frozen=True)
class Told:
    """What the coach says at one moment.

    Args:
        advice: the one thing to say; ``None`` where there is nothing.
        light: how it stands; "" where nothing is known yet.
        more: what else is said, the first first.
    """

    advice: Advice | None = None
    light: Light = ""
    more: tuple[Advice, ...] = ()


def before(plan: Plan, meant: Collection[str] = ()) -> tuple[Advice, ...]:
    """All that is to be said before the first update, causes first and without their effects, but for what is ``meant`` so."""
    said: list[Advice] = []
    silent = set(meant)
    for rule in RULES.values():
        if rule.key in silent:
            continue
        found = [_advice(rule, one, 0, "before") for one in rule.before(plan)]
        if any(one.level == "warning" for one in found):
            silent |= rule.silences
        said += found
    return tuple(said)


def problems(plan: Plan, meant: Collection[str] = ()) -> tuple[Problem, ...]:
    """The warnings among what is said ``before``, as problems of a project."""
    return tuple(
        Problem(one.node_id, f"{one.words} {one.why}".strip(), "warning", one.remedies, one.rule)
        for one in before(plan, meant)
        if one.level == "warning"
    )


class Coach:
    """Follows one run of one plan.

    A rule speaks when it has found the same in as many looks in a row as it asks for, and is silent again after ``MISSES`` looks
    that did not find it. While it speaks, the rules that it silences do not count.

    Args:
        plan: what is trained. Another one, or another fit, is another coach.
        meant: rules that say nothing, as the user means it so.
        since: the epoch from which on the log is about this plan.

    Attributes:
        said: everything, in the order in which it was said first.
    """

    def __init__(self, plan: Plan, meant: Collection[str] = (), since: int = 0) -> None:
        self.plan, self.meant, self.since = plan, frozenset(meant), since
        self.said: tuple[Advice, ...] = ()
        self._looks: tuple[Look, ...] = ()
        self._first: Look | None = None
        self._hits: dict[str, int] = {}
        self._misses: dict[str, int] = {}
        self._speaking: dict[str, Advice] = {}
        self._moment: Moment | None = None
        for one in before(plan, self.meant):
            self._say(one)

    @property
    def advice(self) -> Advice | None:
        """The one thing to say now: the first warning, or the first hint where there is none."""
        return self.told.advice

    @property
    def told(self) -> Told:
        """What is to be said now."""
        heard = [self._speaking[key] for key in RULES if key in self._speaking and not self._silenced(key)]
        # What is said to keep it from learning is not the first thing about a network that has learned.
        order = sorted(heard, key=lambda one: (one.level == "hint", one.stuck and self._learned))
        first = order[0] if order else None
        rests = first is not None and RULES[first.rule].rests  # then it has learned what it will
        light: Light = "learning" if self.learning and not rests else ""
        if first is not None and first.level == "warning":
            light = (
                "stuck"
                if first.stuck and self.step > 0 and not (self.learning or self._learned)
                else "suspicious"
            )
        return Told(first, light, tuple(order[1:]))

    @property
    def warnings(self) -> tuple[Advice, ...]:
        """All warnings that were said, in order."""
        return tuple(one for one in self.said if one.level == "warning")

    @property
    def learning(self) -> bool:
        """Whether the network learns, as far as can be told."""
        return self._moment is not None and self._moment.learns

    @property
    def _learned(self) -> bool:
        """Whether it has learned already, whatever is said against it."""
        return self._moment is not None and not self._moment.diverged and self._moment.learned

    @property
    def step(self) -> int:
        """The update after which it has looked last; −1 while it has not."""
        return self._looks[-1].step if self._looks else -1

    @property
    def epoch(self) -> int:
        """The epoch after which it has looked last; −1 while it has not."""
        return self._looks[-1].epoch if self._looks else -1

    @staticmethod
    def due(epoch: int) -> bool:
        """Whether to look after this epoch, where every epoch could be looked at: ever more rarely, as less changes."""
        return epoch <= 40 or epoch % max(1, epoch // 20) == 0

    def look(self, seen: Look, log: LogView) -> None:
        """Take note of how the run stands."""
        if self._looks and seen.step < self._looks[-1].step:  # the user has gone back
            self._looks, self._hits, self._misses = (), {}, {}
        self._looks = (*self._looks, seen)[-LOOKS:]
        if seen.step == 0:
            self._first = seen
        self._moment = Moment(self.plan, self._own(log, seen.epoch), self._looks, self._first)
        begins = seen.step == 0
        found = {key: self._count(rule, begins) for key, rule in RULES.items()}
        for key, rule in RULES.items():
            self._weigh(rule, found[key], "begins" if begins else "trains", 1 if begins else rule.hits)

    def burst(self, message: str, node_id: str, remedy: Remedy | None, log: LogView, epoch: int) -> None:
        """Take note of a divergence, which has ended the run."""
        rule = RULES["diverged"]
        if rule.key in self.meant or self._silenced(rule.key):
            return
        self._moment = Moment(
            self.plan, self._own(log, epoch), self._looks, self._first, message, node_id, remedy
        )
        self._weigh(rule, self._count(rule, False), "trains", 1)

    def end(self, log: LogView, epoch: int) -> None:
        """The planned epochs are over."""
        if not self._looks:
            return
        moment = Moment(self.plan, self._own(log, epoch), self._looks, self._first)
        for rule in RULES.values():
            if rule.key not in self.meant and not self._silenced(rule.key):
                found = self._ask(rule.ends(moment))
                if found is not None:
                    self._say(_advice(rule, found, epoch, "ends", moment))

    # --- inside -------------------------------------------------------------------------------------------------------

    def _own(self, log: LogView, epoch: int) -> LogView:
        """The rows since this plan is trained, up to ``epoch``."""
        at = log["epoch"]
        return LogView(log.rows[np.searchsorted(at, self.since) : np.searchsorted(at, epoch, side="right")])

    def _silenced(self, key: str) -> bool:
        return any(key in RULES[other].silences for other, one in self._speaking.items()
                   if other != key and one.level == "warning")  # fmt: skip

    @staticmethod
    def _ask(found: Iterable[Finding]) -> Finding | None:
        """The first finding. Numbers that overflow on the way are no reason to say anything."""
        with np.errstate(all="ignore"):
            return next(iter(found), None)

    def _count(self, rule: Rule, begins: bool) -> Finding | None:
        """What a rule finds now; in how many looks in a row it has, or has not."""
        key = rule.key
        if self._moment is None or key in self.meant or self._silenced(key):
            self._hits[key] = 0
            return None
        found = self._ask(rule.begins(self._moment) if begins else rule.trains(self._moment))
        self._hits[key] = self._hits.get(key, 0) + 1 if found is not None else 0
        self._misses[key] = 0 if found is not None else self._misses.get(key, 0) + 1
        return found

    def _held(self, key: str) -> bool:
        """Whether an earlier rule that would silence this one has found something, and only waits to be sure."""
        for other, rule in RULES.items():
            if other == key:
                return False
            if key in rule.silences and self._hits.get(other) and other not in self._speaking:
                return True
        return False

    def _weigh(self, rule: Rule, found: Finding | None, moment: str, wanted: int) -> None:
        key, epoch = rule.key, self._looks[-1].epoch if self._looks else 0
        speaking = self._speaking.get(key)
        if found is None:
            if speaking is not None and speaking.moment != "before" and self._over(speaking):
                del self._speaking[key]
        elif speaking is not None:
            if speaking.moment != "before":
                self._say(_advice(rule, found, epoch, moment, self._moment))
        elif self._hits[key] >= wanted and not self._silenced(key) and not self._held(key):
            self._say(_advice(rule, found, epoch, moment, self._moment))

    def _over(self, speaking: Advice) -> bool:
        """What was said of the first weights holds until the run shows otherwise: the rule itself is not asked again."""
        missed = self._misses.get(speaking.rule, 0) >= MISSES
        return missed and (speaking.moment != "begins" or self.learning)

    def _say(self, advice: Advice) -> None:
        """Say it, or say it anew with newer numbers."""
        before = self._speaking.get(advice.rule)
        again = before is not None and before.level == advice.level
        if again and before is not None:
            kept = {"epoch": before.epoch, "moment": before.moment, "sane": before.sane, "step": before.step}
            advice = Advice(**{**vars(advice), **kept})
        self._speaking[advice.rule] = advice
        known = {(one.rule, one.level) for one in self.said}
        if (advice.rule, advice.level) not in known:
            self.said = (*self.said, advice)
        for key in [k for k in self._speaking if self._silenced(k)]:
            if self._speaking[key].moment != "before":
                del self._speaking[key]


def rules() -> Iterator[Rule]:
    """Every rule, causes first."""
    return iter(RULES.values())
