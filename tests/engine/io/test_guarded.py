"""Other people's files: plain ones only, of bounded size, and whatever their parser raises becomes one short sentence."""

import os
import socket
import stat
import zipfile
import zlib
from pathlib import Path

import pytest

from engine.errors import MOST_LETTERS, DataError, SpecError
from engine.io.guarded import foreign, opened, read_bytes


def test_a_plain_file_is_read_through_a_link_too(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\r\n\x1a whole")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert read_bytes(tmp_path / "link", 9) == b"\r\n\x1a whole"
    with opened(tmp_path / "a", 9) as file:
        file.seek(4)
        assert file.read() == b"whole"
    assert file.closed


def test_a_file_above_the_limit_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(3 << 30)  # takes no room on disk
    with pytest.raises(DataError, match=r"large is larger than .* \(3 GB\); expected at most 2 GB"):
        read_bytes(tmp_path / "large", 2 << 30)
    (tmp_path / "ten").write_bytes(bytes(10))
    assert len(read_bytes(tmp_path / "ten", 10)) == 10
    with pytest.raises(DataError, match="ten is larger"):
        read_bytes(tmp_path / "ten", 9)


def test_what_says_that_it_is_empty_and_is_not_is_cut_off() -> None:
    path = Path("/proc/self/mountinfo")
    if not path.exists() or path.stat().st_size or not stat.S_ISREG(path.stat().st_mode):
        pytest.skip("no file of the system that hides its size")
    with pytest.raises(DataError, match="mountinfo is larger"):
        read_bytes(path, 10)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match=r"pipe is a pipe; expected weights\. Choose a file\."):
        read_bytes(tmp_path / "pipe", 9, "weights")


def test_devices_sockets_and_folders_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("socket")
        for path, kind in (("/dev/zero", "a device"), (str(tmp_path), "a folder"), ("socket", "a socket")):
            with pytest.raises(DataError, match=f"is {kind}; expected"):
                read_bytes(path, 1 << 30)


def test_what_was_exchanged_after_the_first_look_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plain").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    look = os.stat
    monkeypatch.setattr("engine.io.guarded.os.stat", lambda path: look(tmp_path / "plain"))
    with pytest.raises(DataError, match="is a pipe"):
        read_bytes(tmp_path / "pipe", 9)


@pytest.mark.parametrize(
    "error",
    [KeyError("BF16"), RecursionError(), UnicodeDecodeError("ascii", b"\xff", 0, 1, "x"), OSError("no image"),
     SyntaxError(), RuntimeError("encrypted"), Warning("bomb"), zlib.error("x" * 999), zipfile.BadZipFile("x"), EOFError()],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_whatever_a_parser_raises_becomes_a_short_sentence(error: Exception) -> None:
    said = r"x\.npz is damaged.*; expected arrays\. Choose"
    with pytest.raises(DataError, match=said) as caught, foreign("/some/x.npz", "arrays"):
        raise error
    assert len(str(caught.value)) < 300


def test_what_the_system_says_is_repeated() -> None:
    with pytest.raises(DataError, match=r"nowhere cannot be read: No such file or directory; expected"):
        read_bytes("/nowhere", 9)
    with pytest.raises(DataError, match="cannot be read: File name too long") as caught:
        read_bytes("n" * 5000, 9)
    assert len(str(caught.value)) < 300
    with pytest.raises(DataError, match="does not fit into memory"), foreign("x"):
        raise MemoryError


def test_the_engines_own_words_and_interrupts_pass() -> None:
    with pytest.raises(SpecError, match="mine"), foreign("x"):
        raise SpecError("mine")
    with pytest.raises(KeyboardInterrupt), foreign("x"):
        raise KeyboardInterrupt


def test_no_message_is_longer_than_a_box_shows() -> None:
    with pytest.raises(DataError) as caught, foreign("x", "y" * 9999):
        raise ValueError
    assert len(str(caught.value)) <= MOST_LETTERS
