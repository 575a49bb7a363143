"""Tests of what is shipped in `config/`."""
