"""Sessions that have been trained, and what they have learned."""

from __future__ import annotations

import numpy as np

from playground.document.project import Project
from playground.runner.session import Session


def trained(project: Project, steps: int = 40) -> Session:
    """Running, after ``steps`` updates."""
    session = Session()
    session.load(project)
    session.play()
    session.train(600.0, steps)
    return session


def weights(session: Session) -> dict[str, np.ndarray]:
    """The ``state_dict`` of what is trained."""
    assert session.trainer is not None
    return session.trainer.model.state_dict()
