"""What alerts are and how they go on: pure, without I/O, told the time."""
