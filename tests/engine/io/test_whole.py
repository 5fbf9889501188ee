"""A file is replaced whole or not at all, whatever goes wrong on the way."""

from pathlib import Path

import pytest

from engine.io import replacing


def test_what_was_there_stays_until_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"older")
    with replacing(path) as file:
        file.write(b"newer")
        assert path.read_bytes() == b"older"
    assert path.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [path]


def interrupted(path: Path, error: BaseException) -> None:
    with replacing(path) as file:
        file.write(b"new")
        raise error


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_of_what_was_not_finished(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"older")
    with pytest.raises(type(error)):
        interrupted(path, error)
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with replacing(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@pytest.mark.parametrize(("durable", "waits"), [(True, 1), (False, 0)])
def test_the_disk_is_waited_for_where_it_must_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool, waits: int
) -> None:
    waited: list[int] = []
    monkeypatch.setattr("os.fsync", waited.append)
    with replacing(tmp_path / "a", durable) as file:
        file.write(b"new")
    assert len(waited) == waits


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"), replacing(tmp_path / "nowhere" / "a"):
        pass
