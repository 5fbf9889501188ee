"""From what is named on the command line to a project, its data and its run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from playground.cli.options import Refusal
from playground.cli.root import commands

if TYPE_CHECKING:
    from engine.data import Source
    from playground.document.project import Project
    from playground.runs.run import Run

MOST_HINTS = 4  #: ways that a refusal names


def project_asked_for(
    what: str, data: Path | None, read: Sequence[str] | None, target: str | None, allow_outside: bool
) -> tuple[Project, Path | None]:
    """The project that ``what`` names, with the data that the options name, and its path where it is a file."""
    project, path = project_named(what)
    return with_its_data(with_data(project, data, read or (), target), allow_outside), path


def project_named(what: str) -> tuple[Project, Path | None]:
    """The example or file called ``what`` (the default example where it is empty), and its path where it is a file."""
    import difflib

    from engine.errors import shown
    from playground.document import files
    from playground.document.examples import DEFAULT, example
    from playground.document.examples import examples as all_examples

    keys = [e.key for e in all_examples()]
    if not what or what in keys:
        return example(what or DEFAULT).project, None
    path = Path(what)
    if not os.path.lexists(path):  # False too for what cannot be a name
        near = difflib.get_close_matches(what[:100], (*keys, *commands()), n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Examples are {', '.join(keys)}."
        raise Refusal(f"There is no file and no example called {shown(what)}. {hint}")
    try:
        return files.load(path), path
    except files.FileError as error:
        raise Refusal(str(error)) from None


def with_data(project: Project, path: Path | None, read: Sequence[str], target: str | None) -> Project:
    """``project`` with what is at ``path`` in place of its own data, and a last layer that fits; itself where there is no path.

    Says what was read and what was changed.

    Args:
        read: parameters of the source, as "scale=none".
        target: the column of a table that is to be predicted.
    """
    if path is None:
        if target is not None:
            raise Refusal("--target names a column of --data, and there is no --data. Add it.")
        if read:
            raise Refusal("--read says how --data is read, and there is no --data. Add it.")
        return project
    import shlex

    from engine.data import source_at
    from engine.errors import DataError, EngineError, clipped
    from playground.document import edits
    from playground.document.project import data_of

    try:
        source = source_at(path)
        if target is not None:
            if all(p.name != "targets" for p in source.params()):
                raise Refusal(
                    f"--target names a column, and --data {clipped(str(path), 100)} has none. Leave --target out, or give a table."
                )
            source = source.replace(targets=target)
        source = source.replace(**dict(_reading(source, words) for words in read))
        changed = edits.set_source(project, source)
        data = data_of(changed).raw
    except EngineError as error:
        offers = error.offers if isinstance(error, DataError) else ()
        ways = (
            " ".join(
                f"--read {shlex.quote(f'{name}={value}')}" for name, value in o.changes if value is not None
            )
            for o in offers
        )
        hints = [way for way in ways if way][:MOST_HINTS]
        hint = f" Try: {'; or '.join(hints)}" if hints else ""
        raise Refusal(f"--data {clipped(str(path), 100)} cannot be used. {error}{hint}") from None
    mended = edits.mend_output(changed)
    for note in (*(note.text for note in data.report), *edits.differences(project, mended)):
        typer.echo(note, err=True)
    return mended


def _reading(source: Source, words: str) -> tuple[str, object]:
    """A parameter of ``source`` and its value, from "name=value"."""
    import json

    from engine.spec import Bool, Float, Int

    name, is_there, value = words.partition("=")
    known = {p.name: p.kind for p in source.params()}
    if not is_there or name not in known:
        raise Refusal(
            f"--read {words!r} says nothing that is known; expected NAME=VALUE with a name of {', '.join(known)}. Correct it."
        )
    try:
        plain = json.loads(value) if isinstance(known[name], Int | Float | Bool) else value
    except ValueError:
        plain = value  # the source says what it expects
    return name, plain


def with_its_memory(project: Project, allowed: bool) -> Project:
    """``project`` with as much memory as its network takes: where that is ``allowed``, or the user says so now."""
    from engine.problems import AllowMemory
    from playground.document import edits
    from playground.document.project import problems

    for problem in problems(project):
        for remedy in problem.remedies:
            if isinstance(remedy, AllowMemory):
                if not allowed:
                    _ask(problem.message, f"{remedy.text}?", "--allow-memory")
                return edits.mend(project, remedy)
    return project


def with_its_data(project: Project, allowed: bool) -> Project:
    """``project`` with the data outside its folder that its file names: where that is ``allowed``, or the user says so now."""
    from playground.document import edits
    from playground.document.project import withheld_in_words

    named = withheld_in_words(project)
    if not named:
        return project
    said = f"{project.name} reads data from outside its own folder: {named}."
    if allowed:
        typer.echo(said, err=True)
    else:
        _ask(said, "Read them?", "--allow-outside")
    return edits.read_outside(project)


def _ask(said: str, question: str, option: str) -> None:
    """Go on only if the user says so now. Raises Refusal, naming the ``option``, where there is no terminal to ask at."""
    if not sys.stdin.isatty():
        raise Refusal(f"{said} Give {option} if you want that.")
    if not typer.confirm(f"{said} {question}", err=True):
        raise typer.Abort


def run_in(path: Path | None, project: Project) -> Run:
    """The run in the file at ``path``, of ``project``."""
    from playground.document.files import FileError
    from playground.runs import files

    if path is None:
        raise Refusal("--resume goes on from a file, and an example holds no run. Give a .chainrule file.")
    try:
        return files.load_run(path, project)
    except FileError as error:
        raise Refusal(str(error)) from None
