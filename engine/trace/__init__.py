"""The next update of a run, recorded and explained: every number the engine's, every equation recomputable from what it shows.

>>> trace = trainer.trace()
>>> steps = moments(trace, "unit")
>>> print(card(trace, steps[0], sample=0).sentence)
"""

from engine.trace import activation, conv, dense, enlarge, general, norm, simple
from engine.trace.batch import (
    Outcomes,
    Saturation,
    gradient_norms,
    sample_gradients,
    sample_outcomes,
    saturation,
)
from engine.trace.cards import Card, card
from engine.trace.loss import Stage, loss_gradient, loss_stages
from engine.trace.moments import GRAINS, PHASES, Moment, Moments, moments
from engine.trace.nudge import Nudge, Prover, check, nudge
from engine.trace.record import Guest, NotKept, Trace, record
from engine.trace.symbols import WAYS, Symbols, Way
from engine.trace.terms import BACKWARD, OF_PARAMETERS, Equation, Operand, Place, Term, Terms
from engine.trace.update import UpdateRow, update_rows
from engine.trace.worksheet import worksheet, worksheet_csv

__all__ = [
    "BACKWARD", "GRAINS", "OF_PARAMETERS", "PHASES", "WAYS", "Card", "Equation", "Guest", "Moment", "Moments", "NotKept", "Nudge", "Operand", "Outcomes", "Place",
    "Prover", "Saturation", "Stage", "Symbols", "Term", "Terms", "Trace", "UpdateRow", "Way", "activation", "card", "check",
    "conv", "dense", "enlarge", "general", "gradient_norms", "loss_gradient", "loss_stages", "moments", "norm", "nudge", "record",
    "sample_gradients", "sample_outcomes", "saturation", "simple", "update_rows", "worksheet",
    "worksheet_csv",
]  # fmt: skip
