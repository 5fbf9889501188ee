"""The coach: what is wrong with a plan and a run, in words with their numbers, and the edits that would mend it.

    coach = Coach(Plan(network, train, validation, fit))
    coach.look(look(trainer), trainer.log.view())   # now and then; changes nothing of the run
    coach.advice                                    # one thing at a time, or None

A rule is a small class in ``plan_rules``, ``first_rules`` or ``run_rules``. Thresholds are relative to the run itself, and were calibrated on the
examples: none of them gives a warning on a healthy one.
"""

# isort: off  (imported in the order in which the rules are asked: causes before their effects)
import engine.coach.plan_rules
import engine.coach.first_rules
import engine.coach.run_rules  # noqa: F401

# isort: on
from engine.coach.coach import Advice, Coach, before, problems, rules
from engine.coach.evidence import Look, Moment, Plan, look
from engine.coach.rule import RULES, Finding, Rule

__all__ = [
    "RULES", "Advice", "Coach", "Finding", "Look", "Moment", "Plan", "Rule", "before", "look", "problems", "rules",
]  # fmt: skip
