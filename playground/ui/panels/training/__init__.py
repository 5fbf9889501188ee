"""How the network is trained: loss, optimizer, batches, regularization, augmentation."""

from playground.ui.kit.view import RIGHT, panel

panel(f"{__name__}.view:TrainingView", "training", "Training", RIGHT, order=60, behind="inspector")
