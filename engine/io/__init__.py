"""Networks and weights as plain data and files."""

from engine.io.codec import network_from_dict, network_to_dict
from engine.io.weights import load_weights, save_weights
from engine.io.whole import replacing

__all__ = ["load_weights", "network_from_dict", "network_to_dict", "replacing", "save_weights"]
