"""The pure protocols, module by module."""
