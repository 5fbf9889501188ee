"""Runs that were left and can be returned to, within a stated amount of memory."""

from __future__ import annotations

from dataclasses import replace

from engine.checkpoints import BUDGET
from engine.core import Array
from engine.io.moments import weights_of
from engine.network import Node
from playground.document.project import Project
from playground.runs.run import Run


class RunStore:
    """The runs that were left last, at most one of each project.

    Args:
        budget: bytes for all of them. Older ones go first; one that is too large by itself is kept without its History.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = budget
        self._runs: list[Run] = []
        self._looked_at: tuple[Run, dict[str, Array]] | None = None  # views on a run's numbers, by name

    @property
    def newest(self) -> Run | None:
        """The one that was left last; ``None`` where none is kept."""
        return self._runs[-1] if self._runs else None

    def put(self, run: Run) -> None:
        """Keep ``run`` as the newest, in the place of an older one of the same project."""
        if run.nbytes > self.budget:
            run = replace(run, moments=(), held=run.best)
        self._looked_at = None
        self._runs = [one for one in self._runs if not one.is_of(run.project)]
        if run.nbytes <= self.budget:
            self._runs.append(run)
        while sum(one.nbytes for one in self._runs) > self.budget:
            self._runs.pop(0)

    def find(self, project: Project) -> Run | None:
        """The run of ``project``; ``None`` where it has none here."""
        return next((one for one in reversed(self._runs) if one.is_of(project)), None)

    def weights_of(self, node: Node) -> dict[str, Array]:
        """The numbers that ``node`` held in the newest run that has it, by name; empty where none has."""
        for run in reversed(self._runs):
            nodes = run.project.network.nodes
            held = next((n for n in nodes if n.first_id == node.first_id and n.layer == node.layer), None)
            if held is not None:
                if self._looked_at is None or self._looked_at[0] is not run:
                    self._looked_at = run, weights_of(run.snapshot.arrays, run.layout)
                begin = f"{held.id}."
                return {
                    key[len(begin) :]: array
                    for key, array in self._looked_at[1].items()
                    if key.startswith(begin)
                }
        return {}

    def clear(self) -> None:
        self._looked_at = None
        self._runs.clear()
