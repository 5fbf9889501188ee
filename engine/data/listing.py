"""What names of files and folders say: whether they are looked at, and of which part of a data set they are."""

from __future__ import annotations

#: what systems put beside files, in small letters
_HIDDEN = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "icon\r", "$recycle.bin", "@eadir"}

#: words for the parts of a data set, in small letters, and the part as in ``Dataset.parts``
PARTS = {
    **dict.fromkeys(("train", "training"), 0),
    **dict.fromkeys(("val", "valid", "validation", "dev"), 1),
    **dict.fromkeys(("test", "testing"), 2),
}


def is_hidden(name: str) -> bool:
    """Whether nobody put a file or folder there on purpose: ".DS_Store", the "._name" beside each file that came from a Mac, …"""
    return name.startswith(".") or name.lower() in _HIDDEN
