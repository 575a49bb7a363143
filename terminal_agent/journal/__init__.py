"""The journal: what the agent knows, on disk before it acts."""
