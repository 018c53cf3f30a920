"""Stands in front of what writes Allure's files, so that nothing goes into one that must not stand in a report.

Everything passes here, also what allure-pytest makes of exceptions and captured output by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import allure_commons
from allure_commons.logger import AllureFileLogger

from pytest_csi_snapshot.redacting import REDACTOR

_LEAVE = ("uuid", "source", "file_pattern", "historyId", "testCaseId", "children")
"""Fields that name files and results, which no text of a cluster gets into."""


F = TypeVar("F", bound=Callable[..., None])


def _hook(method: F) -> F:
    marked: F = allure_commons.hookimpl(method)
    return marked


class Cleaning:
    """Takes the place of the file logger; ``settle`` has the last word about the result of a test."""

    def __init__(self, inner: AllureFileLogger, settle: Callable[[Any], None]) -> None:
        self._inner = inner
        self._settle = settle

    @_hook
    def report_result(self, result: Any) -> None:
        """The result of a test."""
        self._settle(result)
        self._inner.report_result(cleaned(result))

    @_hook
    def report_container(self, container: Any) -> None:
        """The fixtures around tests."""
        self._inner.report_container(cleaned(container))

    @_hook
    def report_globals(self, globals_item: Any) -> None:
        """What belongs to no test."""
        self._inner.report_globals(cleaned(globals_item))

    @_hook
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        """An attachment; one that is no text stays as it is."""
        self._inner.report_attached_data(_cleaned_body(body), file_name)

    @_hook
    def report_attached_file(self, source: str, file_name: str) -> None:
        """A file as an attachment."""
        self._inner.report_attached_data(_cleaned_body(Path(source).read_bytes()), file_name)


@contextmanager
def before_logger(settle: Callable[[Any], None]) -> Iterator[None]:
    """Put ``Cleaning`` in the place of the file logger of this process, until allure-pytest takes that away."""
    manager = allure_commons.plugin_manager
    loggers = [plugin for plugin in manager.get_plugins() if isinstance(plugin, AllureFileLogger)]
    for logger in loggers:
        manager.unregister(logger)
    standing = [Cleaning(logger, settle) for logger in loggers]
    for each in standing:
        manager.register(each)
    yield
    for each in standing:
        manager.unregister(each)
    for logger in loggers:
        manager.register(logger)


def cleaned(value: Any) -> Any:
    """The value, with all texts in it cleaned: lists, and the objects of Allure's model, which are changed."""
    if isinstance(value, str):
        return REDACTOR.clean(value)
    if isinstance(value, list):
        return [cleaned(each) for each in value]
    if hasattr(type(value), "__attrs_attrs__"):
        for name, each in list(vars(value).items()):
            if name not in _LEAVE:
                setattr(value, name, cleaned(each))
    return value


def _cleaned_body(body: str | bytes) -> str | bytes:
    if isinstance(body, str):
        return REDACTOR.clean(body)
    try:
        return REDACTOR.clean(body.decode())
    except UnicodeDecodeError:
        return body
