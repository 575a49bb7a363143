"""Where the simulated terminal's bytes enter and leave: pty, serial device, TCP, and what binds them."""
