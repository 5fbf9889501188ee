"""``playground film``: a run as WebP, GIF or MP4."""

from __future__ import annotations

import base64
import binascii
import json
import math
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from playground import app
from playground.cli.inputs import project_asked_for, run_in, with_its_memory
from playground.cli.options import DataPath, Memory, Outside, Reading, Refusal, TargetColumn, What
from playground.cli.root import cli
from playground.cli.showing import ThemeName, size_of

if TYPE_CHECKING:
    from playground.document.project import Project
    from playground.runner.session import Session

#: epochs that a project without a run is trained where none are named
UNTRAINED = 100


class Ending(StrEnum):
    """How films end."""

    WEBP = "webp"
    GIF = "gif"
    MP4 = "mp4"


@cli.command()
def film(
    what: What,
    out: Annotated[Path, typer.Option(dir_okay=False, help="The film: a name in .webp, .gif or .mp4.")],
    view: Annotated[
        str, typer.Option(help="What is seen: window, network, or a panel such as output.")
    ] = "output",
    first: Annotated[float, typer.Option(min=0, help="The epoch it begins with.")] = 0.0,
    last: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="The epoch it ends with; by default the last one. Trains so far where the run has not come.",
        ),
    ] = None,
    pictures: Annotated[int, typer.Option(min=2, max=600, help="How many, evenly over the epochs.")] = 60,
    size: Annotated[
        str, typer.Option(metavar="WIDTHxHEIGHT", help="Of what is seen, in pixels of a screen.")
    ] = "480x400",
    width: Annotated[int, typer.Option(min=80, max=3840, help="Of the film, in pixels.")] = 480,
    milliseconds: Annotated[int, typer.Option(min=20, max=10_000, help="That each picture is seen.")] = 100,
    limit: Annotated[float | None, typer.Option(min=0.01, help="Megabytes that it may have.")] = None,
    captions: Annotated[bool, typer.Option(help="Write the epoch and the scores below.")] = True,
    theme: Annotated[ThemeName, typer.Option(help="Its colours.")] = ThemeName.LIGHT,
    node: Annotated[str, typer.Option(help="The block that is selected.")] = "",
    sample: Annotated[
        str, typer.Option(metavar="PART:NUMBER", help="The sample that is looked at.")
    ] = "validation:0",
    layout: Annotated[str, typer.Option(hidden=True, help="How the panels stand, in base64.")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Say how it goes as JSON, a thing a line, for another program.")
    ] = False,
    data: DataPath = None,
    target: TargetColumn = None,
    read: Reading = None,
    allow_outside: Outside = False,
    allow_memory: Memory = False,
) -> None:
    """Film a run: its moments one after another, painted off screen. A run file is filmed as it is; anything else is trained first."""
    from engine.errors import EngineError, in_bytes
    from engine.io import replacing

    app.one_blas_thread()
    app.off_screen()
    kind = out.suffix.lower().removeprefix(".")
    if kind not in tuple(Ending):
        raise Refusal(
            f"--out is {out.name}; expected a name in {', '.join('.' + e for e in Ending)}. Add one of these."
        )
    part, _, number = sample.partition(":")
    if part not in ("train", "validation", "test") or not number.isdecimal():
        raise Refusal(f"--sample is {sample!r}; expected PART:NUMBER, such as validation:3.")
    try:
        stands = base64.b64decode(layout, validate=True)
    except binascii.Error:
        raise Refusal("--layout is no base64; expected what a window says of itself. Leave it out.") from None
    project, session = stood(what, last, (data, target, read, allow_outside), allow_memory)

    from playground.ui.panels import PANELS
    from playground.ui.shell.film.encoding import encoded
    from playground.ui.shell.film.shooting import Plan, shot, tables_of
    from playground.ui.shell.snapshot import Scene, colours_of

    views = ("window", "network", *(panel.key for panel in PANELS))
    if view not in views:
        raise Refusal(f"--view is {view!r}; expected one of {', '.join(views)}.")
    scene = Scene(view, size_of(size), theme.value, stands, node, part, int(number))
    plan = Plan(scene, first, last, pictures, width, milliseconds, captions, project.name)

    def tell(**said: object) -> None:
        if as_json:
            print_json(said)

    try:
        with app.tidied_when_ended():
            shots = list(shot(session, plan, lambda share: tell(share=round(0.8 * share, 4))))
            data_ = session.frame().data
            classes = 2 if data_ is None else len(data_.raw.classes)
            most = None if limit is None else round(limit * 1e6)
            made = encoded(
                shots, kind, most, tables_of(colours_of(theme.value), classes), lambda: tell(share=0.9)
            )
        with replacing(out) as file:
            file.write(made.data)
    except EngineError as error:
        raise Refusal(str(error)) from None
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror or error}. Choose another place.") from None
    wide, high = made.size
    words = f"{made.pictures} pictures of {wide} × {high}, {in_bytes(len(made.data))}."
    if as_json:
        tell(written=str(out), words=words, note=made.note)
    else:
        typer.echo(f"Written: {out}. {words} {made.note}".rstrip())


def stood(
    what: str,
    last: float | None,
    data: tuple[Path | None, str | None, list[str] | None, bool],
    allow_memory: bool,
) -> tuple[Project, Session]:
    """The project that is named, and its run as a session that can go to each of its moments; trained where it has not come to ``last``."""
    from engine.errors import EngineError
    from playground.runs import files

    path, target, read, allow_outside = data
    project, file = project_asked_for(what, path, read, target, allow_outside)
    run = run_in(file, project) if file is not None and path is None and files.holds_run(file) else None
    project = with_its_memory(project, allow_memory)
    try:
        session = app.train(project, 0, lambda done: None, run=run)
        reached = session.frame()
        if last is None and run is not None:
            return project, session
        wanted = math.ceil(UNTRAINED if last is None else last)
        if session.trainer is not None and reached.latest_step > reached.step:
            session.go_to(reached.latest_step)
        if session.trainer is not None and session.trainer.epoch < wanted:
            play_on(session, wanted)
    except EngineError as error:
        raise Refusal(str(error)) from None
    return project, session


def play_on(session: Session, epochs: int) -> None:
    """Train until so many epochs are over, or the run has ended by itself."""
    from playground.runner.team import team
    from playground.runner.trials import play_to

    with team():
        play_to(session, epochs, lambda done: None)
    session.finish()


def print_json(said: dict[str, object]) -> None:
    """A line for another program, at once."""
    typer.echo(json.dumps(said))
    sys.stdout.flush()
