"""Export as a notebook: the NumPy program in cells, with what each is for; the files it reads stand beside it."""

from __future__ import annotations

import json
import re

from engine.export.base import Outline, Subject, batch_shape
from engine.export.check import check_text
from engine.export.numpy_target import LOSSES, VALUES, model_text, train_text

#: what a program has and a notebook has not: its docstring, its imports, a main part, the names of its own modules
_HEAD = re.compile(r'\A""".*?"""\n+', re.DOTALL)
_IMPORT = re.compile(r"^(import .*|from .* import .*|HERE = .*)\n", re.MULTILINE)
_MAIN = re.compile(r'\n+if __name__ == "__main__":\n.*\Z', re.DOTALL)


def program(subject: Subject) -> dict[str, bytes]:
    """The notebook by its name. Raises ExportError."""
    text = json.dumps(notebook(subject.outline), indent=1, ensure_ascii=False) + "\n"
    return {"network.ipynb": text.encode()}


def notebook(outline: Outline) -> dict[str, object]:
    """The notebook as nbformat 4.5 has it."""
    model, training = _cell(model_text(outline)), _cell(train_text(outline))
    layers, build = model.split("\n\n\ndef build(", 1)
    head, main = training.split("\n\n\ndef main():\n", 1)
    check = _cell(check_text("", VALUES, LOSSES, here="HERE / ", as_json="False"))
    run = re.sub(r"^    ", "", main, flags=re.MULTILINE).replace("import check\n\ncheck.main()\n", "")
    cells = [
        ("markdown", f"# {outline.name}\n\n{_summary(outline)}"),
        ("code", "import itertools\nimport json\nimport math\nfrom pathlib import Path\n\nimport numpy as np\n\nHERE = Path()"),
        ("markdown", "## Layers\n\nEach has `forward(x)` and `backward(dy)`, which leaves the gradients of its parameters in `grads`."),
        ("code", layers.strip()),
        ("markdown", "## The network\n\nThe comments say what each layer gives for a batch of N samples."),
        ("code", f"def build({build}".strip()),
        ("markdown", "## Training"),
        ("code", head.strip()),
        ("markdown", "## Does it give the same numbers?\n\nIt is run on a few samples and through the first updates of a training, and compared with what the playground saw."),
        ("code", check.strip()),
        ("code", "main()"),
        ("markdown", "## Train it further"),
        ("code", run.strip()),
    ]  # fmt: skip
    return {
        "cells": [_as_cell(number, kind, text) for number, (kind, text) in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _summary(outline: Outline) -> str:
    return (
        f"A network of {len(outline.network)} layers and {outline.count:,} parameters, written for NumPy by Chainrule "
        f"Playground. A batch of samples is {batch_shape(outline.in_shape)}. The files `weights.npz`, `check.npz` and `data.npz` "
        "must lie beside this notebook."
    )


def _cell(program: str) -> str:
    """A program's text for a notebook, in which all names live together."""
    text = _MAIN.sub("", _IMPORT.sub("", _HEAD.sub("", program)))
    text = re.sub(r"\b(model|train)\.(?=load|arrays|train|load_data)", "", text)
    return text.replace('Path(__file__).with_name("weights.npz")', 'HERE / "weights.npz"').strip()


def _as_cell(number: int, kind: str, text: str) -> dict[str, object]:
    cell: dict[str, object] = {
        "cell_type": kind,
        "id": f"cell-{number}",
        "metadata": {},
        "source": text.splitlines(True),
    }
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
