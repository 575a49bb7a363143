"""What a soak makes of its samples and of the ledger."""
