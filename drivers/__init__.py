"""Bytes in and out: serial, TCP with TLS, a null modem; and the pump, where they meet the sessions."""
