"""Peers written from the public sheets alone, against our programs as real processes."""
