"""Linear, step by step."""

from __future__ import annotations

import numpy as np

from engine.layers import Linear
from engine.trace.base import At, Explainer, Index, explains, grid
from engine.trace.terms import Equation, Joined, Products, Terms, few


@explains(Linear)
class Dense(Explainer):
    """A weighted sum: each weight's gradient is what came in times what comes back."""

    forward_why = "A unit's value is a sum of products; nothing else happens here."
    share_sentence = (
        "Each unit that read this value sends back its own blame, times the weight it read it with."
    )
    share_why = "Multiplying swaps: the derivative of w·x by x is w. A value that feeds several units adds up what they send."
    parameter_sentence = "This weight is blamed as much as its input was large and its unit is to blame."
    parameter_why = "Multiplying swaps: the derivative of w·x by w is x. Samples add up; the loss has divided by their number."

    def forward(self, at: At, index: Index) -> tuple[Equation, ...]:
        (j,), (n_in,) = index, at.in_shapes[0]
        weights = at.ps("weight", grid([j], range(n_in)))
        terms: Terms = Products(weights, at.xs(grid([at.here], range(n_in))))
        if at.layer.bias:
            terms = Joined(terms, few(at.p("bias", (j,))))
        return (Equation(at.y(index), terms),)

    def share(self, at: At, position: int, index: Index) -> tuple[Equation, ...]:
        (i,), (n_out,) = index, at.out_shape
        deltas = at.dys(grid([at.here], range(n_out)))
        return (Equation(at.dx(index), Products(deltas, at.ps("weight", grid(range(n_out), [i])))),)

    def parameter(self, at: At, name: str, index: Index) -> tuple[Equation, ...]:
        samples = np.asarray(at.samples())
        deltas = at.dys(grid(samples, [index[0]]))
        terms = Products(deltas) if name == "bias" else Products(deltas, at.xs(grid(samples, [index[1]])))
        alone = float(terms.values.sum()) if at.sample is not None else None
        return (Equation(at.dp(name, index, alone), terms),)

    def says_forward(self, at: At, index: Index, equations: tuple[Equation, ...]) -> tuple[str, str]:
        n = at.in_shapes[0][0]
        bias = ", plus a bias" if at.layer.bias else ""
        many = f"{n} inputs, each times its own weight" if n > 1 else "its input times a weight"
        return f"Unit {index[0] + 1} adds up {many}{bias}.", self.forward_why

    def says_parameter(self, at: At, name: str, index: Index) -> tuple[str, str]:
        if name == "bias":
            return (
                f"The bias of unit {index[0] + 1} is blamed as much as the unit itself.",
                "A bias is added as it is: its local derivative is 1.",
            )
        return self.parameter_sentence, self.parameter_why
