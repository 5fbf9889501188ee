"""A project as a code: the same project, whatever a mail program does to it; hostile ones give sentences."""

from __future__ import annotations

import base64
import json
import random
import zlib
from pathlib import Path

import pytest

from engine.data import NpzFile
from playground.document.examples import examples
from playground.document.files import FileError, to_json
from playground.document.project import FirstWeights, Project, withheld
from playground.document.sharing import BEGIN, LONGEST, from_code, is_code, to_code
from tests.soak.malformed import altered


def coded(data: object) -> str:
    return BEGIN + base64.urlsafe_b64encode(zlib.compress(json.dumps(data).encode())).decode()


@pytest.mark.parametrize("one", examples(), ids=lambda e: e.key)
def test_every_example_comes_back(one) -> None:
    code = to_code(one.project)
    assert len(code) < 2500
    assert code.isascii()
    assert from_code(code) == one.project


def test_what_stands_round_it_and_in_it_does_not_matter() -> None:
    code = to_code(examples()[0].project)
    broken = "\n> ".join([code[:70], code[70:]]).replace("> ", "  ")
    assert is_code(f"Look at this:\n{broken}")
    assert from_code(f"Look at this:\n{broken}\n\n(It is a net.)") == examples()[0].project


@pytest.mark.parametrize(
    "text",
    ["", "hello", BEGIN, BEGIN + "AAAA", BEGIN + "*", "x" * 300_000, coded([]), coded({"format": "else"})],
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(FileError) as error:
        from_code(text)
    assert len(str(error.value)) < 600


def test_one_that_is_cut_short_says_so() -> None:
    code = to_code(examples()[0].project)
    for end in (len(code) - 1, len(code) - 40, len(BEGIN) + 5):
        with pytest.raises(FileError, match=r"damaged or cut short"):
            from_code(code[:end])


def test_a_bomb_is_not_unpacked() -> None:
    packed = zlib.compress(b" " * (1 << 30 >> 4), 9)
    with pytest.raises(FileError, match="damaged"):
        from_code(BEGIN + base64.urlsafe_b64encode(packed).decode())


def test_files_are_not_sent_and_none_is_read_for_somebody_else(tmp_path: Path) -> None:
    own = tmp_path / "secret.npz"
    own.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    project = Project(source=NpzFile(path=str(own)))
    with pytest.raises(FileError, match="reads data from a file"):
        to_code(project)
    theirs = from_code(coded(json.loads(to_json(project))))
    assert withheld(theirs) == (str(own),)


def test_one_that_is_too_long_is_not_made() -> None:
    project = examples()[0].project
    draw = random.Random(0)
    values = tuple(tuple(draw.random() for _ in range(60)) for _ in range(60))
    first = FirstWeights(project.network.nodes[0].id, "weight", values)
    with pytest.raises(FileError, match=f"at most {LONGEST:,}"):
        to_code(project.replace(first_weights=(first,)))


def test_altered_ones_give_sentences_only() -> None:
    draw = random.Random(1)
    for _ in range(150):
        data = altered(json.loads(to_json(examples()[0].project)), draw)
        try:
            from_code(coded(data))
        except FileError as error:
            said = str(error)
        else:
            said = "It is opened, as a project."
        assert 10 < len(said) < 1500
