"""Tests of terminal_agent.commands."""
