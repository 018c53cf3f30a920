"""Evidence on its way into a page."""

from __future__ import annotations

import yaml

from pytest_csi_snapshot.html.shrinking import LOG_LINES, LONGEST_BODY, MARKS, latencies, shrunk


def lane(name: str, parent: str = "", marks: int = 1) -> dict[str, object]:
    return {
        "id": name,
        "kind": "VolumeSnapshot",
        "namespace": "",
        "name": name,
        "own": True,
        "parent": parent,
        "marks": [
            {"at": at, "change": "MODIFIED", "version": "7", "by": "", "state": "no status"} for at in range(marks)
        ],
    }


def test_lanes_are_told_by_their_position() -> None:
    small = shrunk(
        {
            "lanes": [lane("a"), lane("b", "a")],
            "waits": [{"lane": "b", "awaited": "x"}, {"lane": "gone", "awaited": "y"}],
            "events": [{"at": 1.0, "about": "a", "type": "Normal", "reason": "R", "message": "m", "count": 1}],
        }
    )
    assert [each["parent"] for each in small["lanes"]] == [-1, 0]
    assert small["lanes"][0]["marks"] == [[0, "changed", "7", "", "no status"]]
    assert [wait["lane"] for wait in small["waits"]] == [1, -1]
    assert small["events"] == [[1.0, 0, "Normal", "R", "m", "", 1]]


def test_what_is_empty_or_unknown_takes_no_room() -> None:
    assert shrunk({"lanes": [], "logs": [], "colour": "blue"}) == {"seconds": 0}


def test_what_is_false_or_zero_is_told() -> None:
    small = shrunk(
        {"waits": [{"lane": "", "came": False, "began": 0.0}], "steps": [{"verb": "wait", "began": 0.0}]}
    )
    assert small["waits"] == [{"came": False, "began": 0.0, "lane": -1}]
    assert small["steps"] == [[0.0, 0.0, 0, "wait"]]


def test_what_is_long_is_cut_and_says_so() -> None:
    body = {"data": ["line"] * 10_000}
    small = shrunk(
        {
            "lanes": [lane("a", marks=MARKS + 5)],
            "objects": [{"lane": "a", "first": body, "last": {"kind": "Pod"}}],
            "logs": [{"component": "c", "lines": [str(number) for number in range(LOG_LINES + 1)]}],
        }
    )
    assert (len(small["lanes"][0]["marks"]), small["lanes"][0]["undrawn"]) == (MARKS, 5)
    assert small["objects"][0]["first"].endswith(f"… cut after {LONGEST_BODY} characters\n")
    assert small["objects"][0]["last"] == "kind: Pod\n"
    assert small["logs"][0]["lines"][0] == "1"


def test_bodies_are_yaml_in_the_order_of_the_object() -> None:
    first = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "é: </script>\x07"}}
    told = shrunk({"objects": [{"lane": "", "first": first}]})["objects"][0]["first"]
    assert yaml.safe_load(told) == first
    assert told.startswith("kind: Pod\napiVersion: v1\n")


def test_latencies_by_phase() -> None:
    evidence = {"latencies": [{"phase": "snapshot ready", "seconds": 0.5}, {"phase": "claim bound", "seconds": 1}]}
    faster = {"latencies": [{"phase": "snapshot ready", "seconds": 0.25}]}
    found = latencies([(3, evidence), (4, faster), (5, {})])
    assert found == {"claim bound": [(1.0, 3)], "snapshot ready": [(0.25, 4), (0.5, 3)]}
