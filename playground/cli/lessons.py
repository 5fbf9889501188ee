"""``playground lesson``: what there is, what an author may ask about and link to, and whether a lesson holds what it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from playground.cli.options import FAILED, Refusal
from playground.cli.root import cli

if TYPE_CHECKING:
    from playground.lessons.lesson import Lesson

lesson = typer.Typer(help="Lessons: list them, check those you write.", no_args_is_help=True)


#: what `new` writes
TEMPLATE = """\
+++
title = "A new lesson"
about = "What one learns, in a sentence."
minutes = 5
topic = "My lessons"
start = ["do:open?example=circle"]
+++
## The first page

Text is CommonMark, with formulas: $z = w x + b$. A link does something: [train](do:play).

::: predict id=q1 kind=choice
What will happen?
- [ ] nothing :: Look at the loss.
- [x] the boundary closes round the middle
> Say why, in a sentence.
:::

::: goal id=g1 when="metric.validation.accuracy >= 0.9" solution="do:set?fit.optimizer.lr=0.3 do:train?epochs=40"
90 of 100 validation points right
:::

::: hint
A larger learning rate may help.
:::

::: free
Close the boundary with as few units as you can.
:::
"""


@lesson.command("list")
def list_() -> None:
    """List the lessons that come with the program."""
    from playground.lessons.reading import lessons

    topic = ""
    for lesson in lessons():
        if lesson.topic != topic:
            topic = lesson.topic
            typer.echo(topic)
        typer.echo(f"  {lesson.id}  {lesson.title}: {lesson.about} {lesson.minutes} minutes.")


@lesson.command()
def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE|FOLDER]...", help="Lessons; by default all that come with the program."
        ),
    ] = None,
) -> None:
    """Play each lesson's solution without a window; exit code 1 where a goal is not reached or is met at the start."""
    from playground.lessons.check import check as checked
    from playground.lessons.errors import LessonError
    from playground.lessons.reading import lessons, load

    failed = False
    for source in paths or lessons():
        try:
            lesson = load(source) if isinstance(source, Path) else source
            name, faults = lesson.id, (*checked(lesson), *_no_panels(lesson))
        except LessonError as error:
            name, faults = str(source), (str(error),)
        typer.echo(f"{name}: {'holds' if not faults else 'does not hold'}")
        for fault in faults:
            typer.echo(f"  {fault}")
        failed = failed or bool(faults)
    if failed:
        raise typer.Exit(FAILED)


@lesson.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Is made; its name orders the lessons.")],
) -> None:
    """Make the folder of a new lesson, with a small one in it that holds."""
    if folder.exists():
        raise Refusal(f"{folder} is there already; expected a new folder. Choose another name.")
    try:
        folder.mkdir(parents=True)
        (folder / "lesson.md").write_text(TEMPLATE, "utf-8")
    except OSError as error:
        raise Refusal(f"{folder} cannot be made: {error.strerror}. Choose another place.") from None
    typer.echo(f"{folder / 'lesson.md'}: write it, and try it with `playground lesson check {folder}`.")


@lesson.command()
def pack(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Holds a folder for each lesson.")],
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The pack; it ends in .lessons.")],
    title: Annotated[str, typer.Option(help="Over its lessons.")] = "",
    author: Annotated[str, typer.Option(help="Who has written them.")] = "",
    allow: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="All that answers in lessons that say nothing of it, such as play,fit.optimizer.lr.",
        ),
    ] = "",
    hide: Annotated[
        str, typer.Option(metavar="PANELS", help="Panels that are hidden in them, such as palette,problems.")
    ] = "",
) -> None:
    """Put lessons into one file, to be dropped on the window."""
    from playground.lessons.errors import LessonError
    from playground.lessons.packs import SUFFIX, write_pack

    if out.suffix != SUFFIX:
        raise Refusal(f"{out.name} does not end in {SUFFIX}; expected a pack's name. Add it.")
    try:
        made = write_pack(folder, out, title or folder.resolve().name, author, allow, hide)
    except (LessonError, OSError) as error:
        raise Refusal(str(error)) from None
    typer.echo(f"{out}: {len(made.lessons)} lessons, “{made.title}”.")


@lesson.command()
def sheets(
    what: Annotated[
        str,
        typer.Argument(metavar="LESSON", help="Its id, as `playground lesson list` says it, or its file."),
    ],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Gets sheets.html, key.html and key.csv.")],
    pupils: Annotated[int, typer.Option(help="How many sheets.")] = 30,
    first: Annotated[int, typer.Option(min=0, help="The number of the first one.")] = 1,
) -> None:
    """Write a class set: the questions for a number, with other numbers on each sheet, and one key."""
    from playground.lessons.errors import LessonError
    from playground.lessons.sheets import load_lesson, write_set

    try:
        written = write_set(load_lesson(what), folder, pupils, first)
    except LessonError as error:
        raise Refusal(str(error)) from None
    except OSError as error:
        raise Refusal(f"{folder} cannot be written: {error.strerror}. Choose another place.") from None
    typer.echo(f"{', '.join(map(str, written))}: {pupils} sheets from number {first} on.")


@cli.command()
def grade(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Holds what pupils have handed in, a .json each.")
    ],
    out: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="The tables, .csv and .html; by default class beside them."),
    ] = None,
    pack: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A pack whose lessons count as well.")
    ] = None,
) -> None:
    """Write tables of what a class has done: goals, guesses, time, misconceptions. Nothing leaves this machine."""
    from playground.lessons.errors import LessonError
    from playground.lessons.grading import write_tables
    from playground.lessons.packs import read_pack

    try:
        more = [lesson for path in pack or () for lesson in read_pack(path).lessons]
        pupils, rows, files = write_tables(folder, out or folder / "class", more)
    except LessonError as error:
        raise Refusal(str(error)) from None
    except OSError as error:
        raise Refusal(
            f"{error.filename or out} cannot be used: {error.strerror}. Choose another place."
        ) from None
    typer.echo(f"{files[0]}, {files[1]}: {pupils} pupils, {rows} rows.")


@lesson.command()
def names(
    example: Annotated[
        str, typer.Argument(metavar="[EXAMPLE]", help="Also lists the blocks and fields of this one.")
    ] = "",
) -> None:
    """Write the authors' reference: what expressions may name, what can be locked, and what links can do."""
    from engine.errors import EngineError
    from playground.document.examples import example as named
    from playground.document.paths import in_words, places
    from playground.lessons.actions import ACTIONS
    from playground.lessons.locks import CONTROLS
    from playground.lessons.names import NAMES

    typer.echo("In expressions (goal when=…, predict answer=…):")
    for name in NAMES.values():
        arguments = f"({', '.join(name.arguments)})" if name.arguments else ""
        typer.echo(f"  {name.key}{arguments}  {name.help}")
    typer.echo(
        "In locks (lock allow=…, and allow in front), besides paths of fields such as fit.optimizer.lr:"
    )
    for control, opens in CONTROLS.items():
        typer.echo(f"  {control}  {opens}")
    typer.echo("In links and solutions:")
    for key, kind in ACTIONS.items():
        typer.echo(f"  do:{key}{f'?{kind.example}' if kind.example else ''}  {kind.help}")
    typer.echo(f"Panels (do:panel?name=…, and hide in front): {', '.join(sorted(_panels()))}")
    if not example:
        typer.echo("Blocks and fields of an example: `playground lesson names EXAMPLE`.")
        return
    try:
        project = named(example).project
    except EngineError as error:
        raise Refusal(str(error)) from None
    typer.echo(f"Blocks of {example}: {', '.join(node.id for node in project.network.nodes)}")
    typer.echo(f"Fields of {example}, with what is in them:")
    for place in places(project):
        typer.echo(f"  {place.path}={in_words(place.value)}  {place.label}")


def _panels() -> set[str]:
    """What the window's panels are called; the window itself is not made for that."""
    from playground.ui.panels import PANELS

    return {panel.key for panel in PANELS}


def _no_panels(lesson: Lesson) -> Iterator[str]:
    """What a lesson calls a panel and is none."""
    from engine.errors import UnknownName

    known = _panels()
    shown = [link.choices["name"] for link in lesson.links if link.name == "panel"]
    for name in dict.fromkeys((*lesson.hidden, *shown)):
        if name not in known:
            yield str(UnknownName(f"panel in lesson {lesson.id}", name, tuple(sorted(known))))


cli.add_typer(lesson, name="lesson")
