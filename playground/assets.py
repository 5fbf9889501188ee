"""Where icons, examples and lessons are: beside the packages in a checkout, inside ``playground`` in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def asset_path(name: str = "") -> Path:
    """The file or folder ``name`` among the assets. Raises FileNotFoundError, naming the places looked at."""
    places = (_HERE / "assets", _HERE.parent / "assets")
    for place in places:
        if (place / name).exists():
            return place / name
    raise FileNotFoundError(
        f"The program's own file {name!r} is missing; looked in {' and '.join(map(str, places))}. Install the program again."
    )
