"""Tests of terminal_agent/terminal."""
