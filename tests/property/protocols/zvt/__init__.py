"""Tests of protocols/zvt."""
