"""Tests of terminal_agent.cloud."""
