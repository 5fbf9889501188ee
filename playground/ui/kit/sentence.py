"""A sentence about somebody's files: however long their names, it fits a narrow panel."""

from __future__ import annotations

import re

from playground.ui.kit.text import Label

#: letters after which a long word may be broken
RUN = 12


class Sentence(Label):
    """A label that wraps, inside words too where it must. ``text`` gives back what was set."""

    def __init__(self, name: str, look: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty(look, True)
        self.setWordWrap(True)
        self._words = ""

    def setText(self, words: str) -> None:
        self._words = words
        # A space without width: otherwise the longest word would be the least width of the whole panel.
        super().setText(re.sub(rf"\S{{{RUN}}}(?=\S)", "\\g<0>\u200b", words))
        self.setAccessibleName(words)

    def text(self) -> str:
        return self._words

    def clear(self) -> None:
        self.setText("")
