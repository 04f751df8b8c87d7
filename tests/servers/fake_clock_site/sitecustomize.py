"""For processes under libfaketime 0.9.10: there `time.sleep` raises EINVAL.

Since 3.11 Python sleeps until an instant of the steady clock (clock_nanosleep(2), TIMER_ABSTIME); the library takes the
fake wall clock off it, and asks the kernel for an instant before all time. What waits in other ways is well.
"""

import select
import time
from typing import SupportsFloat, SupportsIndex


def _sleep(seconds: SupportsFloat | SupportsIndex, /) -> None:
    end = time.monotonic() + float(seconds)
    while (left := end - time.monotonic()) > 0:
        select.select([], [], [], left)


time.sleep = _sleep
