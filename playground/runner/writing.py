"""Carrying out an order to save."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.core import Array
from engine.io import save_weights
from playground.document.files import FileError, writing
from playground.runner.messages import Save, Saved
from playground.runs import files
from playground.runs.run import Run


def carried_out(
    order: Save, run: Callable[[], Run | None], weights: Callable[[], Mapping[str, Array] | None]
) -> Saved:
    """Write what ``order`` asks for, and what came of it. An order is always answered, whatever happens.

    Args:
        order: to save.
        run: gives the run to save with the project.
        weights: gives the ``state_dict``, where the weights alone are to be saved; ``None`` where there are none.
    """
    name = order.path.name
    try:
        if not order.weights_alone:
            files.save(order.project, order.path, run(), order.thumbnail, dict(order.about), order.backup)
        elif (state := weights()) is not None:
            with writing(order.path):
                save_weights(state, order.path)
        else:
            return Saved(
                order.number,
                f"{name} is not written: the network has no weights as it stands. Mend it first.",
            )
    except FileError as error:
        return Saved(order.number, str(error))
    except MemoryError:
        return Saved(
            order.number,
            f"{name} cannot be written: it takes more memory than there is. Close other programs.",
        )
    except Exception as error:  # noqa: BLE001  who waits for the answer must not wait for ever
        return Saved(
            order.number,
            f"{name} cannot be written ({type(error).__name__}: {error}). Save it under another name.",
        )
    return Saved(order.number)
