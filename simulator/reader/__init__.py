"""Virtual card readers: devices that encrypt what is swiped or keyed, and what the vault makes of their frames."""
