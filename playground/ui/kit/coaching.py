"""What the coach says at a frame, as the light in the bar and the Diagnosis panel both show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.coach import RULES, Advice, Told
from engine.coach.picture import losses
from playground.runner.messages import Coaching, State

if TYPE_CHECKING:
    from playground.runner.messages import Frame

WANT = Coaching()


def told(frame: Frame) -> Told | None:
    """What the coach says; of a run that has burst, that. ``None`` where it has nothing to look at."""
    if frame.state is State.DIVERGED:
        rule = RULES["diverged"]
        remedies = (frame.remedy,) if frame.remedy is not None else ()
        advice = Advice(
            rule.key,
            rule.level,
            frame.epoch,
            rule.title,
            frame.message,
            rule.why,
            rule.sure,
            frame.broken_node,
            remedies,
            picture=losses(frame.log) if len(frame.log) else None,
            about=rule.about,
            sane=frame.epoch,
        )
        return Told(advice, "stuck")
    return frame.answer(WANT)
