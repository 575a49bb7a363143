"""Tests of the simulator: unit/simulator/wire."""
