"""A file is replaced whole or not at all, whatever goes wrong on the way."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine.io import replacing, whole
from engine.io.whole import _mode_of


@pytest.fixture(params=["nameless", "named"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test twice: where files need no name until they are whole, and where they do."""
    if request.param == "named":
        monkeypatch.setattr(whole, "_NAMELESS", 0)
    elif not whole._NAMELESS:
        pytest.skip("this system has no files without a name")
    return request.param


def test_what_was_there_stays_until_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"older")
    with replacing(path) as file:
        file.write(b"newer")
        assert path.read_bytes() == b"older"
    assert path.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [path]


def written(path: Path) -> None:
    with replacing(path) as file:
        file.write(b"new")


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


@pytest.mark.parametrize(("durable", "waits"), [(True, 2), (False, 0)])  # for the file, and for its name
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


def test_a_name_as_long_as_can_be(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    for text in (b"new", b"newer"):
        with replacing(path) as file:
            file.write(text)
    assert path.read_bytes() == b"newer"


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no such modes")
def test_who_may_read_it_stays_so(tmp_path: Path, way: str) -> None:
    path, seen = tmp_path / "a", []
    for mode in (0o600, 0o640, 0o664):
        path.write_bytes(b"older")
        path.chmod(mode)
        with replacing(path) as file:
            seen += [p.stat().st_mode & 0o777 for p in tmp_path.iterdir() if p != path]
            file.write(b"new")
        assert stat.S_IMODE(path.stat().st_mode) == mode
    assert (
        seen == [0o600] * 3 if way == "named" else not seen
    )  # nobody else may look at it while it is written


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no such modes")
def test_a_new_file_follows_the_usual_rules(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "a") as file:
            file.write(b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_nobodys_file_is_touched_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "precious").write_bytes(b"mine")
    (tmp_path / "a.part").symlink_to(tmp_path / "precious")
    (tmp_path / ".foreseen.part").symlink_to(tmp_path / "precious")
    with monkeypatch.context() as patched:
        patched.setattr("engine.io.whole.secrets.token_hex", lambda size: "foreseen")
        with pytest.raises(FileExistsError):
            written(tmp_path / "a")
    assert not (tmp_path / "a").exists()
    written(tmp_path / "a")
    assert (tmp_path / "precious").read_bytes() == b"mine"
    assert {p.name for p in tmp_path.iterdir()} == {"precious", "a", "a.part", ".foreseen.part"}


def test_what_is_no_plain_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="Is a directory"), replacing(tmp_path / "folder"):
        pass
    device, other = os.openpty()
    with pytest.raises(OSError, match="no plain file"):  # asked, not tried: what is replaced here is gone
        _mode_of(Path(os.ttyname(other)))
    os.close(device)
    os.close(other)
    assert {p.name for p in tmp_path.iterdir()} == {"pipe", "link", "folder"}
    with replacing(tmp_path / "link") as file:
        file.write(b"in the place of the pipe, which holds nothing")
    assert (tmp_path / "pipe").is_file()
    assert (tmp_path / "link").is_symlink()


def test_the_older_file_stays_as_a_backup_if_asked(tmp_path: Path) -> None:
    path, beside = tmp_path / "a.txt", tmp_path / "a.txt.bak"
    for content in (b"1", b"2", b"3"):
        with replacing(path, backup=True) as file:
            file.write(content)
    assert (path.read_bytes(), beside.read_bytes()) == (b"3", b"2")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "a.txt.bak"]


def test_a_backup_is_a_copy_where_there_are_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr("os.link", refuse)
    path = tmp_path / "a.txt"
    path.write_bytes(b"1")
    with replacing(path, backup=True) as file:
        file.write(b"2")
    assert (path.read_bytes(), (tmp_path / "a.txt.bak").read_bytes()) == (b"2", b"1")


def test_a_file_is_written_where_no_backup_can_be(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"1")
    (tmp_path / "a.txt.bak").mkdir()
    with replacing(path, backup=True) as file:
        file.write(b"2")
    assert path.read_bytes() == b"2"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "a.txt.bak"]


def test_nothing_is_left_of_a_program_that_is_killed(tmp_path: Path, way: str) -> None:
    if way == "named":
        pytest.skip("what has a name stays")
    code = f"""
import os, signal
from engine.io import replacing
with replacing({os.fspath(tmp_path / "a")!r}) as file:
    file.write(bytes(100_000))
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=False, timeout=250
    )
    assert done.returncode == -signal.SIGKILL
    assert not list(tmp_path.iterdir())


def test_it_is_copied_where_it_may_not_be_given_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("AppArmor")

    monkeypatch.setattr("os.link", refuse)
    with replacing(tmp_path / "a") as file:
        file.write(b"1")
    assert (tmp_path / "a").read_bytes() == b"1"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
