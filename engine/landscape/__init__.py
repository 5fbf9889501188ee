"""What shapes learning: the loss round the weights, the length of a step, the rates that work, the noise of gradients.

All of it is tried on a copy (``Bench``); the run it is asked of is left as it is.
"""

from engine.landscape.bench import Bench, TooLarge
from engine.landscape.noise import Cloud, Noise, noise
from engine.landscape.plane import Cell, Directions, Plane, Slicing, between, cells, downhill, of_path, random
from engine.landscape.rates import Rates, RateTest
from engine.landscape.step import Step, step

__all__ = [
    "Bench",
    "Cell",
    "Cloud",
    "Directions",
    "Noise",
    "Plane",
    "RateTest",
    "Rates",
    "Slicing",
    "Step",
    "TooLarge",
    "between",
    "cells",
    "downhill",
    "noise",
    "of_path",
    "random",
    "step",
]
