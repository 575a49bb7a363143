"""Tests of the simulator: integration/simulator."""
