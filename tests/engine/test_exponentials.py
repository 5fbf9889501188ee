"""eˣ − 1 and log(1 + eˣ) by several fast passes: as right as NumPy's own, within a few units in the last place."""

from __future__ import annotations

import numpy as np
import pytest

from engine import exponentials
from engine.core import run_calls
from engine.exponentials import expm1_calls, softplus_calls


def numbers(low: float, high: float) -> np.ndarray:
    """Of both signs where asked for, of all sizes down to 1e-30, and the ends."""
    sizes = np.geomspace(1e-30, max(-low, high), 4000)
    found = np.concatenate([sizes, -sizes, [0.0, low, high]])
    return np.sort(found[(found >= low) & (found <= high)]).astype(np.float32)


def ulps(found: np.ndarray, true: np.ndarray) -> float:
    """The largest error in units in the last place of the true value as float32."""
    with np.errstate(under="ignore"):
        unit = np.spacing(np.abs(true.astype(np.float32))).astype(np.float64)
    return float(np.max(np.abs(found - true) / unit))


@pytest.mark.parametrize("fast", [True, False])
def test_expm1_of_negative_numbers(fast: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exponentials, "_in_vectors", {"expm1": not fast, "tanh": True}.__getitem__)
    x = numbers(-100.0, 0.0)
    y = np.zeros_like(x)
    calls = expm1_calls(x.copy(), y)
    assert (len(calls) > 1) == fast
    run_calls(calls)
    assert ulps(y, np.expm1(x.astype(np.float64))) <= 3.0
    assert (np.diff(y) >= -2e-7).all()
    assert y[0] == -1.0
    assert y[-1] == 0.0


def test_softplus():
    x = numbers(-80.0, 1000.0)
    y = np.zeros_like(x)
    run_calls(softplus_calls(x, y))
    assert ulps(y, np.logaddexp(0.0, x.astype(np.float64))) <= 5.0
    assert y[-1] == 1000.0
    assert (y > 0.0).all()


@pytest.mark.parametrize("calls", [expm1_calls, softplus_calls])
def test_few_numbers_and_double_precision_take_numpys_own_function(calls):
    for dtype, count in ((np.float32, 10), (np.float64, 5000)):
        x = np.full(count, -0.5, dtype)
        assert len(calls(x, np.zeros_like(x))) == 1
