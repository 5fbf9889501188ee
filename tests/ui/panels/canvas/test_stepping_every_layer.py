"""Whatever layer there is: each step can be drawn, its result stands where the picture says, and the picture's number is the trace's."""

import numpy as np
import pytest

from engine.layers import Flatten, Linear, registry
from engine.trace import Place, moments
from playground.document import edits
from playground.ui.kit.step_progress import number_at
from playground.ui.kit.view import StepAt
from playground.ui.panels.backprop.dots import DotsCard
from playground.ui.panels.backprop.questions import question
from playground.ui.panels.backprop.update import UpdateCard
from playground.ui.panels.canvas.plan import plan
from playground.ui.panels.canvas.step_plan import Atlas
from playground.ui.panels.canvas.targets import Unit
from tests.ui.panels.backprop.traced import Traced, trace_of
from tests.ui.panels.canvas.rig import Rig, project_of
from tests.ui.panels.canvas.test_every_layer import chain_for

pytestmark = pytest.mark.slow

LOOKED_AT = 12  #: steps of each part of a walk


def project_with(key):
    """A network with the layer that can run."""
    chain, source = chain_for(key)
    if key == "Unflatten":
        chain = (Linear(4), registry.get(key)(channels=1, height=2, width=2), Flatten(), Linear(1))
    project = project_of(*chain, source=source)
    return edits.set_fit(project, project.fit.replace(batch_size=4))


def some(walk):
    """A few steps of every section of a walk."""
    for _, places in walk.sections():
        yield from (walk[i] for i in places[:: max(1, len(places) // LOOKED_AT)])


@pytest.mark.parametrize("key", registry.keys())
def test_every_step_is_drawn_where_its_number_stands(qtbot, key):
    rig = Rig(qtbot, project_with(key))
    trace = trace_of(rig.project, steps=1)
    node = next(n.id for n in rig.project.network.nodes if n.layer.key == key)
    rings = 0
    for grain in ("layer", "unit", "term"):
        for moment in some(moments(trace, grain, None if grain == "layer" else node)):
            rig.focus.show_step(StepAt(trace, moment, 1))
            progress, result = rig.view.stepping.progress, rig.scene.step.light.result
            found = progress.card.result if progress.card is not None else None
            if result is None or not isinstance(result.target, Unit) or found is None or found.place is None:
                continue
            face = rig.scene.step.faces[result.target.block_id]
            shown = (face.gradients if result.lower else face.values)[(result.target.unit, *result.cell)]
            finished = moment.term < 0 or not np.isnan(shown)
            if finished and len(trace.readers(found.place.node_id)) < 2:
                assert shown == pytest.approx(number_at(trace, found.place), nan_ok=True)
                assert rig.scene.step.rect_of(result) is not None
                rings += 1
        rig.viewport.grab()
    assert rings


@pytest.mark.parametrize("key", registry.keys())
def test_places_lead_there_and_back(qapp, key):
    project = project_with(key)
    trace = trace_of(project, steps=1)
    atlas = Atlas(plan(project), trace)
    for node_id in ("input", *(n.id for n in project.network.nodes)):
        shape = trace.shapes[node_id]
        for flat in {0, int(np.prod(shape)) // 2, int(np.prod(shape)) - 1}:
            index = tuple(int(i) for i in np.unravel_index(flat, shape))
            for kind, lower in (("value", False), ("gradient", True)):
                spot = atlas.spot(place_at(node_id, kind, index))
                assert spot.lower == lower
                back = atlas.place_of(node_id, kind, (spot.target.unit, *spot.cell), 2)
                assert back == place_at(node_id, kind, index)


def place_at(node_id, kind, index):
    return Place(node_id, kind, "", (2, *index))


@pytest.mark.parametrize("key", registry.keys())
def test_cards_and_questions_say_something_of_every_layer(qtbot, key):
    project = project_with(key)
    update, dots = Traced(qtbot, UpdateCard, project, steps=1), Traced(qtbot, DotsCard, project, steps=1)
    trace = update.trace
    node = next(n.id for n in project.network.nodes if n.layer.key == key)
    for bench in (update, dots):
        for moment in moments(trace, "layer"):
            bench.focus.show_step(StepAt(trace, moment, 0))
        assert not bench.find("silence").isVisible()
        bench.view.grab()
    if node in trace.learners():
        for name, shape in trace.network[node].layer.parameters(*trace.in_shapes(node)).items():
            place = Place(node, "parameter", name, (0,) * len(shape.shape))
            dots.focus.choose_place(place)
            gradient = float(trace.parameter(node, name, "gradient")[place.index])
            if dots.find("silence").isVisible():  # what mixes samples cannot be taken apart
                assert "sample" in dots.find("silence").text()
            else:
                assert dots.view.plot.gradients.mean() == pytest.approx(gradient, rel=1e-3, abs=1e-6)
    for moment in some(moments(trace, "unit", node)):
        question(trace, moment, 0)
