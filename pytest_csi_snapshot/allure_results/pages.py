"""The evidence of a test as attachments to read. Pure: from plain data, of which any part may be missing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """One attachment; ``kind`` is TEXT, YAML or JSON."""

    name: str
    text: str
    kind: str = "TEXT"


def pages(evidence: Json) -> Iterator[Page]:
    """All that the evidence has, in the order in which one looks at it."""
    lanes = {lane["id"]: f"{lane['kind']} {_full_name(lane)}" for lane in evidence.get("lanes", ())}
    found = (
        Page("timeline", _timeline(evidence, lanes)),
        Page("events", "\n".join(_events(evidence, lanes))),
        *_objects(evidence, lanes),
        *(Page(f"log of {log['component']}", "\n".join(log["lines"])) for log in evidence.get("logs", ())),
        Page("calls of the driver", _calls(evidence), "JSON"),
    )
    yield from (page for page in found if page.text)
    yield Page("evidence", json.dumps(evidence, indent=1, ensure_ascii=False), "JSON")


def _full_name(lane: Json) -> str:
    return f"{lane['namespace']}/{lane['name']}" if lane.get("namespace") else str(lane["name"])


def _timeline(evidence: Json, lanes: Mapping[str, str]) -> str:
    """Everything that happened, by its time."""
    rows = [
        (mark["at"], f"{lanes[lane['id']]}: {'gone' if mark['change'] == 'DELETED' else mark['state']}")
        for lane in evidence.get("lanes", ())
        for mark in lane.get("marks", ())
        if mark.get("state") or mark["change"] == "DELETED"
    ]
    rows += [(step["began"], f"{'  ' * step['depth']}> {step['text']}") for step in evidence.get("steps", ())]
    rows += [(wait["ended"], _wait(wait)) for wait in evidence.get("waits", ())]
    rows += [(one["at"], f"! {one['clause']}: {one['text']}") for one in evidence.get("violations", ())]
    return "\n".join(f"{at:9.3f} s  {text}" for at, text in sorted(rows, key=lambda row: row[0]))


def _wait(wait: Json) -> str:
    took = f"{wait['ended'] - wait['began']:.3f} s"
    return f"{'had' if wait['came'] else 'did not get'} {wait['awaited']} of {wait['about']} after {took}"


def _events(evidence: Json, lanes: Mapping[str, str]) -> Iterator[str]:
    for event in evidence.get("events", ()):
        times = f" (x{event['count']})" if event.get("count", 1) > 1 else ""
        about = lanes.get(event["about"], event["about"])
        yield f"{event['at']:9.3f} s  {event['type']:<8} {event['reason']}{times}  {about}: {event['message']}"


def _objects(evidence: Json, lanes: Mapping[str, str]) -> Iterator[Page]:
    for each in evidence.get("objects", ()):
        for when in ("first", "last"):
            if each.get(when):
                text = yaml.safe_dump(dict(each[when]), sort_keys=False, allow_unicode=True)
                yield Page(f"{lanes.get(each['lane'], each['lane'])}, {when} seen", text, "YAML")


def _calls(evidence: Json) -> str:
    calls = evidence.get("calls")
    return json.dumps(calls, indent=1, ensure_ascii=False) if calls else ""
