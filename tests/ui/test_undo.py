"""Undo and redo of any edit, merging of drags, and the clean state that follows saving."""

import pytest

from playground.document.document import Document
from playground.document.project import Project
from playground.ui.shell.undo import History


@pytest.fixture
def document() -> Document:
    return Document(Project(name="first"))


@pytest.fixture
def history(qapp, document: Document) -> History:
    return History(document)


def rename(document: Document, name: str, merge: str = "") -> None:
    document.apply(document.value.replace(name=name), f"Rename to {name}", merge)


def test_an_edit_is_done_undone_and_redone(document: Document, history: History) -> None:
    first = document.value
    rename(document, "second")
    second = document.value
    assert second.name == "second"
    history.undo()
    assert document.value is first
    history.redo()
    assert document.value is second


def test_listeners_hear_each_way_once(document: Document, history: History) -> None:
    heard = []
    document.subscribe(lambda before, after: heard.append((before.name, after.name)))
    rename(document, "second")
    history.undo()
    history.redo()
    assert heard == [("first", "second"), ("second", "first"), ("first", "second")]


def test_neighbours_with_one_key_are_one_entry(document: Document, history: History) -> None:
    for name in ("a", "b", "c"):
        rename(document, name, merge="drag 1")
    assert history.count() == 1
    history.undo()
    assert document.value.name == "first"
    history.redo()
    assert document.value.name == "c"


@pytest.mark.parametrize(
    ("first", "second"), [("drag 1", "drag 2"), ("", ""), ("drag 1", ""), ("", "drag 1")]
)
def test_other_keys_and_no_keys_stay_apart(
    document: Document, history: History, first: str, second: str
) -> None:
    rename(document, "a", first)
    rename(document, "b", second)
    assert history.count() == 2
    history.undo()
    assert document.value.name == "a"


def test_a_drag_there_and_back_leaves_nothing_to_undo(document: Document, history: History) -> None:
    rename(document, "a", merge="drag")
    rename(document, "first", merge="drag")
    assert not history.canUndo()
    assert history.isClean()


def test_the_same_project_again_is_no_edit(document: Document, history: History) -> None:
    rename(document, "first")
    assert history.count() == 0


def test_clean_follows_saving_and_undo(document: Document, history: History) -> None:
    rename(document, "a", merge="drag")
    assert not history.isClean()
    history.setClean()  # saved
    rename(document, "b", merge="drag")
    assert not history.isClean()
    history.undo()
    assert history.isClean(), "a drag that goes on after saving must not swallow what was saved"
    assert document.value.name == "a"


def test_a_new_project_starts_over(document: Document, history: History) -> None:
    rename(document, "a")
    history.start_over()
    assert not history.canUndo()
    assert history.isClean()
    assert document.value.name == "a"
