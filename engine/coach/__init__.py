"""The coach: what is wrong with a plan and a run, in words with their numbers, and the edits that would mend it.

    coach = Coach(Plan(network, train, validation, fit))
    coach.look(look(trainer), trainer.log.view())   # now and then; changes nothing of the run
    coach.advice                                    # one thing at a time, or None

A rule is a small class in one of the modules below. Thresholds are relative to the run itself, and were calibrated on the examples:
none of them gives a warning on a healthy one (``python -m benchmarks coach``).
"""

from importlib import import_module

from engine.coach.coach import Advice, Coach, Light, Told, before, problems, rules
from engine.coach.evidence import Look, Moment, Plan, look
from engine.coach.rule import RULES, Finding, Rule

__all__ = [
    "RULES", "Advice", "Coach", "Finding", "Light", "Look", "Moment", "Plan", "Rule", "Told", "before", "look", "problems", "rules",
]  # fmt: skip

#: where the rules are, in the order in which they are asked: causes before their effects
MODULES = ("plan_rules", "setting_rules", "first_rules", "run_rules")
for _module in MODULES:
    import_module(f"{__name__}.{_module}")
