"""By what the brightness of pictures is divided, so that a network sees 0 (black) to 1 (white): one rule for files and arrays.

A file does not say how much of its type it uses: scanners write 12 bits into 16, tables count 0 to 16 in bytes, masks hold 0 and 1.
So what all pictures of a set hold together decides; pictures of one set stay comparable.
"""

from __future__ import annotations

from dataclasses import dataclass

#: what white usually is: a share, and the most that 8, 10, 12, 14 and 16 bits hold
_USUAL = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)
#: what is above by so little, such as an enlarged picture's edges, does not belong to the next
_ABOVE = 1.05
#: of what is usual, the least share that the brightest pixel reaches
_REACHED = 0.25

#: what transparent pictures may be laid on, and how bright that is
GROUNDS = {"white": 1.0, "black": 0.0, "grey": 0.5}
#: value of the parameter ``ground``: the one on which the fewest pictures vanish
AUTOMATIC = "automatic"
#: values of the parameter ``scale`` of sources
BY_CONTENT, BY_TYPE = "content", "type"


@dataclass(frozen=True)
class Brightness:
    """The change of scale ``(x − shift) / scale``."""

    shift: float
    scale: float

    @property
    def in_words(self) -> str:
        """ "is divided by 4,095" """
        if self.shift:
            return f"is brought from {self._ends} to 0 … 1"
        return f"is divided by {self.scale:,.6g}" if self.scale != 1 else "stays as it is"

    @property
    def to_do(self) -> str:
        """ "divide by 4,095" """
        if self.shift:
            return f"bring {self._ends} to 0 … 1"
        return f"divide by {self.scale:,.6g}" if self.scale != 1 else "leave it as it is"

    @property
    def _ends(self) -> str:
        return " … ".join(f"{end:,.6g}".replace("-", "−") for end in (self.shift, self.shift + self.scale))


def by_content(low: float, high: float) -> Brightness:
    """The scale of pictures whose numbers lie from ``low`` to ``high``.

    White is 1, 255, 1,023, 4,095, 16,383 or 65,535: the first that no number is above, if only the brightest reaches a quarter of it.
    Otherwise it is the brightest itself. Where there are numbers below 0, the least is black and the greatest white.
    """
    if low < 0:
        return Brightness(low, high - low)
    white = next((usual for usual in _USUAL if high <= usual * _ABOVE), high)
    return Brightness(0.0, white if high >= white * _REACHED else high or 1.0)
