"""What the network answers: one picture per kind of data."""
