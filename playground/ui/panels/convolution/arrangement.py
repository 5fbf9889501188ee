"""How level 3 makes do with the room there is. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from playground.ui.panels.convolution.structure import Stage

EDGE, APART = 12, 20
LARGEST_CELL, PRODUCT = 44.0, 1.6  #: a cell's side; a cell of products is wider, as it shows both factors
EASY, NARROWEST, FLAT = 36, 30, 20  #: pixels that numbers need: across for three digits, and for one; up
SUM = 124  #: width of the wires, with the sub-totals
#: widths in narrow views: the result in words; the list of a weight's gradient; and that with its running sums
NARROW, LIST, LISTS = 118, 160, 250
LABEL = 18  #: above each matrix and map
SAID, RESULT, BIG = 138, 168, 144  #: widths: a sum, and a pooling in words; the map of what comes next
LARGEST = 240  #: and of the output where there is room
ROOMY = 1050  #: in narrower views everything is smaller, and nothing stands behind the output


@dataclass(frozen=True)
class Plan:
    """How wide everything is, from left to right.

    Args:
        apart: between two things.
        side: of an input.
        widths: of the matrices, in cells for each column of a window.
        beside: sub-totals stand beside the products, not above them.
        sum: of wires and sum; 0 where there is none.
        result: of what becomes of it in words, or backward of the list.
        big: of the output, at least.
        more: of what stands behind it; 0 for nothing.
        cell, tall: width and height of a cell.
    """

    apart: int = APART
    side: float = 60.0
    widths: tuple[float, ...] = (1.0,)
    beside: bool = True
    sum: int = 0
    result: int = RESULT
    big: int = BIG
    more: int = 0
    cell: float = NARROWEST
    tall: float = NARROWEST

    @property
    def fixed(self) -> float:
        """All but the matrices."""
        return (
            2 * EDGE
            + self.side
            + (len(self.widths) + 2) * self.apart
            + self.sum
            + self.result
            + self.big
            + self.more
        )


def plan_of(
    stage: Stage, kernel: tuple[int, int], rows: int, size: tuple[int, int], backward: bool, saliency: bool
) -> Plan:
    """The first arrangement whose cells have room for numbers; narrow views get by with less.

    Args:
        stage: whose window it is.
        kernel: height and width of the window.
        rows: as many input channels are shown.
        size: width and height of the view.
        backward, saliency: what else is shown.
    """
    (kh, kw), conv, (width, height) = kernel, stage.is_convolution, size
    roomy = width >= ROOMY
    more = roomy and (saliency or (bool(stage.pooling) and not backward))
    ways = [(1.0, True, False), (1.0, False, False)]
    if more:
        ways = [(PRODUCT, True, True), (1.0, True, True), (1.0, False, True), *ways]
    plans = []
    for factors, beside, after in ways:
        widths = (1.0, 1.0, factors) if conv else (1.0,) * (2 if backward else 1)
        plan = Plan(
            apart=APART if roomy else 12,
            side=float(min(150 if roomy else 60, max(60, height / min(rows, 2) - LABEL - 16))),
            widths=widths,
            beside=beside,
            sum=0 if backward or not conv else (SUM if beside else 52),
            result=_result(conv, backward, roomy),
            big=BIG if roomy else 92,
            more=RESULT + APART if after else 0,
        )
        plans.append((min(LARGEST_CELL, (width - plan.fixed) / (kw * sum(widths))), plan))
    good = [p for wanted in (EASY, NARROWEST) for p in plans if p[0] >= wanted]
    cell, plan = (good or plans[-1:])[0]
    cell = float(int(max(cell, NARROWEST if max(kh, kw) <= 5 else 13)))
    # Where it is low, cells are wider than high: a window is seen whole; of several channels two, if that leaves room for numbers.
    tall = (height - EDGE - LABEL - 14) / kh
    half = ((height - EDGE) / 2 - LABEL - 14) / kh
    if rows > 1 and half >= FLAT:
        tall = half
    return replace(plan, cell=cell, tall=float(int(min(cell, max(tall, min(FLAT, cell))))))


def _result(conv: bool, backward: bool, roomy: bool) -> int:
    """The width of what becomes of the sum, or of the list behind a weight's gradient."""
    if not conv:
        return RESULT
    if backward:
        return LISTS if roomy else LIST
    return SAID if roomy else NARROW
