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
    (
        "pulses",
        "A curve of pulses",
        "Four ReLUs make a pulse, pulses make a curve: drag one by its edges, add others, then let it learn from there.",
    ),
    ("surface", "Surface", "Hills and hollows over the plane: regression with two inputs."),
    ("digits-mlp", "Digits, dense layers", "Scanned digits, 64 pixels in a row, two hidden layers."),
    ("digits-cnn", "Digits, convolutions", "The same digits as pictures: filters, feature maps and pooling."),
    (
        "denoising-autoencoder",
        "Denoising autoencoder",
        "Noisy digits in, clean digits out, all through a code of two numbers: transposed convolutions draw the picture again.",
    ),
    (
        "learned-picture",
        "A picture learned",
        "From where a pixel lies to its colour: three layers hold a whole picture, and paint beyond its edges.",
    ),
    ("iris", "Iris", "Four measurements of a flower, three species."),
    (
        "diabetes",
        "Diabetes",
        "Ten measurements, one number to foretell: the progress of the illness a year later.",
    ),
    (
        "one-neuron",
        "One neuron by hand",
        "Two weights, a sigmoid and the loss of its probability, each a step of its own: see what cancels, and why.",
    ),
    (
        "first-steps",
        "First steps by hand",
        "Two inputs, two hidden units, easy numbers: one update that can be checked with pencil and paper.",
    ),
    (
        "first-convolution",
        "First convolution by hand",
        "A 5×5 picture, one 3×3 filter, 2×2 pooling: every product of a convolution, there and back.",
    ),
    (
        "tutorial-xor",
        "XOR in four blocks",
        "Three hidden units, tanh to the end, the squared error, one sample at a time: the first net of many tutorials.",
    ),
    (
        "tutorial-mnist",
        "0 or 1?",
        "One convolution, two dense layers, sigmoids: a tutorial's net, whose last sigmoid is part of the loss here.",
    ),
    (
        "notes-cnn",
        "Worked convolutions",
        "From 32×32 pixels to 900 values and ten classes, each size worked out: two filters, pooling, four filters.",
    ),
    ("lenet5", "LeNet-5", "The net that read cheques: LeCun et al. 1998 with today's ReLU and max-pooling."),
    (
        "alexnet-small",
        "AlexNet, small",
        "AlexNet's order of layers on 32×32 pixels: overlapping pools, local response norm, dropout.",
    ),
    (
        "resnet-small",
        "ResNet, small",
        "Three residual blocks after He et al. 2016: each adds to what goes round it.",
    ),
    (
        "alexnet",
        "AlexNet, full size",
        "Krizhevsky et al. 2012 shape for shape: 62 million parameters, seconds per step, memory by the gigabyte.",
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
