"""How much memory a network takes while it trains, from its shapes alone: known before any of it is made."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from math import prod

from engine.fit import Fit
from engine.network import INPUT, Network

#: bytes of a number in training
_NUMBER = 4


def footprint(network: Network, in_shape: Sequence[int], fit: Fit, samples: int) -> dict[str, int]:
    """Bytes by node: weights, their gradients, what the optimizer and the way back remember of each, and the values of one batch.

    What layers need besides, to gather the windows of a convolution say, comes on top, and is of the same order as the values.

    Args:
        in_shape: of one sample. Nodes that cannot be computed take nothing.
        samples: to train on; no batch is larger.
    """
    known = network.known_shapes(in_shape)
    slots, batch = len(fit.optimizer.slots), min(fit.batch_size, samples)
    moments = 2 if fit.early_stopping else 1  # the one to return to after a divergence, and the best one
    copies = 2 + slots + moments * (1 + slots)
    found = {INPUT: _NUMBER * batch * prod(known[INPUT])}
    for node in network.nodes:
        inputs = network.inputs_of(node.id)
        if node.id in known and all(i in known for i in inputs):
            weights = sum(prod(p.shape) for p in node.layer.parameters(*(known[i] for i in inputs)).values())
            found[node.id] = _NUMBER * (copies * weights + 2 * batch * prod(known[node.id]))
    return found


def machine() -> int | None:
    """Bytes of memory that this computer has; ``None`` where it does not say."""
    if sys.platform == "win32":
        status = _MemoryStatus()
        status.length = ctypes.sizeof(status)
        return (
            int(status.total) if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else None
        )
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of Windows."""

    _fields_ = (
        ("length", ctypes.c_ulong), ("load", ctypes.c_ulong), ("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong),
        ("total_page", ctypes.c_ulonglong), ("free_page", ctypes.c_ulonglong), ("total_virtual", ctypes.c_ulonglong),
        ("free_virtual", ctypes.c_ulonglong), ("free_extended", ctypes.c_ulonglong),
    )  # fmt: skip
