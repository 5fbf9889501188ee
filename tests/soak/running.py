"""One part after another, one case after another, each from a seed of its own.

A part is a module of this folder with

    SHORT = 100                              # cases that CI tries, in about ten seconds of processor
    def case(seed: int, folder: Path) -> str: ...

``case`` makes all it needs in the empty ``folder``, does one thing, and returns in a word or two what came of it; these are
counted. What is wrong is an AssertionError, or any exception. The same seed does the same.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import pkgutil
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

NOT_PARTS = {"__main__", "running"}
#: seconds after which a case counts as one that never ends; the process then says where it stands, and ends
PATIENCE = 240


class Fault(AssertionError):
    """A case that went wrong; the message says how to try it again."""


def parts() -> dict[str, ModuleType]:
    """The parts by name."""
    names = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)])]
    chosen = [name for name in names if name not in NOT_PARTS and not name.startswith("test_")]
    return {name: importlib.import_module(f"tests.soak.{name}") for name in sorted(chosen)}


def one(part: str, seed: int) -> str:
    """One case. Raises Fault."""
    with tempfile.TemporaryDirectory(prefix=f"soak-{part}-") as folder:
        try:
            with silence(Path(folder) / "said"):
                (Path(folder) / "work").mkdir()
                return str(parts()[part].case(seed, Path(folder) / "work"))
        except Exception as error:
            raise Fault(
                f"{type(error).__name__}: {str(error)[:2000]}\n"
                f'again:  make soak ARGS="{part} --seed {seed} --cases 1"'
            ) from error


def several(part: str, seed: int, cases: int) -> Counter[str]:
    """What came of so many cases, the first with ``seed``, the next with the one after it. Raises Fault at the first fault."""
    return Counter(one(part, seed + n) for n in range(cases))


@contextmanager
def silence(file: Path) -> Iterator[None]:
    """Nothing may be written to stderr, by C code either, and nobody may be warned."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with file.open("wb") as said, warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            os.dup2(said.fileno(), 2)
            yield
            sys.stderr.flush()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    text = file.read_text(errors="replace")
    assert not text, f"on stderr: {text[:500]}"
    assert not warned, f"warned: {[str(w.message) for w in warned[:3]]}"


@contextmanager
def watched() -> Iterator[None]:
    """End the process, saying where it stands, where the block takes longer than anything should."""
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
