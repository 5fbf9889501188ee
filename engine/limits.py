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
