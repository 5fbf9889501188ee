"""Every edit has a name, which undo reads: the function says it once."""

import inspect
import re

import pytest

from engine.fit import Fit
from engine.layers import Linear, ReLU
from engine.network import Network
from engine.problems import RemoveNode
from playground.document import edits
from playground.document.document import Document
from playground.document.edits import EDITS
from playground.document.project import Project

MLP = Project(network=Network.chain(Linear(4), ReLU(), Linear(1)))


def test_every_function_from_project_to_project_is_an_edit() -> None:
    found = {
        name
        for name, function in inspect.getmembers(edits, inspect.isfunction)
        if not name.startswith("_")
        and function.__module__ == edits.__name__
        and inspect.get_annotations(function).get("project") == "Project"
        and inspect.get_annotations(function)["return"] == "Project"
    }
    assert set(EDITS) == found
    assert all(one.make is getattr(edits, one.key) for one in EDITS.values())


@pytest.mark.parametrize("one", EDITS.values(), ids=EDITS)
def test_a_name_begins_with_what_is_done_and_goes_on_as_a_sentence_does(one: edits.Edit) -> None:
    first, *others = re.sub(r"{.*?}", "it", one.text).split()
    assert first.istitle() or one.text == "{remedy.text}"
    assert all(word.islower() for word in others)


@pytest.mark.parametrize(
    ("key", "given", "name"),
    [
        ("add_layer", ("ReLU", 0), "Add ReLU"),
        ("add_layer", (Linear(3), 0), "Add Linear"),
        ("paste", ([ReLU()], 0), "Paste ReLU"),
        ("paste", ([ReLU(), ReLU()], 0), "Paste 2 layers"),
        ("remove", (("0", "1"),), "Delete 2 layers"),
        ("duplicate", (("1",),), "Duplicate ReLU"),
        ("move", ("1", 0), "Move ReLU"),
        ("shift", (("0", "1"), 1), "Move 2 layers"),
        ("set_layer", ("0", Linear(8)), "Change Linear"),
        ("set_weight", ("0", "bias", (1,), 0.0, 1.0), "Set bias of 0"),
        ("mend", (RemoveNode("Remove the {odd} one", "1"),), "Remove the {odd} one"),
        ("new_weights", (), "Draw new weights"),
    ],
)
def test_the_name_says_what_is_done(key: str, given: tuple[object, ...], name: str) -> None:
    assert EDITS[key].named(MLP, *given) == name


def test_the_document_records_an_edit_under_its_name() -> None:
    document, texts = Document(MLP), []
    document.recorder = lambda before, after, text, merge: (texts.append((text, merge)), document.set(after))
    document.do(edits.shift, ("0", "1"), 1)
    assert [node.id for node in document.value.network.nodes] == ["2", "0", "1"]
    document.do(edits.set_fit, Fit(batch_size=3), text="Change loss", merge="loss")
    assert texts == [("Move 2 layers", ""), ("Change loss", "loss")]
