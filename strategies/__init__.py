"""How a round works: the messages, and both halves of each protocol as pure functions."""
