"""Every registered formula is typeset, in the theme's colour, sharp, and in the room there is; a broken one shows as text."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QWidget

from engine.layers import GELU, Upsample
from engine.losses import CrossEntropyLoss
from engine.spec import Spec
from playground.ui.kit import formula
from playground.ui.kit.formula import FormulaView
from playground.ui.kit.style import MARGIN, SCROLL_BAR
from playground.ui.kit.theme import DARK, LIGHT
from tests.ui.bench import ink, pixels
from tests.ui.kit.forms.specs import REGISTRIES

pytestmark = pytest.mark.slow

BROKEN = r"\frac{1}{"

#: what a dock of 330 pixels, the narrowest the window gives the inspector, leaves between margins and scroll bar
COLUMN = 330 - 2 * MARGIN - SCROLL_BAR

FORMULAS = [
    pytest.param(latex, id=f"{cls.__name__}-{what}")
    for registry in REGISTRIES
    for cls in registry
    for what, latex in (("forward", cls.formula), ("gradient", cls.gradient_formula))
    if latex
]
#: formulas that differ with an option; those of its default are among the others
FORMULAS += [
    pytest.param(latex, id=f"{type(spec).__name__}-{what}-other")
    for spec in (GELU(approximate="tanh"), Upsample(mode="bilinear"), CrossEntropyLoss(weight=(1.0, 2.0)))
    for what, latex in (("forward", spec.formula), ("gradient", spec.gradient_formula))
]


@pytest.fixture
def view(qtbot):
    """A formula on a panel of its own."""
    panel = QWidget()
    panel.setStyleSheet(f"QWidget {{ background: {LIGHT.panel}; }}")
    qtbot.addWidget(panel)
    view = FormulaView(LIGHT, "formula", panel)

    def show(latex: str, width: int = 320) -> FormulaView:
        panel.resize(width, 300)
        view.resize(width, 40)
        view.set_latex(latex)
        if not panel.isVisible():
            with qtbot.waitExposed(panel):
                panel.show()
        qtbot.waitUntil(lambda: view.ready)
        return view

    view.present = show
    return view


@pytest.mark.parametrize("latex", FORMULAS)
def test_every_registered_formula_is_typeset(qapp, latex: str) -> None:
    for line in formula.lines(latex):
        assert formula.svg(line), f"cannot be typeset: {line}"
        found = formula.renderer(line, LIGHT.text)
        assert found is not None
        picture = formula.pixmap(line, LIGHT.text, 15.0, 1.0)
        assert pixels(picture.toImage())[..., 3].max() > 200, "nothing is painted"
        assert picture.height() < 4 * 15 + 20, "a line of it is as high as a page"


@pytest.mark.parametrize("latex", FORMULAS)
def test_every_registered_formula_fits_the_narrowest_right_column(qapp, view, latex: str) -> None:
    view.present(latex, width=COLUMN)
    assert not view.horizontalScrollBar().maximum()
    painted = np.argwhere(ink(view.grab().toImage(), LIGHT.panel) > 60)
    assert painted[:, 1].max() <= COLUMN
    assert painted[:, 0].max() < view.height() - 1, "the last line is cut off"


@pytest.mark.parametrize("latex", [BROKEN, r"\left(", "}{", r"\begin{nothing}", "x_{"])
def test_what_cannot_be_typeset_is_shown_as_it_stands(qapp, view, latex: str) -> None:
    assert formula.svg(latex) == ""
    view.present(latex)
    assert ink(view.grab().toImage(), LIGHT.panel).max() > 300, "the raw text should be there"
    assert formula.pixmap(latex, LIGHT.text, 15.0, 1.0).isNull()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_formulas_take_the_colour_asked_for(qapp, theme) -> None:
    picture = pixels(formula.pixmap("y = x", theme.text, 15.0, 2.0).toImage())
    solid = picture[picture[..., 3] == 255][:, :3]
    assert len(solid) > 10
    assert (solid == QColor(theme.text).getRgb()[:3]).all()


def test_formulas_are_sharp_on_dense_screens(qapp) -> None:
    one, two = (formula.pixmap("y = x", "#000000", 15.0, ratio) for ratio in (1.0, 2.0))
    assert two.width() == pytest.approx(2 * one.width(), abs=1)
    assert two.deviceIndependentSize().width() == pytest.approx(one.deviceIndependentSize().width(), abs=1)

    def share_of_edges(picture: np.ndarray) -> float:
        alpha = picture[..., 3]
        return ((alpha > 20) & (alpha < 235)).sum() / (alpha > 20).sum()

    # A picture that was merely enlarged would be all edges.
    assert share_of_edges(pixels(two.toImage())) < share_of_edges(pixels(one.toImage()))


def test_a_long_formula_stands_on_a_line_for_each_part(qapp, view) -> None:
    assert formula.lines(r"a = b, \quad c = d, \quad e = f") == ("a = b", "c = d", "e = f")
    one = view.present(r"a = b").height()
    assert view.present(r"a = b, \quad c = d, \quad e = f").height() > 2.5 * one


def test_what_is_too_wide_even_when_smaller_scrolls(qapp, view) -> None:
    view.present(" + ".join("abcdefghij" * 4), width=206)
    assert view.horizontalScrollBar().maximum() > 0
    assert view.horizontalScrollBar().isVisible()


def test_the_latex_can_be_copied(qapp, view) -> None:
    view.present(r"y = \max(0, x)")
    view.actions()[0].trigger()
    assert QGuiApplication.clipboard().text() == r"y = \max(0, x)"
    assert r"y = \max(0, x)" in view.accessibleName()


def test_every_layer_and_loss_has_help_and_both_formulas() -> None:
    missing = []
    for registry in REGISTRIES[:2]:
        for cls in registry:
            missing += [
                f"{cls.__name__}.{what}" for what in ("formula", "gradient_formula") if not getattr(cls, what)
            ]
    assert not missing
    assert all(_is_sentence(cls) for registry in REGISTRIES for cls in registry)


def _is_sentence(cls: type[Spec]) -> bool:
    text = cls.help()
    return text[:1].isupper() | text[:1].isdigit() and text.rstrip(")").endswith((".", "?"))


def test_what_was_shown_before_is_there_at_once(qapp, view) -> None:
    long = r"a_1 = b_1, \quad c_1 = d_1"
    view.set_latex(long)
    assert not view.ready, "what is new waits for the event loop"
    view.present(long)
    height = view.height()
    view.set_latex("")
    view.set_latex(long)
    assert view.ready
    assert view.height() == height
