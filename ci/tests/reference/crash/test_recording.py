"""What a crash of the machine leaves: told from recordings made by hand."""

from __future__ import annotations

import pytest
from sampling import Sampling

from .ground import Ground
from .recording import Crash, Event, Tree, acknowledged_at, crashes, kind, tree_after

REPLACED = [
    Event("write", ("r.tmp",)),
    Event("sync", ("r.tmp",), {"r.tmp": "1"}),
    Event("rename", ("r.tmp", "r")),
    Event("sync_folder", (".",)),
    Event(acknowledged=1),
]


def content(tree: Tree) -> dict[str, str]:
    """Name -> where its content lies, "" for an empty file."""
    return {name: file.copy for name, file in tree.files.items()}


@pytest.mark.parametrize(
    ("events", "left"),
    [
        (REPLACED[:1], {"r.tmp": ""}),
        (REPLACED[:2], {"r.tmp": "1"}),
        (REPLACED[:3], {"r": "1"}),
        ([REPLACED[0], *REPLACED[2:3]], {"r": ""}),
        ([*REPLACED, REPLACED[0]], {"r": "1", "r.tmp": ""}),
        ([*REPLACED, Event("unlink", ("r",)), Event("unlink", ("r",))], {}),
        ([*REPLACED, Event("link", ("r", "s")), Event("sync", ("s",), {"s": "2"})], {"r": "2", "s": "2"}),
        ([Event("sync_together", ("r", "."), {"r": "3"})], {"r": "3"}),
        ([Event("link", ("never synced", "s"))], {"never synced": "", "s": ""}),
    ],
)
def test_a_name_is_there_at_once_and_content_with_its_sync(events: list[Event], left: dict[str, str]) -> None:
    assert content(tree_after(events, Crash(len(events), len(events)))) == left


def test_a_folder_is_renamed_with_all_that_is_in_it() -> None:
    tree = Tree()
    for event in (
        Event("make_folder", ("v.tmp",)),
        Event("make_folder", ("v.tmp/w",)),
        Event("sync", ("v.tmp/w/r",), {"v.tmp/w/r": "1"}),
        Event("rename", ("v.tmp", "v")),
        Event("make_folder", ("v.tmpo",)),
        Event("remove_folder", ("v.tmpo",)),
    ):
        tree.take(event)

    assert (content(tree), tree.folders) == ({"v/w/r": "1"}, {"v", "v/w"})


def test_a_step_that_is_not_known_here_is_refused() -> None:
    with pytest.raises(KeyError, match="exchange"):
        Tree().take(Event("exchange", ("r", "s")))


def test_a_crash_keeps_all_names_or_those_up_to_the_last_sync() -> None:
    assert [str(crash) for crash in crashes(REPLACED)] == ["1-1", "1-0", "2-0", "3-1", "3-0", "5-1", "5-0"]


@pytest.mark.parametrize(
    ("step", "path", "expected"),
    [
        ("rename", "volumes/a-1.json", "rename volumes .json"),
        ("rename", "owner", "rename  "),
        ("write", "pool/replicas/a-0fa2/volume-head-001.img.meta.tmp", "write pool/replicas .img.meta.tmp"),
        ("sync_folder", "pool/replicas/a-0fa2", "sync_folder pool/replicas "),
    ],
)
def test_steps_of_one_kind_differ_only_in_names(step: str, path: str, expected: str) -> None:
    assert kind(Event(step, ("before", path))) == expected


def test_what_was_acknowledged_counts_from_its_moment() -> None:
    assert [acknowledged_at(REPLACED, Crash(happened, 0)) for happened in (4, 5)] == [0, 1]


def test_a_tree_is_built_with_its_links(ground: Ground) -> None:
    copies, target = ground.fresh(), ground.fresh() / "data"
    (copies / "1").write_text("content")
    tree = Tree()
    for event in (
        Event("sync", ("a/r",), {"a/r": "1"}),
        Event("link", ("a/r", "a/s")),
        Event("write", ("empty",)),
    ):
        tree.take(event)

    tree.build(target, copies)

    assert (target / "a" / "r").read_text() == "content"
    assert (target / "a" / "s").samefile(target / "a" / "r")
    assert (target / "empty").read_bytes() == b""


def kind_of(case: str) -> str:
    return case[0]


CASES = [*(f"a{number}" for number in range(77)), "b0", "c0", "c1"]


def test_a_sample_has_one_of_each_kind_and_a_twentieth_of_all_and_follows_from_the_seed() -> None:
    chosen = Sampling(full=False, seed=1, case=None).choose(CASES, kind_of)

    assert len(chosen) == 4
    assert {kind_of(case) for case in chosen} == {"a", "b", "c"}
    assert chosen == Sampling(full=False, seed=1, case=None).choose(CASES, kind_of)
    assert any(chosen != Sampling(full=False, seed=seed, case=None).choose(CASES, kind_of) for seed in range(2, 9))


def test_a_sample_of_many_kinds_has_one_of_each() -> None:
    chosen = Sampling(full=False, seed=1, case=None).choose(CASES, str)

    assert chosen == CASES


def test_all_cases_or_one_can_be_asked_for() -> None:
    assert Sampling(full=True, seed=1, case=None).choose(CASES, kind_of) == CASES
    assert Sampling(full=False, seed=1, case="a7").choose(CASES, kind_of) == ["a7"]
    with pytest.raises(AssertionError, match="no case 'c'"):
        Sampling(full=False, seed=1, case="c").choose(CASES, kind_of)
