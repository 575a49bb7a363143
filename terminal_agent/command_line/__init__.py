"""The commands of `terminal-agent` besides `run`. They load more than the daemon may afford."""
