"""Tables that tests write, as text, as spreadsheets and as Parquet."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from engine.data import Dataset, TableFile

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def made(folder: Path, content: str | bytes, name: str = "t.csv", **values: Any) -> Dataset:
    path = folder / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return TableFile(path=str(path), **values).make()


def said(data: Dataset) -> str:
    return " ".join(note.text for note in data.report)


def offers(data: Dataset) -> dict[str, dict[str, object]]:
    return {offer.words: dict(offer.changes) for note in data.report for offer in note.offers}


def role(data: Dataset, column: str) -> str:
    assert data.encoding is not None
    return next(about.role for about in data.encoding.about if about.name == column)


def holds(data: Dataset, column: str) -> str:
    assert data.encoding is not None
    return next(about.holds for about in data.encoding.about if about.name == column)


def _cell(row: int, column: int, value: Any) -> str:
    place = f"{chr(65 + column)}{row + 1}"
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    if value.startswith("<"):  # as it is to stand there
        return value.replace("PLACE", place)
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def write_xlsx(path: Path, sheets: dict[str, Sequence[Sequence[Any]]], more: str = "") -> Path:
    """A workbook. ``more``: what else stands in the rows of each sheet."""
    numbers = range(1, 1 + len(sheets))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>')
        packed.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(
            f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>'
            for n, name in zip(numbers, sheets, strict=True)
        )
        packed.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        )
        related = "".join(
            f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in numbers
        )
        packed.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships">{related}</Relationships>',
        )
        for n, rows in zip(numbers, sheets.values(), strict=True):
            body = "".join(
                f'<row r="{r + 1}">{"".join(_cell(r, c, value) for c, value in enumerate(row))}</row>'
                for r, row in enumerate(rows)
            )
            packed.writestr(
                f"xl/worksheets/sheet{n}.xml",
                f'<worksheet xmlns="{_MAIN}"><sheetData>{body}{more}</sheetData></worksheet>',
            )
    return path


def write_ods(path: Path, rows: Sequence[Sequence[Any]], repeated: str = "") -> Path:
    """A spreadsheet of OpenDocument. ``repeated``: attributes of the last cell."""

    def cell(value: Any, more: str) -> str:
        if isinstance(value, int | float):
            return f'<table:table-cell {more} office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
        return f'<table:table-cell {more} office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'

    body = "".join(
        "<table:table-row>"
        + "".join(
            cell(v, repeated if (r, c) == (len(rows) - 1, len(row) - 1) else "") for c, v in enumerate(row)
        )
        + "</table:table-row>"
        for r, row in enumerate(rows)
    )
    office = "urn:oasis:names:tc:opendocument:xmlns"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{office}:manifest:1.0"><manifest:file-entry manifest:full-path="/" '
            'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>',
        )
        packed.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0" '
            f'xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet><table:table table:name="One">{body}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path
