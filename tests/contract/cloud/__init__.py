"""What every broker that the agent is run with must do."""
