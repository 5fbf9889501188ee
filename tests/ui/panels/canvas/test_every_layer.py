"""Every layer there is, and one that has just been invented, is shown on the canvas, light and dark."""

from dataclasses import dataclass

import pytest

from engine.errors import EngineError
from engine.layers import Flatten, Layer, Linear, Shape, registry
from playground.runner.messages import Frame
from playground.runner.session import Session
from playground.ui.kit.theme import DARK
from playground.ui.panels.canvas.targets import Unit
from tests.ui.panels.canvas.rig import Rig, is_blue, is_orange, project_of


def live(rig: Rig) -> Frame:
    """A frame of the real engine, shown."""
    session = Session()
    session.load(rig.project)
    frame = session.frame(frozenset(rig.view.wants()))
    rig.view.show_frame(frame)
    return frame


def chain_for(key: str) -> tuple[tuple[Layer, ...], str]:
    """A small network that has the layer in its middle, and data it can read."""
    layer = registry.get(key)()
    if layer.arity is None:
        return (Linear(4), Linear(4), layer, Linear(1)), "Circle"
    try:
        layer.check_inputs((1, 8, 8))
        return (layer, Flatten(), Linear(10)), "Digits"
    except EngineError:
        return (Linear(4), layer, Linear(1)), "Circle"


@pytest.mark.parametrize("key", registry.keys())
def test_every_layer_is_shown(qtbot, key):
    chain, source = chain_for(key)
    rig = Rig(qtbot, project_of(*chain, source=source))
    live(rig)
    light = rig.view.grab().toImage()
    rig.view.context.theme.become(DARK)
    dark = rig.view.grab().toImage()
    assert light != dark
    node = next(n for n in rig.project.network.nodes if n.layer.key == key)
    assert rig.scene.plan[node.id].title == registry.get(key).label


@pytest.mark.parametrize("source", ["Circle", "SpiralClasses", "Plane", "Sine", "Digits", "Iris", "Diabetes"])
def test_every_kind_of_data_is_shown(qtbot, source):
    project = project_of(Linear(12), Linear(2), source=source)
    from playground.document import edits

    rig = Rig(
        qtbot, edits.mend_output(edits.add_layer(project, "Flatten", 0) if source == "Digits" else project)
    )
    frame = live(rig)
    assert set(frame.answers) == set(rig.view.wants())  # all that is wanted exists
    assert all(block.column is None or block.column.isVisible() for block in rig.scene.blocks.values())


@pytest.mark.parametrize("key", sorted({*registry.keys()} - {"Flatten"}))
def test_every_layer_is_shown_right_behind_a_flatten(qtbot, key):
    """Where its numbers are one for each pixel, or one for all, they are no picture."""
    layer = registry.get(key)()
    project = project_of(Flatten(), layer, Linear(10), source="Digits")
    session = Session()
    session.load(project)
    if session.trainer is None:
        pytest.skip(f"{key} does not go behind a Flatten: {session.message}")
    rig = Rig(qtbot, project).show()
    rig.view.show_frame(session.frame(tuple(rig.view.wants())))


def test_a_new_layer_needs_nothing_here(qtbot):
    @registry.register("Halve", category="Made up")
    @dataclass(frozen=True)
    class Halve(Layer):
        """Keeps every second value."""

        def out_shape(self, *in_shapes: Shape) -> Shape:
            return (in_shapes[0][0] // 2,)

    try:
        rig = Rig(qtbot, project_of(Linear(8), Halve(), Linear(1)))
        assert rig.scene.plan["halve1"].units == 4
        assert rig.scene.place_of("halve1").tile(3) is not None
        rig.drop_layer("Halve", rig.gap(2))
        assert rig.layers == ["Linear", "Halve", "Halve", "Linear"]
    finally:
        registry.unregister("Halve")


def test_the_real_engine_paints_real_signs(qtbot):
    rig = Rig(qtbot, project_of(Linear(1)))
    frame = live(rig)
    surface = next(
        v for w, v in frame.answers.items() if getattr(w, "node_id", "") == "linear1" and hasattr(v, "shape")
    )
    surface = surface[0]
    places = {(0, 0): (-18, 18), (0, -1): (18, 18), (-1, 0): (-18, -18), (-1, -1): (18, -18)}
    for corner in (max(places, key=lambda c: surface[c]), min(places, key=lambda c: surface[c])):
        dx, dy = places[corner]
        colour = rig.colour(Unit("linear1", 0), dx=dx, dy=dy)
        assert (is_blue if surface[corner] > 0 else is_orange)(colour)
