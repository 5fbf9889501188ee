"""Project files that others have made: refused in short words, nothing outside their folder read unasked, nothing without end."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from engine.data import Opened
from engine.errors import MOST_LETTERS, DataError, SpecError
from engine.initializers import XavierUniform
from engine.limits import MOST_INPUTS, MOST_LAYERS
from engine.spec import LARGEST
from playground.document import edits
from playground.document.files import FileError, from_json, load, to_json
from playground.document.project import Project, findings, problems
from tests.document.projects import circle


def written(path: Path, **changes: Any) -> Path:
    """A project file with some of its parts exchanged; ``nodes`` are the network's."""
    data = json.loads(to_json(circle()))
    if "nodes" in changes:
        data["network"] = {"nodes": changes.pop("nodes")}
    path.write_bytes(json.dumps(data | changes).encode("utf-8", "surrogatepass"))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(FileError) as caught:
        load(path)
    said = str(caught.value)
    assert len(said) <= MOST_LETTERS
    return said


def linear(name: str, **parts: Any) -> dict[str, Any]:
    return {"id": name, "layer": {"type": "Linear", "out_features": 2}, **parts}


def test_what_is_no_plain_file_or_has_no_end_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    assert "is a pipe; expected a project" in refusal(tmp_path / "pipe.json")
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    assert "is a device; expected a project" in refusal(tmp_path / "zero.json")
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(3 << 30)
    assert "larger than can be read" in refusal(tmp_path / "large.json")


@pytest.mark.parametrize("name", ["input", "loss", "", "\ud800", "a\nb", "n" * 101, "\u202egnp"])
def test_a_name_that_no_node_may_have(tmp_path: Path, name: str) -> None:
    said = refusal(written(tmp_path / "a.json", nodes=[linear(name)]))
    assert "Node 0 of the network is called" in said
    said.encode()  # all of it can be shown


def test_limits_of_a_network(tmp_path: Path) -> None:
    many = [linear(f"l{i}") for i in range(MOST_LAYERS)]
    assert len(load(written(tmp_path / "a.json", nodes=many)).network) == MOST_LAYERS
    assert "1,001 layers; expected at most 1,000" in refusal(
        written(tmp_path / "b.json", nodes=[*many, linear("x")])
    )
    wide = linear("x", inputs=["a"] * (MOST_INPUTS + 1))
    assert "at most 100 node ids" in refusal(written(tmp_path / "c.json", nodes=[wide]))


def test_many_faults_are_counted_after_the_first_few(tmp_path: Path) -> None:
    nodes = [{"id": f"l{i}", "layer": {"type": "Nope" * 99}} for i in range(900)]
    said = refusal(written(tmp_path / "a.json", nodes=nodes))
    assert "Node 'l0'" in said
    assert "897 more nodes are wrong" in said


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": {"linear1.weight": [[10**400, 1]] * 4}},
        {"weights": {"linear1.weight": [[1e300, 1]] * 4}},
        {"weights": {"linear1.weight": [["1", 1]] * 4}},
        {"weights": {"linear1.weight": [[True, 1]] * 4}},
        {"weights": {"linear1.weight": [[[[[1.0]]]]]}},
        {"weights": {"linear1.weight": [0] * 1_000_001}},
        {"weights": {"x" * 10**6: [1]}},
        {"seed": "x" * 10**6},
        {"seed": 10**400},
        {"version": [0] * 10**6},
        {"fit": ["x" * 999] * 999},
        {"fit": {"y" * 10**6: 1}},
        {"source": {"type": "n" * 10**6}},
        {"source": {"type": ["n"] * 10**6}},
        {"source": {"type": "NpzFile", "path": "\ud800"}},
        {"human_error": "x" * 10**6},
    ],
    ids=lambda changes: str(changes)[:40],  # pytest makes equal ones differ
)
def test_whatever_a_file_holds_the_refusal_is_short(tmp_path: Path, changes: dict[str, Any]) -> None:
    refusal(written(tmp_path / "a.json", **changes))


def test_what_is_nested_without_end(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[" * 10**6)
    assert "not JSON" in refusal(tmp_path / "a.json")
    plain = json.dumps(json.loads(to_json(circle())) | {"weights": {"linear1.weight": 7}})
    (tmp_path / "b.json").write_text(plain.replace("7}", "[" * 900 + "]" * 900 + "}"))
    assert "all rows alike" in refusal(tmp_path / "b.json")


def test_numbers_that_float32_does_not_hold_are_rounded_and_that_is_said(tmp_path: Path) -> None:
    data = json.loads(to_json(circle()))["fit"]
    data["initializer"] = {"type": "xavier_uniform", "gain": 1e300}
    data["optimizer"] = {"type": "SGD", "lr": 1e-300}
    project = load(written(tmp_path / "a.json", fit=data))
    assert project.fit.initializer == XavierUniform(gain=LARGEST)
    assert project.fit.optimizer.lr == 0
    assert problems(project) == ()
    [said] = [p for p in findings(project) if "float32" in p.message]
    assert said.level == "warning"
    assert "XavierUniform: gain is 1e+300, and 3.4e+38 is used" in said.message
    assert "SGD: lr is 1e-300, and 0 is used" in said.message
    assert from_json(to_json(project), "a") == project
    with pytest.raises(SpecError, match=r"gain is 1e\+300; expected .* 3\.4e\+38 at most"):
        XavierUniform(gain=1e300)  # by hand it is refused
    data["max_norm"] = float("inf")
    assert "expected a number" in refusal(written(tmp_path / "b.json", fit=data))


# ---- data outside the project's folder ----------------------------------------------------------------------------


def naming(path: str, folder: Path) -> Project:
    return load(written(folder / "p.json", source={"type": "NpzFile", "path": path}))


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../data.npz", "a/../../data.npz", "//host/share/x.npz", "link.npz", "way/x.npz"]
)
def test_data_outside_the_folder_are_not_looked_at(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "link.npz").symlink_to("/etc/passwd")
    (folder / "way").symlink_to(tmp_path)
    project = naming(path, folder)
    assert isinstance(project.source, Opened)
    assert project.source.waits_for == (str(folder / path),)
    looked: list[str] = []
    monkeypatch.setattr("engine.data.npz.NpzFile._files", lambda self: looked.append(self.path))
    for ask in (project.source.make, project.source.pinned):
        with pytest.raises(DataError, match=r"outside the project's own folder"):
            ask()
    assert not looked
    [problem] = problems(project)
    assert problem.node_id == "input"
    [remedy] = problem.remedies
    read = edits.mend(project, remedy)
    assert isinstance(read.source, Opened)
    assert read.source.waits_for == ()
    monkeypatch.undo()
    with pytest.raises(DataError, match=r"^(?!.*own folder)"):  # it is looked at now, and is no such file
        read.source.make()


@pytest.mark.parametrize("path", ["data.npz", "a/data.npz", "./a/../data.npz", "~root/data.npz"])
def test_data_in_the_folder_need_no_question(tmp_path: Path, path: str) -> None:
    source = naming(path, tmp_path).source
    assert isinstance(source, Opened)
    assert source.waits_for == ()
    absolute = naming(str(tmp_path / "data.npz"), tmp_path).source
    assert isinstance(absolute, Opened)
    assert absolute.waits_for == ()


def test_a_path_that_the_user_chooses_is_read(tmp_path: Path) -> None:
    source = naming("/etc/passwd", tmp_path).source.replace(path=str(tmp_path / "own.npz"))
    with pytest.raises(DataError, match=r"There is no .*own\.npz"):
        source.make()
