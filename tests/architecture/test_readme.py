"""The README shows a layer; it must be one."""

import re
import subprocess
import sys
from pathlib import Path

HEAD = """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from engine import Model, Network, losses
from engine.layers.activation import Activation
from engine.layers.base import Bind, Steps, call, layers
from engine.layers.linear import Linear
from engine.maths import Maths
from engine.spec import Float, param
"""

CHECK = """
network = Network.chain(Linear(out_features=3), Sine(frequency=2.0), Linear(out_features=1))
model = Model(network, in_shape=(2,), seed=0, dtype="float64")
x, y = np.random.default_rng(0).normal(size=(5, 2)), np.ones((5, 1))
loss, gradients = model.value_and_grad(x, y, losses.MSELoss())

weights, step = model.state_dict(), 1e-6
def loss_at(weight):
    model.load_state_dict(weights | {"0.weight": weight})
    return model.value_and_grad(x, y, losses.MSELoss())[0]
direction = np.ones_like(weights["0.weight"])
there, here = (loss_at(weights["0.weight"] + sign * step * direction) for sign in (1, -1))
np.testing.assert_allclose((there - here) / (2 * step), gradients["0.weight"].sum(), rtol=1e-6)
assert layers.get("Sine")(frequency=2.0) == Sine(frequency=2.0)
assert Sine.formula == r"y = \\sin(\\omega x)", Sine.formula
assert Sine.gradient_formula.endswith(r"= \\delta \\cdot \\omega \\cos(\\omega x)"), Sine.gradient_formula
"""


def python_of(repository: Path) -> list[str]:
    """The README's Python: the notebook and the layer."""
    text = (repository / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def test_the_notebook_of_the_readme_learns(repository: Path) -> None:
    notebook, _ = python_of(repository)
    scope: dict[str, object] = {}
    exec(compile(notebook, "README.md", "exec"), scope)
    assert scope["accuracy"] > 0.9
    assert scope["weights"]["0.weight"].shape == (8, 1, 3, 3)


def test_the_layer_of_the_readme_is_registered_and_its_gradient_is_right(repository: Path) -> None:
    _, layer = python_of(repository)
    # In a process of its own, so that the other tests do not find one layer more in the registry.
    command = [sys.executable, "-c", HEAD + layer + CHECK]
    result = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=250, check=False)
    assert result.returncode == 0, result.stderr
