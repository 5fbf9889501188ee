"""The example projects that come with the program: small finished networks to play with and to take apart."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import UnknownName
from playground.assets import asset_path
from playground.document.files import from_json
from playground.document.project import Project

DEFAULT = "circle"

#: key (file name in assets/examples), title, what it shows; in the order of the start page
_CATALOGUE = (
    (
        "xor",
        "XOR",
        "Two opposite corners belong together: no straight line can part them, a hidden layer can.",
    ),
    ("circle", "Circle", "One class lies inside the other. Watch four bent lines close round it."),
    ("spiral", "Spiral", "Two arms wind round each other: two wider layers and Adam follow them."),
    ("spiral3", "Three spirals", "Three classes: three logits, softmax and cross-entropy."),
    (
        "regression",
        "Regression",
        "A sine from noisy points: outputs are numbers, the loss is the squared error.",
    ),
    ("surface", "Surface", "Hills and hollows over the plane: regression with two inputs."),
    ("digits-mlp", "Digits, dense layers", "Scanned digits, 64 pixels in a row, two hidden layers."),
    ("digits-cnn", "Digits, convolutions", "The same digits as pictures: filters, feature maps and pooling."),
    ("iris", "Iris", "Four measurements of a flower, three species."),
    (
        "diabetes",
        "Diabetes",
        "Ten measurements, one number to foretell: the progress of the illness a year later.",
    ),
)


@dataclass(frozen=True)
class Example:
    """An example project.

    Args:
        key: what the command line calls it.
        title, sentence: for the start page.
    """

    key: str
    title: str
    sentence: str

    @property
    def project(self) -> Project:
        """Read anew each time: whoever opens an example again gets another project, not the one they have been editing."""
        path = asset_path(f"examples/{self.key}.json")
        return from_json(path.read_text(encoding="utf-8"), path.name)


def examples() -> tuple[Example, ...]:
    """All of them, in the order in which a beginner would look at them."""
    return tuple(Example(*row) for row in _CATALOGUE)


def example(key: str) -> Example:
    """The example called ``key``. Raises UnknownName, which lists the nearest."""
    for found in examples():
        if found.key == key:
            return found
    raise UnknownName("example", key, [e.key for e in examples()])
