"""Tests of the simulator: property/simulator."""
