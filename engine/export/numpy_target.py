"""Export to NumPy: a program that imports NumPy alone, forward and training, with its weights beside it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping
from functools import cache

from engine import schedules
from engine.export import numpy_parts
from engine.export.base import (
    SAMPLES,
    Outline,
    Place,
    Subject,
    Targets,
    batch_shape,
    left_out,
    main_text,
    npz,
    settings_text,
    targets_of,
    title,
)
from engine.export.check import check_text
from engine.export.evidence import FILES
from engine.export.lines import DATA, LOSS, Line, aligned, listing, marked, plain
from engine.export.numpy_words import numpy_writers


@cache
def _parts() -> dict[str, str]:
    """The text of each class and function of ``numpy_parts``, in order."""
    tree = ast.parse(text := inspect.getsource(numpy_parts))
    return {
        node.name: ast.get_source_segment(text, node) or ""
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }


def parts_for(code: str, blocks: Mapping[str, list[int]] = {}) -> str:
    """The text of all the parts that ``code`` names, and that those name in turn; ``blocks``: the layers that each is written for."""
    parts, wanted, todo = _parts(), set[str](), [code]
    while todo:
        names = set(re.findall(r"\w+", re.sub(r'""".*?"""', "", todo.pop(), flags=re.DOTALL)))
        new = (names & parts.keys()) - wanted
        wanted |= new
        todo += [parts[name] for name in new]
    return "\n\n\n".join(
        marked(text, *blocks.get(name, ())) for name, text in parts.items() if name in wanted
    )


def imports_for(code: str, *others: str) -> str:
    """The imports at the top of a file with ``code``."""
    standard = [f"import {name}" for name in ("itertools", "math", "sys") if re.search(rf"\b{name}\.", code)]
    own = "\n".join(others)
    return "\n".join(
        [*standard, "from pathlib import Path", "", "import numpy as np", *(["", own] if own else [])]
    )


def program(subject: Subject) -> dict[str, bytes]:
    """Its files by name. Raises ExportError."""
    outline = subject.outline
    check = check_text(imports_for("", "import model\nimport train"), VALUES, LOSSES)
    texts = {"model.py": model_text(outline), "train.py": train_text(outline), "check.py": check}
    return {name: text.encode() for name, text in texts.items()}


#: what makes the files that the program reads
READS = {"weights.npz": lambda subject, evidence: npz(subject.state()), **FILES}


VALUES = """\
    net = model.load(dtype=dtype)
    net.forward(EXPECTED["x"].astype(dtype))
    return net.values"""

LOSSES = """\
    net = model.load(dtype=dtype)
    for name, layer in net.layers.items():
        if hasattr(layer, "masks"):
            layer.masks = iter([EXPECTED[key] for key in EXPECTED if key.startswith(f"mask {name} ")])
    order = EXPECTED["order"]  # of as many epochs as these updates take, which may be more than EPOCHS
    steps = train.train(net, train.load_data(dtype), len(order), order, patience=0)
    return [loss for _, (_, loss) in zip(EXPECTED["losses"], steps)]"""


def model_text(outline: Outline) -> str:
    """The program of the network."""
    body = f'''\
{_build_text(outline)}


def load(path=Path(__file__).with_name("weights.npz"), dtype=np.float32):
    """The network with the weights in a file."""
    with np.load(path) as file:
        return build({{name: file[name].astype(dtype) for name in file.files}})


{ARRAYS}


{_anew_text(outline)}


if __name__ == "__main__":
    import check

    check.main()
'''
    text = f'''"""{title(outline, "NumPy")}

    python model.py    checks that it gives the same numbers as there
    python train.py    trains it further

{_about(outline)}
"""

{imports_for(body + parts_for(body))}


{parts_for(body)}


{body}'''
    return plain(text)


def _about(outline: Outline) -> str:
    return f"A batch of samples is {batch_shape(outline.in_shape)}. Every layer keeps what it needs from forward for backward."


def _build_text(outline: Outline) -> str:
    """The function that builds the network."""
    places = outline.places()
    calls = [numpy_writers(p.layer, p) for p in places]
    if outline.is_chain:
        maker, codes = "Sequential", [f"{call}," for call in calls]
    else:
        maker = "Graph"
        codes = [
            f"{p.name}=({call}, {', '.join(map(_quoted, p.sources))}),"
            for call, p in zip(calls, places, strict=True)
        ]
    lines = [(code, p.comment, p.number) for code, p in zip(codes, places, strict=True)]
    return f'''\
def build(w):
    """The network; ``w``: its arrays by name, as weights.npz holds them. Comments say what each layer gives."""
    return {maker}(
{aligned(lines, 8)}
    )'''


ARRAYS = '''\
def arrays(net):
    """All that the network has learned and keeps, by name; to write into an array is to change the network."""
    found = {}
    for name, layer in net.layers.items():
        found |= {f"{name}.{key}": a for key, a in layer.params.items()}
        found |= {f"{name}.{key}": a for key, a in vars(layer).items() if key.startswith("running")}
    return found'''


def _quoted(name: str) -> str:
    return f'"{name}"'


def _anew_text(outline: Outline) -> str:
    """The function that draws first weights."""
    specs = outline.specs
    lines = []
    for place in outline.places():
        for name, spec in specs.get(place.node_id, {}).items():
            how = place.initializer or outline.fit.initializer
            value = repr(spec.start) if spec.is_bias else numpy_writers(how, spec)
            line = f'    net.layers["{place.name}"].params["{name}"][...] = {value}'
            lines.append(marked(line, place.number))
    return '''\
def begin_anew(net, seed):
    """Draw new first weights, in the way that was chosen in the playground."""
    rng = np.random.default_rng(seed)
''' + "\n".join(lines or ["    del net, rng  # nothing is drawn"])


LOAD_DATA = '''\
def load_data(dtype=np.float32):
    """Training and validation samples, prepared as the network was taught: {"x_train": ..., "y_train": ...}."""
    with np.load(HERE / "data.npz") as file:
        arrays = {name: file[name] for name in file.files}
    return {name: a if a.dtype.kind == "i" else a.astype(dtype) for name, a in arrays.items()}


'''


def train_text(outline: Outline) -> str:
    """The program that trains."""
    body = (
        _rate_text(outline)
        + LOAD_DATA
        + _evaluate_text(outline)
        + _loop_text(outline)
        + main_text('np.savez(HERE / "trained.npz", **model.arrays(net))')
    )
    text = f'''"""Trains the network of model.py further and writes trained.npz:

    python train.py
{left_out(outline)}"""

{imports_for(body + parts_for(body), "import model")}

HERE = Path(__file__).parent
{settings_text(outline)}


{parts_for(body)}


{body}'''
    return plain(text)


def script(outline: Outline) -> tuple[Line, ...]:
    """Network and training in one program that runs alone, on samples drawn at random; with whose line is which. Raises ExportError."""
    training = (
        _rate_text(outline) + _evaluate_text(outline) + _loop_text(outline).replace("model.arrays", "arrays")
    )
    body = f"""\
{_build_text(outline)}


{ARRAYS}


{_anew_text(outline)}


{settings_text(outline)}


{training}if __name__ == "__main__":
    rng = np.random.default_rng(0)
    net = build({_empty_text(outline)})
    begin_anew(net, seed=0)
{_samples_text(outline)}
    for epoch, loss in train(net, {{"x_train": x, "y_train": y}}, epochs=2):
        print(f"epoch {{epoch + 1}}, loss {{loss:.4g}}")
"""
    blocks: dict[str, list[int]] = {}
    for place in outline.places():
        called, _, _ = numpy_writers(place.layer, place).partition("(")
        blocks.setdefault(called, []).append(place.number)
    imports = imports_for(body + parts_for(body)).replace("from pathlib import Path\n", "").lstrip()
    text = f'''"""{title(outline, "NumPy")}

{_about(outline)}
{left_out(outline)}"""

{imports}


{parts_for(body, blocks)}


{body}'''
    return listing(text, [node.id for node in outline.network.nodes])


def _empty_text(outline: Outline) -> str:
    """All arrays that the network takes, without their numbers."""
    arrays = [(place, name, shape) for place in outline.places() for name, shape in place.shapes.items()]
    lines = [
        marked(f'        "{place.name}.{name}": {_empty(name)}({shape}),', place.number)
        for place, name, shape in arrays
    ]
    return "{\n" + "\n".join(lines) + "\n    }" if lines else "{}"


def _empty(name: str) -> str:
    """A variance begins at 1."""
    return "np.ones" if name == "running_var" else "np.zeros"


def _samples_text(outline: Outline) -> str:
    """The lines that draw samples."""
    count, shape = SAMPLES, (SAMPLES, *outline.out_shape)
    draws = {
        Targets.LABELS: f"rng.integers({max(outline.out_shape[0], 2)}, size={count})",
        Targets.NUMBERS: f"rng.normal(size={shape})",
        Targets.SIGNS: f"rng.integers(2, size={shape}) * 2.0 - 1",
        Targets.BITS: f"rng.integers(2, size={shape}).astype(float)",
    }
    kind = targets_of(outline.loss)
    lines = [
        (f"x = rng.normal(size={(count, *outline.in_shape)})", "put your samples here", DATA),
        (f"y = {draws[kind]}", kind.value, DATA),
    ]
    return aligned(lines, 4)


def _watches(outline: Outline) -> bool:
    """Whether the learning rate follows the losses, not the epochs."""
    return isinstance(outline.fit.schedule, schedules.ReduceLROnPlateau)


def _rate_text(outline: Outline) -> str:
    """The function of the learning rate's factor; "" where it stays or watches."""
    factor = numpy_writers(outline.fit.schedule)
    if not factor or _watches(outline):
        return ""
    return f'''\
def rate(epoch):
    """What the learning rate is multiplied by after so many epochs."""
    return {factor}


'''


def _evaluate_text(outline: Outline) -> str:
    return f'''\
def evaluate(net, x, y):
    """The loss of all samples, in inference mode and without penalty."""
    total = 0.0
    for start in range(0, len(x), 256):
        batch = slice(start, start + 256)
        z = net.forward(x[batch])
{marked(f"        loss, _ = {numpy_writers(outline.loss)}", LOSS)}
        total += float(loss) * len(z)
    return total / len(x)


'''


def _loop_text(outline: Outline) -> str:
    """The function that trains."""
    fit = outline.fit
    frozen = tuple(p.name for p in outline.frozen())
    biases = tuple((p.name, "bias") for p in outline.frozen_biases())
    learning = f" if name not in {frozen!r}" if frozen else ""
    besides = f" if (name, key) not in {biases!r}" if biases else ""
    plateau = f"    plateau = {numpy_writers(fit.schedule)}\n" if _watches(outline) else ""
    watch = "        plateau.watch(score)\n" if plateau else ""
    update = "\n".join(" " * 12 + line for line in _update_lines(outline))
    return f'''\
def train(net, data, epochs=EPOCHS, orders=(), patience=PATIENCE, seed=0):
    """Train ``net`` in place, yielding (epoch, loss of the batch) after each update.

    ``orders``: in which order the first epochs visit the samples; for the others it is drawn.
    """
    x, y = data["x_train"], data["y_train"]
    watched = [data.get(f"{{name}}_validation", data[f"{{name}}_train"]) for name in "xy"]
    learning = [(layer, key) for name, layer in net.layers.items(){learning} for key in layer.params{besides}]
    params = [layer.params[key] for layer, key in learning]
    optimizer = {numpy_writers(fit.optimizer)}
{plateau}    best, waited, rng = np.inf, 0, np.random.default_rng(seed)
    for epoch in range(epochs):
        order = orders[epoch] if epoch < len(orders) else rng.permutation(len(x))
        for start in range(0, len(x), BATCH_SIZE):
            batch = order[start : start + BATCH_SIZE]
{update}
            yield epoch, float(loss)
        score = evaluate(net, *watched)
{watch}        if score < best:
            best, waited, kept = score, 0, {{name: a.copy() for name, a in model.arrays(net).items()}}
        elif (waited := waited + 1) == patience:  # stop early, with the best weights
            for name, a in model.arrays(net).items():
                a[...] = kept[name]
            return


'''


def _update_lines(outline: Outline) -> list[str]:
    """Lines that do an update with a batch."""
    fit = outline.fit
    update = [
        f"z = net.forward(x[batch], training=True)  # {batch_shape(outline.out_shape).replace('N', 'B')}",
        marked(f"loss, dz = {numpy_writers(outline.loss)}", LOSS),
        "net.backward(dz)",
    ]
    update += _penalty_lines(outline)
    update.append("grads = [layer.grads[key] for layer, key in learning]")
    if fit.clipping is not None:
        update.append(f"grads = {numpy_writers(fit.clipping)}")
    if _watches(outline):
        update.append("optimizer.lr = LEARNING_RATE * plateau.factor")
    elif numpy_writers(fit.schedule):
        part = "epoch + start / len(x)" if fit.schedule.per_step else "epoch"
        update.append(f"optimizer.lr = LEARNING_RATE * rate({part})")
    update.append("optimizer.step(grads)")
    if fit.max_norm:
        names = [place.name for place, _ in outline.weights() if not place.frozen]
        update.append(
            f'limit_rows([net.layers[name].params["weight"] for name in {names!r}], {fit.max_norm!r})'
        )
    return update


def _penalty_lines(outline: Outline) -> list[str]:
    """Lines that add the penalties' gradients: a loop for each kind."""
    found: dict[str, list[Place]] = {}
    for place, _ in outline.weights():
        own = getattr(place.layer, "regularizer", None) or outline.fit.regularizer
        gradient = numpy_writers(own)
        if gradient and not place.frozen:
            found.setdefault(gradient, []).append(place)
    lines = []
    for gradient, places in found.items():
        names = [place.name for place in places]
        lines += [
            marked(f"for name in {names!r}:  # penalty", *(place.number for place in places)),
            '    w, grads = net.layers[name].params["weight"], net.layers[name].grads',
            f'    grads["weight"] = grads["weight"] + {gradient}',
        ]
    return lines
