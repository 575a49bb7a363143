"""The agent's side of the cloud: the link, the inbox, the outbox."""
