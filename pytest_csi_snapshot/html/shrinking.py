"""Evidence as the page needs it: without what is empty, identifiers as numbers, long texts cut, bodies as YAML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from pytest_csi_snapshot.html.meanings import meanings

Json = dict[str, Any]

Measured = Mapping[str, list[tuple[float, int]]]
"""Phase -> seconds and the number of the test, once for each time that it was seen."""

LONGEST_BODY = 16_000
"""Characters of an object's YAML that the page shows."""

LONGEST_MESSAGE = 4_000
"""Characters of a request or an answer of a call that the page shows."""

LOG_LINES = 200
"""Lines of a log that the page shows: its last ones."""

MARKS = 400
"""Versions of one object that the page draws: the first half and the last half of these."""


def shrunk(evidence: Mapping[str, Any]) -> Json:
    """The evidence of one test for the page.

    Lanes are told by their position, -1 is none. A mark is [at, meaning, version, by, state], an event
    [at, lane, type, reason, message, source, count], a step [began, ended, depth, text],
    a latency [phase, seconds].
    The checks are not in it: the report has them.
    """
    lanes: list[Json] = list(evidence.get("lanes") or [])
    numbers = {str(lane.get("id")): number for number, lane in enumerate(lanes)}
    small: Json = {
        "began": evidence.get("began", ""),
        "seconds": evidence.get("seconds", 0),
        "lanes": [_lane(lane, numbers) for lane in lanes],
        "events": [_event(event, numbers) for event in evidence.get("events") or []],
        "steps": [_step(each) for each in evidence.get("steps") or []],
        "waits": [_numbered(wait, numbers) for wait in evidence.get("waits") or []],
        "violations": [_numbered(each, numbers) for each in evidence.get("violations") or []],
        "latencies": [[each.get("phase", ""), each.get("seconds", 0)] for each in evidence.get("latencies") or []],
        "objects": [_object(each, numbers) for each in evidence.get("objects") or []],
        "logs": [_log(each) for each in evidence.get("logs") or []],
        "calls": [_call(each) for each in evidence.get("calls") or []],
    }
    return _full(small)


def _full(value: Mapping[str, Any]) -> Json:
    """Without what is empty: a reader takes what is missing for that."""
    return {key: each for key, each in value.items() if each not in ("", None, [], {})}


def _lane(lane: Mapping[str, Any], numbers: Mapping[str, int]) -> Json:
    marks: list[Json] = list(lane.get("marks") or [])
    told = meanings((str(mark.get("change", "")), str(mark.get("state", ""))) for mark in marks)
    rows = [
        [mark.get("at", 0), meaning, mark.get("version", ""), mark.get("by", ""), mark.get("state", "")]
        for mark, meaning in zip(marks, told, strict=True)
    ]
    return _full(
        {
            "kind": lane.get("kind", ""),
            "namespace": lane.get("namespace", ""),
            "name": lane.get("name", ""),
            "own": bool(lane.get("own")),
            "parent": numbers.get(str(lane.get("parent", "")), -1),
            "marks": rows if len(rows) <= MARKS else [*rows[: MARKS // 2], *rows[-MARKS // 2 :]],
            "undrawn": max(0, len(rows) - MARKS) or None,
        }
    )


def _event(event: Mapping[str, Any], numbers: Mapping[str, int]) -> list[Any]:
    names = ("type", "reason", "message", "source", "count")
    lane = numbers.get(str(event.get("about", "")), -1)
    return [event.get("at", 0), lane, *(event.get(name, "") for name in names)]


def _step(step: Mapping[str, Any]) -> list[Any]:
    began = step.get("began", 0)
    return [began, step.get("ended", began), step.get("depth", 0), step.get("text") or step.get("verb", "")]


def _numbered(value: Mapping[str, Any], numbers: Mapping[str, int]) -> Json:
    return {**_full(value), "lane": numbers.get(str(value.get("lane", "")), -1)}


def _object(each: Mapping[str, Any], numbers: Mapping[str, int]) -> Json:
    first, last = (_body(each.get(name)) for name in ("first", "last"))
    return {"lane": numbers.get(str(each.get("lane", "")), -1), "first": first, "last": last}


def _body(body: object) -> str:
    if not body:
        return ""
    return cut(yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=110), LONGEST_BODY)


def _log(log: Mapping[str, Any]) -> Json:
    lines: list[str] = [str(line) for line in log.get("lines") or []]
    return {"component": log.get("component", ""), "lines": lines[-LOG_LINES:]}


def _call(call: Mapping[str, Any]) -> Json:
    texts = {name: cut(_message(call.get(name)), LONGEST_MESSAGE) for name in ("request", "answer")}
    return _full({**call, **texts})


def _message(message: object) -> str:
    return yaml.safe_dump(message, sort_keys=False, allow_unicode=True, width=110) if message else ""


def cut(text: str, longest: int) -> str:
    """The beginning of a text that is too long, and a word that it was cut."""
    return text if len(text) <= longest else f"{text[:longest]}\n… cut after {longest} characters\n"


def latencies(evidence: Iterable[tuple[int, Mapping[str, Any]]]) -> Measured:
    """What is measured in the evidence of tests, given with their numbers; the shortest first."""
    found: dict[str, list[tuple[float, int]]] = {}
    for number, each in evidence:
        for latency in each.get("latencies") or []:
            found.setdefault(str(latency.get("phase", "")), []).append((float(latency.get("seconds", 0)), number))
    return {phase: sorted(values) for phase, values in sorted(found.items())}
