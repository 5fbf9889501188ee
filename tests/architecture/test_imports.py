"""The house rules on who may import whom, read from the source of every file, and on what an import loads."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from playground.ui import MOVED

# From the ground up: a module imports from its own floor and from those below.
FLOORS = (
    ("engine",),
    ("playground",),  # the package itself, and what every floor above may use; see `floor`
    ("playground.document",),
    ("playground.runs",),
    ("playground.runner",),
    ("playground.lessons",),
    ("playground.ui", "playground.ui.kit"),
    ("playground.ui.panels",),
    ("playground.ui.shell", "playground.ui.application"),
    ("playground.app", "playground.cli", "playground.__main__"),
)
QT = {"PySide6", "shiboken6", "pyqtgraph", "qtawesome", "qtpy", "pytestqt"}
HEAVY = QT | {
    "PIL",
    "distributed",
    "duckdb",
    "h5py",
    "joblib",
    "onnx",
    "optuna",
    "python_calamine",
    "safetensors",
    "scipy",
    "segno",
    "sklearn",
    "torch",
    "ziamath",
    "zxingcpp",
}

# The engine is pure NumPy; these it may use when asked for what they do, and it leaves threads to its callers.
ENGINE_LAZILY = {"PIL", "duckdb", "h5py", "onnx", "python_calamine", "safetensors", "scipy", "sklearn"}
THREADS = {"asyncio", "concurrent", "multiprocessing", "threading"}


@dataclass(frozen=True)
class Import:
    importer: str
    imported: str
    on_load: bool
    """Whether importing the importer imports it too: not inside a function, nor for the type checker alone."""
    for_types: bool
    """Whether it is for the type checker alone."""
    place: str

    def __str__(self) -> str:
        return f"{self.place}: {self.importer} imports {self.imported}"

    @property
    def package(self) -> str:
        return self.imported.partition(".")[0]


def imports_in(source: str, importer: str, place: str) -> Iterator[Import]:
    def visit(node: ast.AST, on_load: bool, for_types: bool) -> Iterator[Import]:
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=module, names=names):
                # What is imported may be a module itself, as in `from playground import ui`.
                modules = [f"{module}.{alias.name}" for alias in names]
            case _:
                modules = []
        where = f"{place}:{getattr(node, 'lineno', 0)}"
        yield from (Import(importer, module, on_load, for_types, where) for module in modules)
        lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for_types |= isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, on_load and not (lazy or for_types), for_types)

    yield from visit(ast.parse(source), on_load=True, for_types=False)


def floor(module: str) -> int:
    """The index in FLOORS of the longest name that `module` is or lies in."""
    return max(
        (len(name), number)
        for number, names in enumerate(FLOORS)
        for name in names
        if f"{module}.".startswith(f"{name}.")
    )[1]


def is_ours(imported: str) -> bool:
    return imported.partition(".")[0] in {"engine", "playground"}


@pytest.fixture(scope="module")
def imports(repository: Path) -> list[Import]:
    files = [
        file for package in ("engine", "playground") for file in sorted((repository / package).rglob("*.py"))
    ]
    found = []
    for file in files:
        place = file.relative_to(repository)
        importer = ".".join(place.with_suffix("").parts).removesuffix(".__init__")
        found += imports_in(file.read_text(encoding="utf-8"), importer, str(place))
    assert len(files) > 10, "the packages were not found"
    return found


def none_of(offences: list[Import]) -> None:
    assert not offences, "\n".join(map(str, offences))


def test_imports_are_seen_wherever_they_stand() -> None:
    source = """
import numpy as np
from playground import ui
if TYPE_CHECKING:
    from engine.model import Model
class A:
    import json
    def b(self):
        if self:
            import sklearn.datasets
"""
    found = {(i.imported, i.on_load) for i in imports_in(source, "engine.a", "a.py")}
    assert found == {
        ("numpy", True),
        ("playground.ui", True),
        ("engine.model.Model", False),
        ("json", True),
        ("sklearn.datasets", False),
    }


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("engine.layers.conv", "engine"),
        ("playground", "playground"),
        ("playground.__version__", "playground"),
        ("playground.uix", "playground"),
        ("playground.ui", "playground.ui"),
        ("playground.ui.panels.canvas.block", "playground.ui.panels"),
        ("playground.cli.training", "playground.cli"),
    ],
)
def test_every_module_has_its_floor(module: str, name: str) -> None:
    assert name in FLOORS[floor(module)]


def test_nobody_imports_upwards(imports: list[Import]) -> None:
    ours = [i for i in imports if is_ours(i.imported)]
    none_of([i for i in ours if floor(i.imported) > floor(i.importer)])


def circles(imports: list[Import]) -> list[tuple[str, ...]]:
    """Modules that import one another, in groups; imports inside functions count, those for the type checker do not."""
    modules = {i.importer for i in imports}
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for i in imports:
        found = i.imported
        while found and found not in modules:
            found = found.rpartition(".")[0]
        if found and found != i.importer and not i.for_types:
            graph[i.importer].add(found)

    def reached(start: str) -> set[str]:
        seen, todo = set[str](), [start]
        while todo:
            new = graph[todo.pop()] - seen
            seen |= new
            todo += new
        return seen

    after = {module: reached(module) for module in graph}
    found = {m: sorted(n for n in after[m] if m in after[n]) for m in modules if m in after[m]}
    return sorted({tuple(group) for group in found.values()})


def test_a_circle_is_seen_wherever_it_runs() -> None:
    sources = {
        "engine.a": "from engine.b import c",
        "engine.b": "def late():\n    from engine import c",
        "engine.c": "import engine.a\nfrom engine.d import what",
        "engine.d": "if TYPE_CHECKING:\n    from engine.c import C\nimport engine.e",
        "engine.e": "import engine",
    }
    found = [i for name, source in sources.items() for i in imports_in(source, name, name)]
    assert circles(found) == [("engine.a", "engine.b", "engine.c")]
    assert circles([i for i in found if i.importer != "engine.b"]) == []


def test_nobody_imports_in_a_circle(imports: list[Import]) -> None:
    found = circles(imports)
    assert not found, "\n".join(" ↔ ".join(group) for group in found)


def test_only_the_ui_knows_qt(imports: list[Import]) -> None:
    none_of([i for i in imports if i.package in QT and not f"{i.importer}.".startswith("playground.ui.")])


def of_another_panel(i: Import) -> bool:
    panels = "playground.ui.panels."
    if not (i.importer.startswith(panels) and i.imported.startswith(panels)):
        return False
    return i.importer.split(".")[3] != i.imported.split(".")[3]


def test_panels_never_import_one_another(imports: list[Import]) -> None:
    source = (
        "from playground.ui.panels.canvas.wires import Wire\nfrom playground.ui.panels.output.view import A"
    )
    found = imports_in(source, "playground.ui.panels.output.table", "table.py")
    assert [of_another_panel(i) for i in found] == [True, False]
    none_of([i for i in imports if of_another_panel(i)])


def test_what_was_moved_is_found_by_its_name_of_before() -> None:
    """One module, not a second copy."""
    assert all(import_module(old) is import_module(new) for old, new in MOVED.items())


def test_the_engine_is_numpy_and_the_standard_library(imports: list[Import]) -> None:
    at_hand = {"engine", "numpy"} | (sys.stdlib_module_names - THREADS)
    none_of(
        [
            i
            for i in imports
            if i.importer.partition(".")[0] == "engine"
            and i.package not in (at_hand if i.on_load else at_hand | ENGINE_LAZILY)
        ]
    )


def test_whatever_is_imported_is_a_declared_dependency(imports: list[Import], repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # PySide6-Essentials is nothing without shiboken6, and pins it.
    offered = [
        one
        for extra in ("cluster", "export", "film", "share", "sweep", "tables")
        for one in project["optional-dependencies"][extra]
    ]
    declared = {_name_of(requirement) for requirement in (*project["dependencies"], *offered)} | {"shiboken6"}
    # An extra may be missing: then a package is taken to be called as its distribution is.
    guessed = {name.replace("-", "_"): [name] for name in declared} | {name: [name] for name in declared}
    distributions = guessed | packages_distributions()
    foreign = [i for i in imports if not is_ours(i.imported) and i.package not in sys.stdlib_module_names]
    none_of([i for i in foreign if declared.isdisjoint(map(_normal, distributions.get(i.package, [])))])


def _name_of(requirement: str) -> str:
    return _normal(requirement[: next(n for n, c in enumerate(requirement + ">") if c in "<>=!~[; ")])


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


PREDICTION = """
import numpy
from engine import Model, Network, layers
network = Network.chain(layers.Linear(out_features=4), layers.Tanh(), layers.Linear(out_features=1))
Model(network, in_shape=(2,), seed=0).predict(numpy.zeros((3, 2), "float32"))
"""

EVERY_MODULE_OF = """
import importlib, pkgutil, {0}
for module in pkgutil.walk_packages({0}.__path__, "{0}."):
    importlib.import_module(module.name)
"""


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        (PREDICTION, HEAVY | {"playground"}),
        (EVERY_MODULE_OF.format("engine"), HEAVY | {"playground"}),
        (EVERY_MODULE_OF.format("playground.document"), HEAVY),
        (EVERY_MODULE_OF.format("playground.runner"), HEAVY),
        ("import playground.cli.commands", HEAVY),
    ],
    ids=["prediction", "engine", "document", "runner", "command line"],
)
def test_what_is_not_asked_for_is_not_loaded(code: str, absent: set[str], repository: Path) -> None:
    command = [sys.executable, "-c", code + "\nimport sys; print(*sys.modules)"]
    result = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=250, check=False)
    assert result.returncode == 0, result.stderr
    assert not absent & {module.partition(".")[0] for module in result.stdout.split()}
