"""How every number in the window is written, so that none is written in two ways."""

from __future__ import annotations

import math
from numbers import Integral

MINUS = "\N{MINUS SIGN}"


def fmt(value: float | Integral, digits: int = 3) -> str:
    """A number as the learner reads it: ``digits`` significant digits, a real minus sign, never a false zero.

    Scientific (``1.23e−4``) below 1e-3 and from 1e5 on; whole numbers of Python's or NumPy's integer types are written out;
    NaN, which stands for "not known", is ``–``.
    """
    if isinstance(value, Integral):
        return str(int(value)).replace("-", MINUS)
    value = float(value)
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else MINUS + "∞"
    if value == 0:
        return "0"
    # Rounded first, so that 0.00099996 and 99999.6 land on the right side of the limits.
    scientific = f"{value:.{digits - 1}e}"
    mantissa, exponent = scientific.split("e")
    power = int(exponent)
    text = f"{mantissa}e{power}" if not -3 <= power < 5 else f"{value:.{max(0, digits - 1 - power)}f}"
    return text.replace("-", MINUS)


def exact(value: float | Integral) -> str:
    """A number as it stands in a field to be edited: every digit that matters, ``0.03``, ``1e−8``, ``−2.5``, ``500``."""
    if isinstance(value, Integral):
        return fmt(value)
    text = f"{value:.12g}"
    mantissa, _, exponent = text.partition("e")
    return (f"{mantissa}e{int(exponent)}" if exponent else text).replace("-", MINUS)


def probability(value: float) -> str:
    """A probability in two digits, where there is little room: what is smaller than a thousandth is said to be so."""
    return "<0.001" if 0 < value < 0.001 else fmt(value, 2)


def parse(text: str) -> int | float | None:
    """The number somebody typed, or ``None`` where it is none: ``1e-3``, ``0,01``, ``−4``, ``60 %``, ``1 000``, ``.5``."""
    plain = "".join(text.split()).replace(MINUS, "-")
    share = plain.endswith("%")
    plain = plain.removesuffix("%")
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    # Python reads 1_000, "nan" and "inf" as numbers; people don't type them.
    if "_" in plain or not plain or plain[-1].isalpha():
        return None
    try:
        number = float(plain)
    except ValueError:
        return None
    if share:
        return number / 100.0
    return int(number) if number.is_integer() and plain.lstrip("+-").isdigit() else number


def count(value: int, digits: int = 0) -> str:
    """A counted number with its thousands apart; ``count(123, 6)`` is "000,123", which keeps its width while it runs."""
    width = digits + (digits - 1) // 3 if digits else 0
    return f"{value:0{width},}".replace("-", MINUS)
