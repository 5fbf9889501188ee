"""What the modes say, in sentences. No Qt."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.errors import counted
from playground.ui.kit.numbers import exact, fmt

if TYPE_CHECKING:
    from engine.landscape import Noise, Plane, Rates, Step


def of_plane(plane: Plane) -> tuple[str, str]:
    """The heading and what it is of."""
    if plane.share < 1:
        return "", f"Computing the losses: {plane.share:.0%}."
    what = "loss and penalty" if plane.penalized else "loss"
    said = f"The {what} over {counted(plane.samples, 'training sample')}, dropout off."
    if len(plane.path) > 1 and not math.isnan(plane.held):
        said += f" The line is the run, seen at right angles: {_share(plane.held)} of its distance lies in this plane."
    elif len(plane.path) == 1:
        return "", f"{said} The dot is where the run stands; let it train to see its way."
    return "", f"{said} The dot is where it stands."


def _share(share: float) -> str:
    return "all" if share > 0.995 else f"{share:.0%}" if share >= 0.01 else "less than 1%"


def of_step(step: Step) -> tuple[str, str]:
    """The verdict on a step, and its numbers."""
    from engine.landscape.step import OVERSHOOTS, RIGHT, TOO_SHORT, UPHILL

    before, _, after = step.three
    lowest = step.reach
    if step.verdict == RIGHT:
        head, why = (
            "About right",
            f"One step goes {fmt(lowest, 2)} of the way to the lowest point of the parabola.",
        )
    elif step.verdict == TOO_SHORT and lowest > 0:
        head, why = "Too short", f"The lowest point of the parabola lies {fmt(1 / lowest, 2)} steps ahead."
    elif step.verdict == TOO_SHORT:
        head, why = (
            "Too short",
            "Along the step the loss falls ever faster or hardly changes: it could be longer.",
        )
    elif step.verdict == OVERSHOOTS and math.isfinite(lowest):
        gone = "and the loss rises" if after >= before else "though the loss still falls"
        head, why = "Overshoots", f"One step goes {fmt(lowest, 2)} times the way to the lowest point, {gone}."
    elif step.verdict == OVERSHOOTS:
        head, why = "Overshoots", "The loss breaks along the step."
    elif step.verdict == UPHILL:
        head = "Uphill"
        why = "Along the update the loss of all samples rises: the gradient of this batch, or the optimizer's momentum, points elsewhere."
    else:
        head, why = "No step", "The update changes no weight."
    return head, (
        f"{why} Loss over {counted(step.samples, 'training sample')}: {fmt(before)} → {fmt(after)}. "
        f"Update {step.step + 1:,}, rate {fmt(step.rate)}, batch of {step.batch}."
    )


def of_rates(rates: Rates, now: float) -> tuple[str, str]:
    """What the range test says; ``now``: the rate of the project."""
    at = (
        "from the first weights"
        if not rates.step
        else f"from the weights after {counted(rates.step, 'update')}"
    )
    if not rates.done:
        return "", f"Trying rates on a copy, {at}: {len(rates.rates)} of {rates.planned}."
    if not rates.found:
        return "No rate stands out", (
            f"On a copy, {at}, no rate lowered the loss by more than a little: the run is near a low point, or something else keeps it."
        )
    stands = "below" if now < rates.low else "above" if now > rates.high else "within"
    return f"Between {fmt(rates.low, 2)} and {fmt(rates.high, 2)}", (
        f"On a copy, {at}, one update with each rate. The range begins where the loss falls, and ends well before it turns. "
        f"The project's rate, {exact(now)}, lies {stands} it."
    )


def of_noise(noise: Noise) -> tuple[str, str]:
    """How the sizes compare."""
    if not noise.clouds:
        return "", "There are too few samples for batches of several sizes."
    said = []
    for cloud in noise.clouds:
        who = "One sample" if cloud.size == 1 else f"Batches of {cloud.size}"
        against = f"{cloud.against:.0%} point" if cloud.against else "none points"
        said.append(f"{who}: spread {fmt(cloud.spread, 2)}, {against} against it.")
    said.append(f"Round the gradient of all {noise.samples:,} samples, penalty left out.")
    head = ""
    if len(noise.clouds) == 2 and noise.share == 1 and noise.clouds[1].spread > 0:
        ratio = noise.clouds[0].spread / noise.clouds[1].spread
        head = f"{noise.clouds[1].size} samples: {fmt(ratio, 2)} times calmer"
    return head, " ".join(said)
