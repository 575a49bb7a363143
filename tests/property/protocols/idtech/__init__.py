"""Properties of protocols.idtech."""
