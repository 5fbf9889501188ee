"""What of a folder is looked at."""

from __future__ import annotations

#: what systems put beside files, in small letters
_HIDDEN = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "icon\r", "$recycle.bin", "@eadir"}


def is_hidden(name: str) -> bool:
    """Whether nobody put a file or folder there on purpose: ".DS_Store", the "._name" beside each file that came from a Mac, …"""
    return name.startswith(".") or name.lower() in _HIDDEN
