"""Networks and weights as plain data and files."""

from engine.io.codec import network_from_dict, network_to_dict
from engine.io.weights import load_weights, save_weights

__all__ = ["load_weights", "network_from_dict", "network_to_dict", "save_weights"]
