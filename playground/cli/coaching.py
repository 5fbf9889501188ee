"""``playground coach``: what keeps a network from learning, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from playground import app
from playground.cli.inputs import project_asked_for, with_its_memory
from playground.cli.options import FAILED, DataPath, Memory, Outside, Reading, TargetColumn, What
from playground.cli.root import cli
from playground.cli.training import coached, when

if TYPE_CHECKING:
    from engine.coach import Coach
    from playground.document.project import Project


@cli.command()
def coach(
    what: What,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the data; by default as the project says.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="As a list for programs: rule, level, epoch, words, remedies.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Draws first weights and order; by default the project's.")
    ] = None,
    data: DataPath = None,
    target: TargetColumn = None,
    read: Reading = None,
    allow_outside: Outside = False,
    allow_memory: Memory = False,
) -> None:
    """Train, and say what keeps the network from learning, or what is doubtful, in order; exit code 1 where there is a warning."""
    app.one_blas_thread()
    project, _ = project_asked_for(what, data, read, target, allow_outside)
    project = with_its_memory(project, allow_memory)
    if seed is not None:
        from playground.document import edits

        project = edits.set_seed(project, seed)
    _, coach = coached(project, epochs or project.fit.epochs)
    if as_json:
        import json

        typer.echo(json.dumps([one.to_dict() for one in coach.said], indent=1, ensure_ascii=False))
    else:
        _speak(project, coach)
    if coach.warnings:
        raise typer.Exit(FAILED)


def _speak(project: Project, coach: Coach) -> None:
    """All that the coach has said, for people."""
    from playground.document.project import place_in_words

    for one in coach.said:
        place = place_in_words(project, one.node_id)
        typer.echo(
            f"{one.level.capitalize()} {when(one)}{f', {place}' if place else ''}: {one.title} ({one.rule})"
        )
        typer.echo(f"  {one.words} {one.why}")
        for remedy in one.remedies:
            typer.echo(f"  Try: {remedy.text}")
    if not coach.said:
        typer.echo("The coach has nothing to say: nothing unusual was seen.")
