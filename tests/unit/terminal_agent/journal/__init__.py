"""Tests of terminal_agent.journal."""
