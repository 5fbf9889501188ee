"""A drawing of rectangles, circles, lines and words, in millimetres, and how it is written as SVG and as TikZ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

#: millimetres of a typographic point
POINT = 25.4 / 72
#: how wide a letter is, as a share of the text's size: a good guess for a sans-serif face
LETTER = 0.56
FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"


@dataclass(frozen=True)
class Rectangle:
    """With rounded corners of ``radius``; colours are ``#rrggbb``."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    stroke: str
    radius: float = 0.0


@dataclass(frozen=True)
class Circle:
    """Round ``x``, ``y``."""

    x: float
    y: float
    radius: float
    fill: str
    stroke: str


@dataclass(frozen=True)
class Line:
    """Through ``points``; ``arrow``: with a head at its end. ``width`` in millimetres."""

    points: tuple[tuple[float, float], ...]
    colour: str
    arrow: bool = False
    width: float = 0.2
    dashed: bool = False


@dataclass(frozen=True)
class Words:
    """Of ``size`` points round ``x``, standing on ``y``; ``anchor``: "middle", "start" or "end"."""

    x: float
    y: float
    text: str
    size: float = 7.0
    colour: str = "#1b2027"
    bold: bool = False
    anchor: str = "middle"


Shape = Rectangle | Circle | Line | Words


def breadth(text: str, size: float, bold: bool = False) -> float:
    """About how wide ``text`` is, in millimetres."""
    return len(text) * size * POINT * LETTER * (1.15 if bold else 1.0)


@dataclass(frozen=True)
class Drawing:
    """``shapes``, the last ones in front, on a sheet of ``width`` × ``height`` millimetres."""

    width: float
    height: float
    shapes: tuple[Shape, ...] = ()
    title: str = ""

    def svg(self, width: float | None = None) -> str:
        """As a file of its own, text as text; ``width``: in millimetres, another than its own."""
        share = 1.0 if width is None else width / self.width
        body = "\n".join(f" {_svg(shape)}" for shape in self.shapes)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width * share:.2f}mm" height="{self.height * share:.2f}mm" '
            f'viewBox="0 0 {self.width:.2f} {self.height:.2f}" font-family="{FONT}">\n'
            f" <title>{escape(self.title)}</title>\n{body}\n</svg>\n"
        )

    def tikz(self, width: float | None = None) -> str:
        """As a ``tikzpicture`` in a document of its own, which ``standalone`` crops; the picture can be copied into any other.

        ``width``: as of ``svg``.
        """
        share = 1.0 if width is None else width / self.width
        scale = "" if share == 1.0 else f"scale={share:.4f}, transform shape, "
        colours = sorted({one for shape in self.shapes for one in _colours(shape)})
        defined = "\n".join(f"\\definecolor{{{_name(one)}}}{{HTML}}{{{one[1:].upper()}}}" for one in colours)
        body = "\n".join(f"  {_tikz(shape, share)}" for shape in self.shapes)
        return (
            f"% {' '.join(self.title.split())}\n\\documentclass[border=2pt]{{standalone}}\n\\usepackage{{tikz}}\n\\usetikzlibrary{{arrows.meta}}\n"
            f"{defined}\n\\begin{{document}}\n"
            f"\\begin{{tikzpicture}}[{scale}x=1mm, y=-1mm, every node/.style={{inner sep=0pt, font=\\sffamily}}]\n"
            f"{body}\n\\end{{tikzpicture}}\n\\end{{document}}\n"
        )


def _svg(shape: Shape) -> str:
    match shape:
        case Rectangle(x, y, width, height, fill, stroke, radius):
            return (
                f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" rx="{radius:.2f}" fill="{fill}" '
                f'stroke="{stroke}" stroke-width="0.2"/>'
            )
        case Circle(x, y, radius, fill, stroke):
            return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius:.2f}" fill="{fill}" stroke="{stroke}" stroke-width="0.2"/>'
        case Line(points, colour, arrow, width, dashed):
            path = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
            dash = ' stroke-dasharray="0.8 0.8"' if dashed else ""
            line = (
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width:.2f}"{dash}/>'
            )
            return line + (_head(points, colour) if arrow else "")
        case Words(x, y, text, size, colour, bold, anchor):
            weight = ' font-weight="bold"' if bold else ""
            return (
                f'<text x="{x:.2f}" y="{y:.2f}" font-size="{size * POINT:.2f}" fill="{colour}" text-anchor="{anchor}"{weight}>'
                f"{escape(text)}</text>"
            )


def _head(points: Sequence[tuple[float, float]], colour: str, length: float = 1.4) -> str:
    """A triangle at the end: markers are drawn differently by every program."""
    (x0, y0), (x, y) = points[-2], points[-1]
    norm = ((x - x0) ** 2 + (y - y0) ** 2) ** 0.5 or 1.0
    dx, dy = (x - x0) / norm * length, (y - y0) / norm * length
    ends = f"{x - dx - dy * 0.4:.2f},{y - dy + dx * 0.4:.2f} {x - dx + dy * 0.4:.2f},{y - dy - dx * 0.4:.2f}"
    return f'<polygon points="{x:.2f},{y:.2f} {ends}" fill="{colour}"/>'


def _colours(shape: Shape) -> tuple[str, ...]:
    return (shape.fill, shape.stroke) if isinstance(shape, Rectangle | Circle) else (shape.colour,)


def _name(colour: str) -> str:
    return f"c{colour[1:].lower()}"


#: what is a command to LaTeX
_LATEX = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_SIGNS = {"×": r"$\times$", "→": r"$\to$", "⋮": r"$\vdots$", "−": r"$-$", "·": r"$\cdot$", "…": r"\ldots{}"}


def in_latex(text: str) -> str:
    """``text`` as LaTeX sets it as it stands."""
    return "".join(_LATEX.get(c) or _SIGNS.get(c) or c for c in text)


def _tikz(shape: Shape, share: float) -> str:
    thin = f"{0.2 * share:.3f}mm"
    match shape:
        case Rectangle(x, y, width, height, fill, stroke, radius):
            corners = f", rounded corners={radius:.2f}mm" if radius else ""
            return (
                f"\\filldraw[fill={_name(fill)}, draw={_name(stroke)}, line width={thin}{corners}] ({x:.2f}, {y:.2f}) rectangle "
                f"({x + width:.2f}, {y + height:.2f});"
            )
        case Circle(x, y, radius, fill, stroke):
            return f"\\filldraw[fill={_name(fill)}, draw={_name(stroke)}, line width={thin}] ({x:.2f}, {y:.2f}) circle [radius={radius:.2f}];"
        case Line(points, colour, arrow, width, dashed):
            options = [f"draw={_name(colour)}", f"line width={width * share:.3f}mm"]
            options += [f"-{{Latex[length={1.4 * share:.2f}mm, width={1.1 * share:.2f}mm]}}"] if arrow else []
            options += ["densely dashed"] if dashed else []
            return f"\\draw[{', '.join(options)}] {' -- '.join(f'({x:.2f}, {y:.2f})' for x, y in points)};"
        case Words(x, y, text, size, colour, bold, anchor):
            side = {"middle": "base", "start": "base west", "end": "base east"}[anchor]
            face = "\\bfseries " if bold else ""
            return (
                f"\\node[anchor={side}, text={_name(colour)}] at ({x:.2f}, {y:.2f}) "
                f"{{\\fontsize{{{size:.1f}}}{{{size * 1.2:.1f}}}\\selectfont {face}{in_latex(text)}}};"
            )
