"""A goal that several seeds must meet: which runs of one and the same project have been tried, and how many of them met it."""

from __future__ import annotations

from dataclasses import dataclass, field

from playground.document import edits
from playground.document.project import Project


@dataclass
class Tries:
    """The runs of one project, whatever their seed; another project begins to count anew, as one lucky run proves nothing about it.

    Args:
        needed, of: so many of so many seeds.
    """

    needed: int
    of: int
    _project: Project | None = None
    _runs: dict[int, bool] = field(default_factory=dict)

    def see(self, project: Project, trained: bool, met: bool) -> None:
        """A moment of a run. ``trained``: it has begun; before that a seed is not tried."""
        same = edits.set_seed(project, 0).replace(notes=())
        if self._project is None or same != self._project:
            self._project, self._runs = same, {}
        if trained:
            self._runs[project.seed] = self._runs.get(project.seed, False) or met

    @property
    def tried(self) -> int:
        return len(self._runs)

    @property
    def met(self) -> tuple[int, ...]:
        """The seeds whose runs have met it."""
        return tuple(seed for seed, met in self._runs.items() if met)

    @property
    def reached(self) -> bool:
        """Whether enough seeds were tried, and the asked share of all that were tried has met it."""
        return self.tried >= self.of and len(self.met) * self.of >= self.needed * self.tried
