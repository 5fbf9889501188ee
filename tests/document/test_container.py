"""A container believes nothing it is told, and what is whole of a damaged one can be had."""

import zipfile
from pathlib import Path

import pytest

from engine.errors import DataError
from playground.document import container
from playground.document.container import Container, Member

WEIGHTS = bytes(range(256)) * 40


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "it.chainrule"
    with path.open("wb") as file:
        container.write(
            file, (container.text("project.json", "{}"), Member("weights", lambda: WEIGHTS)), {"name": "it"}
        )
    return path


def zipped(path: Path, *names: str, content: bytes = b"x") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, content)
    return path


def test_what_was_written_is_read(path: Path) -> None:
    found = Container(path)
    assert container.is_container(path)
    assert found.read("weights") == WEIGHTS
    assert found.json("project.json") == {}
    assert found.about["name"] == "it"
    assert found.faults == []


def test_a_truncated_one_is_read_as_far_as_it_is_whole(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3000])
    found = Container(path)
    assert found.text("project.json") == "{}"
    assert "weights" not in found
    assert found.faults == ["it.chainrule is cut short: 'weights' is missing"]


def test_one_that_lost_its_list_alone_is_whole(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"PK\x05\x06")])
    assert Container(path).read("weights") == WEIGHTS


def test_a_member_whose_sum_is_wrong_is_refused_and_the_others_are_not(path: Path) -> None:
    whole = path.read_bytes()
    at = whole.index(WEIGHTS)
    path.write_bytes(whole[:at] + b"\xff" + whole[at + 1 :])
    with pytest.raises(DataError, match="damaged"):
        Container(path).read("weights")
    assert Container(path).text("project.json") == "{}"


def test_a_member_that_was_exchanged_is_refused(path: Path) -> None:
    """The ZIP is whole, and its own sums are right: only the manifest's tell."""
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content[:-1] + b"?" if name == "weights" else content)
    with pytest.raises(DataError, match="'weights' is damaged"):
        Container(path).read("weights")
    assert Container(path).text("project.json") == "{}"


@pytest.mark.parametrize("name", ["../up", "/root", "a//b", "c:\\x", "..", "a/../b"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="a member is called"):
        Container(zipped(tmp_path / "x", name))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="two members"):
        Container(zipped(tmp_path / "x", "a", "a"))


def test_too_many_members_a_bomb_and_another_programs_zip_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="members"):
        Container(zipped(tmp_path / "many", *(f"m{i}" for i in range(1001))))
    with pytest.raises(DataError, match="unpacks to"):
        Container(zipped(tmp_path / "bomb", "a", content=bytes(50 << 20)))
    with pytest.raises(DataError, match=r"holds no manifest\.json"):
        Container(zipped(tmp_path / "other", "a"))
    with pytest.raises(DataError, match="another program"):
        Container(zipped(tmp_path / "foreign", "manifest.json", content=b"{}"))
    with pytest.raises(DataError, match="newer program"):
        Container(
            zipped(tmp_path / "newer", "manifest.json", content=b'{"format": "chainrule", "version": 2}')
        )
