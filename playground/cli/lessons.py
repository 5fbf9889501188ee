"""``playground lesson``: what there is, what an author may ask about and link to, and whether a lesson holds what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from playground.cli.options import FAILED, Refusal
from playground.cli.root import cli

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
"""


@lesson.command("list")
def list_() -> None:
    """List the lessons that come with the program."""
    from playground.lessons.lesson import lessons

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
    from playground.lessons.lesson import lessons, load

    failed = False
    for source in paths or lessons():
        try:
            lesson = load(source) if isinstance(source, Path) else source
            name, faults = lesson.id, checked(lesson)
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
) -> None:
    """Put lessons into one file, to be dropped on the window."""
    from playground.lessons.errors import LessonError
    from playground.lessons.packs import SUFFIX, write_pack

    if out.suffix != SUFFIX:
        raise Refusal(f"{out.name} does not end in {SUFFIX}; expected a pack's name. Add it.")
    try:
        made = write_pack(folder, out, title or folder.resolve().name, author)
    except (LessonError, OSError) as error:
        raise Refusal(str(error)) from None
    typer.echo(f"{out}: {len(made.lessons)} lessons, “{made.title}”.")


@lesson.command()
def grade(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Holds what pupils have handed in, a .json each.")
    ],
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The table (.csv).")],
) -> None:
    """Write a table of what a class has done: a row for each pupil and question or goal. Nothing leaves this machine."""
    from playground.lessons.grading import write_table

    try:
        pupils, rows = write_table(folder, out)
    except OSError as error:
        raise Refusal(
            f"{error.filename or out} cannot be used: {error.strerror}. Choose another place."
        ) from None
    typer.echo(f"{out}: {pupils} pupils, {rows} rows.")


@lesson.command()
def names() -> None:
    """Write the authors' reference: what expressions may name, and what links can do."""
    from playground.lessons.actions import ACTIONS
    from playground.lessons.names import NAMES

    typer.echo("In expressions (goal when=…, predict answer=…):")
    for name in NAMES.values():
        arguments = f"({', '.join(name.arguments)})" if name.arguments else ""
        typer.echo(f"  {name.key}{arguments}  {name.help}")
    typer.echo("In links and solutions:")
    for key, kind in ACTIONS.items():
        typer.echo(f"  do:{key}{f'?{kind.example}' if kind.example else ''}  {kind.help}")


cli.add_typer(lesson, name="lesson")
