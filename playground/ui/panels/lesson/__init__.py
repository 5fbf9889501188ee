"""Lessons beside the network: text, questions, goals."""

from playground.ui.kit.view import LEFT, panel

panel(f"{__name__}.view:LessonView", "lesson", "Lessons", LEFT, order=5, shown=False, alone=True)
