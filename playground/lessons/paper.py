"""Pages of HTML that stand alone, for paper and for whoever reads them elsewhere: CommonMark without links, formulas drawn."""

from __future__ import annotations

import logging
import re
import warnings
from functools import cache
from html import escape

log = logging.getLogger(__name__)

_LINK = re.compile(r"\[([^\]]*)\]\(do:[^)]*\)")
_FORMULA = re.compile(r"\$+([^$]+)\$+")
_PLACE = "\ue000{}\ue001"
_PLACED = re.compile("\ue000(\\d+)\ue001")
#: what every page has; paper is white whatever the theme
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2430; background: #fff; margin: 1.5rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.15rem; margin-top: 2rem } .muted { color: #5b6675 }
table { border-collapse: collapse } th, td { text-align: left; padding: .35rem .7rem; border-bottom: 1px solid #d8dee6; vertical-align: top }
.n { text-align: right; font-variant-numeric: tabular-nums } .yes { color: #12703c }
svg { vertical-align: middle; overflow: visible }
"""


def page(title: str, body: str, style: str = "") -> str:
    """A whole page. ``body`` is HTML, ``title`` plain text."""
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>"
        f"<style>{STYLE}{style}</style></head><body>{body}</body></html>\n"
    )


@cache
def html(markdown: str, *, inline: bool = False) -> str:
    """CommonMark as HTML; ``inline``: part of a line, without paragraphs."""
    from markdown_it import MarkdownIt

    formulas: list[str] = []

    def placed(found: re.Match[str]) -> str:
        formulas.append(found[1])
        return _PLACE.format(len(formulas) - 1)

    parser = MarkdownIt("commonmark", {"html": False}).disable(["image", "link"])
    words = _FORMULA.sub(placed, _LINK.sub(r"\1", markdown))
    made = parser.renderInline(words) if inline else parser.render(words)
    return _PLACED.sub(lambda found: _drawn(formulas[int(found[1])]), made)


def _drawn(latex: str) -> str:
    """A formula as SVG in the text; its letters where it cannot be typeset."""
    with warnings.catch_warnings():
        # WORKAROUND for ziamath 0.13, which opens its font in a way that Python 3.11 and 3.12 call deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        import ziamath
    ziamath.config.svg2 = False  # type: ignore[attr-defined]  # glyphs as paths: ids would be the same in all formulas of a page
    try:
        return str(ziamath.Math.fromlatex(latex, size=16).svg())  # type: ignore[attr-defined]
    except Exception:
        # Whatever the parser raises at odd LaTeX: a formula is no reason to lose the page.
        log.info("This formula cannot be typeset: %s", latex, exc_info=True)
        return f"<code>{escape(latex)}</code>"
