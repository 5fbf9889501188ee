"""The network as a figure of a textbook, as a drawing (SVG) or LaTeX (TikZ), and its formulas."""

from engine.textbook.drawing import Drawing
from engine.textbook.figure import DETAILS, figure
from engine.textbook.latex import formulas

__all__ = ["DETAILS", "Drawing", "figure", "formulas"]
