"""Forms made from specs."""

from playground.ui.kit.forms.editor import Editor, edits, in_words
from playground.ui.kit.forms.form import SpecForm
from playground.ui.kit.forms.listed import ListEditor
from playground.ui.kit.forms.nested import NestedEditor
from playground.ui.kit.forms.number import NumberField, PairField
from playground.ui.kit.forms.path import PathEditor
from playground.ui.kit.forms.row import label_of, tip_of
from playground.ui.kit.forms.unfinished import settle_typed, take_typed

__all__ = [
    "Editor",
    "ListEditor",
    "NestedEditor",
    "NumberField",
    "PairField",
    "PathEditor",
    "SpecForm",
    "edits",
    "in_words",
    "label_of",
    "settle_typed",
    "take_typed",
    "tip_of",
]
