"""Export to PyTorch: a module and a training script as one writes them by hand, with the weights as safetensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from engine import clipping, initializers, layers, losses, optimizers, regularizers, schedules
from engine.core import Parameter
from engine.export.base import (
    Place,
    Subject,
    Writers,
    aligned,
    arguments,
    batch_shape,
    left_out,
    write_arrays,
    write_text,
)
from engine.export.check import check_text
from engine.export.evidence import Evidence, data_arrays
from engine.io.weights import save_weights
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
    layers.GELU,
    layers.SiLU,
    layers.SELU,
    layers.Flatten,
)
def _plain(layer: layers.Layer, at: Place) -> str:
    return f"nn.{layer.key}()"


@writes(layers.Softmax)
def _softmax(layer: layers.Softmax, at: Place) -> str:
    return "nn.Softmax(dim=1)"


@writes(layers.Linear)
def _linear(layer: layers.Linear, at: Place) -> str:
    return f"nn.Linear({arguments(at.ins[0][0], layer.out_features, **_unless({'bias': True}, bias=layer.bias))})"


@writes(layers.Conv2d)
def _conv(layer: layers.Conv2d, at: Place) -> str:
    top, bottom, left, right = layer.pads()
    even = (top, left) == (bottom, right)
    padding = "same" if even and layer.padding == "same" else _size((top, left)) if even else 0
    more = _unless(
        {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True},
        stride=_size(layer.stride), padding=padding, dilation=_size(layer.dilation), groups=layer.groups, bias=layer.bias,
    )  # fmt: skip
    sizes = arguments(at.ins[0][0], layer.out_channels, kernel_size=_size(layer.kernel_size), **more)
    return f"nn.Conv2d({sizes})" if even else f"PaddedConv2d({layer.pads()}, {sizes})"


@writes(layers.MaxPool2d)
def _max_pool(layer: layers.MaxPool2d, at: Place) -> str:
    size = _size(layer.kernel_size)
    more = _unless(
        {"stride": size, "padding": 0, "dilation": 1},
        stride=_size(layer.steps()), padding=_size(layer.padding), dilation=_size(layer.dilations()),
    )  # fmt: skip
    return f"nn.MaxPool2d({arguments(size, **more)})"


@writes(layers.AvgPool2d)
def _avg_pool(layer: layers.AvgPool2d, at: Place) -> str:
    size = _size(layer.kernel_size)
    more = _unless(
        {"stride": size, "padding": 0, "count_include_pad": True},
        stride=_size(layer.steps()), padding=_size(layer.padding), count_include_pad=layer.count_include_pad,
    )  # fmt: skip
    return f"nn.AvgPool2d({arguments(size, **more)})"


@writes(layers.AdaptiveAvgPool2d)
def _adaptive(layer: layers.AdaptiveAvgPool2d, at: Place) -> str:
    return f"nn.AdaptiveAvgPool2d({_size(layer.output_size)})"


@writes(layers.GlobalAvgPool2d)
def _global(layer: layers.GlobalAvgPool2d, at: Place) -> str:
    return "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())"


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
    return f"nn.LayerNorm({arguments(at.out[0] if len(at.out) == 1 else at.out, **more)})"


@writes(layers.Add)
def _add(layer: layers.Add, at: Place) -> str:
    return " + ".join(map(_variable, at.sources))


@writes(layers.Concat)
def _concat(layer: layers.Concat, at: Place) -> str:
    return f"torch.cat([{', '.join(map(_variable, at.sources))}], dim=1)"


def _variable(name: str) -> str:
    """What ``forward`` calls the value of a node."""
    return "x" if name == "input" else name


# --- losses: write(loss) → a function of outputs and targets ----------------------------------------------------------------


@writes(losses.MSELoss, losses.L1Loss, losses.BCEWithLogitsLoss)
def _loss(loss: losses.Loss) -> str:
    return f"nn.{loss.key}()"


@writes(losses.HuberLoss, losses.MultiMarginLoss)
def _loss_with_settings(loss: losses.Loss) -> str:
    return f"nn.{loss.key}({arguments(**{p.name: v for p, v in loss.values() if p.name in ('delta', 'margin')})})"


@writes(losses.CrossEntropyLoss)
def _cross_entropy(loss: losses.CrossEntropyLoss) -> str:
    return f"nn.CrossEntropyLoss({arguments(**_unless({'label_smoothing': 0.0}, label_smoothing=loss.label_smoothing))})"


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


@writes(initializers.Orthogonal)
def _orthogonal(how: initializers.Orthogonal, p: Parameter, w: str) -> str:
    return f"nn.init.orthogonal_({w}{_more(_unless({'gain': 1.0}, gain=how.gain))})"


@writes(initializers.Small)
def _small(how: initializers.Small, p: Parameter, w: str) -> str:
    return f"nn.init.normal_({w}, std=0.01)"


@writes(initializers.Large)
def _large(how: initializers.Large, p: Parameter, w: str) -> str:
    return f"nn.init.normal_({w}, std=3 * (2 / {p.fan_in}) ** 0.5)"


# --- the files ---------------------------------------------------------------------------------------------------------

#: what PyTorch lacks, by the word that asks for it
HELPERS = {
    "PaddedConv2d(": '''\
class PaddedConv2d(nn.Conv2d):
    """A convolution with zeros put round the picture, another number at each side."""

    def __init__(self, sides, *args, **named):
        super().__init__(*args, **named)
        self.sides = sides  # top, bottom, left, right

    def forward(self, x):
        top, bottom, left, right = self.sides
        return super().forward(nn.functional.pad(x, (left, right, top, bottom)))


''',
    "GaussianNoise(": '''\
class GaussianNoise(nn.Module):
    """In training, a little noise is added to every value."""

    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        return x + self.std * torch.randn_like(x) if self.training else x


''',
    "hinge_loss": '''\
def hinge_loss(z, t):
    """max(0, 1 − tz); t (N, 1) of −1 and +1."""
    return torch.relu(1 - t * z).mean()


''',
    "one_cycle(": '''\
def one_cycle(part, rise, divisor, last_divisor):
    """A factor from 1/divisor up to 1 and down to 1/(divisor · last_divisor); ``part``: how much of the run is over."""
    first, last = 1 / divisor, 1 / (divisor * last_divisor)
    start, end, at = (first, 1.0, part / rise) if part < rise else (1.0, last, (part - rise) / (1 - rise))
    return end + (start - end) / 2 * (1 + math.cos(math.pi * at))


''',
}


def _helpers(code: str) -> str:
    return "".join(text for word, text in HELPERS.items() if word in code)


def write(subject: Subject, evidence: Evidence, folder: Path) -> list[Path]:
    """Write the program and what it reads into ``folder``; returns the files. Raises OSError, ExportError."""
    state = subject.state()
    for place in subject.places():
        if isinstance(place.layer, layers.BatchNorm):
            state[f"{place.name}.num_batches_tracked"] = np.zeros((), np.int64)
    files = [
        write_text(folder / "model.py", model_text(subject)),
        write_text(folder / "train.py", train_text(subject)),
        write_text(folder / "check.py", _check(subject)),
        write_arrays(folder / "check.npz", evidence.arrays()),
        write_arrays(folder / "data.npz", data_arrays(subject, evidence)),
    ]
    save_weights(state, folder / "weights.safetensors")
    return [*files, folder / "weights.safetensors"]


def _joins(place: Place) -> bool:
    return place.layer.arity != 1


def _reference(subject: Subject, name: str) -> str:
    """How code outside the network names one of its layers."""
    return f"net[{name}]" if subject.is_chain else f"net.{name}"


def model_text(subject: Subject) -> str:
    """The program of the network."""
    places = subject.places()
    written = [pytorch_writers(p.layer, p) for p in places]
    frozen = [p for p in places if p.frozen and p.node_id in subject.model.store.specs]
    if subject.is_chain:
        lines = aligned([(f"{code},", p.comment) for code, p in zip(written, places, strict=True)], 8)
        freeze = "".join(f"    {_reference(subject, p.name)}.requires_grad_(False)\n" for p in frozen)
        body = f'''\
def build():
    """The network, with weights that PyTorch has drawn. Comments say what each layer gives."""
    net = nn.Sequential(
{lines}
    )
{freeze}    return net
'''
    else:
        modules = [
            (f"self.{p.name} = {c}", "") for c, p in zip(written, places, strict=True) if not _joins(p)
        ]
        modules += [(f"self.{p.name}.requires_grad_(False)", "") for p in frozen]
        values = [
            (f"{p.name} = {c if _joins(p) else f'self.{p.name}({_variable(p.sources[0])})'}", p.comment)
            for c, p in zip(written, places, strict=True)
        ]
        body = f'''\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
{aligned(modules, 8)}

    def forward(self, x):  # {batch_shape(subject.model.in_shape)}
{aligned(values, 8)}
        return {places[-1].name}


def build():
    """The network, with weights that PyTorch has drawn."""
    return Net()
'''
    count = len(subject.model.store.values)
    return f'''"""{subject.name}: {len(places)} layers, {count:,} parameters. Written for PyTorch by Chainrule Playground.

    python model.py    checks that it gives the same numbers as there
    python train.py    trains it further

Needs torch, numpy and safetensors. A batch of samples is {batch_shape(subject.model.in_shape)}.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn


{_helpers(body)}{body}

def load(path=Path(__file__).with_name("weights.safetensors"), dtype=torch.float32):
    """The network with the weights in a file, ready for inference."""
    net = build().to(dtype)
    net.load_state_dict(load_file(path))
    return net.eval()


def begin_anew(net):
    """Draw new first weights, in the way that was chosen in the playground."""
{_anew(subject)}


if __name__ == "__main__":
    import check

    check.main()
'''


def _anew(subject: Subject) -> str:
    lines = []
    for place in subject.places():
        for name, spec in subject.model.store.specs.get(place.node_id, {}).items():
            w = f"{_reference(subject, place.name)}.{name}"
            how = place.initializer or subject.fit.initializer
            lines.append(
                f"nn.init.constant_({w}, {spec.start!r})" if spec.is_bias else pytorch_writers(how, spec, w)
            )
        if place.layer.state(*place.ins):
            lines.append(f"{_reference(subject, place.name)}.reset_running_stats()")
    return _indented(lines or ["pass"], 4)


def _indented(lines: Iterable[str], by: int) -> str:
    return "\n".join(" " * by + line for line in lines)


def train_text(subject: Subject) -> str:
    """The program that trains."""
    fit = subject.fit
    loss = fit.loss.after(subject.network.output_range)
    scheduler = pytorch_writers(fit.schedule)
    plateau = isinstance(fit.schedule, schedules.ReduceLROnPlateau)
    penalties, penalty = _penalties(subject)
    update = [
        f"z = net(x[batch])  # {batch_shape(subject.model.out_shape).replace('N', 'B')}",
        "loss = criterion(z, y[batch])",
    ]
    update += ["optimizer.zero_grad()", f"{'(loss + penalty(net))' if penalty else 'loss'}.backward()"]
    if fit.clipping is not None:
        update.append(pytorch_writers(fit.clipping))
    update.append("optimizer.step()")
    if fit.max_norm:
        update += _limits(subject)
    if scheduler and fit.schedule.per_step:
        update.append("scheduler.step()")
    after = ""
    if scheduler and not fit.schedule.per_step:
        after = f"        scheduler.step({'score' if plateau else ''})\n"
    clock = ""
    if "epoch_at" in scheduler:
        clock = '''
    def epoch_at(step):
        """Epochs, and parts of one, after so many updates."""
        whole, part = divmod(step, -(-len(x) // BATCH_SIZE))
        return whole + part * BATCH_SIZE / len(x)

'''
    body = f'''\
{penalties}def load_data(dtype=torch.float32):
    """Training and validation samples, prepared as the network was taught: {{"x_train": ..., "y_train": ...}}."""
    with np.load(HERE / "data.npz") as file:
        tensors = {{name: torch.from_numpy(file[name]) for name in file.files}}
    return {{name: t.to(dtype) if t.is_floating_point() else t for name, t in tensors.items()}}


@torch.no_grad()
def evaluate(net, x, y):
    """The loss of all samples, in inference mode and without penalty."""
    net.eval()
    batches = zip(x.split(256), y.split(256))
    return sum(criterion(net(x), y).item() * len(x) for x, y in batches) / len(x)


def train(net, data, epochs=EPOCHS, orders=(), patience=PATIENCE):
    """Train ``net`` in place, yielding (epoch, loss of the batch) after each update.

    ``orders``: in which order the first epochs visit the samples; for the others it is drawn.
    """
    x, y = data["x_train"], data["y_train"]
    watched = [data.get(f"{{name}}_validation", data[f"{{name}}_train"]) for name in "xy"]
    learning = [p for p in net.parameters() if p.requires_grad]
    optimizer = {pytorch_writers(fit.optimizer)}
{clock}{f"    scheduler = {scheduler}" + chr(10) if scheduler else ""}    best, waited = math.inf, 0
    for epoch in range(epochs):
        net.train()
        order = torch.as_tensor(orders[epoch]) if epoch < len(orders) else torch.randperm(len(x))
        for batch in order.split(BATCH_SIZE):
{_indented(update, 12)}
            yield epoch, loss.item()
        score = evaluate(net, *watched)
{after}        if score < best:
            best, waited, kept = score, 0, copy.deepcopy(net.state_dict())
        elif (waited := waited + 1) == patience:  # stop early, with the best weights
            net.load_state_dict(kept)
            return


def main():
    import check

    check.main()
    net, data = model.load(), load_data()
    for epoch, steps in itertools.groupby(train(net, data), key=lambda step: step[0]):
        mean = np.mean([loss for _, loss in steps])
        print(f"epoch {{epoch + 1}}: loss of the batches {{mean:.4g}}", flush=True)
    for part in ("train", "validation"):
        if f"x_{{part}}" in data:
            print(f"{{part}} loss {{evaluate(net, data[f'x_{{part}}'], data[f'y_{{part}}']):.6g}}")
    save_file(net.state_dict(), HERE / "trained.safetensors")


if __name__ == "__main__":
    main()
'''
    criterion = pytorch_writers(loss)
    scheduling = "from torch.optim import lr_scheduler\n" if scheduler else ""
    return f'''"""Trains the network of model.py further and writes trained.safetensors:

    python train.py
{left_out(subject)}"""

import copy
import itertools
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
{scheduling}
import model

HERE = Path(__file__).parent
BATCH_SIZE = {fit.batch_size}
EPOCHS = {fit.epochs}
LEARNING_RATE = {fit.optimizer.lr!r}
PATIENCE = {fit.early_stopping}  # epochs without a better validation loss; 0: train to the end


{_helpers(criterion + body)}criterion = {criterion}


{body}'''


def _penalties(subject: Subject) -> tuple[str, bool]:
    """The function of the penalty, and whether there is any."""
    found: dict[str, list[str]] = {}
    for place, name in subject.weights():
        own = getattr(place.layer, "regularizer", None) or subject.fit.regularizer
        penalty = pytorch_writers(own)
        if penalty and not place.frozen:
            found.setdefault(penalty, []).append(f"{_reference(subject, place.name)}.{name}")
    if not found:
        return "", False
    lines = [f"total += sum({penalty} for w in [{', '.join(weights)}])" for penalty, weights in found.items()]
    return (
        f'''\
def penalty(net):
    """What is added to the loss so that weights stay small."""
    total = 0.0
{_indented(lines, 4)}
    return total


''',
        True,
    )


def _limits(subject: Subject) -> list[str]:
    """Lines that shorten each unit's incoming weights."""
    weights = [f"{_reference(subject, p.name)}.{name}" for p, name in subject.weights() if not p.frozen]
    limit = repr(subject.fit.max_norm)
    return [
        "with torch.no_grad():",
        f"    for w in [{', '.join(weights)}]:  # max-norm",
        "        length = w.flatten(1).norm(dim=1).reshape(-1, *[1] * (w.ndim - 1))",
        f"        w *= {limit} / length.clamp(min={limit})",
    ]


VALUES = """\
    net, found = model.load(dtype=getattr(torch, dtype)), {{}}

    def keep(name):
        return lambda module, args, out: found.update({{JOINED.get(name, name): args[0], name: out}})

    for name, module in net.named_children():
        module.register_forward_hook(keep(name))
    with torch.no_grad():
        found[{output!r}] = net(torch.from_numpy(EXPECTED["x"].astype(dtype)))
    return {{name: value.numpy() for name, value in found.items()}}"""

LOSSES = '''\
    net = model.load(dtype=getattr(torch, dtype))
    for name, module in net.named_children():
        masks = [torch.from_numpy(EXPECTED[key]) for key in EXPECTED if key.startswith(f"mask {name} ")]
        if masks:
            module.register_forward_hook(recorded(iter(masks)))
    steps = train.train(net, train.load_data(getattr(torch, dtype)), orders=EXPECTED["order"], patience=0)
    return [loss for _, (_, loss) in zip(EXPECTED["losses"], steps)]


def recorded(masks):
    """A hook by which a layer that acts at random does again what it did there."""

    def hook(module, args, out):
        if module.training:
            mask, x = next(masks).to(out.dtype), args[0]
            return x + module.std * mask if hasattr(module, "std") else x * mask / (1 - module.p)

    return hook'''


def _check(subject: Subject) -> str:
    places = subject.places()
    joined = {p.name for p in places if _joins(p)}
    # A sum is no module: it is seen where one reads it.
    seen = {p.name: p.sources[0] for p in places if not _joins(p) and p.sources[0] in joined}
    imports = f"from pathlib import Path\n\nimport numpy as np\nimport torch\n\nimport model\nimport train\n\n#: a module that reads a joined value, by whose input that is seen\nJOINED = {seen!r}"
    return check_text(imports, VALUES.format(output=places[-1].name), LOSSES)
