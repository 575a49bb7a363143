"""Units that are started again when they fall, and an orderly end."""
