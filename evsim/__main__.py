"""`python -m evsim`, and what the command `evsim` starts."""

from __future__ import annotations

import sys

from evsim.commands.command_line import main

if __name__ == "__main__":
    sys.exit(main())
