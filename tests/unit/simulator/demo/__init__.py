"""Tests of simulator/demo."""
