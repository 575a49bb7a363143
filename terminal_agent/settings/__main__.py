"""`python -m terminal_agent.settings --schema | --check`."""

import sys

from terminal_agent.settings.schema import main

sys.exit(main(sys.argv[1:]))
