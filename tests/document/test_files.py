"""Project files: what is saved is what is opened; anything else gets a sentence, and nothing that was there is lost."""

import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data import IdxFiles, Preparation, sources
from engine.fit import Fit
from engine.layers import Dropout
from playground.document import edits, files
from playground.document.files import FileError, from_json, load, save, to_json
from playground.document.project import Project
from tests.document.projects import circle, digits, residual
from tests.engine.catalogue import case_id, variants

# --- there and back ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [v for cls in sources for v in variants(cls)], ids=case_id)
def test_every_data_set_comes_back(source: Any) -> None:
    project = Project(source=source)
    assert from_json(to_json(project), "it") == project


@pytest.mark.parametrize("fit", variants(Fit), ids=case_id)
def test_every_way_to_train_comes_back(fit: Any) -> None:
    project = Project(fit=fit)
    assert from_json(to_json(project), "it") == project


@pytest.mark.parametrize("preparation", variants(Preparation), ids=case_id)
def test_every_preparation_comes_back(preparation: Any) -> None:
    project = Project(preparation=preparation)
    assert from_json(to_json(project), "it") == project


def test_what_is_meant_so_comes_back_and_is_checked() -> None:
    project = edits.mean_so(Project(), "no-nonlinearity")
    assert from_json(to_json(project), "it").meant == ("no-nonlinearity",)
    assert "meant" not in json.loads(to_json(Project()))
    later = json.loads(to_json(project)) | {"meant": ["of-a-later-version", "overfitting", ["odd"], 3]}
    assert from_json(json.dumps(later), "it").meant == ("overfitting",)
    with pytest.raises(FileError, match="expected a list of the coach's rules"):
        from_json(json.dumps(later | {"meant": "overfitting"}), "it")


def test_the_human_error_comes_back_and_is_checked() -> None:
    project = edits.set_human_error(Project(), 0.07)
    assert from_json(to_json(project), "it").human_error == 0.07
    assert from_json(to_json(Project()), "it").human_error == 0.0
    for wrong in ("a lot", 1.5, -0.1, True, None):
        data = json.loads(to_json(project)) | {"human_error": wrong}
        with pytest.raises(FileError, match="human error"):
            from_json(json.dumps(data), "it")


def test_a_saved_project_opens_as_it_was_named_after_its_file(tmp_path: Path) -> None:
    for number, project in enumerate((Project(), circle(), residual(), digits().replace(seed=7))):
        path = tmp_path / f"mine {number}.playground.json"
        save(project, path)
        assert load(path) == project.replace(name=f"mine {number}")
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"mine {n}.playground.json" for n in range(4)]


def test_hand_edits_belong_to_a_run_and_not_to_the_file(tmp_path: Path) -> None:
    edited = edits.set_weight(circle(), "linear1", "weight", (0, 0), 0.0, 1.0)
    save(edited, tmp_path / "a.json")
    assert load(tmp_path / "a.json").weight_edits == ()


def test_the_file_says_what_it_is() -> None:
    data = json.loads(to_json(circle()))
    assert data["format"] == "chainrule-playground"
    assert data["version"] == files.VERSION
    assert data["network"]["nodes"][0]["layer"]["type"] == "Linear"
    assert data["source"]["type"] == "Circle"


def test_what_a_file_leaves_out_is_as_by_default() -> None:
    short = {"format": files.FORMAT, "version": 1, "source": {"type": "Circle"}, "network": {"nodes": []}}
    assert from_json(json.dumps(short), "it") == Project()


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "notepad.json"
    path.write_text(to_json(circle()), encoding="utf-8-sig")
    assert load(path).network == circle().network


def test_odd_names_can_be_saved(tmp_path: Path) -> None:
    for name in ("Zwiebel & Öl", 'a "quote"', "line\nbreak", os.fsdecode(b"\xff latin")):
        save(circle().replace(name=name), tmp_path / "a.json")
        assert from_json((tmp_path / "a.json").read_text(encoding="utf-8"), "it").name == name


# --- refusals ----------------------------------------------------------------------------------------------------------


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    data = json.loads(to_json(circle()))
    change(data)
    return json.dumps(data)


REFUSED = {
    "empty": ("", "is not JSON"),
    "half": (to_json(circle())[:200], "is not JSON"),
    "a picture's name": ("GIF89a", "is not JSON"),
    "another JSON": ('{"cells": []}', "not a project of this program"),
    "a list": ("[1, 2]", "not a project of this program"),
    "newer": (changed(lambda d: d.update(version=99)), "newer program (version 99"),
    "version 0": (changed(lambda d: d.update(version=0)), "version 0"),
    "version in words": (changed(lambda d: d.update(version="one")), "version 'one'"),
    "version true": (changed(lambda d: d.update(version=True)), "version True"),
    "unknown layer": (
        changed(lambda d: d["network"]["nodes"][1]["layer"].update(type="Tanhh")),
        "Node 'tanh1': There is no layer called 'Tanhh'. Did you mean Tanh",
    ),
    "unknown field": (
        changed(lambda d: d["network"]["nodes"][0]["layer"].update(units=3)),
        "Linear has no parameter 'units'",
    ),
    "a value out of range": (
        changed(lambda d: d["network"]["nodes"][0]["layer"].update(out_features=0)),
        "out_features is 0; expected a whole number from 1",
    ),
    "unknown data": (changed(lambda d: d["source"].update(type="Cirle")), "Did you mean Circle"),
    "no data": (changed(lambda d: d.pop("source")), "data set"),
    "no network": (changed(lambda d: d.pop("network")), "network"),
    "unknown loss": (changed(lambda d: d["fit"]["loss"].update(type="Loss")), "no loss called 'Loss'"),
    "unknown fit field": (changed(lambda d: d["fit"].update(speed=1)), "Fit has no parameter 'speed'"),
    "fit a list": (changed(lambda d: d.update(fit=[])), "Fit is described by"),
    "negative seed": (changed(lambda d: d.update(seed=-1)), "seed is -1"),
    "seed in words": (changed(lambda d: d.update(seed="one")), "seed is 'one'"),
    "shares over 1": (
        changed(lambda d: d["preparation"].update(train=0.9, validation=0.9)),
        "expected at most 1",
    ),
    "deep": ("[" * 100_000, "is not JSON"),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_opened_is_said_in_words(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith("broken.json ")
    assert words in message
    assert message.endswith((".", "?"))


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(FileError, match=r"a\.png is not a project file: it is not text"):
        load(tmp_path / "a.png")


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone\.json cannot be read: No such file"):
        load(tmp_path / "gone.json")
    with pytest.raises(FileError, match="is a folder; expected a project"):
        load(tmp_path)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_file_gives_a_project_or_a_sentence(data: st.DataObject) -> None:
    plain = json.loads(to_json(data.draw(st.sampled_from([circle(), residual(), digits()]))))
    at: Any = plain
    while True:  # walk to a random place, and put something else there
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(at[key], dict | list) and at[key] and data.draw(st.booleans()):
            at = at[key]
            continue
        at[key] = data.draw(JUNK)
        break
    try:
        project = from_json(json.dumps(plain), "it")
    except FileError as error:
        assert str(error).startswith("it ")  # noqa: PT017  both outcomes are right
    else:
        hash((project.source, project.preparation, project.network, project.fit))
        assert from_json(to_json(project), "it") == project


# --- migrations --------------------------------------------------------------------------------------------------------


def test_older_files_are_brought_up_to_date_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def drop_to_dropout(data: dict[str, Any]) -> dict[str, Any]:
        for node in data["network"]["nodes"]:
            if node["layer"]["type"] == "Drop":
                node["layer"] = {"type": "Dropout", "p": node["layer"]["rate"]}
        return data

    monkeypatch.setattr(files, "VERSION", 3)
    monkeypatch.setattr(
        files, "MIGRATIONS", {1: drop_to_dropout, 2: lambda data: data | {"seed": data["seed"] + 1}}
    )
    old = json.loads(to_json(circle())) | {"version": 1, "seed": 4}
    old["network"]["nodes"][1]["layer"] = {"type": "Drop", "rate": 0.25}
    project = from_json(json.dumps(old), "it")
    assert project.network.nodes[1].layer == Dropout(0.25)
    assert project.seed == 5


# --- writing -----------------------------------------------------------------------------------------------------------


def failing(step: str) -> Callable[..., Any]:
    def fail(*arguments: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    return fail


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "a.json"
    save(circle(), path)
    monkeypatch.setattr(files.os, step, failing(step))
    with pytest.raises(FileError, match=r"a\.json cannot be written: No space left on device"):
        save(digits(), path)
    monkeypatch.undo()
    assert load(path).network == circle().network
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written: there is no folder "):
        save(circle(), tmp_path / "gone" / "a.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be written: Not a directory"):
        save(circle(), tmp_path / "file" / "a.json")


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written: File name too long"):
        save(circle(), tmp_path / ("a" * 300))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(FileError, match="Permission denied"):
            save(circle(), tmp_path / "a.json")
    finally:
        tmp_path.chmod(stat.S_IRWXU)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_device_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # In place of the new file the full device is opened, so that write, flush and close fail as they do on a full disk.
    opening = os.open
    monkeypatch.setattr("engine.io.whole.os.open", lambda *_: opening("/dev/full", os.O_WRONLY))
    with pytest.raises(FileError, match="No space left on device"):
        save(circle(), tmp_path / "a.json")
    assert not (tmp_path / "a.json").exists()


def test_pictures_beside_a_project_move_with_it(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    inside = IdxFiles(images=str(here / "mnist" / "images"), labels=str(tmp_path / "elsewhere"))
    project = circle().replace(source=inside)
    save(project, here / "a.json")
    plain = json.loads((here / "a.json").read_text(encoding="utf-8"))["source"]
    assert plain["images"] == "mnist/images"
    assert plain["labels"] == str(tmp_path / "elsewhere")
    assert edits.read_outside(load(here / "a.json")).source == inside
    here.rename(there)
    moved = inside.replace(images=str(there / "mnist" / "images"))
    assert edits.read_outside(load(there / "a.json")).source == moved


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "there" / "real.json")
    save(circle(), tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert load(tmp_path / "there" / "real.json").network == circle().network
    shutil.rmtree(tmp_path / "there")
