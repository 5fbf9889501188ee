"""Convolution and pooling at work, inside any network, on any picture."""
