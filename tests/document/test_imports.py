"""Models of other programs, read for a project: what has been trained further elsewhere comes back and scores the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import Model
from engine.errors import DataError
from engine.export import export
from engine.io import save_weights
from playground import app
from playground.document import edits, imports
from playground.document.examples import example
from playground.document.project import data_of, problems
from tests.engine.export.exporting import program


@pytest.mark.slow
def test_what_pytorch_has_trained_further_comes_back_and_scores_the_same(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed: nothing is trained in it")
    project = example("digits-cnn").project
    export(app.subject(project), "pytorch", tmp_path, steps=0)
    with program(tmp_path) as check:
        net, data = check.model.load(), check.train.load_data()
        before = check.train.evaluate(net, data["x_validation"], data["y_validation"])
        for _ in check.train.train(net, data, epochs=3):
            pass
        after = check.train.evaluate(net, data["x_validation"], data["y_validation"])
        assert after < 0.5 * before
        torch.save(net.state_dict(), tmp_path / "trained.pt")
        with torch.no_grad():
            theirs = net.eval()(data["x_validation"]).numpy()
    found = imports.read(tmp_path / "trained.pt", project)
    assert found.network is project.network
    taken = edits.give_weights(project, found.state)
    assert not problems(taken)
    one = app.subject(taken)
    validation = data_of(project).validation
    ours = one.model.predict(validation.x)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)
    assert (ours.argmax(1) == validation.y).mean() == (theirs.argmax(1) == validation.y).mean()


def test_a_file_that_does_not_fit_becomes_a_network_of_its_own(tmp_path: Path) -> None:
    project = example("iris").project
    other = Model(example("xor").project.network, (2,)).state_dict()
    save_weights(other, tmp_path / "w.safetensors")
    found = imports.read(tmp_path / "w.safetensors", project)
    assert found.network is not project.network
    made = edits.import_network(project, found.network, found.state)
    assert problems(made), "the data have four features"
    with pytest.raises(DataError):
        imports.matched(other, project)


def test_a_proposal_for_the_data_at_hand_halves_the_pictures_as_often_as_it_takes(tmp_path: Path) -> None:
    project = example("digits-cnn").project
    state = Model(project.network, data_of(project).in_shape).state_dict()
    save_weights(state, tmp_path / "w.safetensors")
    found = imports.read(tmp_path / "w.safetensors", project, propose=True)
    made = edits.import_network(project, found.network, found.state)
    assert not problems(made)
    assert [n.layer.key for n in found.network.nodes] == [n.layer.key for n in project.network.nodes]
    x = data_of(project).validation.x[:20]
    np.testing.assert_allclose(
        app.subject(made).model.predict(x),
        app.subject(edits.give_weights(project, state)).model.predict(x),
        atol=1e-5,
    )
