"""How the network is trained: loss, optimizer, batches, regularization, augmentation."""
