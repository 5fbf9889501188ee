"""Random layers: the right statistics in training, nothing in inference, the same masks for the same seed."""

import numpy as np

from engine.layers import Dropout
from engine.model import Model
from engine.network import Network


def test_dropout_silences_a_share_and_keeps_the_mean() -> None:
    model = Model(Network.chain(Dropout(p=0.3)), (100,), seed=4)
    program = model.program(400, training=True)
    program.x[...] = 1.0
    program.forward()
    out = program.output
    assert abs((out == 0).mean() - 0.3) < 0.01
    np.testing.assert_allclose(out[out != 0], 1 / 0.7, rtol=1e-6)
    assert abs(out.mean() - 1.0) < 0.02


def test_masks_differ_from_step_to_step_and_return_with_a_reset() -> None:
    model = Model(Network.chain(Dropout()), (20,), seed=4)
    program = model.program(8, training=True)
    program.x[...] = 1.0
    seen = []
    for _ in range(2):
        program.forward()
        seen.append(program.output.copy())
    assert (seen[0] != seen[1]).any()
    model.reset()
    program.forward()
    np.testing.assert_array_equal(program.output, seen[0])


def test_inference_passes_everything_on() -> None:
    x = np.random.default_rng(0).normal(size=(5, 20)).astype(np.float32)
    np.testing.assert_array_equal(Model(Network.chain(Dropout()), (20,)).predict(x), x)
