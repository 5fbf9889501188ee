"""The panels of the window, a file or folder each; none imports another.

What a panel is, its file or the ``__init__`` of its folder says with ``panel``. What is in a folder is imported when it is first seen.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from playground.ui.kit.view import Panel, declared

PANELS: tuple[
    Panel, ...
]  #: all there are, in the order of the menu; found in this folder when first asked for


def __getattr__(name: str) -> tuple[Panel, ...]:
    if name != "PANELS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for module in iter_modules(__path__, f"{__name__}."):
        import_module(module.name)
    found = globals()[name] = tuple(sorted(declared, key=lambda panel: panel.order))
    return found
