"""Tests of terminal_agent."""
