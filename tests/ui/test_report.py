"""Reports: what they say is what the engine computed, nothing in them is run, and opening one opens the project."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from engine.log import LogView
from playground import app
from playground.document import edits, files
from playground.document.examples import example
from playground.document.files import FileError, carried
from playground.runner.messages import Step
from playground.runner.session import Session
from playground.runner.trials import result_of
from playground.runs.kept import Entry
from playground.runs.trial import Trial
from playground.ui.shell.report.content import Asked, Content, Drawn, Rows, Words, _settings, content
from playground.ui.shell.report.dialog import ReportDialog
from playground.ui.shell.report.page import page
from playground.ui.shell.report.paper import paper
from tests.ui.shell import Shell, ToldRunner

HOSTILE = '<script>alert(1)</script> & "quotes"'


@pytest.fixture(scope="module")
def session() -> Session:
    return app.train(example("iris").project, 8, lambda done: None)


@pytest.fixture(scope="module")
def report(qapp, session: Session) -> Content:
    return content(session, Asked("Ada", f"Why?\n{HOSTILE}", "So."), entries(session))


def entries(session: Session) -> list[Entry]:
    from datetime import UTC, datetime

    project = session.project
    other = edits.set_fit(project, project.fit.replace(batch_size=40))
    trials = [Trial(one, seed, 3) for one in (project, other) for seed in (1, 2)]
    return [Entry(one.digest, one, result_of(one), datetime.now(UTC)) for one in trials]


def section(report: Content, title: str):
    return next(one for one in report.sections if one.title == title).parts


def table(report: Content, title: str, at: int = 0) -> Rows:
    return [part for part in section(report, title) if isinstance(part, Rows)][at]


def test_its_sections(report: Content) -> None:
    assert [one.title for one in report.sections] == [
        "Question", "Answer", "Result", "Data", "Network", "Settings", "Curves", "Answers of the network", "Samples with the largest loss",
        "Runs compared", "To run it again",
    ]  # fmt: skip
    assert [part.text for part in section(report, "Question")] == ["Why?", HOSTILE]


def test_the_confusion_matrix_has_the_accuracy(report: Content, session: Session) -> None:
    counts = np.array([[int(n) for n in row[1:]] for row in table(report, "Answers of the network").rows])
    frame = session.frame()
    assert counts.sum() == len(frame.data.validation)
    assert np.trace(counts) / counts.sum() == pytest.approx(frame.validation_metric)


def test_the_worst_samples_are_the_worst(report: Content, session: Session) -> None:
    from playground.runner.messages import SampleLoss

    want = SampleLoss("validation", 1000)
    losses = session.frame([want]).answer(want)
    rows = table(report, "Samples with the largest loss").rows
    assert [int(row[0].split()[1]) for row in rows] == np.argsort(-losses, kind="stable")[:8].tolist()
    data = session.frame().data
    first = int(rows[0][0].split()[1])
    raw = data.raw.x[data.index.validation[first]]
    assert rows[0][1] == ", ".join(f"{v:.2f}" for v in raw)
    assert rows[0][2] == data.raw.classes[int(data.validation.y[first])]


def test_settings_and_runs(report: Content, session: Session) -> None:
    settings = dict(table(report, "Settings").rows)
    assert settings["seed"] == "0"
    assert settings["batch size"] == f"{session.project.fit.batch_size} samples"
    assert settings["learning rate of the epochs"] == f"{session.project.fit.optimizer.lr:g}"
    assert "early stopping" not in settings
    runs = table(report, "Runs compared")
    assert [row[1] for row in runs.rows] == ["1", "2", "1", "2"]
    assert "batch size" in runs.rows[2][0]
    luck = table(report, "Runs compared", 1)
    assert [row[1] for row in luck.rows] == ["2", "2"]


def test_the_rate_is_the_one_that_the_run_was_trained_with(session: Session) -> None:
    log = LogView(np.array([[n, 1, 1, 0, 1, 1, 0.03 if n < 3 else 0.1, 1] for n in range(6)], float))
    faster = session.project.fit.optimizer.replace(lr=0.3)
    changed = edits.set_fit(session.project, session.project.fit.replace(optimizer=faster))
    assert dict(_settings(changed, log).rows)["learning rate of the epochs"] == "0.03 → 0.1"
    assert dict(_settings(changed, LogView()).rows)["learning rate"] == "0.3"


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_needs_nothing_else_and_runs_nothing(
    report: Content, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "it.html"
    reader = Reader()
    reader.feed(page(report, carried(session.project, path)).decode())
    assert [attrs for tag, attrs in reader.tags if tag == "script"] == [
        {"type": "text/plain", "id": "project"}
    ]
    assert HOSTILE in reader.text
    addresses = [
        value
        for _, attrs in reader.tags
        for name, value in attrs.items()
        if name in ("src", "href", "xlink:href", "action")
    ]
    assert all(value is None or value.startswith(("data:image/png;base64,", "#")) for value in addresses)
    assert any(
        "default-src 'none'" in (attrs.get("content") or "") for tag, attrs in reader.tags if tag == "meta"
    )
    ids = [attrs["id"] for _, attrs in reader.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("ending", [".html", ".pdf"])
def test_the_project_comes_back(qapp, report: Content, session: Session, tmp_path: Path, ending: str) -> None:
    path, inside = tmp_path / f"it{ending}", carried(session.project, tmp_path / "it")
    path.write_bytes(page(report, inside) if ending == ".html" else paper(report, inside, b"{}"))
    assert files.load(path) == session.project


def test_the_paper_has_text_as_text(qapp, report: Content, session: Session, tmp_path: Path) -> None:
    made = paper(
        report, carried(session.project, tmp_path / "it.pdf"), files.to_json(session.project).encode()
    )
    assert made.startswith(b"%PDF")
    assert b"/FontFile2" in made
    assert b"project.playground.json" in made or "project.playground.json".encode("utf-16-be") in made
    assert len(re.findall(rb"/Type /Page\b", made)) >= 3


def test_a_picture_data_set_shows_its_worst_pictures(qapp) -> None:
    found = content(app.train(example("digits-cnn").project, 1, lambda done: None), Asked(), [])
    cells = [row[1] for row in table(found, "Samples with the largest loss").rows]
    assert all(cell.startswith("data:image/png;base64,") for cell in cells)
    assert "Question" not in [one.title for one in found.sections]
    assert any(isinstance(part, Drawn) for part in section(found, "Network"))


def test_a_regression_has_no_confusion_matrix(qapp) -> None:
    found = content(app.train(example("regression").project, 1, lambda done: None), Asked(), [])
    assert not [part for part in section(found, "Answers of the network") if isinstance(part, Rows)]
    assert len(table(found, "Samples with the largest loss").rows) == 8


def test_what_was_not_trained_says_so(qapp) -> None:
    found = content(app.train(example("xor").project, 0, lambda done: None), Asked(), [])
    assert section(found, "Result") == (Words("It has not been trained yet."),)
    assert "Curves" not in [one.title for one in found.sections]


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>chainrule-project:</html>", b"%PDF-1.4 chainrule-project:!!!!", b"chainrule-project:AAAA"],
)
def test_what_carries_no_project_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "it.pdf"
    path.write_bytes(data)
    with pytest.raises(FileError, match=r"carries no project|not a project file"):
        files.load(path)


def test_data_elsewhere_are_withheld_as_in_any_file(tmp_path: Path) -> None:
    from engine.data import TableFile

    outside = tmp_path / "elsewhere.csv"
    outside.write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "it.html"
    project = example("iris").project.replace(source=TableFile(path=str(outside)))
    path.write_bytes(page(Content("It", "", ()), carried(project, path)))
    assert files.load(path).source.withheld == (str(outside),)


# --- in the window ------------------------------------------------------------------------------------------------------


def test_opening_a_report_opens_the_project_and_saving_asks_for_a_file(qtbot, tmp_path: Path) -> None:
    shell = Shell(qtbot, example("xor").project, tmp_path / "shell", ToldRunner()).show()
    path = tmp_path / "it.html"
    project = example("spiral").project
    written = page(Content("It", "", ()), carried(project, path))
    path.write_bytes(written)
    shell.window.desk.open_path(path)
    assert shell.document.value.network == project.network
    assert shell.document.value.name == project.name
    assert shell.document.path is None
    assert path.read_bytes() == written


def test_a_page_without_a_project_is_said(qtbot, tmp_path: Path) -> None:
    shell = Shell(qtbot, example("xor").project, tmp_path / "shell", ToldRunner()).show()
    (tmp_path / "it.html").write_text("<html></html>")
    before = shell.document.value
    shell.window.desk.open_path(tmp_path / "it.html")
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert "carries no project" in box.text()
    box.accept()
    assert shell.document.value is before


@pytest.mark.slow
def test_a_run_is_reported_beside_the_window(qtbot, tmp_path: Path) -> None:
    shell = Shell(qtbot, example("xor").project, tmp_path / "shell").show().until_ready()
    shell.runner.send(Step("epoch"))
    qtbot.waitUntil(lambda: shell.frame.epoch == 1)
    shell.window.actions_["file.report"].trigger()
    dialog = shell.window.findChild(ReportDialog)
    assert dialog is not None
    qtbot.waitExposed(dialog)
    dialog.question.setPlainText("-- does it begin with a dash?")
    dialog.start(tmp_path / "it.html")
    assert dialog.cancels.isVisible()
    qtbot.waitUntil(lambda: not dialog.busy, timeout=120_000)
    assert dialog.said.text().startswith("Saved as it.html, "), dialog.said.text()
    text = (tmp_path / "it.html").read_text("utf-8")
    assert "-- does it begin with a dash?" in text
    assert "After 1 epoch " in text
    dialog.start(tmp_path / "other.pdf")
    QTest.mouseClick(dialog.cancels, Qt.MouseButton.LeftButton)
    assert dialog.said.text() == "Cancelled: nothing was saved."
    assert not (tmp_path / "other.pdf").exists()
    dialog.reject()
