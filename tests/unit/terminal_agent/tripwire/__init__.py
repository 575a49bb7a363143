"""Tests of the tripwire."""
