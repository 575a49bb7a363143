"""Mirrors simulator.reader."""
