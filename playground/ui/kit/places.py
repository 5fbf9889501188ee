"""Folders of the person who is logged in."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths

from playground.document.document import Document
from playground.runs.kept import folder_of


def runs_folder() -> Path:
    """Where runs of the lab lie."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)) / "runs"


def runs_of(document: Document) -> Path:
    """Where those of the project lie that ``document`` holds now."""
    return folder_of(runs_folder(), document.value, document.path)
