"""What Keras lacks and the programs written for it bring along."""

from __future__ import annotations

#: what Keras lacks, by the word that asks for it
HELPERS = {
    "WindowMax(": '''\
class WindowMax(layers.Layer):
    """Maxima of windows over a picture with a border: rows above and below, columns left and right, which are never a maximum."""

    def __init__(self, size, strides, border, dilation, **named):
        super().__init__(**named)
        self.size, self.strides, self.border, self.dilation = size, strides, border, dilation

    def call(self, x):
        top, bottom, left, right = self.border
        x = ops.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]], constant_values=float("-inf"))
        found = windows(x, self.size, self.strides, self.dilation)
        most = found[0]
        for other in found[1:]:
            most = ops.maximum(most, other)
        return most


''',
    "WindowMean(": '''\
class WindowMean(layers.Layer):
    """Means of windows over a picture with a border of zeros: rows above and below, columns left and right; so many of them count."""

    def __init__(self, size, strides, border, dilation, counting, **named):
        super().__init__(**named)
        self.size, self.strides, self.border, self.dilation, self.counting = size, strides, border, dilation, counting

    def build(self, shape):
        top, bottom, left, right = self.counting
        others = [n - m for n, m in zip(self.border, self.counting)]
        cells = np.ones((1, shape[1] + top + bottom, shape[2] + left + right, 1), "float32")
        cells = np.pad(cells, [[0, 0], others[:2], others[2:], [0, 0]])
        self.counted = sum(windows(cells, self.size, self.strides, self.dilation))

    def call(self, x):
        top, bottom, left, right = self.border
        x = ops.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]])
        return sum(windows(x, self.size, self.strides, self.dilation)) / ops.convert_to_tensor(self.counted)


''',
    "CroppedConv2DTranspose(": '''\
class CroppedConv2DTranspose(layers.Conv2DTranspose):
    """One of whose result rows above and below, columns left and right, are cut off."""

    def __init__(self, *settings, cropping, **named):
        super().__init__(*settings, **named)
        self.cropping = cropping

    def compute_output_shape(self, shape):
        count, rows, columns, channels = super().compute_output_shape(shape)
        top, bottom, left, right = self.cropping
        return count, rows - top - bottom, columns - left - right, channels

    def call(self, x):
        top, bottom, left, right = self.cropping
        x = super().call(x)
        return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


''',
    "AdaptiveAveragePooling(": '''\
class AdaptiveAveragePooling(layers.Layer):
    """Means of as many windows as are wanted, which may overlap."""

    def __init__(self, rows, columns, **named):
        super().__init__(**named)
        self.size = rows, columns

    def call(self, x):
        def ends(length, count):
            return [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]

        rows = [
            ops.stack([ops.mean(x[:, a:b, c:d], axis=(1, 2)) for c, d in ends(x.shape[2], self.size[1])], axis=1)
            for a, b in ends(x.shape[1], self.size[0])
        ]
        return ops.stack(rows, axis=1)


''',
    "LocalResponseNorm(": '''\
class LocalResponseNorm(layers.Layer):
    """Each value is divided by how strong its neighbouring channels are."""

    def __init__(self, size, alpha, beta, k, **named):
        super().__init__(**named)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, x):
        before, after = self.size // 2, (self.size - 1) // 2
        squares = ops.pad(ops.square(x), [[0, 0], [0, 0], [0, 0], [before, after]])
        sums = sum(squares[..., i : i + x.shape[-1]] for i in range(self.size))
        return x / (self.k + self.alpha / self.size * sums) ** self.beta


''',
    "Softplus(": '''\
class Softplus(layers.Layer):
    """ln(1 + exp(beta x)) / beta."""

    def __init__(self, beta, **named):
        super().__init__(**named)
        self.beta = beta

    def call(self, x):
        return ops.softplus(self.beta * x) / self.beta


''',
    "Clip(": '''\
class Clip(layers.Layer):
    """No value is less or more than these."""

    def __init__(self, least, most, **named):
        super().__init__(**named)
        self.least, self.most = least, most

    def call(self, x):
        return ops.clip(x, self.least, self.most)


''',
    "TanhGelu(": '''\
class TanhGelu(layers.Layer):
    """GELU by way of tanh."""

    def call(self, x):
        return ops.gelu(x, approximate=True)


''',
}


#: what the two of windows share
WINDOWS = '''\
def windows(x, size, strides, dilation):
    """For each cell of a window what it sees at every place."""
    (kh, kw), (sh, sw), (dh, dw) = size, strides, dilation
    down, across = x.shape[1] - dh * (kh - 1), x.shape[2] - dw * (kw - 1)
    return [x[:, i * dh : i * dh + down : sh, j * dw : j * dw + across : sw] for i in range(kh) for j in range(kw)]


'''


def helpers(code: str) -> str:
    """The text of those that ``code`` names."""
    found = "".join(text for word, text in HELPERS.items() if word in code.replace("layers.", ""))
    return f"{WINDOWS}{found}" if "windows(" in found else found
