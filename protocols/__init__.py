"""Pure protocols: causes go in with the time, ordered effects come out; nothing here touches the world."""
