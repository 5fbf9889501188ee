"""All layers, one file per family. ``registry`` lists them."""

from engine.layers.activation import Activation, Identity, LeakyReLU, ReLU, Sigmoid, Tanh
from engine.layers.base import Bind, Call, Layer, Layout, Parameter, Shape, Steps, call
from engine.layers.base import layers as registry
from engine.layers.conv import Conv2d
from engine.layers.linear import Linear
from engine.layers.noise import Dropout
from engine.layers.pool import MaxPool2d
from engine.layers.shape import Flatten

__all__ = [
    "Activation", "Bind", "Call", "Conv2d", "Dropout", "Flatten", "Identity", "Layer", "Layout", "LeakyReLU", "Linear", "MaxPool2d", "Parameter", "ReLU",
    "Shape", "Sigmoid", "Steps", "Tanh", "call", "registry",
]  # fmt: skip
