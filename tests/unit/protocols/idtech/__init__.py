"""Mirrors protocols.idtech."""
