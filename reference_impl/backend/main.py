"""The role ``backend``: opens its data directory, then serves the REST API until SIGTERM."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import signal
import sys
import threading
from pathlib import Path

import uvicorn

from .. import roles
from ..profiles import PROFILES
from .api import Api
from .backup_restores import Restores
from .care import Care
from .engine import Engine
from .pool import Pool, PoolError

log = logging.getLogger("backend")

GIB = 1 << 30


def main(argv: list[str]) -> int:
    """Returns the exit code: 0 after SIGTERM, 2 for wrong arguments, 1 if the data cannot be served."""
    options = _options(argv)
    try:
        roles.refuse_unknown("backend", options.fault)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    roles.start_logging()
    signal.signal(signal.SIGTERM, _stop)  # as process 1 of a container nothing is done by default
    if os.geteuid() != 0:
        print("the backend needs root: it makes loop devices and mounts", file=sys.stderr)
        return 1
    lock = _lock(options.data)
    try:
        pool = Pool(options.data, options.pool_size)
        engine = Engine.open(options.data, pool, PROFILES[options.profile])
    except PoolError as error:
        print(error, file=sys.stderr)
        return 1
    api = Api(engine)
    roles.activate("backend", options.fault, api)
    Restores(engine).resume()
    ended = threading.Event()
    care = threading.Thread(target=Care(engine).watch, args=(ended,), name="care", daemon=True)
    care.start()
    _serve(api, engine, options.listen)
    ended.set()
    care.join()
    os.close(lock)
    return 0


def _serve(api: Api, engine: Engine, listen: str) -> None:
    host, _, port = listen.rpartition(":")
    log.info("serving %s from %s", listen, engine.pool.root)
    uvicorn.run(
        api.application(),
        host=host,
        port=int(port),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        ws_ping_interval=15,  # seconds
        ws_ping_timeout=10,
    )


def _lock(data: Path) -> int:
    """Only one process uses a data directory: another waits here until the first has ended."""
    data.mkdir(parents=True, exist_ok=True)
    fd = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.info("another backend uses %s: waiting for its end", data)
        fcntl.flock(fd, fcntl.LOCK_EX)
    return fd


def _stop(number: int, _frame: object) -> None:
    sys.exit(0 if number == signal.SIGTERM else 1)


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="backend", description=__doc__)
    parser.add_argument("--listen", default="0.0.0.0:9500", help="HOST:PORT of the REST API")
    parser.add_argument("--data", type=Path, required=True, help="directory that holds everything")
    parser.add_argument(
        "--pool-size", type=int, default=64 * GIB, help="bytes of the pool, and of the largest volume"
    )
    roles.add_profile(parser)
    roles.add_fault(parser)
    return parser.parse_args(argv)
