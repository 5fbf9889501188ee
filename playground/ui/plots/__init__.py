"""Pictures of what the network answers and how training goes."""
