"""The window: the only folder that knows Qt. ``kit`` is what panels are made of, ``panels`` what is seen, ``shell`` what stands round them.

Programs of others import some modules by the names these had before there were rooms: they are still found by them.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    f"{__name__}.{old}": f"{__name__}.{room}.{old.removeprefix('canvas.') if room == 'kit' else old}"
    for room, names in {
        "kit": "actions theme view canvas.mime",
        "panels": "canvas canvas.view convolution convolution.view",
        "shell": "keys main_window settings undo",
    }.items()
    for old in names.split()
}


class Moved(MetaPathFinder, Loader):
    """Gives the module of today under its name of before: one module, not a second copy."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name in MOVED else None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = import_module(MOVED[module.__name__])


# Before the finder that would load canvas/view.py a second time from where canvas stands now.
sys.meta_path.insert(0, Moved())
