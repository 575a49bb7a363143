"""Tests of protocols/core."""
