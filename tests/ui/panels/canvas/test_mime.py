"""What drags and the clipboard carry."""

import json

import pytest
from PySide6.QtCore import QMimeData

from engine import layers
from engine.errors import EngineError, SpecError
from playground.ui.kit.mime import LAYER, LAYERS, layer_key, layer_mime, layers_mime, layers_of


def test_a_palette_entry_travels_as_its_key(qapp):
    mime = layer_mime("Conv2d")
    assert bytes(mime.data(LAYER).data()) == b"Conv2d"
    assert layer_key(mime) == "Conv2d"


def test_other_drags_carry_no_layer(qapp):
    text = QMimeData()
    text.setText("Conv2d")
    assert layer_key(text) is None
    unknown = QMimeData()
    unknown.setData(LAYER, b"Conv9d")
    assert layer_key(unknown) is None


def test_layers_come_back_as_they_were(qapp):
    chain = (
        layers.Linear(7, bias=False),
        layers.Conv2d(3, kernel_size=(3, 5), padding="same"),
        layers.Dropout(p=0.1),
    )
    assert layers_of(layers_mime(chain)) == chain


def test_layers_may_come_as_text(qapp):
    mime = QMimeData()
    mime.setText(layers_mime([layers.Tanh()]).text())
    assert layers_of(mime) == (layers.Tanh(),)


@pytest.mark.parametrize(
    "text", ["", "hello", "[]", "{}", '{"layers": []}', '{"layers": 3}', "[[[[", '{"layers": [3]}']
)
def test_what_is_no_layer_is_said_in_a_sentence(qapp, text):
    mime = QMimeData()
    mime.setData(LAYERS, text.encode())
    with pytest.raises(EngineError) as error:
        layers_of(mime)
    assert str(error.value).endswith(".")


def test_an_unknown_layer_is_named(qapp):
    mime = QMimeData()
    mime.setData(LAYERS, json.dumps({"layers": [{"type": "Linaer"}]}).encode())
    with pytest.raises(EngineError, match="Linear"):
        layers_of(mime)


def test_an_empty_clipboard(qapp):
    with pytest.raises(SpecError, match="no layers"):
        layers_of(None)


def test_more_layers_than_a_network_may_have_are_refused_in_short_words() -> None:
    with pytest.raises(SpecError, match=r"clipboard holds 1,001 layers; expected at most 1,000"):
        layers_of(layers_mime([layers.Tanh()] * 1001))
