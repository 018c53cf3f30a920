"""A process that appends numbered records to several files in turn, each durable before the next.

    python -m reference.crash.log_writer FILE...

After the first round it says "on"; it goes on until it is killed.
"""

from __future__ import annotations

import itertools
import os
import sys

from .logs import record


def main(paths: list[str]) -> int:
    files = [os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) for path in paths]
    for number in itertools.count(1):
        file = files[number % len(files)]
        os.write(file, record(number))
        os.fsync(file)
        if number == len(files):
            print("on", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
