"""Whether the network is healthy: bias and variance, and what goes on in every layer."""
