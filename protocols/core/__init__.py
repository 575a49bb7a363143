"""What every protocol shares: values, cards, operations, facts, outcomes, the session contract, the judge."""
