"""Drivers: integration tests."""
