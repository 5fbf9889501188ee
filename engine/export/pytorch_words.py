"""How each thing is written in PyTorch: its own modules, and helpers for what it lacks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine import clipping, initializers, layers, losses, optimizers, regularizers, schedules
from engine.core import Parameter
from engine.export.base import (
    Place,
    Writers,
    arguments,
)
from engine.layers.conv import pair

pytorch_writers = Writers(
    "PyTorch", layers.registry, losses.losses, optimizers.optimizers, schedules.schedules,
    regularizers.regularizers, initializers.initializers, clipping.clippings,
)  # fmt: skip
writes = pytorch_writers.writes

Sizes = int | tuple[int, int]


def _size(value: Sizes) -> Sizes:
    """One number where both are the same."""
    h, w = pair(value)
    return h if h == w else (h, w)


def _unless(usual: Mapping[str, object], **named: object) -> dict[str, object]:
    """``named`` without what PyTorch takes anyway."""
    return {name: value for name, value in named.items() if value != usual.get(name)}


# --- layers: write(layer, place) → the module; of those that join, an expression of the values they read ---------------------


@writes(
    layers.ReLU,
    layers.Tanh,
    layers.Sigmoid,
    layers.Identity,
    layers.SiLU,
    layers.Mish,
    layers.Hardswish,
    layers.Hardsigmoid,
    layers.Flatten,
)
def _plain(layer: layers.Layer, at: Place) -> str:
    return f"nn.{layer.key}()"


@writes(layers.GELU)
def _gelu(layer: layers.GELU, at: Place) -> str:
    return f"nn.GELU({arguments(**_unless({'approximate': 'none'}, approximate=layer.approximate))})"


@writes(layers.SELU)
def _selu(layer: layers.SELU, at: Place) -> str:
    usual = layers.SELU()
    if (layer.alpha, layer.scale) == (usual.alpha, usual.scale):
        return "nn.SELU()"
    return f"ScaledELU({arguments(layer.alpha, layer.scale)})"


@writes(layers.Softmax)
def _softmax(layer: layers.Softmax, at: Place) -> str:
    return "nn.Softmax(dim=1)"


@writes(layers.LogSoftmax)
def _log_softmax(layer: layers.LogSoftmax, at: Place) -> str:
    return "nn.LogSoftmax(dim=1)"


@writes(layers.Linear)
def _linear(layer: layers.Linear, at: Place) -> str:
    return f"nn.Linear({arguments(at.ins[0][0], layer.out_features, **_unless({'bias': True}, bias=layer.bias))})"


@writes(layers.Conv2d)
def _conv(layer: layers.Conv2d, at: Place) -> str:
    top, bottom, left, right = layer.pads(*at.ins)
    even, alone = (top, left) == (bottom, right), pair(layer.stride) == (1, 1)
    padding = "same" if even and alone and layer.padding == "same" else _size((top, left)) if even else 0
    more = _unless(
        {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True},
        stride=_size(layer.stride), padding=padding, dilation=_size(layer.dilation), groups=layer.groups, bias=layer.bias,
    )  # fmt: skip
    sizes = arguments(at.ins[0][0], layer.out_channels, kernel_size=_size(layer.kernel_size), **more)
    return f"nn.Conv2d({sizes})" if even else f"PaddedConv2d({layer.pads(*at.ins)}, {sizes})"


@writes(layers.ConvTranspose2d)
def _conv_transpose(layer: layers.ConvTranspose2d, at: Place) -> str:
    names = ("stride", "padding", "output_padding", "dilation")
    more = _unless(
        {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1, "bias": True},
        **{name: _size(getattr(layer, name)) for name in names}, groups=layer.groups, bias=layer.bias,
    )  # fmt: skip
    sizes = arguments(at.ins[0][0], layer.out_channels, kernel_size=_size(layer.kernel_size), **more)
    return f"nn.ConvTranspose2d({sizes})"


@writes(layers.Upsample)
def _upsample(layer: layers.Upsample, at: Place) -> str:
    more = {} if layer.mode == "nearest" else {"mode": "bilinear", "align_corners": layer.align_corners}
    return f"nn.Upsample({arguments(scale_factor=_size(layer.scale_factor), **more)})"


@writes(layers.ZeroPad2d)
def _zero_pad(layer: layers.ZeroPad2d, at: Place) -> str:
    top, bottom, left, right = layer.pads()
    return f"nn.ZeroPad2d({(left, right, top, bottom)})"


@writes(layers.MaxPool2d)
def _max_pool(layer: layers.MaxPool2d, at: Place) -> str:
    size, padding = _size(layer.kernel_size), _even_padding(layer, at)
    more = _unless(
        {"stride": size, "padding": 0, "dilation": 1, "ceil_mode": False},
        stride=_size(layer.steps()), padding=padding or 0, dilation=_size(layer.dilation),
        ceil_mode=layer.ceil_mode and padding is not None,
    )  # fmt: skip
    if padding is None:
        return f"PaddedMaxPool2d({layer.border(*at.ins)}, {arguments(size, **more)})"
    return f"nn.MaxPool2d({arguments(size, **more)})"


def _even_padding(layer: layers.MaxPool2d | layers.AvgPool2d, at: Place) -> Sizes | None:
    """The padding of a pooling as PyTorch's takes it, or ``None`` where it does not."""
    top, bottom, left, right = layer.pads(*at.ins)
    sizes = zip((top, left), pair(layer.kernel_size), pair(layer.dilation), strict=True)
    takes = (top, left) == (bottom, right) and all(2 * p <= d * (k - 1) + 1 for p, k, d in sizes)
    return _size((top, left)) if takes else None


@writes(layers.AvgPool2d)
def _avg_pool(layer: layers.AvgPool2d, at: Place) -> str:
    size, padding = _size(layer.kernel_size), _even_padding(layer, at)
    if padding is None or pair(layer.dilation) != (1, 1):
        pads, border = layer.pads(*at.ins), layer.border(*at.ins)
        beyond = (border[1] - pads[1], border[3] - pads[3])
        settings = arguments(
            pair(layer.kernel_size), layer.steps(), padding=pads, beyond=beyond, dilation=pair(layer.dilation),
            count_include_pad=layer.count_include_pad,
        )  # fmt: skip
        return f"WindowMean({settings})"
    more = _unless(
        {"stride": size, "padding": 0, "ceil_mode": False, "count_include_pad": True},
        stride=_size(layer.steps()), padding=padding, ceil_mode=layer.ceil_mode, count_include_pad=layer.count_include_pad,
    )  # fmt: skip
    return f"nn.AvgPool2d({arguments(size, **more)})"


@writes(layers.AdaptiveAvgPool2d)
def _adaptive(layer: layers.AdaptiveAvgPool2d, at: Place) -> str:
    return f"nn.AdaptiveAvgPool2d({_size(layer.output_size)})"


@writes(layers.GlobalAvgPool2d)
def _global(layer: layers.GlobalAvgPool2d, at: Place) -> str:
    return "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())"


@writes(layers.GlobalMaxPool2d)
def _global_max(layer: layers.GlobalMaxPool2d, at: Place) -> str:
    return "nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())"


@writes(layers.LeakyReLU, layers.ELU, layers.Hardtanh, layers.Dropout, layers.Dropout2d)
def _with_its_settings(layer: layers.Layer, at: Place) -> str:
    return f"nn.{layer.key}({arguments(*(v for _, v in layer.values()))})"


@writes(layers.LocalResponseNorm)
def _local_response(layer: layers.LocalResponseNorm, at: Place) -> str:
    return f"nn.LocalResponseNorm({arguments(**{p.name: v for p, v in layer.values()})})"


@writes(layers.Softplus)
def _softplus(layer: layers.Softplus, at: Place) -> str:
    # Beyond its threshold PyTorch takes the straight line; at 20, as is usual, float64 can tell.
    return f"nn.Softplus({arguments(beta=layer.beta, threshold=40.0)})"


@writes(layers.PReLU)
def _prelu(layer: layers.PReLU, at: Place) -> str:
    return f"nn.PReLU({arguments(*at.shapes['weight'])})"


@writes(layers.GaussianNoise)
def _noise(layer: layers.GaussianNoise, at: Place) -> str:
    return f"GaussianNoise({layer.std!r})"


@writes(layers.Unflatten)
def _unflatten(layer: layers.Unflatten, at: Place) -> str:
    return f"nn.Unflatten(1, {at.out})"


@writes(layers.BatchNorm)
def _batch_norm(layer: layers.BatchNorm, at: Place) -> str:
    usual = {"eps": 1e-5, "momentum": 0.1, "affine": True}
    more = _unless(usual, eps=layer.eps, momentum=layer.momentum, affine=layer.affine)
    return f"nn.BatchNorm{1 if len(at.out) == 1 else 2}d({arguments(at.out[0], **more)})"


@writes(layers.LayerNorm)
def _layer_norm(layer: layers.LayerNorm, at: Place) -> str:
    usual = {"eps": 1e-5, "elementwise_affine": True}
    more = _unless(usual, eps=layer.eps, elementwise_affine=layer.elementwise_affine)
    shape = layer.normalized_shape(*at.ins)
    return f"nn.LayerNorm({arguments(shape[0] if len(shape) == 1 else shape, **more)})"


@writes(layers.Add)
def _add(layer: layers.Add, at: Place) -> str:
    return " + ".join(map(variable, at.sources))


@writes(layers.Concat)
def _concat(layer: layers.Concat, at: Place) -> str:
    return f"torch.cat([{', '.join(map(variable, at.sources))}], dim=1)"


def variable(name: str) -> str:
    """What ``forward`` calls the value of a node."""
    return "x" if name == "input" else name


# --- losses: write(loss) → a function of outputs and targets ----------------------------------------------------------------


@writes(losses.MSELoss, losses.L1Loss, losses.BCEWithLogitsLoss, losses.BCELoss, losses.NLLLoss)
def _loss(loss: losses.Loss) -> str:
    return f"nn.{loss.key}()"


@writes(losses.HuberLoss, losses.MultiMarginLoss)
def _loss_with_settings(loss: losses.Loss) -> str:
    return f"nn.{loss.key}({arguments(**{p.name: v for p, v in loss.values() if p.name in ('delta', 'margin')})})"


@writes(losses.CrossEntropyLoss)
def _cross_entropy(loss: losses.CrossEntropyLoss) -> str:
    named = _unless({"label_smoothing": 0.0}, label_smoothing=loss.label_smoothing)
    if loss.weight:
        return f"WeightedCrossEntropy({arguments(loss.weight, **named)})"
    return f"nn.CrossEntropyLoss({arguments(**named)})"


@writes(losses.HingeLoss)
def _hinge(loss: losses.HingeLoss) -> str:
    return "hinge_loss"


# --- optimizers: write(optimizer) → the call, of the parameters that learn ----------------------------------------------------


@writes(optimizers.SGD, optimizers.Adagrad, optimizers.RMSprop)
def _optimizer(optimizer: optimizers.Optimizer) -> str:
    more = {p.name: v for p, v in optimizer.values() if p.name != "lr" and (v or p.default)}
    return f"torch.optim.{optimizer.key}(learning, lr=LEARNING_RATE{_more(more)})"


@writes(optimizers.Adam, optimizers.AdamW)
def _adam(optimizer: optimizers.Adam) -> str:
    usual = {
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 0.01 if isinstance(optimizer, optimizers.AdamW) else 0.0,
    }
    more = _unless(
        usual,
        betas=(optimizer.beta1, optimizer.beta2),
        eps=optimizer.eps,
        weight_decay=optimizer.weight_decay,
    )
    return f"torch.optim.{optimizer.key}(learning, lr=LEARNING_RATE{_more(more)})"


def _more(named: dict[str, object]) -> str:
    return f", {arguments(**named)}" if named else ""


# --- schedules: write(schedule) → the scheduler, of optimizer and ``epoch_at(step)`` ------------------------------------------


@writes(schedules.ConstantRate)
def _constant_rate(schedule: schedules.ConstantRate) -> str:
    return ""


@writes(schedules.StepLR, schedules.ExponentialLR)
def _by_its_name(schedule: schedules.Schedule) -> str:
    return f"lr_scheduler.{schedule.key}(optimizer, {arguments(**{p.name: v for p, v in schedule.values()})})"


@writes(schedules.CosineAnnealingLR)
def _cosine_rate(schedule: schedules.CosineAnnealingLR) -> str:
    lowest = f", eta_min={schedule.lowest!r} * LEARNING_RATE" if schedule.lowest else ""
    return f"lr_scheduler.CosineAnnealingLR(optimizer, T_max={schedule.T_max or 'EPOCHS'}{lowest})"


@writes(schedules.WarmUp)
def _warm_up(schedule: schedules.WarmUp) -> str:
    factor = f"min(1.0, {schedule.start!r} + {1 - schedule.start!r} * epoch_at(step) / {schedule.length!r})"
    return f"lr_scheduler.LambdaLR(optimizer, lambda step: {factor})"


@writes(schedules.OneCycleLR)
def _one_cycle(schedule: schedules.OneCycleLR) -> str:
    # PyTorch's own also moves the momentum, and counts in steps.
    settings = arguments(schedule.pct_start, schedule.div_factor, schedule.final_div_factor)
    return f"lr_scheduler.LambdaLR(optimizer, lambda step: one_cycle(min(epoch_at(step) / EPOCHS, 1.0), {settings}))"


@writes(schedules.ReduceLROnPlateau)
def _plateau(schedule: schedules.ReduceLROnPlateau) -> str:
    settings = arguments(
        factor=schedule.reduction, patience=schedule.patience, threshold=schedule.threshold, eps=0.0
    )
    return f"lr_scheduler.ReduceLROnPlateau(optimizer, {settings})"


# --- regularizers: write(regularizer) → the penalty of weights w ---------------------------------------------------------------


@writes(regularizers.NoPenalty)
def _no_penalty(regularizer: regularizers.NoPenalty) -> str:
    return ""


@writes(regularizers.L1)
def _l1(regularizer: regularizers.L1) -> str:
    return f"{regularizer.strength!r} * w.abs().sum()"


@writes(regularizers.L2)
def _l2(regularizer: regularizers.L2) -> str:
    return f"{regularizer.strength!r} / 2 * w.square().sum()"


@writes(regularizers.Elastic)
def _elastic(regularizer: regularizers.Elastic) -> str:
    return f"{regularizer.l1!r} * w.abs().sum() + {regularizer.l2!r} / 2 * w.square().sum()"


# --- clippings: write(clipping) → the statement, of the parameters that learn ---------------------------------------------------


@writes(clipping.ClipValue)
def _clip_value(limit: clipping.ClipValue) -> str:
    return f"nn.utils.clip_grad_value_(learning, {limit.limit!r})"


@writes(clipping.ClipNorm)
def _clip_norm(limit: clipping.ClipNorm) -> str:
    return f"nn.utils.clip_grad_norm_(learning, {limit.max_norm!r})"


# --- initializers: write(initializer, parameter, w) → the statement that draws w anew -------------------------------------------


@writes(initializers.Zeros)
def _zeros(how: initializers.Zeros, p: Parameter, w: str) -> str:
    return f"nn.init.zeros_({w})"


@writes(initializers.Constant)
def _constant(how: initializers.Constant, p: Parameter, w: str) -> str:
    return f"nn.init.constant_({w}, {how.value!r})"


@writes(initializers.Normal)
def _normal(how: initializers.Normal, p: Parameter, w: str) -> str:
    return f"nn.init.normal_({w}, mean={how.mean!r}, std={how.std!r})"


@writes(initializers.Uniform)
def _uniform(how: initializers.Uniform, p: Parameter, w: str) -> str:
    return f"nn.init.uniform_({w}, -{how.bound!r}, {how.bound!r})"


@writes(initializers.XavierUniform)
def _xavier_uniform(how: initializers.XavierUniform, p: Parameter, w: str) -> str:
    if _grouped(p):
        bound = f"{how.gain!r} * (6 / ({p.fan_in} + {p.fan_out})) ** 0.5"
        return f"nn.init.uniform_({w}, -{bound}, {bound})  # fans of one group"
    return f"nn.init.xavier_uniform_({w}{_more(_unless({'gain': 1.0}, gain=how.gain))})"


@writes(initializers.XavierNormal)
def _xavier_normal(how: initializers.XavierNormal, p: Parameter, w: str) -> str:
    if _grouped(p):
        return f"nn.init.normal_({w}, std={how.gain!r} * (2 / ({p.fan_in} + {p.fan_out})) ** 0.5)  # fans of one group"
    return f"nn.init.xavier_normal_({w}{_more(_unless({'gain': 1.0}, gain=how.gain))})"


def _grouped(p: Parameter) -> bool:
    """Whether PyTorch would count more outputs of a weight than one of its groups has."""
    return p.fan_out != p.shape[0] * int(np.prod(p.shape[2:]))


@writes(initializers.HeUniform)
def _he_uniform(how: initializers.HeUniform, p: Parameter, w: str) -> str:
    return f'nn.init.kaiming_uniform_({w}, nonlinearity="relu")'


@writes(initializers.HeNormal)
def _he_normal(how: initializers.HeNormal, p: Parameter, w: str) -> str:
    return f'nn.init.kaiming_normal_({w}, nonlinearity="relu")'


@writes(initializers.LeCunUniform)
def _lecun_uniform(how: initializers.LeCunUniform, p: Parameter, w: str) -> str:
    return f'nn.init.kaiming_uniform_({w}, nonlinearity="linear")'


@writes(initializers.LeCunNormal)
def _lecun_normal(how: initializers.LeCunNormal, p: Parameter, w: str) -> str:
    return f'nn.init.kaiming_normal_({w}, nonlinearity="linear")'


@writes(initializers.SELUGain)
def _selu_gain(how: initializers.SELUGain, p: Parameter, w: str) -> str:
    return f'nn.init.kaiming_normal_({w}, nonlinearity="selu")'


@writes(initializers.VarianceScalingNormal)
def _variance_scaling_normal(how: initializers.VarianceScalingNormal, p: Parameter, w: str) -> str:
    return f"nn.init.normal_({w}, std={how.gain!r} / {how.fan(p):g} ** 0.5)"


@writes(initializers.VarianceScalingUniform)
def _variance_scaling_uniform(how: initializers.VarianceScalingUniform, p: Parameter, w: str) -> str:
    bound = f"{how.gain!r} * (3 / {how.fan(p):g}) ** 0.5"
    return f"nn.init.uniform_({w}, -{bound}, {bound})"


@writes(initializers.Orthogonal)
def _orthogonal(how: initializers.Orthogonal, p: Parameter, w: str) -> str:
    return f"nn.init.orthogonal_({w}{_more(_unless({'gain': 1.0}, gain=how.gain))})"


@writes(initializers.Small)
def _small(how: initializers.Small, p: Parameter, w: str) -> str:
    return f"nn.init.normal_({w}, std=0.01)"


@writes(initializers.Large)
def _large(how: initializers.Large, p: Parameter, w: str) -> str:
    return f"nn.init.normal_({w}, std=3 * (2 / {p.fan_in}) ** 0.5)"
