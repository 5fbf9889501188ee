"""Data as edits of a project: files told apart by what lies in them, codes in pictures, drawn pictures, typed numbers."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from engine import Network
from engine.data import Circle, ImageFolder, NpzFile, PictureSet, Typed
from engine.layers import Linear
from engine.losses import MSELoss
from playground.document import content, edits, qr, sharing
from playground.document.content import content_of
from playground.document.examples import example
from playground.document.project import problems


def test_data_that_are_drawn_have_no_content() -> None:
    assert content_of(Circle()) == ""


def test_other_bytes_are_another_content(tmp_path: Path) -> None:
    one, other = tmp_path / "a.npz", tmp_path / "b.npz"
    one.write_bytes(b"abc")
    other.write_bytes(b"abc")
    assert len(content_of(NpzFile(path=str(one)))) == 16
    assert content_of(NpzFile(path=str(one))) == content_of(NpzFile(path=str(other)))
    other.write_bytes(b"abd")
    os.utime(other, ns=(1, 1))
    assert content_of(NpzFile(path=str(one))) != content_of(NpzFile(path=str(other)))
    assert content_of(NpzFile(path=str(tmp_path / "missing.npz"))) == ""
    assert content_of(NpzFile(path="/dev/null")) == ""


def test_a_folder_is_all_of_its_files_and_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cat/1.png", "dog/1.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(name.encode())
    source = ImageFolder(path=str(tmp_path))
    before = content_of(source)
    assert before
    assert content_of(source) == before
    (tmp_path / "cat/1.png").rename(tmp_path / "cat/2.png")
    assert content_of(source) not in ("", before)
    monkeypatch.setattr(content, "MOST_FILES", 1)
    assert content_of(source) == ""


def test_few_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "KEPT", 1)
    for name in ("a.npz", "b.npz"):
        (tmp_path / name).write_bytes(name.encode())
        content_of(NpzFile(path=str(tmp_path / name)))
    assert len(content._known) <= 1


def test_a_code_is_found_in_its_picture(tmp_path: Path) -> None:
    segno = pytest.importorskip("segno", reason="segno is not installed: no QR picture can be made")
    pytest.importorskip("zxingcpp", reason="zxing-cpp is not installed: no QR picture can be read")
    assert qr.can_read()
    code = sharing.to_code(example("xor").project)
    segno.make(code).save(str(tmp_path / "it.png"), scale=4, border=4)
    assert qr.code_at(tmp_path / "it.png") == code
    assert qr.code_in(np.full((50, 50), 255, np.uint8)) == ""


def test_drawn_pictures_become_the_data_and_more_of_them_feed_the_run() -> None:
    rng = np.random.default_rng(0)
    source = PictureSet(pictures="", size=8, classes=("a", "b", "c"))
    for n in range(12):
        source = source.added(rng.random((1, 8, 8)), n % 3)
    begun = edits.draw_pictures(example("circle").project, source)
    assert begun.source == source
    assert not problems(begun)
    more = source.added(rng.random((1, 8, 8)), 0)
    assert edits.draw_pictures(begun, more) == begun.replace(source=more)


def test_typed_numbers_come_with_their_network_and_training() -> None:
    project = example("circle").project
    source = Typed([[1, 2, 3, 4]], inputs=3)
    network = Network.chain(Linear(1))
    fit = project.fit.replace(loss=MSELoss(), batch_size=1)
    typed = edits.type_numbers(project, source, (), network, fit)
    assert (typed.source, typed.network.nodes[0].layer) == (source, Linear(1))
    assert typed.fit.batch_size == 1
    assert not problems(typed)
