"""Tests of logs, counters and health."""
