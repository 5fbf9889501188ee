"""What tests of several views share."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from playground.document.store import Store, store


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in the program: the window does not wait for data. None are there to begin with."""
    empty = Store()
    empty.patience = 0.0
    for name, value in vars(empty).items():
        monkeypatch.setattr(store, name, value)
    yield
    for thread in threading.enumerate():
        if thread.name in ("data", "loading"):
            thread.join()
