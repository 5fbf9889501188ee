"""Export to Keras 3: the network as one writes it by hand, channels last, with its weights, and a check that runs it.

It holds the network alone: it is continued by ``compile`` and ``fit``.
"""

from __future__ import annotations

from engine.export.base import (
    Outline,
    Place,
    Subject,
    batch_shape,
    npz,
    title,
)
from engine.export.check import check_text
from engine.export.evidence import Evidence
from engine.export.keras_parts import helpers
from engine.export.keras_words import channels_last, keras_weights, keras_writers, weights_npz
from engine.export.lines import DATA, Line, aligned, listing, marked, plain


def program(subject: Subject) -> dict[str, bytes]:
    """Its files by name. Raises ExportError."""
    outline = subject.outline
    imports = "from pathlib import Path\n\nimport keras\nimport numpy as np\n\nimport model"
    names = {_name(p): p.name for p in _used(outline.places())}
    check = check_text(imports, VALUES.format(names=names), dtypes=("float32",))
    return {"model.py": model_text(outline).encode(), "check.py": check.encode()}


def _weights(subject: Subject, evidence: Evidence) -> bytes:
    state = subject.state()
    return npz(weights_npz([(_name(p), keras_weights(p, state)) for p in _used(subject.places())]))


#: what makes the files that the program reads
READS = {"weights.npz": _weights, "check.npz": lambda subject, evidence: npz(evidence.arrays(training=False))}

VALUES = """\
    net, names = model.load(), {names!r}
    inside = keras.Model(net.inputs, [net.get_layer(name).output for name in names])
    x = EXPECTED["x"].astype(dtype)
    found = inside.predict(np.moveaxis(x, 1, -1), verbose=0)
    found = found if isinstance(found, list) else [found]
    # Keras has channels last, what is expected has them first.
    return {{names[name]: np.moveaxis(np.asarray(a), -1, 1) for name, a in zip(names, found)}}"""


def _used(places: list[Place]) -> list[Place]:
    """Those that the last one follows from: a model of Keras holds no others."""
    named, left, found = {p.name: p for p in places}, [places[-1].name], set[str]()
    while left:
        name = left.pop()
        if name in named and name not in found:
            found.add(name)
            left += named[name].sources
    return [p for p in places if p.name in found]


def _name(place: Place) -> str:
    """What the layer is called there."""
    return f"{place.layer.key.lower()}_{place.name}" if place.name.isdigit() else place.name


def model_text(outline: Outline) -> str:
    """The program of the network."""
    build = _build_text(outline)
    text = f'''"""{title(outline, "Keras")}

    python model.py    checks that it gives the same numbers as there

{_about(outline)}
"""

from pathlib import Path

import keras
import numpy as np
{_imports(build)}


{helpers(build)}{build}


{LOAD}


if __name__ == "__main__":
    import check

    check.main()
'''
    return plain(text)


def script(outline: Outline) -> tuple[Line, ...]:
    """The network in one program that runs alone; with whose line is which. Raises ExportError."""
    build = _build_text(outline)
    sizes = ", ".join(map(str, (4, *channels_last(outline.in_shape))))
    sample = marked(f"    x = np.random.default_rng(0).normal(size=({sizes}))", DATA, makes=True)
    text = f'''"""{title(outline, "Keras")}

{_about(outline)}
"""

import keras
import numpy as np
{_imports(build)}


{helpers(build)}{build}


if __name__ == "__main__":
    net = build()
    net.summary()
{sample}  # put your samples here
    print(net.predict(x))
'''
    return listing(text, [node.id for node in outline.network.nodes])


def _imports(build: str) -> str:
    return "from keras import layers, ops" if "ops." in helpers(build) else "from keras import layers"


def _about(outline: Outline) -> str:
    shape = batch_shape(channels_last(outline.in_shape))
    return f"Needs keras 3 with one of its back-ends, and numpy. A batch of samples is {shape}: channels come last."


LOAD = '''\
def load(path=Path(__file__).with_name("weights.npz")):
    """The network with the weights in a file."""
    net = build()
    with np.load(path) as file:
        for layer in net.layers:
            layer.set_weights([file[f"{layer.name}.{i}"] for i in range(len(layer.weights))])
    return net'''


def _build_text(outline: Outline) -> str:
    """The function that builds the network."""
    places = outline.places()
    shape, used = channels_last(outline.in_shape), {p.name for p in _used(places)}
    frozen = [
        marked(f'    net.get_layer("{_name(p)}").trainable = False', p.number)
        for p in outline.frozen()
        if p.name in used
    ]
    make = _chain_lines(places) if outline.is_chain else _graph_lines(places)
    begin = marked(f"layers.Input({shape})", DATA)
    if outline.is_chain:
        begin = marked(f"            layers.Input({shape}),", DATA)
        body = f"    net = keras.Sequential(\n        [\n{begin}\n{aligned(make, 12)}\n        ]\n    )"
    else:
        begin = marked(f"    x = layers.Input({shape})", DATA)
        body = f"{begin}\n{aligned(make, 4)}\n    net = keras.Model(x, {_value(places[-1].name)})"
    return "\n".join(
        [
            "def build():",
            '    """The network, with weights that Keras has drawn. Comments say what each layer gives."""',
            body,
            *frozen,
            "    return net",
        ]
    )


def _calls(place: Place) -> list[str]:
    """What makes the layers of a place; the last has its name."""
    *before, last = keras_writers(place.layer, place)
    comma = "" if last.endswith("()") else ", "
    return [*before, f'{last[:-1]}{comma}name="{_name(place)}")']


def _comment(place: Place) -> str:
    return batch_shape(channels_last(place.out))


def _chain_lines(places: list[Place]) -> list[tuple[str, str, int]]:
    found = []
    for place in places:
        *before, last = _calls(place)
        found += [(f"{call},", "", place.number) for call in before]
        found.append((f"{last},", _comment(place), place.number))
    return found


def _graph_lines(places: list[Place]) -> list[tuple[str, str, int]]:
    found = []
    for place in places:
        values = [_value(source) for source in place.sources]
        code = values[0] if place.layer.arity == 1 else f"[{', '.join(values)}]"
        for call in _calls(place):
            code = f"{call}({code})"
        found.append((f"{_value(place.name)} = {code}", _comment(place), place.number))
    return found


def _value(name: str) -> str:
    return "x" if name == "input" else name
