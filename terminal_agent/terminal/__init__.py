"""The terminals: what each can take now, one worker for each, and all of them together."""
