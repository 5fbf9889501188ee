"""Symbols as characters."""

import pytest

from playground.ui.kit.symbols import ACCENT, Run, plain, runs


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("w_{1,2}", "w[1,2]"),
        ("b_1", "b[1]"),
        (r"\frac{\partial L}{\partial w_{1,2}}", "∂L/∂w[1,2]"),
        (r"\delta_{1}", "δ[1]"),
        (r"\hat{x}_{3}", "x\N{COMBINING CIRCUMFLEX ACCENT}[3]"),
        (r"\mathrm{from\ relu1}", "from relu1"),
        (r"-\eta", "−η"),
        (r"f'(x_{1})", "f'(x[1])"),
        (r"\frac{\partial L}{\partial \gamma_{2}}", "∂L/∂γ[2]"),
        (r"\frac{m}{1 - p}", "m/(1−p)"),
        (r"\frac{a + b}{2}", "(a+b)/2"),
        (r"\frac{-a}{2}", "−a/2"),
        (r"\frac{1}{NK}", "1/(NK)"),
        (r"\frac{1}{12}", "1/12"),
        (r"\frac{\alpha}{n}", "α/n"),
        (r"\frac{1}{2 \cdot \sigma_{1}^{2}}", "1/(2·σ[1]^2)"),
        (r"\frac{x}{\hat{s}_{1}}", "x/s\N{COMBINING CIRCUMFLEX ACCENT}[1]"),
        (r"\sqrt{v + \epsilon}", "√(v+ε)"),
        (r"\sqrt{v_{1}}", "√v[1]"),
    ],
)
def test_it_can_be_read(latex, expected):
    assert plain(latex) == expected


def test_heights():
    assert runs("x^{(3)}_{1}") == (Run("x"), Run("(3)", 1), Run("1", -1))
    assert runs(r"\hat{x}")[-1].level == ACCENT


def test_broken_latex_is_written_as_it_comes():
    assert plain(r"\frac{a") != ""
    assert plain("x_") == "x"
