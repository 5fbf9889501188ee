"""All layers, one file per family. ``registry`` lists them."""

# The order of these imports is the order of palettes: families that belong together, the usual first.
# isort: off
from engine.layers.base import Bind, Layer, Layout
from engine.layers.base import layers as registry
from engine.layers.linear import Linear
from engine.layers.conv import Conv2d
from engine.layers.pool import AdaptiveAvgPool2d, AvgPool2d, GlobalAvgPool2d, GlobalMaxPool2d, MaxPool2d
from engine.layers.enlarge import ConvTranspose2d, Upsample, ZeroPad2d
from engine.layers.activation import (
    ELU, GELU, SELU, Activation, Hardsigmoid, Hardswish, Hardtanh, Identity, LeakyReLU, LogSoftmax, Mish, PReLU, ReLU, Sigmoid, SiLU,
    Softmax, Softplus, Tanh,
)  # fmt: skip
from engine.layers.noise import Dropout, Dropout2d, GaussianNoise
from engine.layers.shape import Flatten, Unflatten
from engine.layers.norm import BatchNorm, LayerNorm, LocalResponseNorm
from engine.layers.merge import Add, Concat
from engine.core import Call, Parameter, Shape, Steps, call
# isort: on

__all__ = [
    "ELU", "GELU", "SELU", "Activation", "AdaptiveAvgPool2d", "Add", "AvgPool2d", "BatchNorm", "Bind", "Call", "Concat", "Conv2d", "ConvTranspose2d",
    "Dropout", "Dropout2d", "Flatten", "GaussianNoise", "GlobalAvgPool2d", "GlobalMaxPool2d", "Hardsigmoid", "Hardswish", "Hardtanh", "Identity", "Layer", "LayerNorm", "Layout",
    "LeakyReLU", "Linear", "LocalResponseNorm", "LogSoftmax", "MaxPool2d", "Mish", "PReLU", "Parameter", "ReLU", "Shape", "SiLU", "Sigmoid", "Softmax",
    "Softplus", "Steps", "Tanh", "Unflatten", "Upsample", "ZeroPad2d", "call", "registry",
]  # fmt: skip
