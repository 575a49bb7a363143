"""A sample clinic: the least that a backend does, with the typed client. It knows the contract alone."""
