"""Tests of what `check` and `devices` find out."""
