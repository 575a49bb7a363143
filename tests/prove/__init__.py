"""The deterministic proof: whole histories of the real agent in virtual time, judged by the ledger alone."""
