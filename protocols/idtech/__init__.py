"""ID TECH encrypting card readers over USB HID: frames, settings, refusals, the reader as a card source."""
