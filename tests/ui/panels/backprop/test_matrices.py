"""What stands below the grids of a step overlaps nothing, however narrow the panel is."""

from itertools import combinations

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF

from engine.layers import AdaptiveAvgPool2d, Conv2d, ConvTranspose2d, Layer, Linear
from engine.trace import card, moments
from playground.ui.kit.fonts import small
from playground.ui.kit.numbers import fmt
from playground.ui.kit.theme import LIGHT
from playground.ui.kit.view import Focus
from playground.ui.panels.backprop.layer_pictures import picture
from playground.ui.panels.backprop.matrices import LINE, SPACE, MatrixView
from playground.ui.panels.backprop.pictures import Scene
from tests.engine.trace.tracing import network_with, trainer_for


def boxes(view: MatrixView) -> list[tuple[int, QRectF, str]]:
    """Grids, the lines below them and the words of signs: whose, where, and what they say."""
    metrics, found = QFontMetricsF(small(view.font())), []
    for laid, words in zip(view._laid, view._words, strict=True):
        found.append((id(laid), laid.rect, laid.grid.title))
        for i, line in enumerate(words):
            x, y = laid.rect.x(), laid.rect.bottom() + i * LINE
            found.append((id(laid), QRectF(x, y + 1, metrics.horizontalAdvance(line), LINE - 1), line))
    for rect, sign in view._signs:
        middle = rect.center() - QPointF(SPACE / 2, 0)
        for i, word in enumerate(view._said(sign)):
            wide = metrics.horizontalAdvance(word)
            found.append(
                (id(sign), QRectF(middle.x() - wide / 2, middle.y() + 2 + i * LINE, wide, LINE), word)
            )
    return found


@pytest.mark.parametrize("width", [300, 355, 420])
@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Linear(2), (4,)),
        (Linear(5), (9,)),
        (Conv2d(2), (8, 4, 4)),
        (ConvTranspose2d(2, kernel_size=2), (2, 3, 3)),
        (AdaptiveAvgPool2d(2), (2, 5, 5)),
    ],
    ids=lambda given: given.key if isinstance(given, Layer) else "x".join(map(str, given)),
)
def test_no_words_run_into_others(qtbot, layer: Layer, shape: tuple[int, ...], width: int) -> None:
    view = MatrixView(Focus(), LIGHT, "matrices")
    qtbot.addWidget(view)
    view.resize(width, 230)
    view.show()
    trace = trainer_for(network_with(layer, shape), shape).trace()
    walk = moments(trace, "unit")
    for first, place in walk.sections():
        for sample in (0, None) if first.node_id == "tested" else ():
            moment = walk[place.start]
            view.set_picture(
                picture(Scene(trace, moment, card(trace, moment, sample, fmt), sample, False, None))
            )
            for (one, here, said), (other, there, also) in combinations(boxes(view), 2):
                apart = one == other or not here.adjusted(0.5, 0.5, -0.5, -0.5).intersects(there)
                assert apart, (said, also, first.part)


def test_a_matrix_of_two_columns_is_whole_before_signs_have_words(qtbot) -> None:
    view = MatrixView(Focus(), LIGHT, "matrices")
    qtbot.addWidget(view)
    view.show()
    trace = trainer_for(network_with(Linear(2), (2,)), (2,)).trace()
    walk = moments(trace, "unit")
    moment = next(m for m in walk if m.node_id == "tested")
    view.set_picture(picture(Scene(trace, moment, card(trace, moment, 0, fmt), 0, False, None)))
    for width, words in ((360, 0), (520, 2)):
        view.resize(width, 180)
        weight = view._laid[0]
        assert len(weight.columns) == weight.grid.cells.shape[1] == 2
        assert max(len(view._said(sign)) for _, sign in view._signs) == words
