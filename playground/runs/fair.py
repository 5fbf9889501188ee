"""Whether the losses of two projects are about the same, so that the lower one is the better."""

from __future__ import annotations

from engine.data import Preparation
from playground.document.change import diff
from playground.document.project import Project

#: settings of the preparation that leave alone what is judged: they change what a network reads, or which samples it learns from
INPUTS_ONLY = ("normalize", "input_noise", "extra_features", "balance")


def unlike(a: Project, b: Project) -> str:
    """Why the losses of two projects are not about the same; "" where they are."""
    if a.fit.loss != b.fit.loss:
        return "They have different losses"
    usual = {key: getattr(Preparation(), key) for key in INPUTS_ONLY}
    plain = [one.preparation.replace(**usual) for one in (a, b)]
    if diff(a, b).touches({"source"}) or plain[0] != plain[1]:
        return "They are judged by different samples"
    return ""
