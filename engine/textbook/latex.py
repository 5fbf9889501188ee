"""The formulas of a network, its loss and its optimizer as a LaTeX document."""

from __future__ import annotations

from engine.fit import Fit
from engine.network import Network
from engine.textbook.drawing import in_latex


def formulas(network: Network, fit: Fit, title: str = "") -> str:
    """Each kind of layer once, forward and backward, and how the weights are changed; for ``pdflatex`` and others."""
    parts, seen = [], set()
    for node in network.nodes:
        layer = node.layer
        key = (type(layer), layer.formula, layer.gradient_formula)
        if key not in seen and layer.formula:
            seen.add(key)
            ids = ", ".join(
                one.id for one in network.nodes
                if (type(one.layer), one.layer.formula, one.layer.gradient_formula) == key
            )  # fmt: skip
            parts.append(_section(f"{layer.label} ({ids})", layer.formula, layer.gradient_formula))
    parts.append(
        _section(f"Loss: {fit.loss.label}", fit.loss.formula, getattr(fit.loss, "gradient_formula", ""))
    )
    parts.append(_section(f"Optimizer: {fit.optimizer.label}", getattr(fit.optimizer, "formula", "")))
    return (
        "\\documentclass{article}\n\\usepackage{amsmath, amssymb}\n\\begin{document}\n"
        f"\\section*{{{in_latex(title or 'Formulas')}}}\n{''.join(parts)}\\end{{document}}\n"
    )


def _section(title: str, *found: str) -> str:
    # each of several equations in a row stands on a line of its own: together they are wider than a page
    set_ = "".join(f"\\[ {part} \\]\n" for one in found for part in one.split(r", \quad ") if part)
    return f"\\subsection*{{{in_latex(title)}}}\n{set_}" if set_ else ""
