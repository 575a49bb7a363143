"""The link and the client against a real broker."""
