"""Drivers: unit tests."""
