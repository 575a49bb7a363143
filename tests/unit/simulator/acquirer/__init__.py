"""Tests of the simulator: unit/simulator/acquirer."""
