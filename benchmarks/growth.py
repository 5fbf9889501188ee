"""How the time of what one waits for grows with what there is to do, in seconds of processor.

    python -m benchmarks.growth [--layers 1 10 30 100 300 1000] [WORK ...]

First with the number of layers: the network is a chain of small Linear layers and Tanhs. Then, as "training", a trainer made ready and
a step of it, with weights, the batch, pixels and samples. For each kind of work the least of a few tries counts; then the exponent is
fitted to the largest three sizes, where what is there anyway no longer counts: 1 is linear, 2 quadratic. Exit code 1 where 1,000 layers
are laid out in more than a second, or something grows faster than linearly by a good deal.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from time import process_time

from playground import app

app.one_blas_thread()  # before NumPy comes
os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy as np  # noqa: E402
from PySide6.QtCore import QCoreApplication, QSettings, QSizeF  # noqa: E402

from engine import Fit, Model, Trainer, layers, losses  # noqa: E402
from engine.data import Dataset  # noqa: E402
from engine.network import Network, Node  # noqa: E402
from playground.document import edits  # noqa: E402
from playground.document.document import Document  # noqa: E402
from playground.document.project import Project, problems  # noqa: E402
from playground.runner.messages import Command, Frame  # noqa: E402
from playground.ui.application import Appearance, application  # noqa: E402
from playground.ui.kit.theme import LIGHT  # noqa: E402
from playground.ui.panels.canvas.block import measure  # noqa: E402
from playground.ui.panels.canvas.layout import lay_out  # noqa: E402
from playground.ui.panels.canvas.look import look_of  # noqa: E402
from playground.ui.panels.canvas.plan import plan  # noqa: E402
from playground.ui.shell.main_window import MainWindow  # noqa: E402
from playground.ui.shell.settings import Settings  # noqa: E402
from playground.ui.shell.undo import History  # noqa: E402

LAYERS = (1, 10, 30, 100, 300, 1000)
#: what else grows, and its sizes; a side of s pixels makes s² of them, a width of w units about w² weights
SIZES = {
    "width": (128, 256, 512, 1024, 2048),
    "batch": (64, 256, 1024, 4096),
    "side": (16, 32, 64, 128),
    "samples": (1_000, 10_000, 100_000, 1_000_000),
}
FITTED = 3  #: of the largest sizes the exponent is fitted to
TRIES = 5
STEPS = 20
LIMIT = 1.0  #: seconds of processor for the layout of 1,000 layers
STEEPEST = 1.2  #: exponent


class Idle:
    """Stands where a worker would be."""

    def send(self, command: Command) -> None: ...

    def take(self) -> Frame | None:
        return None


def network_of(count: int) -> Network:
    """A chain: 4 units, Tanh, 4 units, …, and a last Linear for the two-class data there are."""
    nodes = [
        Node(f"layer{i}", layers.Tanh() if i % 2 else layers.Linear(out_features=4)) for i in range(count - 1)
    ]
    return Network((*nodes, Node("last", layers.Linear(out_features=1))))


def tried(prepare: Callable[[], Callable[[], object]]) -> float:
    """The least processor time of what ``prepare`` gives, in seconds."""
    times = []
    for _ in range(TRIES):
        work = prepare()
        begun = process_time()
        work()
        times.append(process_time() - begun)
    return min(times)


def of_layout(count: int) -> float:
    """Places for all blocks in a view of usual size."""
    project = Project(network=network_of(count))
    shown, look = plan(project), look_of(LIGHT)
    measures = {block.id: measure(block, look, compact=False) for block in shown.blocks}
    return tried(lambda: lambda: lay_out(shown, measures, QSizeF(900, 600)))


def of_plan(count: int) -> float:
    """What the canvas shows, and what is wrong with it."""

    def prepare() -> Callable[[], object]:
        project = Project(network=network_of(count))
        return lambda: (plan(project), problems(project))

    return tried(prepare)


def of_binding(count: int) -> float:
    """From a network to the calls of a training step."""
    model = Model(network_of(count), (2,))
    return tried(lambda: partial(model.own_program, 32, training=True))


def of_window(count: int) -> tuple[float, float]:
    """Opening the project in a window that shows another one, and one edit of its first layer."""
    document = Document(Project())
    settings = Settings(QSettings(os.devnull, QSettings.Format.IniFormat))
    window = MainWindow(document, History(document), Idle(), settings, Appearance(settings))
    window.resize(1440, 900)
    window.show()

    def turn(project: Project) -> None:
        document.set(project)
        QCoreApplication.processEvents()

    def opened() -> Callable[[], object]:
        turn(Project())
        return partial(turn, Project(network=network_of(count)))

    def edited() -> Callable[[], object]:
        layer = document.value.network.nodes[0].layer
        wider = layer.replace(out_features=3 if layer.out_features == 4 else 4) if count > 1 else layer
        first = document.value.network.nodes[0].id
        return partial(turn, edits.set_layer(document.value, first, wider))

    turn(Project(network=network_of(count)))
    times = tried(opened), tried(edited)
    window.close()
    window.deleteLater()
    QCoreApplication.processEvents()
    return times


def of_training(
    width: int = 16, batch: int = 32, side: int = 0, samples: int = 16_384
) -> tuple[float, float]:
    """Making a trainer ready, and one step of it: of a small picture network where there is a ``side``, else of a dense one."""
    if side:
        convolution = layers.Conv2d(8, 3, padding=1)
        network = Network.chain(
            convolution, layers.ReLU(), layers.MaxPool2d(), layers.Flatten(), layers.Linear(2)
        )
        shape: tuple[int, ...] = (1, side, side)
        samples = 256
    else:
        hidden = layers.Linear(width), layers.Tanh()
        network, shape = Network.chain(*hidden, *hidden, layers.Linear(2)), (2,)
    x = np.random.default_rng(0).normal(size=(samples, *shape)).astype(np.float32)
    data, model = Dataset(x, np.arange(samples) % 2), Model(network, shape)
    fit = Fit(losses.CrossEntropyLoss(), batch_size=batch)

    most = max(1, min(STEPS, samples // batch - 1))  # at an epoch's end all would be evaluated

    def steps() -> Callable[[], object]:
        trainer = Trainer(model, data, None, fit)
        return lambda: [trainer.run(60.0, most=1) for _ in range(most)]

    return tried(lambda: partial(Trainer, model, data, None, fit)), tried(steps) / most


def exponent(counts: Sequence[int], times: Sequence[float]) -> float:
    """The slope of the times over the largest counts, both as logarithms."""
    rows = list(zip(counts, times, strict=True))[-FITTED:]
    if len(rows) < 2:
        return float("nan")
    xs, ys = np.log(np.array(rows)).T
    return float(np.polyfit(xs, ys, 1)[0])


def told(name: str, counts: Sequence[int], times: Sequence[float]) -> bool:
    """Print with which exponent something grows; whether that is about linear."""
    slope = exponent(counts, times)
    good = not slope > STEEPEST and not (name == "layout" and times[-1] > LIMIT)
    print(f"{name:28} grows with exponent {slope:5.2f}: {'ok' if good else 'STEEP'}", flush=True)
    return good


def training() -> bool:
    """Measure what ``SIZES`` says, and print it; whether nothing grows too fast."""
    met = True
    for axis, sizes in SIZES.items():
        found = [of_training(**{axis: size}) for size in sizes]
        for size, (ready, steps) in zip(sizes, found, strict=True):
            print(f"{axis} {size:9,}  made ready {ready * 1e3:9.1f} ms  a step {steps * 1e3:9.3f} ms")
        counts = [size**2 if axis in ("width", "side") else size for size in sizes]
        for name, times in zip(("made ready", "a step"), zip(*found, strict=True), strict=True):
            met &= told(f"{name} with {axis}", counts, times)
    return met


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", nargs="*", help="layout, plan, binding, window or training; all by default")
    parser.add_argument("--layers", nargs="+", type=int, default=LAYERS)
    chosen = parser.parse_args()
    application()
    wanted = chosen.work or ["layout", "plan", "binding", "window", "training"]
    single = {"layout": of_layout, "plan": of_plan, "binding": of_binding}
    table: dict[str, list[float]] = {}
    for count in chosen.layers if {*single, "window"} & {*wanted} else ():
        row = {name: work(count) for name, work in single.items() if name in wanted}
        if "window" in wanted:
            row["opening"], row["an edit"] = of_window(count)
        for name, seconds in row.items():
            table.setdefault(name, []).append(seconds)
        print(
            f"{count:6,} layers  "
            + "  ".join(f"{name} {seconds * 1e3:9.1f} ms" for name, seconds in row.items()),
            flush=True,
        )
    met = True
    for name, times in table.items():
        met &= told(name, chosen.layers, times)
    if "training" in wanted:
        met &= training()
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
