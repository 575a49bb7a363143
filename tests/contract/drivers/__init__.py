"""Drivers: contract tests."""
