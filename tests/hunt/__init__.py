"""The hunt for clear card numbers: outputs, files, traffic, and memory read from a second process."""
