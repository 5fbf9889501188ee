"""Export to PyTorch: a module and a training script as one writes them by hand, with the weights as safetensors."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine import layers, schedules
from engine.export.base import (
    SAMPLES,
    Outline,
    Place,
    Subject,
    Targets,
    batch_shape,
    left_out,
    main_text,
    settings_text,
    targets_of,
    title,
)
from engine.export.check import check_text
from engine.export.evidence import FILES, Evidence
from engine.export.lines import DATA, LOSS, Line, aligned, listing, marked, plain
from engine.export.numpy_target import parts_for
from engine.export.pytorch_words import pytorch_writers, variable
from engine.io.weights import packed

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
    "PaddedMaxPool2d(": '''\
class PaddedMaxPool2d(nn.MaxPool2d):
    """A maximum over windows, with another border at each side, which never wins."""

    def __init__(self, sides, *args, **named):
        super().__init__(*args, **named)
        self.sides = sides  # top, bottom, left, right

    def forward(self, x):
        top, bottom, left, right = self.sides
        return super().forward(nn.functional.pad(x, (left, right, top, bottom), value=-torch.inf))


''',
    "WindowMean(": '''\
class WindowMean(nn.Module):
    """The mean of each window, whose cells may lie apart. ``padding``: top, bottom, left, right; ``beyond``: below and to the right of
    all padding, which never counts."""

    def __init__(self, kernel_size, stride, padding, beyond, dilation, count_include_pad):
        super().__init__()
        self.kernel_size, self.how = kernel_size, {"stride": stride, "dilation": dilation}
        self.padding, self.beyond, self.count_include_pad = padding, beyond, count_include_pad

    def forward(self, x):
        (top, bottom, left, right), (down, along) = self.padding, self.beyond
        ones = torch.ones_like(x[:1, :1])
        sums = self.sums(nn.functional.pad(x, (left, right + along, top, bottom + down)))
        inside = nn.functional.pad(ones, (left, right, top, bottom), value=float(self.count_include_pad))
        return sums / self.sums(nn.functional.pad(inside, (0, along, 0, down)))

    def sums(self, x):
        kernel = x.new_ones(x.shape[1], 1, *self.kernel_size)
        return nn.functional.conv2d(x, kernel, groups=x.shape[1], **self.how)


''',
    "ScaledELU(": '''\
class ScaledELU(nn.ELU):
    """A SELU with other constants."""

    def __init__(self, alpha, scale):
        super().__init__(alpha)
        self.scale = scale

    def forward(self, x):
        return self.scale * super().forward(x)


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
    "WeightedCrossEntropy(": '''\
class WeightedCrossEntropy(nn.CrossEntropyLoss):
    """Classes count by their weights; those for which nothing is said count 1."""

    def __init__(self, weights, **named):
        super().__init__(**named)
        self.weights = weights

    def forward(self, z, y):
        weight, given = torch.ones(z.shape[1], dtype=z.dtype, device=z.device), self.weights[: z.shape[1]]
        weight[: len(given)] = torch.tensor(given, dtype=z.dtype, device=z.device)
        return nn.functional.cross_entropy(z, y, weight, label_smoothing=self.label_smoothing)


''',
    "hinge_loss": '''\
def hinge_loss(z, t):
    """max(0, 1 − tz); t (N, 1) of −1 and +1."""
    return torch.relu(1 - t * z).mean()


''',
}


def _helpers(code: str) -> str:
    own = "".join(text for word, text in HELPERS.items() if word in code)
    return own + (
        f"{parts_for('one_cycle')}\n\n\n" if "one_cycle(" in code else ""
    )  # that needs nothing of NumPy


def program(subject: Subject) -> dict[str, bytes]:
    """Its files by name. Raises ExportError."""
    outline = subject.outline
    texts = {"model.py": model_text(outline), "train.py": train_text(outline), "check.py": _check(outline)}
    return {name: text.encode() for name, text in texts.items()}


def _weights(subject: Subject, evidence: Evidence) -> bytes:
    """As PyTorch's ``state_dict`` names them."""
    state = subject.state()
    for place in subject.places():
        if isinstance(place.layer, layers.BatchNorm):
            state[f"{place.name}.num_batches_tracked"] = np.zeros((), np.int64)
    return packed(state)


#: what makes the files that the program reads
READS = {"weights.safetensors": _weights, **FILES}


def _joins(place: Place) -> bool:
    return place.layer.arity != 1


def _reference(outline: Outline, name: str) -> str:
    """How code outside the network names one of its layers."""
    return f"net[{name}]" if outline.is_chain else f"net.{name}"


def model_text(outline: Outline) -> str:
    """The program of the network."""
    build = _build_text(outline)
    text = f'''"""{title(outline, "PyTorch")}

    python model.py    checks that it gives the same numbers as there
    python train.py    trains it further

Needs torch, numpy and safetensors. A batch of samples is {batch_shape(outline.in_shape)}.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn


{_helpers(build)}{build}

def load(path=Path(__file__).with_name("weights.safetensors"), dtype=torch.float32):
    """The network with the weights in a file, ready for inference."""
    net = build().to(dtype)
    net.load_state_dict(load_file(path))
    return net.eval()


{_anew_text(outline)}


if __name__ == "__main__":
    import check

    check.main()
'''
    return plain(text)


def _build_text(outline: Outline) -> str:
    return _chain_text(outline) if outline.is_chain else _graph_text(outline)


def _chain_text(outline: Outline) -> str:
    """The function that builds layers one after the other."""
    lines = [(f"{pytorch_writers(p.layer, p)},", p.comment, p.number) for p in outline.places()]
    freeze = "".join(
        marked(f"    {_reference(outline, p.name)}.requires_grad_(False)", p.number) + "\n"
        for p in outline.frozen()
    )
    freeze += "".join(
        marked(f"    {_reference(outline, p.name)}.bias.requires_grad_(False)", p.number) + "\n"
        for p in outline.frozen_biases()
    )
    return f'''\
def build():
    """The network, with weights that PyTorch has drawn. Comments say what each layer gives."""
    net = nn.Sequential(
{aligned(lines, 8)}
    )
{freeze}    return net
'''


def _graph_text(outline: Outline) -> str:
    """The module of a graph, and the function that builds it."""
    places = outline.places()
    written = [(p, pytorch_writers(p.layer, p)) for p in places]
    modules = [(f"self.{p.name} = {code}", "", p.number) for p, code in written if not _joins(p)]
    modules += [(f"self.{p.name}.requires_grad_(False)", "", p.number) for p in outline.frozen()]
    modules += [(f"self.{p.name}.bias.requires_grad_(False)", "", p.number) for p in outline.frozen_biases()]
    values = [
        (
            f"{p.name} = {code if _joins(p) else f'self.{p.name}({variable(p.sources[0])})'}",
            p.comment,
            p.number,
        )
        for p, code in written
    ]
    return f'''\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
{aligned(modules, 8)}

    def forward(self, x):  # {batch_shape(outline.in_shape)}
{aligned(values, 8)}
        return {places[-1].name}


def build():
    """The network, with weights that PyTorch has drawn."""
    return Net()
'''


def _anew_text(outline: Outline) -> str:
    """The function that draws first weights."""
    lines = []
    for place in outline.places():
        for name, spec in outline.specs.get(place.node_id, {}).items():
            w = f"{_reference(outline, place.name)}.{name}"
            how = place.initializer or outline.fit.initializer
            line = (
                f"nn.init.constant_({w}, {spec.start!r})" if spec.is_bias else pytorch_writers(how, spec, w)
            )
            lines.append(marked(line, place.number))
        if place.layer.state(*place.ins):
            lines.append(marked(f"{_reference(outline, place.name)}.reset_running_stats()", place.number))
    return f'''\
def begin_anew(net):
    """Draw new first weights, in the way that was chosen in the playground."""
{_indented(lines or ["pass"], 4)}'''


def _indented(lines: Iterable[str], by: int) -> str:
    return "\n".join(" " * by + line for line in lines)


LOAD_DATA = '''\
def load_data(dtype=torch.float32):
    """Training and validation samples, prepared as the network was taught: {"x_train": ..., "y_train": ...}."""
    with np.load(HERE / "data.npz") as file:
        tensors = {name: torch.from_numpy(file[name]) for name in file.files}
    return {name: t.to(dtype) if t.is_floating_point() else t for name, t in tensors.items()}


'''

EVALUATE = '''\
@torch.no_grad()
def evaluate(net, x, y):
    """The loss of all samples, in inference mode and without penalty."""
    net.eval()
    batches = zip(x.split(256), y.split(256))
    return sum(criterion(net(x), y).item() * len(x) for x, y in batches) / len(x)


'''


def train_text(outline: Outline) -> str:
    """The program that trains."""
    fit, criterion, penalty = outline.fit, pytorch_writers(outline.loss), _penalty_text(outline)
    loop = _loop_text(outline, "(loss + penalty(net))" if penalty else "loss")
    main = main_text('save_file(net.state_dict(), HERE / "trained.safetensors")')
    body = penalty + LOAD_DATA + EVALUATE + loop + main
    scheduling = "from torch.optim import lr_scheduler\n" if pytorch_writers(fit.schedule) else ""
    text = f'''"""Trains the network of model.py further and writes trained.safetensors:

    python train.py
{left_out(outline)}"""

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
{settings_text(outline)}


{_helpers(criterion + body)}{_criterion_text(criterion)}


{body}'''
    return plain(text)


def _criterion_text(criterion: str) -> str:
    return marked(f"criterion = {criterion}", LOSS, makes=True)


def script(outline: Outline) -> tuple[Line, ...]:
    """Network and training in one program that runs alone, on samples drawn at random; with whose line is which. Raises ExportError."""
    build, criterion, penalty = _build_text(outline), pytorch_writers(outline.loss), _penalty_text(outline)
    loop = _loop_text(outline, "(loss + penalty(net))" if penalty else "loss")
    body = penalty + EVALUATE + loop
    scheduling = "from torch.optim import lr_scheduler\n" if pytorch_writers(outline.fit.schedule) else ""
    text = f'''"""{title(outline, "PyTorch")}
{left_out(outline)}"""

import copy
import math

import torch
from torch import nn
{scheduling}
{settings_text(outline)}


{_helpers(build + criterion + body)}{build}

{_anew_text(outline)}


{_criterion_text(criterion)}


{body}if __name__ == "__main__":
    torch.manual_seed(0)
    net = build()
    begin_anew(net)
{_samples_text(outline)}
    for epoch, loss in train(net, {{"x_train": x, "y_train": y}}, epochs=2):
        print(f"epoch {{epoch + 1}}, loss {{loss:.4g}}")
'''
    return listing(text, [node.id for node in outline.network.nodes])


def _samples_text(outline: Outline) -> str:
    """The lines that draw samples."""
    count, shape = SAMPLES, ", ".join(map(str, (SAMPLES, *outline.out_shape)))
    draws = {
        Targets.LABELS: f"torch.randint({max(outline.out_shape[0], 2)}, ({count},))",
        Targets.NUMBERS: f"torch.randn({shape})",
        Targets.SIGNS: f"torch.randint(2, ({shape})) * 2.0 - 1",
        Targets.BITS: f"torch.randint(2, ({shape})).float()",
    }
    sizes = ", ".join(map(str, (count, *outline.in_shape)))
    kind = targets_of(outline.loss)
    lines = [
        (f"x = torch.randn({sizes})", "put your samples here", DATA),
        (f"y = {draws[kind]}", kind.value, DATA),
    ]
    return aligned(lines, 4)


def _loop_text(outline: Outline, total: str) -> str:
    """The function that trains; ``total``: what is lessened."""
    schedule = outline.fit.schedule
    scheduler = pytorch_writers(schedule)
    after = ""
    if scheduler and not schedule.per_step:
        score = "score" if isinstance(schedule, schedules.ReduceLROnPlateau) else ""
        after = f"        scheduler.step({score})\n"
    clock = CLOCK if "epoch_at" in scheduler else ""
    scheduling = f"    scheduler = {scheduler}\n" if scheduler else ""
    return f'''\
def train(net, data, epochs=EPOCHS, orders=(), patience=PATIENCE):
    """Train ``net`` in place, yielding (epoch, loss of the batch) after each update.

    ``orders``: in which order the first epochs visit the samples; for the others it is drawn.
    """
    x, y = data["x_train"], data["y_train"]
    watched = [data.get(f"{{name}}_validation", data[f"{{name}}_train"]) for name in "xy"]
    learning = [p for p in net.parameters() if p.requires_grad]
    optimizer = {pytorch_writers(outline.fit.optimizer)}
{clock}{scheduling}    best, waited = math.inf, 0
    for epoch in range(epochs):
        net.train()
        order = torch.as_tensor(orders[epoch]) if epoch < len(orders) else torch.randperm(len(x))
        for batch in order.split(BATCH_SIZE):
{_indented(_update_lines(outline, total), 12)}
            yield epoch, loss.item()
        score = evaluate(net, *watched)
{after}        if score < best:
            best, waited, kept = score, 0, copy.deepcopy(net.state_dict())
        elif (waited := waited + 1) == patience:  # stop early, with the best weights
            net.load_state_dict(kept)
            return


'''


CLOCK = '''
    def epoch_at(step):
        """Epochs, and parts of one, after so many updates."""
        whole, part = divmod(step, -(-len(x) // BATCH_SIZE))
        return whole + part * BATCH_SIZE / len(x)

'''


def _update_lines(outline: Outline, total: str) -> list[str]:
    """Lines that do an update with a batch."""
    fit = outline.fit
    update = [
        f"z = net(x[batch])  # {batch_shape(outline.out_shape).replace('N', 'B')}",
        "loss = criterion(z, y[batch])",
        "optimizer.zero_grad()",
        f"{total}.backward()",
    ]
    if fit.clipping is not None:
        update.append(pytorch_writers(fit.clipping))
    update.append("optimizer.step()")
    if fit.max_norm:
        update += _limits(outline)
    if fit.schedule.per_step and pytorch_writers(fit.schedule):
        update.append("scheduler.step()")
    return update


def _penalty_text(outline: Outline) -> str:
    """The function of the penalty; "" where there is none."""
    found: dict[str, dict[str, int]] = {}
    for place, name in outline.weights():
        own = getattr(place.layer, "regularizer", None) or outline.fit.regularizer
        penalty = pytorch_writers(own)
        if penalty and not place.frozen:
            found.setdefault(penalty, {})[f"{_reference(outline, place.name)}.{name}"] = place.number
    if not found:
        return ""
    lines = [
        marked(f"total += sum({penalty} for w in [{', '.join(weights)}])", *weights.values())
        for penalty, weights in found.items()
    ]
    return f'''\
def penalty(net):
    """What is added to the loss so that weights stay small."""
    total = 0.0
{_indented(lines, 4)}
    return total


'''


def _limits(outline: Outline) -> list[str]:
    """Lines that shorten each unit's incoming weights."""
    weights = [f"{_reference(outline, p.name)}.{name}" for p, name in outline.weights() if not p.frozen]
    limit = repr(outline.fit.max_norm)
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
    order = EXPECTED["order"]  # of as many epochs as these updates take, which may be more than EPOCHS
    steps = train.train(net, train.load_data(getattr(torch, dtype)), len(order), order, patience=0)
    return [loss for _, (_, loss) in zip(EXPECTED["losses"], steps)]


def recorded(masks):
    """A hook by which a layer that acts at random does again what it did there."""

    def hook(module, args, out):
        if module.training:
            mask, x = next(masks).to(out.dtype), args[0]
            return x + module.std * mask if hasattr(module, "std") else x * mask / (1 - module.p)

    return hook'''


def _check(outline: Outline) -> str:
    places = outline.places()
    joined = {p.name for p in places if _joins(p)}
    # A sum is no module: it is seen where one reads it.
    seen = {p.name: p.sources[0] for p in places if not _joins(p) and p.sources[0] in joined}
    imports = f"from pathlib import Path\n\nimport numpy as np\nimport torch\n\nimport model\nimport train\n\n#: a module that reads a joined value, by whose input that is seen\nJOINED = {seen!r}"
    return check_text(imports, VALUES.format(output=places[-1].name), LOSSES)
