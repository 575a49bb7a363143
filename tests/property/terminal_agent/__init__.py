"""Properties of the agent, found by Hypothesis."""
