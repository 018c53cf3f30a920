"""States of volumes and backups that are seen seldom, or briefly."""

from __future__ import annotations

from playwright.sync_api import expect

from .conftest import Visit
from .site import Site
from .stand_in import StandIn, resource, volume

HOSTILE = "<img src=x onerror=alert(1)>&quot;"


def backup(name: str, state: str, progress: int, **fields: object) -> dict[str, object]:
    usual = {
        "state": state,
        "progress": progress,
        "error": "",
        "url": f"s3://bucket@here/?backup={name}&volume=pvc-a",
        "snapshotName": "snapshot-1",
        "snapshotCreated": "2022-02-23T06:25:46Z",
        "created": "2022-02-23T06:25:58Z",
        "size": str(186 << 20),
        "volumeName": "pvc-a",
        "volumeSize": str(1 << 30),
    }
    return {"id": name, "type": "backup", "name": name, "links": {}, "actions": {}, **usual, **fields}


def with_backups(stand_in: StandIn) -> None:
    holder = resource(
        "backupVolume", "pvc-a-1f3c5a7b", "backupList", "backupDelete",
        volumeName="pvc-a", size=str(1 << 30), dataStored=str(190 << 20), messages={},
    )  # fmt: skip
    stand_in.show("backupVolume", holder)
    stand_in.show(
        "backupTarget",
        resource(
            "backupTarget", "default", "backupTargetUpdate",
            backupTargetURL="nfs://here", available=True, message="", pollInterval="5m0s",
        ),
    )  # fmt: skip
    stand_in.show(
        "backup",
        backup("backup-f5f28fd624a148ed", "Completed", 100),
        backup("backup-2", "InProgress", 40, created="", size="0"),
        backup("backup-3", "Error", 0, error="cannot reach the target", created=""),
    )


def entry(site: Site, name: str) -> object:
    return site.page.get_by_role("row").filter(has_text=name)


def test_backups(staged: Visit, stand_in: StandIn) -> None:
    with_backups(stand_in)
    site = staged()
    site.open("backups")
    row = site.page.get_by_role("row")
    done, running, failed = (
        row.filter(has=site.page.get_by_text(name, exact=True))
        for name in ("backup-f5f28fd624a148ed", "backup-2", "backup-3")
    )
    expect(done).to_contain_text("Completed")
    expect(done).to_contain_text("186 Mi")
    expect(done).to_contain_text("bak://pvc-a/backup-f5f28fd624a148ed")
    expect(running).to_contain_text("In progress 40 %")
    expect(failed).to_contain_text("cannot reach the target")
    site.picture("backups-stand-in")
    stand_in.show("backup", backup("backup-2", "InProgress", 90, created=""))
    expect(running).to_contain_text("In progress 90 %")
    expect(done).to_have_count(0)

    site.page.get_by_role("button", name="Actions of backup-2").click()
    expect(site.page.get_by_role("menuitem")).to_have_text(["Delete"])  # there is nothing to restore yet
    site.page.get_by_role("menuitem", name="Delete").click()
    site.page.keyboard.press("Escape")
    assert stand_in.asked == []
    site.menu("Actions of backup-2", "Delete")
    site.submit("Delete")
    assert stand_in.asked == [("backupDelete", "/v1/backupvolumes/pvc-a-1f3c5a7b", {"name": "backup-2"})]


def test_the_older_api_has_other_handles(staged: Visit, stand_in: StandIn) -> None:
    with_backups(stand_in)
    stand_in.show("volume", volume("pvc-a", engineImage="longhornio/longhorn-engine:v1.2.3"))
    site = staged()
    site.open("backups")
    expect(site.page.get_by_text("bs://pvc-a/backup-f5f28fd624a148ed")).to_be_visible()


def test_restore_from_a_backup(staged: Visit, stand_in: StandIn) -> None:
    with_backups(stand_in)
    site = staged()
    site.open("backups")
    site.menu("Actions of backup-f5f28fd624a148ed", "Restore to a new volume")
    expect(site.dialog.get_by_role("spinbutton", name="Size")).to_have_value("1")
    site.dialog.get_by_label("Name of the new volume").fill("pvc-e4")
    site.submit("Restore")
    source = "s3://bucket@here/?backup=backup-f5f28fd624a148ed&volume=pvc-a"
    assert stand_in.asked == [("POST", "/v1/volumes", {"name": "pvc-e4", "size": "1Gi", "fromBackup": source})]


def test_backing_up_takes_a_snapshot_first(staged: Visit, stand_in: StandIn) -> None:
    stand_in.show("volume", volume("pvc-a", "snapshotCRCreate", "snapshotBackup"))
    site = staged()
    site.open()
    site.menu("Actions of pvc-a", "Back up")
    site.submit("Back up")
    asked = [(action, body["name"]) for action, _, body in stand_in.asked]
    assert asked == [("snapshotCRCreate", ""), ("snapshotBackup", "made")]


def test_a_faulted_volume_offers_little(staged: Visit, stand_in: StandIn) -> None:
    stand_in.show(
        "volume",
        volume(
            "pvc-a", "attach", "detach", "salvage",
            state="detached", robustness="faulted", ready=False, notReadyMessage="no replica is usable",
            conditions={"Scheduled": {"type": "Scheduled", "status": "False", "reason": "Full"}},
        ),
    )  # fmt: skip
    site = staged()
    site.open()
    expect(site.row("pvc-a")).to_contain_text("Faulted")
    expect(site.row("pvc-a")).to_contain_text("Not scheduled")
    expect(site.row("pvc-a").get_by_role("img", name="no replica is usable")).to_be_visible()
    site.page.get_by_role("button", name="Actions of pvc-a").click()
    expect(site.page.get_by_role("menuitem")).to_have_text(["Attach", "Salvage", "Clone volume", "Delete"])
    site.page.get_by_role("menuitem", name="Salvage").click()
    site.submit("Salvage")
    assert stand_in.asked[-1][2] == {"names": ["pvc-a-r-1", "pvc-a-r-2", "pvc-a-r-3"]}


def test_expansion_restore_claim_and_replicas(staged: Visit, stand_in: StandIn) -> None:
    status = {"pvName": "pv-1", "pvcName": "data", "namespace": "prod", "pvStatus": "Bound"}
    pods = [{"podName": "mysql-0", "podStatus": "Running"}]
    stand_in.show(
        "volume",
        volume(
            "pvc-a", "cancelExpansion",
            size=str(2 << 30), lastBackup="backup-1", lastBackupAt="2022-02-23T06:25:46Z",
            controllers=[{"size": str(1 << 30), "actualSize": "0", "isExpanding": True}],
            kubernetesStatus={**status, "workloadsStatus": pods},
            restoreStatus=[{"isRestoring": True, "progress": 33}],
        ),
    )  # fmt: skip
    site = staged()
    site.open()
    for text in ("1 Gi", "→ 2 Gi", "restoring 33 %", "prod/data", "mysql-0", "years ago"):
        expect(site.row("pvc-a")).to_contain_text(text)
    site.row("pvc-a").get_by_role("link", name="pvc-a").click()
    expect(site.page.get_by_role("row").filter(has_text="pvc-a-r-2")).to_contain_text("node-2")
    site.menu("More actions of pvc-a", "Cancel expansion")
    expect(site.page.get_by_role("heading", name="pvc-a")).to_be_visible()
    assert stand_in.asked[-1][0] == "cancelExpansion"


def test_a_quick_action_that_is_refused_says_why(staged: Visit, stand_in: StandIn) -> None:
    stand_in.answers["trimFilesystem"] = {"type": "error", "status": 500, "message": "not mounted anywhere"}
    stand_in.show("volume", volume("pvc-a", "trimFilesystem"))
    site = staged()
    site.open()
    site.menu("Actions of pvc-a", "Trim filesystem")
    site.notice("not mounted anywhere")
    site.page.get_by_role("button", name="Close this message").click()
    expect(site.page.locator("#notices")).to_be_empty()
    site.excuse("500")


def test_names_are_text_and_nothing_else(staged: Visit, stand_in: StandIn) -> None:
    stand_in.show("volume", volume(HOSTILE, "snapshotCRCreate", lastBackup=HOSTILE))
    stand_in.show("node", resource("node", HOSTILE, conditions={}, disks={}))
    with_backups(stand_in)
    stand_in.show("backup", backup(HOSTILE, "Error", 0, error=HOSTILE, snapshotName=HOSTILE))
    site = staged()
    for place in ("volumes", "backups", "system"):
        site.open(place)
        expect(site.page.get_by_text(HOSTILE).first).to_be_visible()
    site.open()
    site.row(HOSTILE).get_by_role("link").click()
    expect(site.page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    site.menu(f"More actions of {HOSTILE}", "Delete")
    expect(site.dialog).to_contain_text(HOSTILE)
    expect(site.page.locator("main img")).to_have_count(0)
