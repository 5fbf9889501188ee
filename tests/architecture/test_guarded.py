"""Other people's files are read in one way: no other place opens, unpickles or evaluates what it did not write itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

#: files that may, and why
MAY = {
    "engine/io/guarded.py": "the one way",
    "playground/document/examples.py": "its own files, part of the program",
    "playground/runner/rescue.py": "the training process's own file, in a folder that nobody else may enter",
    "playground/runner/crate.py": "what this program's own two processes send each other",
    "playground/runner/life.py": "a pipe of this program's own two processes",
    "playground/ui/shell/thumbnails.py": "pictures that this program has kept itself",
    "engine/io/whole.py": "opens new files alone, to write",
    "engine/compiled.py": "runs code that it has made itself, of names v0, v1, … alone",
}
#: what reads a path as a whole, or by itself
READERS = {"read_bytes", "read_text", "fromfile", "loadtxt", "genfromtxt", "memmap"}
EVALUATES = {"eval", "exec", "compile"}


def reasons(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of every call that reads files unguarded, or runs what it has read."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_unguarded(node):
            yield node.lineno, ast.unparse(node.func)


def _is_unguarded(call: ast.Call) -> bool:
    name, args = ast.unparse(call.func), call.args
    of, _, last = name.rpartition(".")
    named = {k.arg: k.value for k in call.keywords}
    return any(
        (
            name in EVALUATES
            or (of != "" and last in READERS)
            or name in ("os.open", "pickle.load", "pickle.loads"),
            name == "open" and _reads(args[1:2], named),
            last == "open" and of != "" and bool(args or named) and _reads(args[:1] or [NO_MODE], named),
            name == "np.load" and not _is(named.get("allow_pickle"), False),
            of.lower() == "image" and last == "open" and "formats" not in named,
            # From a path, Qt reads whatever its plug-ins know.
            name in ("QImage", "QPixmap", "QImageReader") and len(args) == 1 and _is_path(args[0]),
        )
    )


#: in place of a mode that is not there
NO_MODE = ast.Constant(None)


def _reads(mode: list[ast.expr], named: dict[str | None, ast.expr]) -> bool:
    """Whether a mode, ``mode[0]`` or ``mode=``, is one of reading; anything but a text is no mode of a file."""
    given = [*mode, *([named["mode"]] if "mode" in named else [])]
    return not given or any(isinstance(m, ast.Constant) and str(m.value).startswith("r") for m in given)


def _is_path(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in (
        "str",
        "toLocalFile",
        "fspath",
    )


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def test_files_of_others_are_read_in_one_way(repository: Path) -> None:
    found = {
        f"{path.relative_to(repository).as_posix()}:{line} {name}"
        for package in ("engine", "playground")
        for path in sorted((repository / package).rglob("*.py"))
        if path.relative_to(repository).as_posix() not in MAY
        for line, name in reasons(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert not found


def test_no_leave_is_given_that_nobody_needs(repository: Path) -> None:
    needless = [
        name for name in MAY if not list(reasons(ast.parse((repository / name).read_text(encoding="utf-8"))))
    ]
    assert needless == []


@pytest.mark.parametrize(
    "code",
    ["open(p)", "open(p, 'rb')", "p.open('rb')", "p.open('r')", "p.read_text()", "np.load(p)",
     "np.load(p, allow_pickle=True)", "Image.open(p)", "pickle.load(f)", "eval(s)", "np.fromfile(p)", "os.open(p, 0)",
     "QImage(str(p))", "QImage(url.toLocalFile())"],
)  # fmt: skip
def test_each_other_way_is_seen(code: str) -> None:
    assert list(reasons(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    ["open(p, 'wb')", "p.open('w')", "box.open()", "buffer.open(Mode.WriteOnly)", "np.load(f, allow_pickle=False)",
     "image.open(f, formats=FORMATS)", "gzip.open(file)",
     "QImage(self.size())", "QPixmap(round(a), round(b))"],
)  # fmt: skip
def test_what_reads_nothing_of_others_is_not(code: str) -> None:
    assert not list(reasons(ast.parse(code)))
