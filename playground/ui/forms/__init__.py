"""Forms made from specs."""

from playground.ui.forms.editor import Editor, edits, in_words
from playground.ui.forms.form import SpecForm
from playground.ui.forms.listed import ListEditor
from playground.ui.forms.nested import NestedEditor
from playground.ui.forms.number import NumberField, PairField
from playground.ui.forms.path import PathEditor
from playground.ui.forms.row import label_of, tip_of
from playground.ui.forms.unfinished import settle_typed, take_typed

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
