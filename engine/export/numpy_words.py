"""How each thing is written in NumPy: calls of what stands in ``numpy_parts``."""

from __future__ import annotations

import re

from engine import clipping, initializers, layers, losses, optimizers, regularizers, schedules
from engine.core import Parameter
from engine.export.base import (
    Place,
    Writers,
    arguments,
)  # fmt: skip
from engine.layers.conv import pair

numpy_writers = Writers(
    "NumPy", layers.registry, losses.losses, optimizers.optimizers, schedules.schedules,
    regularizers.regularizers, initializers.initializers, clipping.clippings,
)  # fmt: skip
writes = numpy_writers.writes

# --- layers: write(layer, place) → the call that makes it ----------------------------------------------------------------


@writes(
    layers.ReLU,
    layers.Tanh,
    layers.Sigmoid,
    layers.Identity,
    layers.SiLU,
    layers.Mish,
    layers.Hardswish,
    layers.Hardsigmoid,
    layers.Softmax,
    layers.LogSoftmax,
    layers.Flatten,
)
@writes(layers.GlobalAvgPool2d, layers.GlobalMaxPool2d, layers.Add, layers.Concat)
def _plain(layer: layers.Layer, at: Place) -> str:
    return f"{layer.key}()"


@writes(layers.GELU)
def _gelu(layer: layers.GELU, at: Place) -> str:
    return "GELU()" if layer.approximate == "none" else "TanhGELU()"


def _weights(at: Place, *names: str) -> str:
    return ", ".join(f'w["{at.name}.{name}"]' for name in names if name in at.shapes)


@writes(layers.Linear, layers.PReLU)
def _weighted(layer: layers.Layer, at: Place) -> str:
    return f"{layer.key}({_weights(at, 'weight', 'bias')})"


@writes(layers.Conv2d)
def _conv(layer: layers.Conv2d, at: Place) -> str:
    named = {
        "stride": pair(layer.stride),
        "padding": layer.pads(*at.ins),
        "dilation": pair(layer.dilation),
        "groups": layer.groups,
    }
    usual = {"stride": (1, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1), "groups": 1}
    other = arguments(**{k: v for k, v in named.items() if v != usual[k]})
    return f"Conv2d({_weights(at, 'weight', 'bias')}{', ' if other else ''}{other})"


@writes(layers.ConvTranspose2d)
def _conv_transpose(layer: layers.ConvTranspose2d, at: Place) -> str:
    names = ("stride", "padding", "output_padding", "dilation")
    usual = {"stride": (1, 1), "padding": (0, 0), "output_padding": (0, 0), "dilation": (1, 1), "groups": 1}
    named = {name: pair(getattr(layer, name)) for name in names} | {"groups": layer.groups}
    other = arguments(**{k: v for k, v in named.items() if v != usual[k]})
    return f"ConvTranspose2d({_weights(at, 'weight', 'bias')}{', ' if other else ''}{other})"


@writes(layers.Upsample)
def _upsample(layer: layers.Upsample, at: Place) -> str:
    mode = {} if layer.mode == "nearest" else {"mode": "bilinear", "align_corners": layer.align_corners}
    return f"Upsample({arguments(pair(layer.scale_factor), **mode)})"


@writes(layers.ZeroPad2d)
def _zero_pad(layer: layers.ZeroPad2d, at: Place) -> str:
    return f"ZeroPad2d({layer.pads()})"


@writes(layers.MaxPool2d)
def _max_pool(layer: layers.MaxPool2d, at: Place) -> str:
    more = {"padding": layer.border(*at.ins), "dilation": pair(layer.dilation)}
    usual = {"padding": (0, 0, 0, 0), "dilation": (1, 1)}
    more = {k: v for k, v in more.items() if v != usual[k]}
    return f"MaxPool2d({arguments(kernel_size=pair(layer.kernel_size), stride=layer.steps(), **more)})"


@writes(layers.AvgPool2d)
def _avg_pool(layer: layers.AvgPool2d, at: Place) -> str:
    more: dict[str, object] = {}
    pads, border = layer.pads(*at.ins), layer.border(*at.ins)
    if any(border):
        more = {
            "padding": pads if layer.count_include_pad else border,
            "count_include_pad": layer.count_include_pad,
        }
    if border != pads and layer.count_include_pad:
        more["beyond"] = (border[1] - pads[1], border[3] - pads[3])
    if pair(layer.dilation) != (1, 1):
        more["dilation"] = pair(layer.dilation)
    return f"AvgPool2d({arguments(kernel_size=pair(layer.kernel_size), stride=layer.steps(), **more)})"


@writes(layers.AdaptiveAvgPool2d)
def _adaptive(layer: layers.AdaptiveAvgPool2d, at: Place) -> str:
    return f"AdaptiveAvgPool2d({pair(layer.output_size)})"


@writes(layers.LeakyReLU, layers.Softplus, layers.Hardtanh, layers.ELU, layers.GaussianNoise, layers.Dropout)
@writes(layers.LocalResponseNorm)
def _with_its_settings(layer: layers.Layer, at: Place) -> str:
    return f"{layer.key}({arguments(**{p.name: v for p, v in layer.values()})})"


@writes(layers.Dropout2d)
def _dropout2d(layer: layers.Dropout2d, at: Place) -> str:
    return f"Dropout({arguments(p=layer.p, per_channel=True)})"


@writes(layers.SELU)
def _selu(layer: layers.SELU, at: Place) -> str:
    return f"ELU({arguments(alpha=layer.alpha, scale=layer.scale)})"


@writes(layers.Unflatten)
def _unflatten(layer: layers.Unflatten, at: Place) -> str:
    return f"Unflatten({arguments(*at.out)})"


@writes(layers.BatchNorm)
def _batch_norm(layer: layers.BatchNorm, at: Place) -> str:
    arrays = _weights(at, "running_mean", "running_var", "weight", "bias")
    return f"BatchNorm({arrays}, {arguments(eps=layer.eps, momentum=layer.momentum)})"


@writes(layers.LayerNorm)
def _layer_norm(layer: layers.LayerNorm, at: Place) -> str:
    last = {"normalized_ndim": layer.normalized_ndim} if layer.normalized_ndim else {}
    return f"LayerNorm({', '.join(filter(None, (_weights(at, 'weight', 'bias'), arguments(eps=layer.eps, **last))))})"


# --- losses: write(loss) → the call, of outputs z and targets t or labels y ------------------------------------------------


@writes(
    losses.MSELoss, losses.L1Loss, losses.BCEWithLogitsLoss, losses.BCELoss, losses.NLLLoss, losses.HingeLoss
)  # fmt: skip
def _loss(loss: losses.Loss) -> str:
    return f"{_snake(loss.key)}(z, y[batch])"


@writes(losses.HuberLoss)
def _huber(loss: losses.HuberLoss) -> str:
    return f"huber_loss(z, y[batch], {arguments(delta=loss.delta)})"


@writes(losses.CrossEntropyLoss)
def _cross_entropy(loss: losses.CrossEntropyLoss) -> str:
    named: dict[str, object] = {"label_smoothing": loss.label_smoothing} if loss.label_smoothing else {}
    named |= {"weight": loss.weight} if loss.weight else {}
    return f"cross_entropy_loss(z, y[batch]{', ' if named else ''}{arguments(**named)})"


@writes(losses.MultiMarginLoss)
def _multi_margin(loss: losses.MultiMarginLoss) -> str:
    return f"multi_margin_loss(z, y[batch], {arguments(margin=loss.margin)})"


def _snake(key: str) -> str:
    """``bce_with_logits_loss`` of "BCEWithLogitsLoss"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", key).lower()


# --- optimizers: write(optimizer) → the call, of the list params ------------------------------------------------------------


@writes(optimizers.SGD, optimizers.Adagrad, optimizers.RMSprop)
def _optimizer(optimizer: optimizers.Optimizer) -> str:
    usual = {"lr", *(p.name for p, v in optimizer.values() if v == p.default and not v)}
    settings = arguments(**{p.name: v for p, v in optimizer.values() if p.name not in usual})
    return f"{optimizer.key}(params, lr=LEARNING_RATE{', ' if settings else ''}{settings})"


@writes(optimizers.Adam, optimizers.AdamW)
def _adam(optimizer: optimizers.Adam) -> str:
    settings = {"betas": (optimizer.beta1, optimizer.beta2), "eps": optimizer.eps}
    if optimizer.weight_decay:
        settings["weight_decay"] = optimizer.weight_decay
    if isinstance(optimizer, optimizers.AdamW):
        settings["decoupled"] = True
    return f"Adam(params, lr=LEARNING_RATE, {arguments(**settings)})"


# --- schedules: write(schedule) → a factor of the learning rate, of ``epoch``, a fraction inside an epoch, and EPOCHS ---------


@writes(schedules.ConstantRate)
def _constant_rate(schedule: schedules.ConstantRate) -> str:
    return ""


@writes(schedules.StepLR)
def _step_rate(schedule: schedules.StepLR) -> str:
    return f"{schedule.gamma!r} ** (int(epoch) // {schedule.step_size})"


@writes(schedules.ExponentialLR)
def _exponential_rate(schedule: schedules.ExponentialLR) -> str:
    return f"{schedule.gamma!r} ** int(epoch)"


@writes(schedules.CosineAnnealingLR)
def _cosine_rate(schedule: schedules.CosineAnnealingLR) -> str:
    wave = f"0.5 * (1 + math.cos(math.pi * int(epoch) / {schedule.T_max or 'EPOCHS'}))"
    return f"{schedule.lowest!r} + {1 - schedule.lowest!r} * {wave}" if schedule.lowest else wave


@writes(schedules.WarmUp)
def _warm_up(schedule: schedules.WarmUp) -> str:
    return f"min(1.0, {schedule.start!r} + {1 - schedule.start!r} * epoch / {schedule.length!r})"


@writes(schedules.OneCycleLR)
def _one_cycle(schedule: schedules.OneCycleLR) -> str:
    return f"one_cycle(min(epoch / EPOCHS, 1.0), {schedule.pct_start!r}, {schedule.div_factor!r}, {schedule.final_div_factor!r})"


@writes(schedules.ReduceLROnPlateau)
def _plateau(schedule: schedules.ReduceLROnPlateau) -> str:
    return f"ReduceLROnPlateau({schedule.reduction!r}, {schedule.patience!r}, {schedule.threshold!r})"


# --- regularizers: write(regularizer) → the penalty's gradient, of weights w ------------------------------------------------


@writes(regularizers.NoPenalty)
def _no_penalty(regularizer: regularizers.NoPenalty) -> str:
    return ""


@writes(regularizers.L1)
def _l1(regularizer: regularizers.L1) -> str:
    return f"{regularizer.strength!r} * np.sign(w)"


@writes(regularizers.L2)
def _l2(regularizer: regularizers.L2) -> str:
    return f"{regularizer.strength!r} * w"


@writes(regularizers.Elastic)
def _elastic(regularizer: regularizers.Elastic) -> str:
    return f"{regularizer.l1!r} * np.sign(w) + {regularizer.l2!r} * w"


# --- clippings: write(clipping) → the gradients, limited ------------------------------------------------------------------


@writes(clipping.ClipValue)
def _clip_value(limit: clipping.ClipValue) -> str:
    return f"clip_value(grads, {limit.limit!r})"


@writes(clipping.ClipNorm)
def _clip_norm(limit: clipping.ClipNorm) -> str:
    return f"clip_norm(grads, {limit.max_norm!r})"


# --- initializers: write(initializer, parameter) → new numbers, of rng ------------------------------------------------------


@writes(initializers.Zeros)
def _zeros(how: initializers.Zeros, p: Parameter) -> str:
    return f"np.zeros({p.shape})"


@writes(initializers.Constant)
def _constant(how: initializers.Constant, p: Parameter) -> str:
    return f"np.full({p.shape}, {how.value!r})"


@writes(initializers.Normal)
def _normal(how: initializers.Normal, p: Parameter) -> str:
    return f"rng.normal({how.mean!r}, {how.std!r}, {p.shape})"


@writes(initializers.Uniform)
def _uniform(how: initializers.Uniform, p: Parameter) -> str:
    return f"rng.uniform(-{how.bound!r}, {how.bound!r}, {p.shape})"


def _times(gain: float) -> str:
    return "" if gain == 1.0 else f"{gain!r} * "


@writes(initializers.XavierUniform)
def _xavier_uniform(how: initializers.XavierUniform, p: Parameter) -> str:
    return f"rng.uniform(-1, 1, {p.shape}) * {_times(how.gain)}math.sqrt(6 / ({p.fan_in} + {p.fan_out}))"


@writes(initializers.XavierNormal)
def _xavier_normal(how: initializers.XavierNormal, p: Parameter) -> str:
    return f"rng.normal(0, 1, {p.shape}) * {_times(how.gain)}math.sqrt(2 / ({p.fan_in} + {p.fan_out}))"


@writes(initializers.HeUniform)
def _he_uniform(how: initializers.HeUniform, p: Parameter) -> str:
    return f"rng.uniform(-1, 1, {p.shape}) * math.sqrt(6 / {p.fan_in})"


@writes(initializers.HeNormal)
def _he_normal(how: initializers.HeNormal, p: Parameter) -> str:
    return f"rng.normal(0, 1, {p.shape}) * math.sqrt(2 / {p.fan_in})"


@writes(initializers.LeCunUniform)
def _lecun_uniform(how: initializers.LeCunUniform, p: Parameter) -> str:
    return f"rng.uniform(-1, 1, {p.shape}) * math.sqrt(3 / {p.fan_in})"


@writes(initializers.LeCunNormal)
def _lecun_normal(how: initializers.LeCunNormal, p: Parameter) -> str:
    return f"rng.normal(0, 1, {p.shape}) * math.sqrt(1 / {p.fan_in})"


@writes(initializers.SELUGain)
def _selu_gain(how: initializers.SELUGain, p: Parameter) -> str:
    return f"rng.normal(0, 1, {p.shape}) * 0.75 / math.sqrt({p.fan_in})"


@writes(initializers.VarianceScalingNormal)
def _variance_scaling_normal(how: initializers.VarianceScalingNormal, p: Parameter) -> str:
    return f"rng.normal(0, 1, {p.shape}) * {_times(how.gain)}math.sqrt(1 / {how.fan(p):g})"


@writes(initializers.VarianceScalingUniform)
def _variance_scaling_uniform(how: initializers.VarianceScalingUniform, p: Parameter) -> str:
    return f"rng.uniform(-1, 1, {p.shape}) * {_times(how.gain)}math.sqrt(3 / {how.fan(p):g})"


@writes(initializers.Orthogonal)
def _orthogonal(how: initializers.Orthogonal, p: Parameter) -> str:
    return f"{_times(how.gain)}orthogonal(rng, {p.shape})"


@writes(initializers.Small)
def _small(how: initializers.Small, p: Parameter) -> str:
    return f"rng.normal(0, 0.01, {p.shape})"


@writes(initializers.Large)
def _large(how: initializers.Large, p: Parameter) -> str:
    return f"rng.normal(0, 1, {p.shape}) * 3 * math.sqrt(2 / {p.fan_in})"
