"""The program of the network as it stands."""
