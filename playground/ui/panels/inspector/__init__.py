"""The forms beside the network: the selected block, training, data, the palette, and what is wrong."""
