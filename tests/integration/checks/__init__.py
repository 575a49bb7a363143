"""`check` against a real broker, ports and a terminal at the other end of a cable."""
