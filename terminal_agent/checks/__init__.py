"""What `terminal-agent check` and `devices` find out, without moving money or changing anything."""
