"""The grids of a step show the engine's numbers, for every registered layer, at every kind of step."""

import numpy as np
import pytest

from engine import layers
from engine.trace import Place, card, moments
from engine.trace.loss import LOSS
from playground.ui.kit.grid import Grid
from playground.ui.kit.numbers import fmt
from playground.ui.kit.step_progress import number_at
from playground.ui.panels.backprop.layer_pictures import picture
from playground.ui.panels.backprop.pictures import Histogram, Picture, Scene, Sign
from playground.ui.panels.backprop.questions import question
from tests.engine.catalogue import case_id, layer_cases
from tests.engine.trace.tracing import network_with, trainer_for
from tests.ui.panels.backprop.traced import small, trace_of

pytestmark = pytest.mark.slow

CASES = list(layer_cases())


def drawn(trace, moment, sample=0, veiled=False, place=None) -> Picture:
    return picture(Scene(trace, moment, card(trace, moment, sample, fmt), sample, veiled, place))


def sheets(found: Picture) -> list[Grid]:
    return [part for part in found.parts if isinstance(part, Grid)]


def check_sheets(trace, found: Picture) -> int:
    """Every number that is shown stands where its place says; returns how many were compared."""
    compared = 0
    for sheet in sheets(found):
        for (row, column), shown in np.ndenumerate(sheet.cells):
            place = sheet.place(row, column)
            stored = number_at(trace, place) if place is not None else None
            if stored is not None and not np.isnan(shown):
                assert shown == pytest.approx(stored, rel=1e-12, abs=0), (sheet.title, row, column)
                compared += 1
    return compared


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=map(case_id, CASES))
def test_every_layer_has_a_picture_of_its_true_numbers(layer, shape):
    trace = trainer_for(network_with(layer, shape), shape).trace()
    walk = moments(trace, "unit")
    compared = 0
    for first, place in walk.sections():
        if first.node_id != "tested":
            continue
        for at in {place.start, place.stop - 1}:
            for sample in (0, None):
                found = drawn(trace, walk[at], sample)
                assert sheets(found), found.caption
                for sheet in sheets(found):
                    rows, columns = sheet.cells.shape
                    assert all(0 <= r.rows[0] < r.rows[1] <= rows for r in sheet.rings)
                    assert all(0 <= r.columns[0] < r.columns[1] <= columns for r in sheet.rings)
                compared += check_sheets(trace, found)
    assert compared


@pytest.mark.parametrize("kind", [layers.Flatten, layers.Unflatten, layers.Concat])
def test_what_only_moves_is_ringed_where_it_comes_from_and_where_it_goes(kind):
    cases = [(layer, shape) for layer, shape in CASES if isinstance(layer, kind)]
    for layer, shape in cases:
        trace = trainer_for(network_with(layer, shape), shape).trace()
        for moment in moments(trace, "unit"):
            if moment.node_id != "tested" or moment.part not in ("value", "share"):
                continue
            ringed = []
            for sheet in sheets(drawn(trace, moment)):
                for ring in sheet.rings:
                    place = sheet.place(ring.rows[0], ring.columns[0])
                    ringed.append(number_at(trace, place))
            assert len(ringed) == 2, moment
            assert ringed[0] == ringed[1] == card(trace, moment, 0, fmt).result.value


@pytest.fixture(scope="module")
def dense():
    return trace_of(small(layers.Linear(3), layers.Tanh(), layers.Linear(1), batch_size=4))


def find(trace, phase, node, part, name="", cell=None):
    walk = moments(trace, "unit")
    return next(
        m
        for m in walk
        if (m.phase, m.node_id, m.part) == (phase, node, part)
        and m.name == name
        and (cell is None or m.cell == cell)
    )


def test_forward_is_w_times_x_plus_b(dense):
    w, x, b, y = sheets(drawn(dense, find(dense, "forward", "linear1", "value", cell=(2,))))
    assert np.allclose(w.cells @ x.cells + b.cells, y.cells, atol=1e-6)
    assert w.rings[0].rows == (2, 3)


def test_back_is_w_transposed_times_delta(dense):
    w, delta, dx = sheets(drawn(dense, find(dense, "backward", "linear1", "share", "0", (1,))))
    assert np.allclose(w.cells @ delta.cells, dx.cells, atol=1e-6)
    assert "transposed" in w.words


def test_the_weights_gradient_is_an_outer_product_or_over_the_batch_a_matrix_product(dense):
    moment = find(dense, "backward", "linear1", "parameter", "weight", (2, 1))
    delta, x, outer = sheets(drawn(dense, moment))
    assert np.allclose(delta.cells @ x.cells, outer.cells)
    delta, x, whole = sheets(drawn(dense, moment, None))
    assert delta.cells.shape == (3, 4)
    assert np.allclose(delta.cells @ x.cells, whole.cells, atol=1e-6)


def test_of_a_whole_batch_forward_and_back_are_products_of_whole_matrices(dense):
    x, turned, b, y = sheets(drawn(dense, find(dense, "forward", "linear1", "value", cell=(2,)), None))
    assert x.cells.shape == (4, 2)
    assert np.allclose((x.cells @ turned.cells + b.cells)[:, :3], y.cells, atol=1e-6)
    deltas, w, back = sheets(drawn(dense, find(dense, "backward", "linear1", "share", "0", (1,)), None))
    assert back.cells.shape == (4, 2)
    assert np.allclose(deltas.cells @ w.cells, back.cells, atol=1e-6)


@pytest.mark.parametrize(("layer", "framed"), [(layers.BatchNorm(), (4, 1)), (layers.LayerNorm(), (1, 3))])
def test_a_norm_frames_what_it_averages_and_its_numbers_are_spread_before_and_after(layer, framed):
    trace = trace_of(small(layers.Linear(3), layer, layers.Linear(1), batch_size=4))
    node = trace.network.nodes[1].id
    moment = find(trace, "forward", node, "value", cell=(1,))
    found = drawn(trace, moment)
    ring = sheets(found)[0].rings[0]
    assert (ring.rows[1] - ring.rows[0], ring.columns[1] - ring.columns[0]) == framed
    before, after = (part.values for part in found.parts if isinstance(part, Histogram))
    x, y = (np.asarray(trace.values[i], float) for i in ("linear1", node))
    np.testing.assert_array_equal(before, x[:, 1] if framed[0] == 4 else x[0])
    np.testing.assert_array_equal(after, y[:, 1] if framed[0] == 4 else y[0])
    hidden = drawn(trace, moment, veiled=True)
    assert len([part for part in hidden.parts if isinstance(part, Histogram)]) == 1
    assert np.isnan(sheets(hidden)[1].cells).all()
    if framed[0] == 4:  # what inference makes of the same cell is the layer's own answer there
        state = trace.state_before[node]
        gamma, beta = (float(trace.parameter(node, name)[1]) for name in ("weight", "bias"))
        inferred = (
            gamma * (x[0, 1] - state["running_mean"][1]) / np.sqrt(state["running_var"][1] + layer.eps) + beta
        )
        assert found.caption.endswith(f"would become {fmt(float(inferred))}.")


def test_products_are_told_apart(dense):
    signs = lambda moment: {p.words for p in drawn(dense, moment).parts if isinstance(p, Sign)}
    assert "matrix product" in signs(find(dense, "forward", "linear1", "value"))
    assert "cell by cell" in signs(find(dense, "backward", "tanh1", "share", "0"))


def test_a_veiled_picture_shows_the_number_asked_for_nowhere(dense):
    """Nor does the step of an update, from which it could be read off."""
    asked = 0
    for moment in moments(dense, "unit"):
        if question(dense, moment, 0) is None:
            continue
        found = card(dense, moment, 0, fmt)
        places = {found.result.place} if found.result is not None else set()
        if moment.part == "row":
            places |= {Place(p.node_id, "step", p.name, p.index) for p in tuple(places)}
        places.discard(None)
        asked += bool(places)
        told = {False: 0, True: 0}
        for veiled in told:
            for sheet in sheets(drawn(dense, moment, veiled=veiled)):
                for (row, column), shown in np.ndenumerate(sheet.cells):
                    told[veiled] += sheet.place(row, column) in places and not np.isnan(shown)
        assert told[True] == 0, moment
        assert told[False] >= (2 if moment.part == "row" else 0), moment
    assert asked > 20


def test_back_through_a_curve_is_a_product_cell_by_cell(dense):
    delta, slope, dx = sheets(drawn(dense, find(dense, "backward", "tanh1", "share", "0", (2,))))
    assert np.allclose(delta.cells * slope.cells, dx.cells, atol=1e-6)


def test_what_is_not_computed_yet_is_not_shown(dense):
    first = find(dense, "forward", "linear1", "value", cell=(0,))
    assert np.isnan(sheets(drawn(dense, first))[-1].cells.ravel()).tolist() == [False, True, True]
    veiled = drawn(dense, first, veiled=True)
    assert np.isnan(sheets(veiled)[-1].cells).all()
    gradient = find(dense, "backward", "linear1", "parameter", "weight", (0, 1))
    assert np.isnan(sheets(drawn(dense, gradient))[-1].cells.ravel()).tolist() == [False] * 2 + [True] * 4


def test_the_update_adds_up(dense):
    old, step, new = sheets(drawn(dense, find(dense, "update", "linear1", "row", "weight", (2, 1))))
    assert np.allclose(old.cells + step.cells, new.cells, atol=1e-7)


def test_loss_and_passes_have_a_picture_or_say_why_not(dense):
    for grain in ("pass", "layer", "unit"):
        for moment in moments(dense, grain):
            if moment.node_id in ("", LOSS):
                found = drawn(dense, moment)
                assert found.parts or found.caption


# --- convolutions -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def conv():
    chain = (layers.Conv2d(2, 3), layers.ReLU(), layers.MaxPool2d(2), layers.Flatten(), layers.Linear(10))
    return trace_of(small(*chain, source="Digits", batch_size=3))


def test_a_window_meets_the_kernel(conv):
    moment = find(conv, "forward", "conv2d1", "value", cell=(1, 2, 3))
    whole, window, kernel, y = sheets(drawn(conv, moment))
    bias = float(conv.parameter("conv2d1", "bias")[1])
    assert float((window.cells * kernel.cells).sum()) + bias == pytest.approx(y.cells[2, 3], rel=1e-4)
    (ring,) = whole.rings
    assert np.array_equal(whole.cells[slice(*ring.rows), slice(*ring.columns)], window.cells)


def test_a_kernel_weight_met_one_value_at_every_place(conv):
    moment = find(conv, "backward", "conv2d1", "parameter", "weight", (1, 0, 2, 2))
    met, delta, own = sheets(drawn(conv, moment, 1))
    assert float((met.cells * delta.cells).sum()) == pytest.approx(own.cells[2, 2], rel=1e-5)
    whole = sheets(drawn(conv, moment, None))[-1]
    parts = [sheets(drawn(conv, moment, n))[-1].cells for n in conv.samples]
    assert np.allclose(np.sum(parts, axis=0), whole.cells, atol=1e-6)


def test_a_clicked_delta_shows_its_shares(conv):
    moment = find(conv, "backward", "conv2d1", "share", "0", (0, 3, 3))
    delta = sheets(drawn(conv, moment))[0]
    place = delta.place(1, 1)
    found = sheets(drawn(conv, moment, place=place))
    shares = next(s for s in found if "shares" in s.words)
    value = float(conv.gradients["conv2d1"][0][place.index[1:]])
    assert np.allclose(shares.cells, value * conv.parameter("conv2d1", "weight")[place.index[1], 0])


def test_the_kernel_is_flipped_on_the_way_back(conv):
    moment = find(conv, "backward", "conv2d1", "share", "0", (0, 3, 3))
    kernel = sheets(drawn(conv, moment))[1]
    assert np.array_equal(kernel.cells, conv.parameter("conv2d1", "weight")[0, 0, ::-1, ::-1])
    assert "flipped" in kernel.words


def test_max_pooling_rings_the_winner(conv):
    moment = find(conv, "forward", "maxpool2d1", "value", cell=(0, 1, 1))
    seen, y = sheets(drawn(conv, moment))
    winner = next(r for r in seen.rings if r.style == "winner")
    assert seen.cells[winner.rows[0], winner.columns[0]] == y.cells[1, 1]
