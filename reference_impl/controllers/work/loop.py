"""Workers: take a key, bring its object to where it should be, and come back later if that failed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ..kube.errors import ApiError, ApiUnreachableError
from .queue import Backoff, WorkQueue

_UNENTITLED_S = 1.0
"""Pause of a key whose time is not ours: by then the lease is renewed, or this process ends."""

log = logging.getLogger(__name__)


class SyncError(Exception):
    """The object is not where it should be; try again after the back-off. The text goes to the log.

    ``after`` (seconds) replaces the back-off where the next try is known to be useless before.
    """

    def __init__(self, message: str, *, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class StoppingError(Exception):
    """The process is stopping: what was begun is left as it is, and nothing is reported as a failure."""


class Loop:
    """A queue and its workers. ``sync`` gets a key and raises if the object has to be looked at again."""

    def __init__(self, name: str, sync: Callable[[str], None], backoff: Backoff, workers: int) -> None:
        self.name = name
        self.queue = WorkQueue(backoff)
        self.entitled: Callable[[], bool] = lambda: True
        """Whether this process may work now. Asked before each key: a leader that overslept its term must stop."""
        self._sync = sync
        self._workers = workers

    def start(self) -> None:
        """Start the workers; keys added before are worked on now."""
        for number in range(self._workers):
            threading.Thread(target=self._run, name=f"{self.name}-{number}", daemon=True).start()

    def stop(self, timeout: float) -> None:
        """Take no more keys, and wait at most ``timeout`` seconds for those in work."""
        self.queue.close()
        if not self.queue.wait_idle(timeout):
            log.info("%s: left work unfinished; it is taken up at the next start", self.name)

    def _run(self) -> None:
        while (key := self.queue.get()) is not None:
            try:
                self.process(key)
            finally:
                self.queue.done(key)

    def process(self, key: str) -> None:
        """Work on one key: forget its failures, or put it back."""
        if not self.entitled():
            self.queue.add_after(key, _UNENTITLED_S)
            return
        try:
            self._sync(key)
        except SyncError as error:
            self._again(key, error, error.after)
        except StoppingError:
            log.info("%s: %s is left to the next process", self.name, key)
        except (ApiError, ApiUnreachableError) as error:
            self._again(key, error, None)
        except Exception:
            # A defect on one object must not end the worker that all others need.
            log.exception("%s: %s failed unexpectedly", self.name, key)
            self.queue.retry(key)
        else:
            self.queue.forget(key)

    def _again(self, key: str, error: Exception, after: float | None) -> None:
        if after is None:
            pause = self.queue.retry(key)
        else:
            pause = after
            self.queue.add_after(key, after)
        log.info("%s: %s: %s; again in %.1f s", self.name, key, error, pause)
