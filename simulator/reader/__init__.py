"""Virtual card readers: devices that encrypt what is swiped or keyed, and how a vault opens their frames."""
