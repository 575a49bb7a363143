"""The agent under load for a long time, with cables and brokers that go and come: what grows, and whether the
ledger agrees. `make soak MINUTES=N`."""
