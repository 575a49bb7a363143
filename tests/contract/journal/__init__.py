"""What every journal keeps, the real one and the fake alike."""
