"""Export to NumPy: a program that imports NumPy alone, forward and training, with its weights beside it."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from pathlib import Path

from engine import clipping, initializers, layers, losses, optimizers, regularizers, schedules
from engine.core import Parameter
from engine.export import numpy_parts
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
)  # fmt: skip
from engine.export.check import check_text
from engine.export.evidence import Evidence, data_arrays
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
    layers.GELU,
    layers.SiLU,
    layers.Softmax,
    layers.Flatten,
)
@writes(layers.GlobalAvgPool2d, layers.Add, layers.Concat)
def _plain(layer: layers.Layer, at: Place) -> str:
    return f"{layer.key}()"


def _weights(at: Place, *names: str) -> str:
    return ", ".join(f'w["{at.name}.{name}"]' for name in names if name in at.shapes)


@writes(layers.Linear, layers.PReLU)
def _weighted(layer: layers.Layer, at: Place) -> str:
    return f"{layer.key}({_weights(at, 'weight', 'bias')})"


@writes(layers.Conv2d)
def _conv(layer: layers.Conv2d, at: Place) -> str:
    named = {
        "stride": pair(layer.stride),
        "padding": layer.pads(),
        "dilation": pair(layer.dilation),
        "groups": layer.groups,
    }
    usual = {"stride": (1, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1), "groups": 1}
    other = arguments(**{k: v for k, v in named.items() if v != usual[k]})
    return f"Conv2d({_weights(at, 'weight', 'bias')}{', ' if other else ''}{other})"


@writes(layers.MaxPool2d)
def _max_pool(layer: layers.MaxPool2d, at: Place) -> str:
    more = {"padding": pair(layer.padding), "dilation": layer.dilations()}
    usual = {"padding": (0, 0), "dilation": (1, 1)}
    more = {k: v for k, v in more.items() if v != usual[k]}
    return f"MaxPool2d({arguments(kernel_size=pair(layer.kernel_size), stride=layer.steps(), **more)})"


@writes(layers.AvgPool2d)
def _avg_pool(layer: layers.AvgPool2d, at: Place) -> str:
    more: dict[str, object] = {}
    if pair(layer.padding) != (0, 0):
        more = {"padding": pair(layer.padding), "count_include_pad": layer.count_include_pad}
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
    return f"LayerNorm({', '.join(filter(None, (_weights(at, 'weight', 'bias'), arguments(eps=layer.eps))))})"


# --- losses: write(loss) → the call, of outputs z and targets t or labels y ------------------------------------------------


@writes(losses.MSELoss, losses.L1Loss, losses.BCEWithLogitsLoss, losses.HingeLoss)
def _loss(loss: losses.Loss) -> str:
    return f"{_snake(loss.key)}(z, y[batch])"


@writes(losses.HuberLoss)
def _huber(loss: losses.HuberLoss) -> str:
    return f"huber_loss(z, y[batch], {arguments(delta=loss.delta)})"


@writes(losses.CrossEntropyLoss)
def _cross_entropy(loss: losses.CrossEntropyLoss) -> str:
    smoothing = f", {arguments(label_smoothing=loss.label_smoothing)}" if loss.label_smoothing else ""
    return f"cross_entropy_loss(z, y[batch]{smoothing})"


@writes(losses.MultiMarginLoss)
def _multi_margin(loss: losses.MultiMarginLoss) -> str:
    return f"multi_margin_loss(z, y[batch], {arguments(margin=loss.margin)})"


def _snake(key: str) -> str:
    return {"BCEWithLogitsLoss": "bce_with_logits_loss", "MSELoss": "mse_loss", "L1Loss": "l1_loss"}.get(
        key, re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower()
    )


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


@writes(initializers.Orthogonal)
def _orthogonal(how: initializers.Orthogonal, p: Parameter) -> str:
    return f"{_times(how.gain)}orthogonal(rng, {p.shape})"


@writes(initializers.Small)
def _small(how: initializers.Small, p: Parameter) -> str:
    return f"rng.normal(0, 0.01, {p.shape})"


@writes(initializers.Large)
def _large(how: initializers.Large, p: Parameter) -> str:
    return f"rng.normal(0, 1, {p.shape}) * 3 * math.sqrt(2 / {p.fan_in})"


# --- the files ---------------------------------------------------------------------------------------------------------


@cache
def _parts() -> dict[str, str]:
    """The text of each class and function of ``numpy_parts``, in order."""
    tree = ast.parse(text := inspect.getsource(numpy_parts))
    return {
        node.name: ast.get_source_segment(text, node) or ""
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }


def parts_for(code: str) -> str:
    """The text of all the parts that ``code`` names, and that those name in turn."""
    parts, wanted, todo = _parts(), set[str](), [code]
    while todo:
        names = set(re.findall(r"\w+", re.sub(r'""".*?"""', "", todo.pop(), flags=re.DOTALL)))
        new = (names & parts.keys()) - wanted
        wanted |= new
        todo += [parts[name] for name in new]
    return "\n\n\n".join(text for name, text in parts.items() if name in wanted)


def imports_for(code: str, *others: str) -> str:
    """The imports at the top of a file with ``code``."""
    standard = [f"import {name}" for name in ("itertools", "math", "sys") if re.search(rf"\b{name}\.", code)]
    own = "\n".join(others)
    return "\n".join(
        [*standard, "from pathlib import Path", "", "import numpy as np", *(["", own] if own else [])]
    )


def write(subject: Subject, evidence: Evidence, folder: Path) -> list[Path]:
    """Write the program and what it reads into ``folder``; returns the files. Raises OSError, ExportError."""
    return [
        write_text(folder / "model.py", model_text(subject)),
        write_text(folder / "train.py", train_text(subject)),
        write_text(
            folder / "check.py", check_text(imports_for("", "import model\nimport train"), VALUES, LOSSES)
        ),
        write_arrays(folder / "weights.npz", subject.state()),
        write_arrays(folder / "check.npz", evidence.arrays()),
        write_arrays(folder / "data.npz", data_arrays(subject, evidence)),
    ]


VALUES = """\
    net = model.load(dtype=dtype)
    net.forward(EXPECTED["x"].astype(dtype))
    return net.values"""

LOSSES = """\
    net = model.load(dtype=dtype)
    for name, layer in net.layers.items():
        if hasattr(layer, "masks"):
            layer.masks = iter([EXPECTED[key] for key in EXPECTED if key.startswith(f"mask {name} ")])
    steps = train.train(net, train.load_data(dtype), orders=EXPECTED["order"], patience=0)
    return [loss for _, (_, loss) in zip(EXPECTED["losses"], steps)]"""


def model_text(subject: Subject) -> str:
    """The program of the network."""
    places = subject.places()
    calls = [numpy_writers(p.layer, p) for p in places]
    if subject.is_chain:
        maker, lines = "Sequential", [(f"{c},", p.comment) for c, p in zip(calls, places, strict=True)]
    else:
        maker = "Graph"
        lines = [
            (f"{p.name}=({c}, {', '.join(map(_quoted, p.sources))}),", p.comment)
            for c, p in zip(calls, places, strict=True)
        ]
    anew = _anew_text(subject)
    body = f'''\
def build(w):
    """The network; ``w``: its arrays by name, as weights.npz holds them. Comments say what each layer gives."""
    return {maker}(
{aligned(lines, 8)}
    )


def load(path=Path(__file__).with_name("weights.npz"), dtype=np.float32):
    """The network with the weights in a file."""
    with np.load(path) as file:
        return build({{name: file[name].astype(dtype) for name in file.files}})


def arrays(net):
    """All that the network has learned and keeps, by name; to write into an array is to change the network."""
    found = {{}}
    for name, layer in net.layers.items():
        found |= {{f"{{name}}.{{key}}": a for key, a in layer.params.items()}}
        found |= {{f"{{name}}.{{key}}": a for key, a in vars(layer).items() if key.startswith("running")}}
    return found


{anew}


if __name__ == "__main__":
    import check

    check.main()
'''
    count = len(subject.model.store.values)
    return f'''"""{subject.name}: {len(places)} layers, {count:,} parameters. Written for NumPy by Chainrule Playground.

    python model.py    checks that it gives the same numbers as there
    python train.py    trains it further

A batch of samples is {batch_shape(subject.model.in_shape)}. Every layer keeps what it needs from forward for backward.
"""

{imports_for(body + parts_for(body))}


{parts_for(body)}


{body}'''


def _quoted(name: str) -> str:
    return f'"{name}"'


def _anew_text(subject: Subject) -> str:
    """The function that draws first weights."""
    specs = subject.model.store.specs
    lines = []
    for place in subject.places():
        for name, spec in specs.get(place.node_id, {}).items():
            how = place.initializer or subject.fit.initializer
            value = repr(spec.start) if spec.is_bias else numpy_writers(how, spec)
            lines.append(f'    net.layers["{place.name}"].params["{name}"][...] = {value}')
    return '''\
def begin_anew(net, seed):
    """Draw new first weights, in the way that was chosen in the playground."""
    rng = np.random.default_rng(seed)
''' + "\n".join(lines or ["    del net, rng  # nothing is drawn"])


def train_text(subject: Subject) -> str:
    """The program that trains."""
    fit = subject.fit
    loss = fit.loss.after(subject.network.output_range)
    factor, plateau = numpy_writers(fit.schedule), isinstance(fit.schedule, schedules.ReduceLROnPlateau)
    constants = [
        ("BATCH_SIZE", fit.batch_size, ""),
        ("EPOCHS", fit.epochs, ""),
        ("LEARNING_RATE", fit.optimizer.lr, ""),
    ]
    constants += [
        ("PATIENCE", fit.early_stopping, "epochs without a better validation loss; 0: train to the end")
    ]
    frozen = tuple(p.name for p in subject.places() if p.frozen and p.node_id in subject.model.store.specs)
    out = batch_shape(subject.model.out_shape).replace("N", "B")
    learning = f" if name not in {frozen!r}" if frozen else ""
    update = [
        f"z = net.forward(x[batch], training=True)  # {out}",
        f"loss, dz = {numpy_writers(loss)}",
        "net.backward(dz)",
    ]
    update += _penalty_lines(subject)
    update.append("grads = [layer.grads[key] for layer, key in learning]")
    if fit.clipping is not None:
        update.append(f"grads = {numpy_writers(fit.clipping)}")
    if plateau:
        update.append("optimizer.lr = LEARNING_RATE * plateau.factor")
    elif factor:
        part = "epoch + start / len(x)" if fit.schedule.per_step else "epoch"
        update.append(f"optimizer.lr = LEARNING_RATE * rate({part})")
    update.append("optimizer.step(grads)")
    if fit.max_norm:
        names = [place.name for place, _ in subject.weights() if not place.frozen]
        update.append(
            f'limit_rows([net.layers[name].params["weight"] for name in {names!r}], {fit.max_norm!r})'
        )
    schedule = (
        f'def rate(epoch):\n    """What the learning rate is multiplied by after so many epochs."""\n    return {factor}\n\n\n'
        if factor and not plateau
        else ""
    )
    first = f"    plateau = {factor}\n" if plateau else ""
    watch = "        plateau.watch(score)\n" if plateau else ""
    steps = "\n".join(" " * 12 + line for line in update)
    body = f'''\
{schedule}def load_data(dtype=np.float32):
    """Training and validation samples, prepared as the network was taught: {{"x_train": ..., "y_train": ...}}."""
    with np.load(HERE / "data.npz") as file:
        arrays = {{name: file[name] for name in file.files}}
    return {{name: a if a.dtype.kind == "i" else a.astype(dtype) for name, a in arrays.items()}}


def evaluate(net, x, y):
    """The loss of all samples, in inference mode and without penalty."""
    total = 0.0
    for start in range(0, len(x), 256):
        batch = slice(start, start + 256)
        z = net.forward(x[batch])
        loss, _ = {numpy_writers(loss)}
        total += float(loss) * len(z)
    return total / len(x)


def train(net, data, epochs=EPOCHS, orders=(), patience=PATIENCE, seed=0):
    """Train ``net`` in place, yielding (epoch, loss of the batch) after each update.

    ``orders``: in which order the first epochs visit the samples; for the others it is drawn.
    """
    x, y = data["x_train"], data["y_train"]
    watched = [data.get(f"{{name}}_validation", data[f"{{name}}_train"]) for name in "xy"]
    learning = [(layer, key) for name, layer in net.layers.items(){learning} for key in layer.params]
    params = [layer.params[key] for layer, key in learning]
    optimizer = {numpy_writers(fit.optimizer)}
{first}    best, waited, rng = np.inf, 0, np.random.default_rng(seed)
    for epoch in range(epochs):
        order = orders[epoch] if epoch < len(orders) else rng.permutation(len(x))
        for start in range(0, len(x), BATCH_SIZE):
            batch = order[start : start + BATCH_SIZE]
{steps}
            yield epoch, float(loss)
        score = evaluate(net, *watched)
{watch}        if score < best:
            best, waited, kept = score, 0, {{name: a.copy() for name, a in model.arrays(net).items()}}
        elif (waited := waited + 1) == patience:  # stop early, with the best weights
            for name, a in model.arrays(net).items():
                a[...] = kept[name]
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
    np.savez(HERE / "trained.npz", **model.arrays(net))


if __name__ == "__main__":
    main()
'''
    named = "\n".join(f"{n} = {v!r}{f'  # {note}' if note else ''}" for n, v, note in constants)
    return f'''"""Trains the network of model.py further and writes trained.npz:

    python train.py
{left_out(subject)}"""

{imports_for(body + parts_for(body), "import model")}

HERE = Path(__file__).parent
{named}


{parts_for(body)}


{body}'''


def _penalty_lines(subject: Subject) -> list[str]:
    """Lines that add the penalties' gradients: a loop for each kind."""
    found: dict[str, list[str]] = {}
    for place, _ in subject.weights():
        own = getattr(place.layer, "regularizer", None) or subject.fit.regularizer
        gradient = numpy_writers(own)
        if gradient and not place.frozen:
            found.setdefault(gradient, []).append(place.name)
    lines = []
    for gradient, names in found.items():
        lines += [
            f"for name in {names!r}:  # penalty",
            '    w, grads = net.layers[name].params["weight"], net.layers[name].grads',
            f'    grads["weight"] = grads["weight"] + {gradient}',
        ]
    return lines
