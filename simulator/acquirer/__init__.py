"""The bank behind the simulated terminals: who is approved, and the file that says where the money is."""
