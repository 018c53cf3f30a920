"""A database on a volume: written and kept open, or opened and read. Runs in a pod, with nothing but Python.

    database.py write FOLDER READY     print what is committed, make the file READY, keep an open transaction
    database.py read FOLDER            print what is there

What is printed first is a line of JSON: the answer of the integrity check, the number of rows, their digest.
"""

from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
import sys
from pathlib import Path

ROWS = 2000
UNCOMMITTED = 3000


def connect(folder: Path) -> sqlite3.Connection:
    """The database in a folder; no transaction but those that are begun in words."""
    return sqlite3.connect(folder / "shop.db", isolation_level=None)


def rows(first: int, count: int) -> list[tuple[int, str]]:
    """Rows that can be told from each other, some hundred bytes each."""
    return [
        (number, hashlib.sha256(str(number).encode()).hexdigest() * 4) for number in range(first, first + count)
    ]


def described(database: sqlite3.Connection) -> str:
    """What the database holds."""
    digest, count = hashlib.sha256(), 0
    (integrity,) = database.execute("PRAGMA integrity_check").fetchone()
    for row in database.execute("SELECT number, text FROM orders ORDER BY number"):
        digest.update(repr(row).encode())
        count += 1
    return json.dumps({"integrity": integrity, "rows": count, "digest": digest.hexdigest()})


def write(folder: Path, ready: Path) -> None:
    """Leave committed rows in the write-ahead log, and behind them some of a transaction that never ends."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    database = connect(folder)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=0", "cache_size=10"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("CREATE TABLE orders (number INTEGER PRIMARY KEY, text TEXT NOT NULL)")
    insert = "INSERT INTO orders VALUES (?, ?)"
    for first in range(0, ROWS, 100):
        database.execute("BEGIN")
        database.executemany(insert, rows(first, 100))
        database.execute("COMMIT")
    print(described(database), flush=True)
    database.execute("BEGIN")
    # More than the cache holds: it spills into the log, where a reader must not take it for committed.
    database.executemany(insert, rows(ROWS, UNCOMMITTED))
    print("a transaction is open", flush=True)
    ready.touch()
    signal.sigwait({signal.SIGTERM})


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        try:
            print(described(connect(Path(sys.argv[2]))))
        except sqlite3.Error as error:  # the answer, to whoever asked
            print(json.dumps({"error": str(error)}))
