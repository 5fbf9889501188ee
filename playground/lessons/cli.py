"""``playground lesson``: what there is, what an author may ask about and link to, and whether a lesson holds what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

cli = typer.Typer(help="Lessons: list them, check those you write.", no_args_is_help=True)

FAILED = 1  #: exit code where a lesson does not hold what it says


@cli.command("list")
def list_() -> None:
    """List the lessons that come with the program."""
    from playground.lessons.lesson import lessons

    topic = ""
    for lesson in lessons():
        if lesson.topic != topic:
            topic = lesson.topic
            typer.echo(topic)
        typer.echo(f"  {lesson.id}  {lesson.title}: {lesson.about} {lesson.minutes} minutes.")


@cli.command()
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


@cli.command()
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
