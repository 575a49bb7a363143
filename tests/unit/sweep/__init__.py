"""What a sweep reads from a record of system calls."""
