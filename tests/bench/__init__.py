"""`make bench`: latency and footprint of the agent, beside a floor that does the same work without one."""
