"""`python -m terminal_agent …` is `terminal-agent …`."""

from terminal_agent.cli import main

main()
