"""Mirrors protocols.magtek."""
