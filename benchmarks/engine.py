"""The engine beside what people would use instead: PyTorch eager, scikit-learn, and NumPy as a textbook writes it.

    python -m benchmarks.engine [--rounds 5] [--seconds 0.3] [--against REVISION] [--readme] [--processor] [WORK ...]

One table, all peers in one run, taking turns; medians over the rounds. Ratios are what counts: above 1 means this engine is
faster. Our step is the whole one (staging of batches, loss, L2 penalty, update, check for divergence); PyTorch's has the same loss
and weight decay and no data loading. Both are measured with one thread and with all where that can matter, and compared at their better.
With ``--against`` an older commit's engine takes its turns too, at the same numbers of threads; with ``--readme`` the README's table of
this run follows.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from benchmarks import textbook
from benchmarks.against import benchmarks_at
from engine import Fit, Model, Network, Trainer, layers, losses, optimizers, probe, regularizers
from engine.data import Circle, Dataset, Preparation, prepare
from playground.runner.team import team

Timed = Callable[[float], float]  #: runs for about so many seconds, returns seconds per unit of work

THREADS = os.cpu_count() or 1
clock = time.perf_counter
WEIGHT_DECAY = 1e-4


@dataclass
class Work:
    """One row: what is done, by whom, and what is asked of us."""

    name: str
    floor: float
    aim: float
    peers: dict[str, Timed] = field(default_factory=dict)


def repeat(f: Callable[[], object]) -> Timed:
    """Time ``f`` by calling it again and again."""

    def timed(seconds: float) -> float:
        f()
        count, start = 0, clock()
        while (took := clock() - start) < seconds or count < 3:
            f()
            count += 1
        return took / count

    return timed


def limited(threads: int, timed: Timed) -> Timed:
    """``timed`` with so many BLAS threads for NumPy."""

    def run(seconds: float) -> float:
        with threadpool_limits(threads, user_api="blas"):
            return timed(seconds)

    return run


def shared(threads: int, timed: Timed) -> Timed:
    """``timed`` with so many threads for the parts of a batch, each with one of BLAS."""

    def run(seconds: float) -> float:
        with team(threads):
            return timed(seconds)

    return limited(1, run)


def ours(
    network: Network, shape: tuple[int, ...], batch: int, classes: int, batches: int, optimizer: str = "SGD"
) -> Timed:
    """Seconds per training step of this engine, inside an epoch."""
    rng = np.random.default_rng(0)
    n = batch * batches
    data = Dataset(rng.normal(size=(n, *shape)).astype(np.float32), np.arange(n) % classes)
    loss = losses.BCEWithLogitsLoss() if classes == 2 else losses.CrossEntropyLoss()
    how = optimizers.optimizers.get(optimizer)(lr=0.001)
    fit = Fit(loss, how, regularizers.L2(strength=WEIGHT_DECAY), batch_size=batch)
    trainer = Trainer(Model(network, shape), data, None, fit)

    def timed(seconds: float) -> float:
        took = steps = 0.0
        while took < seconds or steps < 3:
            left = batches - 1 - round(trainer.part_of_epoch * batches)
            if left < 1:
                trainer.finish_epoch()  # evaluates the whole epoch: not part of a step
                continue
            start = clock()
            steps += trainer.run(seconds, most=left)
            took += clock() - start
        return took / steps

    return timed


def torch_modules(network: Network, shape: tuple[int, ...]) -> list[Any]:
    """The same network as PyTorch modules."""
    from torch import nn

    shapes = network.shapes(shape)
    modules: list[Any] = []
    for node in network.nodes:
        n_in = shapes[network.inputs_of(node.id)[0]]
        match node.layer:
            case layers.Linear(out_features=n):
                modules.append(nn.Linear(n_in[0], n))
            case layers.Conv2d(out_channels=m, kernel_size=k, stride=s, padding=p):
                modules.append(nn.Conv2d(n_in[0], m, k, s, p))
            case layers.MaxPool2d(kernel_size=k, stride=s):
                modules.append(nn.MaxPool2d(k, s or k))
            case layer:
                values = {q.name: v for q, v in layer.values()}
                modules.append(getattr(nn, layer.key)(**values))
    return modules


def pytorch(
    network: Network, shape: tuple[int, ...], batch: int, classes: int, optimizer: str = "SGD"
) -> Callable[[], object]:
    """One step of PyTorch eager."""
    import torch
    from torch import nn

    rng = np.random.default_rng(0)
    x = torch.tensor(rng.normal(size=(batch, *shape)).astype(np.float32))
    y = torch.tensor(np.arange(batch) % classes)
    model = nn.Sequential(*torch_modules(network, shape))
    loss: Any = nn.CrossEntropyLoss()
    if classes == 2:
        loss, y = nn.BCEWithLogitsLoss(), y.float()[:, None]
    how = getattr(torch.optim, optimizer)(model.parameters(), lr=0.001, weight_decay=WEIGHT_DECAY)

    def step() -> None:
        how.zero_grad()
        loss(model(x), y).backward()
        how.step()

    return step


def with_torch_threads(threads: int, timed: Timed) -> Timed:
    """``timed`` with so many threads for PyTorch."""
    import torch

    def run(seconds: float) -> float:
        torch.set_num_threads(threads)
        return timed(seconds)

    return run


def book(network: Network, shape: tuple[int, ...], batch: int, classes: int) -> Callable[[], object]:
    """One step of the textbook's network."""
    rng = np.random.default_rng(0)
    shapes = network.shapes(shape)
    stack: list[Any] = []
    for node in network.nodes:
        n_in = shapes[network.inputs_of(node.id)[0]][0]
        match node.layer:
            case layers.Linear(out_features=n):
                stack.append(textbook.Dense(n_in, n, rng))
            case layers.Conv2d(out_channels=m, kernel_size=int(k), padding=int(p)):
                stack.append(textbook.Convolution(n_in, m, k, p, rng))
            case layers.MaxPool2d():
                stack.append(textbook.MaxPool())
            case layer:
                stack.append(getattr(textbook, layer.key)())
    x = rng.normal(size=(batch, *shape)).astype(np.float32)
    y = np.arange(batch) % classes
    return lambda: textbook.step(stack, x, y)


def sklearn_step(
    hidden: tuple[int, ...], activation: str, n_in: int, batch: int, classes: int
) -> Callable[[], object]:
    """One update of scikit-learn's MLPClassifier."""
    from sklearn.neural_network import MLPClassifier

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(batch, n_in)).astype(np.float32), np.arange(batch) % classes
    model = MLPClassifier(hidden, activation=activation, solver="sgd", batch_size=batch, momentum=0.0)
    model.partial_fit(x, y, classes=np.arange(classes))
    return lambda: model.partial_fit(x, y)


def dense(*units: int, activation: type[layers.Layer] = layers.Tanh) -> Network:
    """units[0] hidden, …, units[-1] outputs, the activation between."""
    chain: list[layers.Layer] = []
    for n in units[:-1]:
        chain += [layers.Linear(n), activation()]
    return Network.chain(*chain, layers.Linear(units[-1]))


C, R, P, F, L = layers.Conv2d, layers.ReLU, layers.MaxPool2d, layers.Flatten, layers.Linear
DIGITS = Network.chain(C(8, 3, padding=1), R(), P(), C(16, 3, padding=1), R(), P(), F(), L(10))
LENET = Network.chain(
    C(6, 5, padding=2), R(), P(), C(16, 5), R(), P(), F(), L(120), R(), L(84), R(), L(10)
)  # fmt: skip
ALEXNET = Network.chain(
    C(96, 11, stride=4), R(), P(3, 2), C(256, 5, padding=2), R(), P(3, 2), C(384, 3, padding=1), R(),
    C(384, 3, padding=1), R(), C(256, 3, padding=1), R(), P(3, 2), F(), L(4096), R(), L(4096), R(), L(1000),
)  # fmt: skip

#: name, network, sample shape, batch, classes, batches per epoch, floor, aim, (hidden units, activation) for scikit-learn
STEPS: tuple[tuple[Any, ...], ...] = (
    ("2-4-2-1 tanh, batch 10", dense(4, 2, 1), (2,), 10, 2, 4000, 15, 25, ((4, 2), "tanh")),
    ("2-8-8-8-1 tanh, batch 32", dense(8, 8, 8, 1), (2,), 32, 2, 4000, 15, 23, ((8, 8, 8), "tanh")),
    (
        "784-128-64-10 ReLU, batch 64",
        dense(128, 64, 10, activation=R),
        (784,),
        64,
        10,
        60,
        1.5,
        2.3,
        ((128, 64), "relu"),
    ),
    ("digits CNN 8×8, batch 32", DIGITS, (1, 8, 8), 32, 10, 400, 4.5, 7, None),
    ("LeNet-5 28×28, batch 64", LENET, (1, 28, 28), 64, 10, 40, 1.2, 2, None),
    ("LeNet-5 28×28, batch 256", LENET, (1, 28, 28), 256, 10, 12, 1.2, 2, None),
    ("AlexNet 227×227, batch 1", ALEXNET, (3, 227, 227), 1, 1000, 6, 1.8, 2.9, None),
    ("AlexNet 227×227, batch 8", ALEXNET, (3, 227, 227), 8, 1000, 4, 0.9, 1.2, None),
)


def step_work(row: tuple[Any, ...], old: Any = None) -> Work:
    """``old``: the benchmarks of an older commit, whose engine is measured as well."""
    name, network, shape, batch, classes, batches, floor, aim, scikit = row
    large, pictures = "AlexNet" in name, len(shape) == 3
    work = Work(name, floor, aim)
    # More BLAS threads do nothing for products that are over in a microsecond.
    for t in sorted({THREADS} if large else {1, THREADS} if pictures else {1}):
        spread = shared if pictures and not large else limited
        work.peers[f"ours {t}t"] = spread(t, ours(network, shape, batch, classes, batches))
        if old is not None:
            before = {r[0]: r for r in old.STEPS}.get(name)
            if before is not None:
                work.peers[f"before {t}t"] = limited(t, old.ours(*before[1:6]))
    for t in sorted({1, THREADS}):
        work.peers[f"torch {t}t"] = with_torch_threads(t, repeat(pytorch(network, shape, batch, classes)))
    if not large:
        work.peers["textbook"] = limited(1, repeat(book(network, shape, batch, classes)))
    if scikit is not None:
        work.peers["sklearn"] = limited(1, repeat(sklearn_step(*scikit, shape[0], batch, classes)))
    return work


def grid_work() -> Work:
    """Every hidden unit's surface over 100×100 points."""
    import torch

    network, points = dense(8, 8, 8, 1), probe.grid(-6.0, 6.0, 100)
    ask = probe.Probe(Model(network, (2,)), points)
    modules = torch_modules(network, (2,))
    x = torch.tensor(points)

    def theirs() -> None:
        with torch.no_grad():
            h = x
            for m in modules:
                h = m(h)

    def naive() -> None:
        h = points
        for layer in stack:
            h = layer.forward(h)

    rng = np.random.default_rng(0)
    stack = [
        textbook.Dense(2, 8, rng),
        textbook.Tanh(),
        textbook.Dense(8, 8, rng),
        textbook.Tanh(),
        textbook.Dense(8, 8, rng),
    ]
    stack += [textbook.Tanh(), textbook.Dense(8, 1, rng)]
    work = Work("grid 100×100, every unit, 2-8-8-8-1", 9, 15)
    work.peers["ours 1t"] = limited(1, repeat(ask.run))
    for t in sorted({1, THREADS}):
        work.peers[f"torch {t}t"] = with_torch_threads(t, repeat(theirs))
    work.peers["textbook"] = limited(1, repeat(naive))
    return work


def epoch_work() -> Work:
    """An epoch of the default project: every update, then train and validation loss."""
    import torch
    from torch import nn

    data, fit, network = prepare(Circle().make(), Preparation()), Fit(), dense(4, 2, 1)
    trainer = Trainer(Model(network, (2,)), data.train, data.validation, fit)
    model, loss = nn.Sequential(*torch_modules(network, (2,))), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=fit.optimizer.lr)
    parts = [
        (torch.tensor(d.x, dtype=torch.float32), torch.tensor(d.y, dtype=torch.float32)[:, None])
        for d in (data.train, data.validation)
        if d is not None
    ]

    def theirs() -> None:
        x, t = parts[0]
        for rows in torch.randperm(len(x)).split(fit.batch_size):
            optimizer.zero_grad()
            loss(model(x[rows]), t[rows]).backward()
            optimizer.step()
        with torch.no_grad():
            for x, t in parts:
                loss(model(x), t)

    work = Work("default project, epoch with both losses", 15, 25)
    work.peers["ours 1t"] = limited(1, repeat(trainer.finish_epoch))
    for threads in sorted({1, THREADS}):
        work.peers[f"torch {threads}t"] = with_torch_threads(threads, repeat(theirs))
    return work


def show(work: Work, rounds: int, seconds: float) -> tuple[dict[str, float], str]:
    """Measure in turns and print a row; the median of each peer, and the README's row."""
    times: dict[str, list[float]] = {name: [] for name in work.peers}
    for _ in range(rounds):
        for name, timed in work.peers.items():
            times[name].append(timed(seconds))
    median = {name: statistics.median(t) for name, t in times.items()}

    def better(who: str) -> str:
        return min((n for n in median if n.startswith(who)), key=median.__getitem__)

    def ratio_to(other: str) -> float:
        """Pair by pair, so that a machine that changes speed in between does not matter."""
        return statistics.median(b / a for a, b in zip(times[better("ours")], times[other], strict=True))

    best = better("torch")
    ratio = ratio_to(best)
    cells = "  ".join(f"{name} {t * 1e6:,.1f} µs" for name, t in median.items())
    verdict = "aim" if ratio >= work.aim else "ok" if ratio >= work.floor else "BELOW"
    print(
        f"{work.name:40} {ratio:6.2f}× {best}  (floor {work.floor:g}, aim {work.aim:g}: {verdict})   {cells}",
        flush=True,
    )
    if any(name.startswith("before") for name in median):
        print(f"{'':40} {ratio_to(better('before')):6.2f}× {better('before')}", flush=True)
    mine = median[better("ours")]
    return median, f"| {work.name} | {in_words(mine)} | {in_words(median[best])} | {ratio:.2g}× |"


def in_words(seconds: float) -> str:
    """A time in two digits or three, in µs or ms."""
    value, unit = (seconds * 1e6, "µs") if seconds < 1e-4 else (seconds * 1e3, "ms")
    return f"{value:.0f} {unit}" if value >= 10 else f"{value:.2g} {unit}"


def instructions() -> str:
    """The widest instruction set that NumPy makes use of on this processor."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])  # type: ignore[call-overload, index]
    wide = {"AVX512": "AVX-512", "X86_V4": "AVX-512", "X86_V3": "AVX2", "AVX2": "AVX2"}
    return next((word for name, word in wide.items() if any(f.startswith(name) for f in found)), "baseline")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", nargs="*", help="only rows whose name contains one of these")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="per measurement")
    parser.add_argument("--readme", action="store_true", help="print the README's table at the end")
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--processor",
        action="store_true",
        help="one thread, in processor time: for a machine that others use",
    )
    either.add_argument("--against", metavar="REVISION", help="measure that commit's engine as well")
    chosen = parser.parse_args()
    if chosen.processor:
        global THREADS, clock
        THREADS, clock = 1, time.thread_time
    old = benchmarks_at(chosen.against) if chosen.against else None
    warnings.filterwarnings("ignore", module="sklearn")
    blas = [
        f"{i.get('internal_api')} {i.get('version')} {i.get('architecture', '')}" for i in threadpool_info()
    ]
    machine = f"{'1 thread' if chosen.processor else f'{THREADS} processors'}, {instructions()}"
    print(f"{machine}; NumPy {np.__version__} with {', '.join(blas)}; times per step, float32")

    def wanted(name: str) -> bool:
        return not chosen.work or any(w.lower() in name.lower() for w in chosen.work)

    table = [show(step_work(row, old), chosen.rounds, chosen.seconds)[1] for row in STEPS if wanted(row[0])]
    if wanted("epochs"):
        median, line = show(epoch_work(), chosen.rounds, chosen.seconds)
        print(f"{'':40} {1 / median['ours 1t']:7,.0f} epochs/s  (floor 3,000, aim 6,700)")
        table.append(line)
    if wanted("grid"):
        table.append(show(grid_work(), chosen.rounds, chosen.seconds)[1])
    if chosen.readme:
        heads = machine, "ours", "PyTorch", ""
        print("", f"| {' | '.join(heads)} |", "| --- | ---: | ---: | ---: |", *table, sep="\n")


if __name__ == "__main__":
    main()
