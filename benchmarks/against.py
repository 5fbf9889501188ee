"""An older commit's engine, loaded beside today's, so that both take turns in one process."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType

ROOT = Path(__file__).parents[1]
PACKAGES = ("engine", "benchmarks")


def benchmarks_at(revision: str) -> ModuleType:
    """``benchmarks.engine`` as it was at a git revision, with the engine of that time. Raises CalledProcessError for an unknown one."""
    packed = subprocess.run(
        ["git", "archive", revision, *PACKAGES], cwd=ROOT, check=True, capture_output=True
    ).stdout
    folder = tempfile.mkdtemp(prefix="engine-")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    today = _taken_out()
    sys.path.insert(0, folder)
    try:
        old = import_module("benchmarks.engine")
        engine = import_module("engine")
        for module in walk_packages(engine.__path__, "engine."):
            import_module(module.name)  # now, as a later import would find today's
        return old
    finally:
        sys.path.remove(folder)
        _taken_out()
        sys.modules.update(today)


def _taken_out() -> dict[str, ModuleType]:
    """Forget the modules of both packages; they are returned."""
    names = [name for name in sys.modules if name.partition(".")[0] in PACKAGES]
    return {name: sys.modules.pop(name) for name in names}
