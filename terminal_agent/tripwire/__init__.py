"""The tripwire on every way out: card numbers that nobody meant to let through are masked and told of."""
