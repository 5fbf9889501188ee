"""Chainrule Playground: drag a neural network together, train it live, and see every number."""

__version__ = "0.1.0"
