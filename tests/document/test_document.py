"""The document tells of real changes, once, and lets one recorder decide how an edit enters."""

from playground.document import edits
from playground.document.document import Document, News
from playground.document.project import Project
from tests.document.projects import circle


def told(document: Document) -> list[tuple[Project, Project]]:
    heard: list[tuple[Project, Project]] = []
    document.subscribe(lambda before, after: heard.append((before, after)))
    return heard


def test_listeners_hear_before_and_after() -> None:
    first = circle()
    document = Document(first)
    heard = told(document)
    renamed = edits.rename(first, "a")
    document.apply(renamed, "Rename")
    assert heard == [(first, renamed)]
    assert heard[0][0] is first
    assert document.value is renamed


def test_what_changes_nothing_is_no_edit() -> None:
    document = Document(circle())
    heard = told(document)
    document.apply(circle(), "Nothing")
    document.set(document.value)
    assert heard == []


def test_the_same_project_opened_once_more_begins_anew_and_everybody_hears_of_it() -> None:
    document = Document(circle())
    heard = told(document)
    document.open(document.value)
    assert document.news is News.OPENED
    ((before, after),) = heard
    assert after == before
    assert after is not before, "who trains knows a project by its identity"


def test_whoever_unsubscribes_hears_no_more_even_in_the_middle() -> None:
    document = Document(circle())
    heard: list[str] = []

    def once(before: Project, after: Project) -> None:
        heard.append("once")
        stop()

    stop = document.subscribe(once)
    document.subscribe(lambda before, after: heard.append("always"))
    document.apply(edits.rename(circle(), "a"), "")
    document.apply(edits.rename(circle(), "b"), "")
    assert heard == ["once", "always", "always"]


def test_the_recorder_is_given_every_edit_and_makes_it() -> None:
    document = Document(circle())
    recorded: list[tuple[str, str]] = []

    def record(before: Project, after: Project, text: str, merge: str) -> None:
        recorded.append((text, merge))
        document.set(after)

    document.recorder = record
    document.apply(edits.rename(document.value, "a"), "Rename", "name")
    document.set(circle())
    assert recorded == [("Rename", "name")]


def test_a_document_begins_with_an_empty_project() -> None:
    assert Document().value == Project()
    assert Document().path is None
