"""The loss of each sample alone: their mean is the loss that training lessens, whatever the loss."""

import numpy as np
import pytest

from engine import layers
from engine.data import Circle, Preparation, Sine, SpiralClasses, prepare
from engine.evaluate import Evaluator, SampleLosses
from engine.losses import Loss, losses
from engine.model import Model
from engine.network import Network
from engine.probe import Probe

SETS = {"binary": Circle(samples=60), "multiclass": SpiralClasses(samples=60), "regression": Sine(samples=60)}


@pytest.mark.parametrize("cls", losses, ids=lambda cls: cls.key)
def test_their_mean_is_the_loss(cls: type[Loss]) -> None:
    for task in cls.tasks:
        data = prepare(SETS[task].make(), Preparation())
        loss = cls()
        network = Network.chain(layers.Linear(5), layers.Tanh(), layers.Linear(loss.out_shape(data.train)[0]))
        model = Model(network, data.in_shape, seed=0, dtype="float64")
        loss = loss.after(network.output_range)
        probe = Probe(model, data.train.x)
        probe.run()
        z = probe.value(network.output_id)
        found = SampleLosses(loss, len(z), data.train)(z)
        assert found.shape == (len(data.train),)
        assert found.mean() == pytest.approx(Evaluator(model, data.train, loss)().loss, rel=1e-12)
        assert np.ptp(found) > 0
        some = SampleLosses(loss, len(z), data.train)(z[:, :7])
        assert np.array_equal(some, found[:7])
