"""Networks taken away: programs for other tools, with their weights, that check themselves against the numbers they had here."""

from engine.export.base import ExportError, Outline, Subject
from engine.export.lines import Line
from engine.export.prove import Proof, Row, prove
from engine.export.targets import TARGETS, export, notes

__all__ = ["TARGETS", "ExportError", "Line", "Outline", "Proof", "Row", "Subject", "export", "notes", "prove"]
