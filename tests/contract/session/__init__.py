"""What every session of the registry promises to the pump."""
