"""`python -m tests.as_started …`: says how it was started, for `test_warm.py`."""

from __future__ import annotations

import atexit
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time


def _look() -> dict[str, object]:
    mask = os.umask(0)
    return {
        "__name__": __name__,
        "sys.argv": sys.argv,
        "environ": dict(os.environ),
        "folder": os.getcwd(),  # noqa: PTH109
        "sys.path[0]": sys.path[0],
        "stdin": sys.stdin.read(),
        "files": [int(name) for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")],  # noqa: PTH110, PTH208
        "leads its session": os.getsid(0) == os.getpid(),
        "parent": os.getppid(),
        "umask": mask,
        "SIGINT": getattr(signal.getsignal(signal.SIGINT), "__name__", ""),
        "SIGTERM": signal.getsignal(signal.SIGTERM),
        "time zone": time.tzname,
        "temporary folder": tempfile.gettempdir(),
        "threads": [thread.name for thread in threading.enumerate()],
        "modules": [name for name in sys.modules if name.endswith(".__main__")],
        "random": random.random(),
    }


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["return"]:
            pass
        case ["raise"]:
            print(1 / 0)
        case ["say"]:
            sys.exit("said")
        case ["kill"]:
            os.kill(os.getpid(), signal.SIGKILL)
        case ["sleep"]:
            print("asleep", flush=True)
            time.sleep(60)
        case _:
            atexit.register(print, "at exit", file=sys.stderr)
            print(json.dumps(_look()))
            sys.exit(7)
