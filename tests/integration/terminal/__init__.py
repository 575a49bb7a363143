"""A worker at a simulated terminal over a null modem, in virtual time."""
