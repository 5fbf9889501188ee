"""How far a long piece of work has come, told to whoever listens.

Reading a million pictures takes minutes. The code that does it says now and then how far it is; a window shows that, and may end
it by raising from its listener. Where nobody listens, as in a notebook, nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: called with the share that is done, 0 to 1
Listener = Callable[[float], None]

_listener: ContextVar[Listener | None] = ContextVar("progress", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have ``listener`` told, in this thread, how far the work inside the block is. What it raises ends that work.

    It should be no ``Exception``: one that is raised while a file is read counts as a fault of that file.
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(done: int, total: int) -> None:
    """Say that ``done`` of ``total`` equal pieces are finished."""
    listener = _listener.get()
    if listener is not None:
        listener(done / total if total else 1.0)
