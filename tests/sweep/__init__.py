"""The agent is killed (kill -9) before and after every call to the operating system that writes to the
journal, to the terminal, to the vault or to the broker, as strace shows them. `make sweep`."""
