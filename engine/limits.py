"""How much of other people's files and projects is taken: each limit far above what is useful, and low enough that all stays usable."""

from __future__ import annotations

#: bytes of a file of data. The arrays in it may take twice ``data.images.MOST_BYTES``, as numbers of 8 bytes become ones of 4; what
#: stands before them is small.
DATA_BYTES = (2 << 30) + (1 << 20)
#: bytes of a picture's file: more than the largest photograph that can be read safely takes, unpacked
PICTURE_BYTES = 512 << 20
#: bytes of a file of weights: eight times those of AlexNet at full size
WEIGHTS_BYTES = 2 << 30
#: bytes of a project's text. What is read of it takes up to 24 times as much memory (empty lists), and that is to stay below 1 GB.
PROJECT_BYTES = 32 << 20

#: layers of a network. The deepest classics have some hundreds, norms and activations counted; each is a block on the canvas.
MOST_LAYERS = 1000
#: nodes that one node reads from
MOST_INPUTS = 100
#: letters of a node's id
MOST_ID = 100
#: numbers that a project gives its network to begin with. As text they take up to 30 bytes each, which ``PROJECT_BYTES`` has room for.
MOST_GIVEN = 1_000_000
#: bytes that a network may take in training before the user is asked; AlexNet at full size takes some 1.5 GB with most optimizers
NETWORK_BYTES = 2 << 30
