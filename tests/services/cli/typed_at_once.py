"""`python -m tests.services.cli.typed_at_once FOLDER WORD…`: a process that runs a command in a folder once it gets a
line. It prints `started` first.
"""

from __future__ import annotations

import os
import sys

from services.cli.__main__ import main

if __name__ == "__main__":
    folder, *words = sys.argv[1:]
    os.chdir(folder)
    print("started", flush=True)
    sys.stdin.readline()
    main(words)
