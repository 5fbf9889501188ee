"""Share…: the project as a text code, and as a QR picture where the package for that is installed."""

from __future__ import annotations

import io

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication, QPixmap
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from playground.ui.kit.text import Label

#: letters of the longest code that a QR picture holds, with the least correction of errors
MOST_QR = 2953
#: pixels of a QR picture's side, about; cells of white round it, as the standard asks for
SIDE, BORDER = 380, 4


class ShareDialog(QDialog):
    """Shows ``code``, to be copied."""

    def __init__(self, code: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("share_dialog")
        self.setWindowTitle("Share")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.code = code
        title = Label("The project as a code")
        title.setProperty("title", True)
        about = Label(
            "Send it in a message, or a screenshot of the picture: File ▸ Open Code takes either from the clipboard. The seed makes the receiver's numbers the same as yours; "
            "what has been trained is not in it."
        )
        about.setProperty("muted", True)
        about.setWordWrap(True)
        self.text = QPlainTextEdit(code)
        self.text.setObjectName("share_code")
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Code of the project")
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.picture = Label()
        self.picture.setObjectName("share_picture")
        self.picture.setAccessibleName("The code as a QR picture")
        self.said = Label(f"{len(code):,} letters")
        self.said.setObjectName("share_said")
        self.said.setProperty("muted", True)
        self.said.setWordWrap(True)
        self._show_picture()
        copies = QPushButton("Copy")
        copies.setObjectName("share_copy")
        copies.setProperty("primary", True)
        copies.setDefault(True)
        copies.clicked.connect(self._copy)
        closes = QPushButton("Close")
        closes.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self.text, 1)
        row.addWidget(self.picture)
        buttons = QHBoxLayout()
        buttons.addWidget(self.said, 1)
        buttons.addWidget(closes)
        buttons.addWidget(copies)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(12)
        column.addWidget(title)
        column.addWidget(about)
        column.addLayout(row, 1)
        column.addLayout(buttons)
        self.resize(760, 520)

    def _show_picture(self) -> None:
        picture = qr(self.code) if len(self.code) <= MOST_QR else None
        self.picture.setVisible(picture is not None)
        if picture is not None:
            self.picture.setPixmap(picture)
        elif len(self.code) > MOST_QR:
            self.said.setText(f"{len(self.code):,} letters, too many for a QR picture.")
        else:
            self.said.setText(
                f"{len(self.code):,} letters. A QR picture needs one more package: pip install 'chainrule-playground[share]'"
            )

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.code)
        self.said.setText("Copied.")


def qr(code: str) -> QPixmap | None:
    """The QR picture of a code; ``None`` where the package for it is not installed."""
    try:
        import segno
    except ImportError:
        return None
    made, buffer = segno.make_qr(code, error="l", boost_error=False), io.BytesIO()
    # Whole pixels for each cell, and at least two, so that a screenshot of it can be read.
    cells, _ = made.symbol_size(border=BORDER)
    made.save(buffer, kind="png", scale=max(2, SIDE // cells), border=BORDER)
    found = QPixmap()
    found.loadFromData(buffer.getvalue(), "PNG")
    return found
