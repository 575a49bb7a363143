"""Tests of simulator/clinic."""
