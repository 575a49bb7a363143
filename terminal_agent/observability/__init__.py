"""What the agent tells of itself: logs, counters, health."""
