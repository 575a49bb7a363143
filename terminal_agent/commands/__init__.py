"""Commands: whether one is taken, what states it passes through, and what is asked when nobody knows."""
