"""`python -m sam3d_geometry`: see `cli`."""

import logging
import signal
import sys
from io import TextIOWrapper
from typing import cast

from .cli.command import main

if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    for stream in (sys.stdout, sys.stderr):
        # file names may hold what the terminal cannot show
        cast(TextIOWrapper, stream).reconfigure(errors="backslashreplace")
    # being ended cleans up like Ctrl-C, also in the background of a shell script, where Ctrl-C is ignored
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
