"""A report as one page of HTML that needs nothing else, with the project inside."""

from __future__ import annotations

import re
from html import escape

from playground.ui.shell.report.content import Content, Drawn, Part, Rows, Words

STYLE = """
:root { color-scheme: light; --ink: #1b2027; --muted: #5b6672; --line: #d5dbe1; --soft: #f4f6f8; }
body { font: 15px/1.5 system-ui, "DejaVu Sans", Helvetica, Arial, sans-serif; color: var(--ink); background: #fff; max-width: 60rem;
  margin: 2.5rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
.line, figcaption, caption { color: var(--muted); font-size: .88rem; }
table { border-collapse: collapse; margin: .8rem 0 1rem; font-size: .92rem; } caption { caption-side: bottom; text-align: left; padding-top: .4rem; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; } table.pairs td:first-child { color: var(--muted); white-space: nowrap; }
table.numbers td:not(:first-child), table.numbers th:not(:first-child) { text-align: right; font-variant-numeric: tabular-nums; }
td img { width: 56px; height: 56px; object-fit: contain; image-rendering: pixelated; }
figure { margin: .8rem 0 1.2rem; } figure svg { max-width: 100%; height: auto; display: block; }
p { overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } tr, figure { break-inside: avoid; } }
"""


def page(content: Content, project: str) -> bytes:
    """The page; ``project``: as ``carried`` writes it."""
    sections = []
    for i, one in enumerate(content.sections):
        parts = "".join(_part(part, f"{i}-{j}") for j, part in enumerate(one.parts))
        sections.append(f"<section>\n<h2>{escape(one.title)}</h2>\n{parts}</section>")
    body = "\n".join(sections)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(content.title)}</title>\n'
        # Whoever has changed the file can have nothing run in it, and nothing fetched.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
        f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>{escape(content.title)}</h1>\n"
        f'<p class="line">{escape(content.line)}</p>\n{body}\n'
        f'<script type="text/plain" id="project">{project}</script>\n</body>\n</html>\n'
    ).encode()


def _part(part: Part, key: str) -> str:
    match part:
        case Words(text):
            return f"<p>{escape(text)}</p>\n"
        case Drawn(svg, _, caption):
            return f"<figure>{_inline(svg, key)}<figcaption>{escape(caption)}</figcaption></figure>\n"
        case Rows(head, rows, caption, numbers):
            kind = "numbers" if numbers else "" if head else "pairs"
            top = (
                f"<thead><tr>{''.join(f'<th>{escape(one)}</th>' for one in head)}</tr></thead>"
                if head
                else ""
            )
            body = "".join(f"<tr>{''.join(f'<td>{_cell(one)}</td>' for one in row)}</tr>\n" for row in rows)
            said = f"<caption>{escape(caption)}</caption>" if caption else ""
            return f'<table class="{kind}">{said}{top}<tbody>{body}</tbody></table>\n'


def _cell(text: str) -> str:
    return (
        f'<img src="{escape(text)}" alt="the sample">'
        if text.startswith("data:image/png;base64,")
        else escape(text)
    )


def _inline(svg: str, key: str) -> str:
    """A drawing as it stands in a page: without its head, and with names that no other drawing there has."""
    inside = svg[svg.index("<svg") :]
    names = set(re.findall(r'\bid="([^"]+)"', inside))
    for name in names:
        own = f"d{key}-{name}"
        inside = (
            inside.replace(f'id="{name}"', f'id="{own}"')
            .replace(f"url(#{name})", f"url(#{own})")
            .replace(f'"#{name}"', f'"#{own}"')
        )
    return inside
