"""Pictures whose classes stand in a table of their names, such as labels.csv, in place of folders."""

from __future__ import annotations

import posixpath
from collections import defaultdict

from engine.data.listing import PARTS
from engine.data.pixels import ENDINGS
from engine.data.reading import TEXT_ENDINGS, How, Read, of_text
from engine.data.report import Note, Offer
from engine.data.shelf import PARTS_OF_FOLDERS, Found, Layout, Shelf, layout, natural
from engine.errors import DataError, clipped, few

#: bytes of a table of names, and tables that are looked into
MOST_BYTES, MOST_TABLES = 1 << 26, 4
#: what a column of classes, of names, of parts is called
_CLASSES = ("label", "class", "category", "target", "species", "breed", "kind", "y")
_PARTS = ("split", "set", "part", "subset")
#: share of the rows that must name a picture
_NAMED = 0.5


def arranged(files: Shelf, label: str = "") -> Layout:
    """Which pictures are of which class and part: as their folders say, or, where these do not tell, a table beside them.

    Args:
        label: the column of the table that holds the classes; "" for the one that is called so, or looks so.

    Raises DataError.
    """
    names = files.names()
    try:
        made = layout(names, files.in_words)
    except DataError:
        found = _listed(files, names, label)
        if found is None:
            raise
        return found
    if all(
        name.lower() in PARTS_OF_FOLDERS for name in made.classes
    ):  # train/ and test/ hold pictures, not classes
        return _listed(files, names, label) or made
    return made


def _listed(files: Shelf, names: list[str], label: str) -> Layout | None:
    """The pictures that a table names; ``None`` where no table does."""
    pictures = [name for name in names if posixpath.splitext(name)[1].lower() in ENDINGS]
    tables = [name for name in names if posixpath.splitext(name)[1].lower() in TEXT_ENDINGS]
    places = _places(pictures)
    for table in sorted(tables, key=lambda name: (name.count("/"), natural(name)))[:MOST_TABLES]:
        with files.opened(table) as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            continue
        try:
            read = of_text(raw, posixpath.basename(table), How())
        except DataError:
            continue
        made = _by_table(read, places, label)
        if made is not None:
            made.table = table
            known = {one.name for one in made.found}
            made.left[f"not in {clipped(posixpath.basename(table), 40)}"] = [
                name for name in pictures if name not in known
            ]
            return made
    return None


def _places(pictures: list[str]) -> dict[str, str]:
    """The picture that each way to name one means: with its folders, without, without its ending. Ambiguous ones are left out."""
    found: dict[str, str] = {}
    twice = set[str]()
    for name in pictures:
        base = posixpath.basename(name)
        for way in {name, base, posixpath.splitext(name)[0], posixpath.splitext(base)[0]}:
            if way in found:
                twice.add(way)
            found[way] = name
    return {way: name for way, name in found.items() if way not in twice}


def _by_table(read: Read, places: dict[str, str], label: str) -> Layout | None:
    rows = range(len(read.lines))
    texts = [cells.texts(rows) for cells in read.columns]
    named = [[_place(text, places) for text in column] for column in texts]
    hits = [sum(name is not None for name in column) for column in named]
    best = max(range(len(hits)), key=hits.__getitem__, default=-1)
    if best < 0 or hits[best] < max(2, _NAMED * len(rows)):
        return None
    split = _part_column(read.names, texts)
    others = [i for i in range(len(texts)) if i not in (best, split)]
    column = _class_column(read.names, texts, others, label)
    if column is None:
        return None
    made = Layout(split=split is not None)
    pictures: dict[str, tuple[str, int]] = {}
    for name, kind, row in zip(named[best], texts[column], rows, strict=True):
        if name is None:
            made.left["named there, but not found"].append(texts[best][row])
        elif not kind:
            made.left["of no class there"].append(name)
        elif pictures.get(name, (kind,))[0] != kind:
            made.left["of two classes there"].append(name)
        else:
            pictures[name] = kind, PARTS[texts[split][row].lower()] if split is not None else 0
    for name in made.left.get("of two classes there", ()):
        pictures.pop(name, None)
    made.classes = tuple(sorted({kind for kind, _ in pictures.values()}, key=natural))
    number = {kind: at for at, kind in enumerate(made.classes)}
    made.found = sorted(
        (Found(name, number[kind], part) for name, (kind, part) in pictures.items()),
        key=lambda one: (one.part, one.label, natural(one.name)),
    )
    if len(made.classes) < 2:
        kinds = few(list(made.classes)) or "none"
        raise DataError(
            f"The column {clipped(read.names[column], 40)} of {clipped(read.name, 60)} holds one class only, {kinds}; expected at least "
            "two. Choose another column."
        )
    offers = tuple(
        Offer(f"Classes from {clipped(read.names[i], 40)}", (("label_column", read.names[i]),))
        for i in others
        if i != column and 2 <= len(set(texts[i])) <= len(rows) / 2
    )
    by = f", and the parts from {clipped(read.names[split], 40)}" if split is not None else ""
    made.notes = (
        Note(
            f"The classes are taken from the column {clipped(read.names[column], 40)} of {clipped(read.name, 60)}{by}.",
            offers[:4],
        ),
    )
    return made


def _place(text: str, places: dict[str, str]) -> str | None:
    plain = text.replace("\\", "/").removeprefix("./")
    return places.get(plain) or places.get(posixpath.basename(plain)) if plain else None


def _part_column(names: list[str], texts: list[list[str]]) -> int | None:
    """The column that says which part a picture is of."""
    for i, (name, column) in enumerate(zip(names, texts, strict=True)):
        kinds = {text.lower() for text in column}
        if name.strip().lower() in _PARTS and kinds <= set(PARTS) and 0 in {PARTS[kind] for kind in kinds}:
            return i
    return None


def _class_column(names: list[str], texts: list[list[str]], others: list[int], label: str) -> int | None:
    """The column of classes: the one that is asked for, that is called so, or the first of few kinds. Raises DataError."""
    if label:
        asked = [i for i in others if names[i] == label]
        if not asked:
            known = few([names[i] for i in others]) or "none"
            raise DataError(
                f"There is no column {clipped(label, 40)} beside the names of pictures; expected one of {known}. Choose one."
            )
        return asked[0]
    called = [i for word in _CLASSES for i in others if names[i].strip().lower() == word]
    kinds: defaultdict[int, int] = defaultdict(int, {i: len(set(texts[i]) - {""}) for i in others})
    fit = [i for i in (*called, *others) if 2 <= kinds[i] <= max(2, len(texts[i]) / 2)]
    return fit[0] if fit else called[0] if called else others[0] if len(others) == 1 else None
