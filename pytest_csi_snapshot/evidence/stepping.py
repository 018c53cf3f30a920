"""Verbs as steps: every public verb of a class that derives from ``Stepping`` is noted on the tape when called.

Nothing is to be written at a verb. One that only answers from what is known already, or says a word about a
clause, is marked ``quiet`` and is no step.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import Any, TypeVar

from pytest_csi_snapshot.evidence.tape import TAPE

F = TypeVar("F", bound=Callable[..., Any])

LONGEST = 80
"""Characters of one argument in the text of a step."""

_NOT_TOLD = frozenset({"self", "clause", "hint"})
"""Parameters that do not say what a verb does."""


def quiet(verb: F) -> F:
    """Mark a verb as no step of a test."""
    vars(verb)["quiet"] = True
    return verb


class Stepping:
    """The base of classes of verbs."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, verb in list(vars(cls).items()):
            if isinstance(verb, FunctionType) and not name.startswith("_") and _is_step(verb):
                setattr(cls, name, _stepped(name, verb))


def sentence(verb: str, parameters: Sequence[str], args: Sequence[object], options: dict[str, Any]) -> str:
    """A call in words: ``claim PersistentVolumeClaim ns/a, size 1073741824``. ``parameters`` begin with self."""
    told = list(_told(parameters[1:], args, options))
    return f"{verb.replace('_', ' ')} {', '.join(told)}".strip()


def _told(parameters: Sequence[str], args: Sequence[object], options: dict[str, Any]) -> Iterator[str]:
    for name, value in zip(parameters, args, strict=False):
        if name not in _NOT_TOLD and (text := _in_words(value)):
            yield f"{name} {text}" if isinstance(value, int | float) else text
    for name, value in options.items():
        if name not in _NOT_TOLD and (text := _in_words(value)):
            yield f"{name.replace('_', ' ')} {text}"


def _in_words(value: object) -> str:
    """A short text of what has one, "" for the rest: of objects the names, of messages the kind, no contents."""
    if not value:  # what a parameter is where nothing was given: None, False, 0, ""
        return ""
    if hasattr(value, "DESCRIPTOR"):  # a message of gRPC, which may hold secrets
        return type(value).__name__
    if isinstance(value, str | int | float):
        text = str(value).lower() if value is True else str(value)
    elif isinstance(value, dict):
        text = str((value.get("metadata") or {}).get("name") or "")
    else:
        # Of the library's own values, those that have words for themselves.
        ours = type(value).__module__.startswith("pytest_csi_snapshot.")
        text = str(value) if ours and type(value).__str__ is not object.__str__ else ""
    first = text.partition("\n")[0]
    return first if first == text and len(text) <= LONGEST else f"{first[:LONGEST]} …"


def _is_step(verb: FunctionType) -> bool:
    # What is entered with "with" ends later than its call: the verbs inside it are the steps.
    return not (vars(verb).get("quiet") or inspect.isgeneratorfunction(inspect.unwrap(verb)))


def _stepped(name: str, verb: FunctionType) -> Callable[..., Any]:
    code = verb.__code__
    parameters = code.co_varnames[: code.co_argcount]

    @functools.wraps(verb)
    def step(self: object, *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        if not TAPE.running:
            return verb(self, *args, **options)
        with TAPE.step(name, sentence(name, parameters, args, options)):
            return verb(self, *args, **options)

    return step
