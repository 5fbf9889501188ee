"""What travels through drags and the clipboard: a palette entry, and copied layers."""

from __future__ import annotations

import json
from collections.abc import Sequence

from PySide6.QtCore import QMimeData

from engine.errors import EngineError, SpecError
from engine.layers import Layer, registry
from engine.limits import MOST_LAYERS, PROJECT_BYTES

#: one palette entry: the registry key, UTF-8
LAYER = "application/x-chainrule-layer"
#: copied layers: JSON, ``{"layers": [Layer.to_dict(), …]}``; also put there as plain text, to be read and mailed
LAYERS = "application/x-chainrule-layers+json"


def layer_mime(key: str) -> QMimeData:
    """What the palette gives a drag."""
    mime = QMimeData()
    mime.setData(LAYER, key.encode())
    return mime


def layer_key(mime: QMimeData) -> str | None:
    """The registry key that a drag carries; ``None`` where it carries none that is known."""
    if not mime.hasFormat(LAYER):
        return None
    key = bytes(mime.data(LAYER).data()).decode(errors="replace")
    return key if key in set(registry.keys()) else None


def layers_mime(layers: Sequence[Layer]) -> QMimeData:
    """Layers for the clipboard."""
    text = json.dumps({"layers": [layer.to_dict() for layer in layers]}, ensure_ascii=False, indent=1)
    mime = QMimeData()
    mime.setData(LAYERS, text.encode())
    mime.setText(text)
    return mime


def layers_of(mime: QMimeData | None) -> tuple[Layer, ...]:
    """The layers on the clipboard, whichever window put them there.

    Raises SpecError, in a sentence, where there are none or one of them cannot be built.
    """
    nothing = SpecError(
        "The clipboard holds no layers; expected some that were copied here. Copy a block first."
    )
    if mime is None or not (mime.hasFormat(LAYERS) or mime.hasText()):
        raise nothing
    text = bytes(mime.data(LAYERS).data()).decode(errors="replace") if mime.hasFormat(LAYERS) else mime.text()
    try:
        entries = json.loads(text[: PROJECT_BYTES + 1])["layers"]
        if not isinstance(entries, list) or not entries:
            raise nothing
        if len(entries) > MOST_LAYERS:
            raise SpecError(
                f"The clipboard holds {len(entries):,} layers; expected at most {MOST_LAYERS:,}. Copy fewer."
            )
        return tuple(registry.build(entry) for entry in entries)
    except EngineError:
        raise
    except (ValueError, TypeError, KeyError, RecursionError):
        raise nothing from None
