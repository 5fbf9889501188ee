"""How much memory a network takes while it trains, from its shapes alone: known before any of it is made."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from math import prod

from engine.fit import Fit
from engine.network import INPUT, Network
from engine.snapshot import LARGE_MOMENT

#: bytes of a number in training
_NUMBER = 4


def footprint(network: Network, in_shape: Sequence[int], fit: Fit, samples: int) -> dict[str, int]:
    """Bytes by node: weights, their gradients, what the optimizer and the way back remember of each, and the values of one batch.

    The way back of a large network takes none, as it lies on the disk (``engine.snapshot.put_aside``). What layers need besides, to
    gather the windows of a convolution say, comes on top, and is of the same order as the values.

    Args:
        in_shape: of one sample. Nodes that cannot be computed take nothing.
        samples: to train on; no batch is larger.
    """
    known = network.known_shapes(in_shape)
    batch = min(fit.batch_size, samples)
    found = {INPUT: _NUMBER * batch * prod(known[INPUT])}
    weights = {}
    for node in network.nodes:
        inputs = network.inputs_of(node.id)
        if node.id in known and all(i in known for i in inputs):
            shapes = node.layer.parameters(*(known[i] for i in inputs)).values()
            weights[node.id] = sum(prod(p.shape) for p in shapes)
    moment = 1 + len(fit.optimizer.slots)
    kept = 2 if fit.early_stopping else 1  # the moment to return to after a divergence, and the best one
    if _NUMBER * moment * sum(weights.values()) >= LARGE_MOMENT:
        kept = 0
    for node_id, count in weights.items():
        found[node_id] = _NUMBER * ((1 + moment + kept * moment) * count + 2 * batch * prod(known[node_id]))
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
