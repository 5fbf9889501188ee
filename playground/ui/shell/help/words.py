"""What the pages of the help say that stands nowhere else: what one does in a panel, its keys, and the field's words."""

from __future__ import annotations

from collections.abc import Mapping

#: of each panel by its key: what it shows, then what can be done there. One without an entry is described by its view's docstring
PANELS: Mapping[str, tuple[str, ...]] = {
    "network": (
        "The network from left to right: data, layers, loss. Every block shows what is inside it, live while it learns.",
        (
            "Drag a layer from Layers into a gap, or select a block and double-click a layer. A tile is one unit or channel, a wire one "
            "weight: blue above 0, orange below, thicker where it is larger. Click a tile or a wire to set its number by hand."
        ),
        (
            "A wire that skips blocks is an arc above the cards. Drag from the dot at a card's right edge to a later card to make one, "
            "click an arc to choose it, Del to take it away; the Layer panel lists what a block reads."
        ),
    ),
    "data": (
        "What the network learns from: the data set, how it is split, and how it is prepared.",
        (
            "Click a picture to take another data set; loss and last layer follow. Your own tables and pictures open through Open data…, or "
            "dropped onto the window."
        ),
        (
            "Draw pictures… makes a set by hand: draw on the pad, then press the class it belongs to. A network that learns says what it sees "
            "in each drawing."
        ),
        (
            "Normalization, at the end, shows an input's numbers as they are and as the network reads them. Train with and without it: both "
            "run beside each other."
        ),
    ),
    "palette": (
        "All layers there are, by what they do.",
        "Drag one into the network, or double-click it to put it behind the selected block. Type to search; Enter takes the first.",
    ),
    "output": (
        "What the network answers: a decision boundary, a fitted curve, sample cards or predicted against true values, as the data ask for.",
        (
            "The list at its top says of which part everything in the panel is. The test part is hidden until it is asked for, and looks are "
            "counted: who tunes on it has no test left."
        ),
        (
            "Where a network squeezes pictures into two numbers, Plane of the code shows each sample at its own; move over the plane to see "
            "what the network makes of any other, and click to keep one."
        ),
        (
            "A curve can be taken apart: what each unit of the last layer adds, in one scale, or stacked up to the curve. With one layer of "
            "ReLU, Sigmoid or Tanh, build it from pulses: drag their edges (□), tops and shoulders (◇); the weights follow. Then let it learn "
            "from there."
        ),
    ),
    "losses": (
        "Loss and score of both parts, epoch by epoch.",
        (
            "The wheel zooms in on the curves, dragging moves them, a double-click or Reset shows all again. Dotted lines mark edits; the "
            "blue line is the moment History is at."
        ),
    ),
    "inspector": (
        "The selected block: what it does, what it reads, its settings, its formula forward and backward.",
        "Settings take effect at once. An error says what is so and what to do, and often offers an edit that mends it.",
    ),
    "training": (
        "How the network is trained: loss, optimizer, batches, regularization, first weights, seed.",
        "What stands above the line changes a running network; what stands below draws new weights.",
    ),
    "problems": (
        "What keeps the network from running or from learning, and the edit that ends it.",
        "Enter or a click goes to the block.",
    ),
    "backprop": (
        "The next update of this network, number by number: forward, loss, backward, update.",
        (
            "Step inside (I) records it. Choose how fine the steps are; Picture, Flow, Update, Batch, Prove it and Predict look at the same "
            "step in different ways. Apply makes exactly this update, Discard leaves everything as it was."
        ),
    ),
    "convolution": (
        "Filters and feature maps at three levels: all maps, one map and its channels, one window and its sum; forward and backward.",
        "Click a number to go to the window it came from. Benches let you try filters and pooling on pictures and rows of your own.",
    ),
    "diagnosis": (
        "How training goes, layer by layer: activations, gradients, updates and dead units, with a verdict on bias and variance.",
        (
            "Click a row to select the layer. Try runs what the coach advises on a copy, from the last moment at which all was well, "
            "beside the run as it is: keep it, or discard it. The experiments below tell causes apart. Set the human-level error that "
            "the verdict compares with."
        ),
    ),
    "distributions": (
        "How all numbers of each layer are spread, before the first step and at any moment; one layer over time at the right.",
        (
            "A hill counts numbers: high where there are many. The striped bar is the share that is exactly 0, and 30 numbers or fewer are dots. "
            "Unusual layers stand first; a row's words say why. On one axis widths can be compared; by powers of ten, what lies far apart."
        ),
        (
            "Click a row to see that layer over time, and a moment of it to go there, as History does. Beside lays another moment, which you "
            "hold, or a run of the Runs panel under this one in a second colour; moved says how far numbers must go to make one of the other."
        ),
    ),
    "initialization": (
        "A laboratory for first weights: how far signals and gradients get through 2 to 100 layers, as predicted and as measured.",
        (
            "Layer by layer: a sum of n products has the spread σ² = n·σ²(w)·E[a²]; ReLU leaves half of the square. Move gain, fan, bias, depth "
            "and width, and see where theory and measurement part: few units, above all. Predict first asks before it shows."
        ),
        (
            "Six starts shows the usual ones with four activations; a click begins the project so. Equal units shows why weights must not begin "
            "alike: equal units stay on top of each other, and noise parts them."
        ),
    ),
    "landscape": (
        "What shapes learning, tried on a copy of the weights as they are: the run is left alone.",
        (
            "Slice: the loss over a plane, along the way of the run, two weights, the gradient, random directions, or between two moments or "
            "runs; the line is the run, which goes on while it trains. Step: the loss along the next update, and the parabola through 0, ½ and "
            "1 step: too short, about right, or it overshoots."
        ),
        (
            "Rate: the range test. Each update has a higher rate than the one before; a click sets the rate that is suggested. Noise: gradients "
            "of one sample, of 32 and of all, by two weights."
        ),
    ),
}

#: keys that a panel handles itself, by its key
KEYS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "network": (
        ("←  →  Tab", "From block to block"),
        ("Shift+←  Shift+→", "Select several"),
        ("Alt+←  Alt+→", "Move the selected blocks"),
        ("↑  ↓", "Through the units of a block"),
        ("Enter", "Edit the block, or the unit's numbers"),
        ("A", "Search for a layer to add"),
        ("W", "Choose what the block reads"),
        ("F2", "Rename the block"),
        ("PgUp  PgDn", "Page through a long column"),
        ("+  −  F", "Larger, smaller, all of it"),
        ("Esc", "Give up"),
    ),
    "data": (
        ("←  →  ↑  ↓", "From data set to data set"),
        ("Enter", "Take it"),
        ("1  2  3 …", "Drawing: take what is drawn for this class"),
    ),
    "palette": (
        ("Letters", "Search"),
        ("Enter", "Add the layer behind the selected block"),
        ("Esc", "Search anew, then back to the network"),
    ),
    "output": (
        ("←  →  ↑  ↓", "Move the cursor, or go to another sample"),
        ("Enter", "Choose what is under it"),
        ("←  →  ↑  ↓  Enter", "Painting: move the brush, and paint"),
        ("Shift+drag", "Painting: a straight line; resize selected points"),
        ("Ctrl+drag", "Painting: turn selected points"),
        ("Delete", "Painting: take selected points away"),
        ("M", "Pulses: take the nearest handle for the arrow keys, or put it down"),
    ),
    "losses": (("←  →", "Move the cursor"), ("+  −  0", "Zoom in, zoom out, show all"), ("Esc", "No cursor")),
    "inspector": (("Tab", "From field to field"), ("↑  ↓", "A number up or down"), ("Esc", "Give up typing")),
    "training": (("Tab", "From field to field"), ("↑  ↓", "A number up or down"), ("Esc", "Give up typing")),
    "problems": (("↑  ↓", "From problem to problem"), ("Enter", "Go to the block")),
    "backprop": (
        ("←  →", "A step back, a step on"),
        ("Home  End", "To the first, to the last"),
        ("Space", "Walk by itself, while a walk is on"),
    ),
    "convolution": (
        ("←  →  ↑  ↓", "To another map, channel or window"),
        ("Enter  Esc", "A level down, a level up"),
        ("Space", "Slide the window, below the first level"),
    ),
    "diagnosis": (("↑  ↓", "From layer to layer"),),
    "distributions": (("↑  ↓", "From layer to layer, or from moment to moment"),),
    "initialization": (
        ("←  →", "On the plot of layers: move the cursor"),
        ("←  →  ↑  ↓", "In the picture of starts: from one to another"),
        ("Enter", "Begin the project so"),
    ),
    "landscape": (("←  →  ↑  ↓", "Move the cursor"), ("Esc", "No cursor")),
}

#: the field's words: what each means, and the pages to go on with
GLOSSARY: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Accuracy": (
        "The share of samples whose most probable class is the right one. It jumps where the loss glides, which is why the loss is trained.",
        ("word/Loss", "panel/output"),
    ),
    "Activation": (
        "A bend between two layers. Without one, layers after one another are together no more than a single linear map.",
        ("layer/ReLU", "layer/Tanh", "word/Dead unit"),
    ),
    "Augmentation": (
        "Training samples changed a little, anew in every epoch, so that the network learns what does not matter: a shift, a flip, some noise.",
        ("word/Overfitting", "panel/training"),
    ),
    "Back-propagation": (
        (
            "The chain rule, applied from the loss backwards: each layer receives the gradient of its output and returns that of its input and "
            "of its parameters. One pass gives the slope for every weight."
        ),
        ("panel/backprop", "word/Chain rule", "word/Gradient"),
    ),
    "Batch": (
        "The samples whose gradients are averaged for one update. Large batches give calm, expensive steps; small ones noisy, cheap steps.",
        ("word/Epoch", "word/Stochastic gradient descent"),
    ),
    "Batch normalization": (
        (
            "Each feature is brought to mean 0 and spread 1 over the batch, then scaled and shifted by two learned numbers. In inference the "
            "running mean and spread stand in for those of the batch."
        ),
        ("layer/BatchNorm", "layer/LayerNorm"),
    ),
    "Bias": (
        "A learned number added to a unit's sum, so that it need not pass through 0. Of a model, the word means something else: see Bias and variance.",
        ("layer/Linear", "word/Bias and variance"),
    ),
    "Bias and variance": (
        (
            "High bias: the error is large on the training part already (underfitting). High variance: it is small there and large on new data "
            "(overfitting). Both are measured against the error that is achievable."
        ),
        ("panel/diagnosis", "word/Overfitting", "word/Underfitting"),
    ),
    "Capacity": (
        "How many different functions a network can fit: more units, layers or epochs give more of it. Too little underfits, too much overfits.",
        ("word/Overfitting", "word/Underfitting"),
    ),
    "Chain rule": (
        "The slope of a function of a function is the product of both slopes; where several paths lead to the loss, their products add up.",
        ("word/Back-propagation", "panel/backprop"),
    ),
    "Channel": (
        "One of several pictures that belong together: red, green and blue of a photograph, or the maps that the filters of a layer give.",
        ("word/Feature map", "layer/Conv2d"),
    ),
    "Confusion matrix": (
        "Counts of every true class against every predicted one. The diagonal is right; a bright cell beside it names a pair that is mixed up.",
        ("panel/output", "word/Precision and recall"),
    ),
    "Convolution": (
        (
            "A small kernel slides over a picture; at each place it gives the sum of window times kernel. What libraries call so does not flip the "
            "kernel: strictly it is a cross-correlation."
        ),
        ("layer/Conv2d", "panel/convolution", "word/Kernel"),
    ),
    "Cross-entropy": (
        "Minus the logarithm of the probability that the network gives to the right class. A confident mistake costs much.",
        ("loss/CrossEntropyLoss", "loss/BCEWithLogitsLoss", "word/Softmax"),
    ),
    "Dead unit": (
        "A unit that gives the same value for every sample, as a ReLU below 0 does: no gradient passes, so it cannot learn its way out.",
        ("layer/ReLU", "layer/LeakyReLU", "panel/diagnosis", "panel/distributions"),
    ),
    "Divergence": (
        "The loss grows without end until numbers are no longer finite. Mostly the learning rate is too large for the steepest direction.",
        ("word/Learning rate", "word/Exploding gradient"),
    ),
    "Dropout": (
        (
            "In training, each value is set to 0 with probability p and the others are scaled up, so that no unit can rely on one other. In "
            "inference nothing happens."
        ),
        ("layer/Dropout", "word/Regularization"),
    ),
    "Early stopping": (
        "Training ends once the validation loss has not become better for some epochs, and the best weights come back.",
        ("panel/training", "word/Overfitting"),
    ),
    "Epoch": ("One pass over all training samples, batch by batch.", ("word/Batch",)),
    "Exploding gradient": (
        (
            "A gradient that grows from layer to layer on its way back, since each multiplies it by something above 1. Clipping limits the step; "
            "better first weights or normalization end the cause."
        ),
        ("word/Gradient clipping", "word/Initialization", "word/Vanishing gradient"),
    ),
    "F1": (
        "The harmonic mean of precision and recall: high only where both are.",
        ("word/Precision and recall", "panel/output"),
    ),
    "Feature map": (
        "What one filter gives over the whole picture: bright where the picture looks like the filter.",
        ("panel/convolution", "layer/Conv2d"),
    ),
    "Filter": (
        "One kernel for each input channel, and a bias; their sums make one feature map. 2 channels and 4 filters are 8 kernels.",
        ("word/Kernel", "layer/Conv2d"),
    ),
    "Fine-tuning": (
        "Going on from weights that were learned elsewhere, often with the first layers frozen.",
        ("word/Weights",),
    ),
    "Generalization": (
        "Being right on samples that were not learned from: what the validation and the test part measure.",
        ("word/Validation part", "word/Test part"),
    ),
    "Gradient": (
        "For each number, how fast the loss rises as that number grows. Training goes the other way.",
        ("word/Back-propagation", "panel/backprop"),
    ),
    "Gradient check": (
        "Move one number by ±ε and compare (L₊ − L₋) / 2ε with back-propagation: below 1e−7 relative error is great, above 1e−3 bad.",
        ("panel/backprop",),
    ),
    "Gradient clipping": (
        "A limit on gradients. By norm it shortens the step and keeps its direction; by value it cuts each number, which bends the direction.",
        ("word/Exploding gradient", "panel/training"),
    ),
    "Histogram": (
        (
            "Numbers sorted into bins, and how many fell into each, drawn as a hill. A narrow hill at 0 is a layer that hardly says anything; "
            "two hills at the ends are units that are sure, or saturated."
        ),
        ("panel/distributions",),
    ),
    "Hyper-parameter": (
        "A number that is chosen, not learned: learning rate, units, batch size. It is chosen on the validation part.",
        ("word/Validation part",),
    ),
    "Inference": (
        "Using the network without training it: dropout is off, batch norm takes its running statistics.",
        ("layer/Dropout", "layer/BatchNorm"),
    ),
    "Initialization": (
        (
            "How the first weights are drawn. All alike, the units of a layer stay alike; too large or too small, values explode or vanish "
            "through the layers."
        ),
        ("panel/initialization", "panel/training", "word/Symmetry", "word/Vanishing gradient"),
    ),
    "Kernel": (
        "The small grid of weights that a convolution slides over one channel.",
        ("word/Filter", "word/Stride"),
    ),
    "Layer normalization": (
        "Each sample is brought to mean 0 and spread 1 over its own features: no other sample takes part, in training or in inference.",
        ("layer/LayerNorm", "word/Batch normalization"),
    ),
    "Landscape": (
        (
            "The loss as a function of the weights: hills, valleys and plains that training walks down. It has as many dimensions as there "
            "are weights; a picture shows a plane through it."
        ),
        ("panel/landscape", "word/Gradient", "word/Learning rate"),
    ),
    "Learning rate": (
        "How far one step goes against the gradient. Too large, and the loss jumps or diverges; too small, and nothing seems to happen.",
        ("optimizer/SGD", "word/Schedule", "word/Divergence", "panel/landscape"),
    ),
    "Logit": (
        (
            "The output of the last layer before it is made a probability: any number. Losses take logits, since sigmoid or softmax and "
            "logarithm together can be computed without rounding to 0."
        ),
        ("word/Softmax", "loss/BCEWithLogitsLoss"),
    ),
    "Loss": (
        "One number for how wrong the outputs are, made small by training. It must have a slope; accuracy has none.",
        ("panel/losses", "loss/MSELoss", "loss/CrossEntropyLoss"),
    ),
    "Momentum": (
        "The step is a running sum of gradients: it gathers speed along a valley and averages out the zigzag across it.",
        ("optimizer/SGD", "optimizer/Adam"),
    ),
    "Normalization": (
        "Bringing numbers to a common size: of the data before training, or of values inside the network.",
        ("panel/data", "word/Batch normalization"),
    ),
    "One-hot": ("A class written as a row of zeros with a single 1.", ("loss/CrossEntropyLoss",)),
    "Overfitting": (
        (
            "The training loss falls and the validation loss rises: the network learns what is particular to its samples. More data, "
            "augmentation, dropout, a penalty, a smaller network or earlier stopping help."
        ),
        ("word/Bias and variance", "word/Regularization", "panel/diagnosis"),
    ),
    "Padding": (
        (
            "Cells laid round a picture so that the kernel can also be centred at the edge. “valid”: none; “same”: as many as keep the size; "
            "“full”: every overlap counts."
        ),
        ("layer/Conv2d", "panel/convolution"),
    ),
    "Plateau": (
        "A stretch where the loss hardly falls although it could: small slopes, units that are alike or dead, or a rate that is too low.",
        ("panel/diagnosis", "word/Learning rate"),
    ),
    "Pooling": (
        "A window slides and keeps one number: the largest or the mean. The map gets smaller, and small shifts matter less.",
        ("layer/MaxPool2d", "layer/AvgPool2d", "panel/convolution"),
    ),
    "Precision and recall": (
        "Of all that were taken for a class, the share that is: precision. Of all that are of it, the share that was found: recall.",
        ("word/F1", "word/Confusion matrix"),
    ),
    "Range test": (
        (
            "Updates with ever higher learning rates, on a copy: where the loss begins to fall, where it falls fastest, and where it turns, "
            "say which rates serve."
        ),
        ("panel/landscape", "word/Learning rate"),
    ),
    "R²": (
        "The share of the target's variance that the predictions explain: 1 is perfect, 0 is as good as always saying the mean, below 0 worse.",
        ("panel/output",),
    ),
    "Receptive field": (
        "The part of the input that one value of a deeper map depends on. Each convolution and pooling makes it larger.",
        ("panel/convolution",),
    ),
    "Regularization": (
        "Whatever makes a network fit less closely so that it generalizes better: a penalty on weights, dropout, augmentation, early stopping.",
        ("word/Overfitting", "regularization/l2", "regularization/l1"),
    ),
    "Residual": (
        "What is left between target and prediction. A residual block learns what is to be added to its input.",
        ("word/Skip connection",),
    ),
    "Schedule": (
        "A plan for the learning rate: warm up, then lower it by steps or smoothly.",
        ("panel/training", "word/Learning rate"),
    ),
    "Seed": (
        "The number from which chance is drawn. The same seed gives the same weights, batches and masks, and so the same run.",
        ("panel/training",),
    ),
    "Skip connection": (
        "A wire round some layers, whose input is added to their output. The gradient takes it too, unshortened, which lets deep networks learn.",
        ("layer/Add", "word/Residual", "panel/network"),
    ),
    "Softmax": (
        "Exponentials divided by their sum: logits become positive numbers that add up to 1, to be read as probabilities.",
        ("layer/Softmax", "loss/CrossEntropyLoss", "word/Logit"),
    ),
    "Stochastic gradient descent": (
        "Each update goes against the gradient of one small batch: a noisy estimate of the whole, hundreds of times cheaper.",
        ("optimizer/SGD", "word/Batch"),
    ),
    "Stratification": (
        "Splitting data so that every part has the classes in the same shares.",
        ("panel/data", "word/Validation part"),
    ),
    "Stride": (
        "How far a window moves from one place to the next; 2 halves the map's sides.",
        ("layer/Conv2d", "word/Padding"),
    ),
    "Symmetry": (
        (
            "Units that begin alike, in and out, get the same gradients and stay alike: many units do the work of one. Random first weights "
            "break it."
        ),
        ("panel/initialization", "word/Initialization"),
    ),
    "Test part": (
        "Samples kept for the end. Who looks at it while choosing has made it a second validation part.",
        ("panel/output", "word/Validation part"),
    ),
    "Underfitting": (
        "The training loss stays high: too little capacity, too little training, or too strong a penalty.",
        ("word/Bias and variance", "word/Capacity"),
    ),
    "Universal approximation": (
        (
            "One hidden layer, wide enough, comes as close as one likes to any continuous function on an interval: two sigmoids or four ReLUs "
            "make a pulse, and pulses add up. It does not say that training finds the weights."
        ),
        ("panel/output", "layer/ReLU", "word/Capacity"),
    ),
    "Unit": (
        "One value of a dense layer: the weighted sum of its inputs and a bias. Also called a neuron.",
        ("layer/Linear",),
    ),
    "Update": ("One step of the optimizer, after one batch.", ("panel/backprop", "word/Batch")),
    "Validation part": (
        "Samples that are never learned from, by which hyper-parameters and the moment to stop are chosen.",
        ("word/Test part", "word/Overfitting"),
    ),
    "Vanishing gradient": (
        (
            "A gradient that shrinks from layer to layer on its way back, as through many sigmoids, whose slope is at most ¼: the first layers "
            "hardly learn."
        ),
        ("layer/Sigmoid", "layer/ReLU", "word/Initialization", "panel/distributions"),
    ),
    "Weight decay": (
        "Every update also pulls the weights towards 0. With plain SGD it is the L2 penalty; with Adam only AdamW does it so.",
        ("regularization/l2", "optimizer/AdamW"),
    ),
    "Weights": (
        "The numbers that are learned: one for each wire of a dense layer, one for each cell of a filter.",
        ("layer/Linear", "word/Initialization"),
    ),
}
