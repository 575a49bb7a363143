"""Tests of the simulator: unit/simulator/zvt."""
