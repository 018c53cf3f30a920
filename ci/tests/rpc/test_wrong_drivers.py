"""A driver that is right passes every test; each thing it can do wrong is found by the clause it breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_csi_snapshot.csi.inputs import Inputs
from pytest_csi_snapshot.recorder import ClauseViolation
from pytest_csi_snapshot.suites.rpc import (
    test_capabilities as capabilities,
)
from pytest_csi_snapshot.suites.rpc import (
    test_create_snapshot as create_snapshot,
)
from pytest_csi_snapshot.suites.rpc import (
    test_create_volume as create_volume,
)
from pytest_csi_snapshot.suites.rpc import (
    test_delete_snapshot as delete_snapshot,
)
from pytest_csi_snapshot.suites.rpc import (
    test_expand as expand,
)
from pytest_csi_snapshot.suites.rpc import (
    test_groups as groups,
)
from pytest_csi_snapshot.suites.rpc import (
    test_list_snapshots as list_snapshots,
)
from pytest_csi_snapshot.verbs.ground import PreparationError

from .conftest import Judge, cases_of

MODULES = (capabilities, create_snapshot, create_volume, delete_snapshot, expand, groups, list_snapshots)

BUGS: list[tuple[str, str, Callable[..., None], dict[str, Any]]] = [
    ("restores-nothing", "RPC-CAP-001", capabilities.test_snapshots_are_made_restored_and_deleted, {}),
    ("unclaimed-LIST_SNAPSHOTS", "RPC-CAP-002",
     capabilities.test_snapshots_are_listed_only_where_that_is_claimed, {}),
    ("unclaimed-GET_SNAPSHOT", "RPC-CAP-002", capabilities.test_a_snapshot_is_got_only_where_that_is_claimed, {}),
    ("unclaimed-CLONE_VOLUME", "RPC-CAP-002", capabilities.test_volumes_are_cloned_only_where_that_is_claimed, {}),
    ("unclaimed-EXPAND_VOLUME", "RPC-CAP-002",
     capabilities.test_volumes_are_expanded_only_where_that_is_claimed, {}),
    ("expansion-untold", "RPC-CAP-003", capabilities.test_the_mode_of_expansion_is_told, {}),
    ("takes-no-name", "RPC-CRS-001", create_snapshot.test_a_snapshot_needs_a_name_and_a_source, {}),
    ("new-on-retry", "RPC-CRS-002", create_snapshot.test_a_name_means_one_snapshot, {}),
    ("takes-any-source", "RPC-CRS-002", create_snapshot.test_a_name_means_one_snapshot, {}),
    ("no-creation-time", "RPC-CRS-003", create_snapshot.test_the_answer_describes_the_snapshot, {}),
    ("cuts-late", "RPC-CRS-003", create_snapshot.test_the_answer_comes_after_the_cut, {}),
    ("full-is-internal", "RPC-CRS-004", create_snapshot.test_no_room_for_a_snapshot_is_told_as_such, {}),
    ("works-twice", "RPC-ALL-001", create_snapshot.test_two_calls_at_once_make_one_snapshot, {}),
    ("unknown-is-not-found", "RPC-DES-001", delete_snapshot.test_deleting_twice_is_as_good_as_once, {}),
    ("unknown-is-not-found", "RPC-DES-001",
     delete_snapshot.test_an_unknown_snapshot_is_deleted_a_missing_id_is_not, {}),
    ("deletes-nothing", "RPC-DES-002",
     delete_snapshot.test_a_snapshot_in_use_stays_whole_or_its_user_does_not_need_it, {}),
    ("member-is-in-use", "RPC-DES-002", delete_snapshot.test_a_member_of_a_group_does_not_go_alone, {}),
    ("no-match-is-not-found", "RPC-LIS-001", list_snapshots.test_a_filter_that_nothing_matches_is_no_error, {}),
    ("loses-between-pages", "RPC-LIS-002", list_snapshots.test_pages_have_each_snapshot_once, {}),
    ("any-token", "RPC-LIS-002", list_snapshots.test_a_token_that_is_none_is_refused, {}),
    ("unknown-is-internal", "RPC-GET-001", list_snapshots.test_one_snapshot_is_got_by_its_id, {}),
    ("missing-source-is-internal", "RPC-CRV-001",
     create_volume.test_a_snapshot_that_is_not_there_is_not_found, {}),
    ("missing-source-is-internal", "RPC-CRV-001", create_volume.test_a_volume_that_is_not_there_is_not_found, {}),
    ("small-is-invalid", "RPC-CRV-001",
     create_volume.test_a_restore_smaller_than_its_source_is_out_of_range, {}),
    ("small-is-invalid", "RPC-CRV-001", create_volume.test_a_clone_smaller_than_its_source_is_out_of_range, {}),
    ("takes-any-size", "RPC-CRV-001", create_volume.test_a_name_means_one_volume, {}),
    ("forgets-the-source", "RPC-CRV-002",
     create_volume.test_the_answer_repeats_the_source_and_has_the_size, {"kind": "snapshot"}),
    ("forgets-the-source", "RPC-CRV-002",
     create_volume.test_the_answer_repeats_the_source_and_has_the_size, {"kind": "volume"}),
    ("grows-late", "RPC-CRV-003", create_volume.test_the_filesystem_of_a_larger_restore_is_grown, {}),
    ("snapshots-go-with-volume", "RPC-DEV-001",
     delete_snapshot.test_a_deleted_volume_leaves_its_snapshots_usable, {}),
    ("grows-once", "RPC-CEX-001", expand.test_a_volume_grows_once, {}),
    ("expands-nothing-internally", "RPC-CEX-002", expand.test_an_expansion_names_its_volume_and_size, {}),
    ("expands-in-use", "RPC-CEX-002", expand.test_a_published_volume_grows_where_that_is_claimed, {}),
    ("never-grown", "RPC-NEX-001", expand.test_a_node_lets_a_volume_span_its_new_size, {"block": False}),
    ("never-grown", "RPC-NEX-001", expand.test_a_node_lets_a_volume_span_its_new_size, {"block": True}),
    ("any-path", "RPC-NEX-001", expand.test_a_node_expansion_names_its_volume_and_path, {}),
    ("new-group-on-retry", "RPC-GRP-001", groups.test_a_name_means_one_group, {}),
    ("group-ready-early", "RPC-GRP-001",
     groups.test_a_group_has_a_snapshot_of_each_volume_and_is_ready_with_them, {}),
    ("any-members", "RPC-GRP-002", groups.test_a_group_is_deleted_by_its_members_and_only_once, {}),
]  # fmt: skip


@pytest.mark.parametrize("test", [each for module in MODULES for each in cases_of(module)],
                         ids=lambda each: f"{each[0].__name__}{each[1] or ''}")  # fmt: skip
def test_a_right_driver_passes(judge: Judge, test: tuple[Callable[..., None], dict[str, Any]]) -> None:
    function, arguments = test
    recorder = judge(function, **arguments)
    (carried,) = [mark.args for mark in function.pytestmark if mark.name == "csi_clause"]  # type: ignore[attr-defined]
    assert {check.clause for check in recorder.checks} == set(carried)


@pytest.mark.parametrize(("bug", "clause", "test", "arguments"), BUGS)
def test_a_wrong_driver_is_found(
    judge: Judge, bug: str, clause: str, test: Callable[..., None], arguments: dict[str, Any]
) -> None:
    with pytest.raises((ClauseViolation, PreparationError)) as found:
        judge(test, bug, **arguments)
    error: BaseException | None = found.value
    while isinstance(error, PreparationError):  # what a wrong driver lets nobody remove is told besides
        error = error.__context__
    assert isinstance(error, ClauseViolation)
    assert error.failure.clause == clause
    assert error.failure.blame == "driver fake.example.com 1.2.3"


def test_every_clause_has_a_driver_that_breaks_it() -> None:
    from pytest_csi_snapshot.requirements import catalogue

    assert {clause for _, clause, _, _ in BUGS} == {
        clause.id for clause in catalogue().clauses if clause.area == "rpc"
    }


def test_what_does_not_go_is_told(judge: Judge) -> None:
    with pytest.raises(PreparationError, match=r"left behind: volume volume-0: DeleteVolume answered INTERNAL"):
        judge(create_snapshot.test_two_calls_at_once_make_one_volume, "deletes-no-volume")


def test_a_failure_shows_the_calls_and_no_secret(judge: Judge) -> None:
    secrets = {"CreateVolume": {"password": "Tr0ub4dor"}}
    with pytest.raises(ClauseViolation) as found:
        judge(capabilities.test_volumes_are_cloned_only_where_that_is_claimed, "unclaimed-CLONE_VOLUME",
              inputs=Inputs(secrets=secrets))  # fmt: skip
    story = str(found.value)
    assert "CreateVolume(name:" in story
    assert "INVALID_ARGUMENT or UNIMPLEMENTED" in story
    assert "Tr0ub4dor" not in story


def test_a_secret_that_a_driver_repeats_is_hidden(judge: Judge) -> None:
    secrets = {"CreateVolume": {"password": "Tr0ub4dor"}}
    with pytest.raises(PreparationError, match=r"INTERNAL: cannot log in with \*\*\*"):
        judge(create_snapshot.test_a_name_means_one_snapshot, "tells-secrets", inputs=Inputs(secrets=secrets))
