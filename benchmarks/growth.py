"""How the time of what one waits for grows with the number of layers, in seconds of processor.

    python -m benchmarks.growth [--layers 1 10 30 100 300 1000] [WORK ...]

The network is a chain of small Linear layers and Tanhs. For each kind of work the least of a few tries counts; then the exponent is
fitted to the rows from 100 layers on, where what is there anyway no longer counts: 1 is linear, 2 quadratic. Exit code 1 where 1,000
layers are laid out in more than a second, or something grows faster than linearly by a good deal.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from time import process_time

from playground import app

app.one_blas_thread()  # before NumPy comes
os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy as np  # noqa: E402
from PySide6.QtCore import QCoreApplication, QSettings, QSizeF  # noqa: E402

from engine import Model, layers  # noqa: E402
from engine.network import Network, Node  # noqa: E402
from playground.document import edits  # noqa: E402
from playground.document.document import Document  # noqa: E402
from playground.document.project import Project, problems  # noqa: E402
from playground.runner.messages import Command, Frame  # noqa: E402
from playground.ui.application import Appearance, application  # noqa: E402
from playground.ui.canvas.block import measure  # noqa: E402
from playground.ui.canvas.layout import lay_out  # noqa: E402
from playground.ui.canvas.look import look_of  # noqa: E402
from playground.ui.canvas.plan import plan  # noqa: E402
from playground.ui.main_window import MainWindow  # noqa: E402
from playground.ui.settings import Settings  # noqa: E402
from playground.ui.theme import LIGHT  # noqa: E402
from playground.ui.undo import History  # noqa: E402

LAYERS = (1, 10, 30, 100, 300, 1000)
FITTED = 100  #: layers from which on the exponent is fitted
TRIES = 3
LIMIT = 1.0  #: seconds of processor for the layout of 1,000 layers
STEEPEST = 1.3  #: exponent


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


def exponent(counts: list[int], times: list[float]) -> float:
    """The slope of the times over the counts, both as logarithms."""
    rows = [(n, t) for n, t in zip(counts, times, strict=True) if n >= FITTED]
    if len(rows) < 2:
        return float("nan")
    xs, ys = np.log(np.array(rows)).T
    return float(np.polyfit(xs, ys, 1)[0])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", nargs="*", help="layout, plan, binding or window; all by default")
    parser.add_argument("--layers", nargs="+", type=int, default=LAYERS)
    chosen = parser.parse_args()
    application()
    wanted = chosen.work or ["layout", "plan", "binding", "window"]
    single = {"layout": of_layout, "plan": of_plan, "binding": of_binding}
    table: dict[str, list[float]] = {}
    for count in chosen.layers:
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
        slope = exponent(chosen.layers, times)
        good = not slope > STEEPEST and not (name == "layout" and times[-1] > LIMIT)
        met &= good
        print(f"{name:8} grows with exponent {slope:.2f}: {'ok' if good else 'STEEP'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
