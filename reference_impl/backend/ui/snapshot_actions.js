// What can be done with one snapshot or backup.

import { act, offers } from "./api.js";
import { ask } from "./dialogs.js";
import { model } from "./model.js";
import { restoreBackup, restoreSnapshot } from "./volume_actions.js";
import { notice, work } from "./work.js";

const REATTACH = "Attach it in maintenance mode first; what uses it must stop for that.";

/** For the menu of `node`, one of `snapshot_tree.js`, in the tree of `volume`. */
export function snapshotActions(node, volume) {
  const served = volume.disableFrontend === false;
  const revertible = node.userCreated && !node.removed;
  const possible = [
    [revertible && offers(volume, "snapshotRevert"), "Revert to this", revert, served && REATTACH],
    [model.hasBackups && !node.removed && offers(volume, "snapshotBackup"), "Back up", backUp],
    [!node.removed && model.schemas.volume, "Restore to a new volume", restore],
    [deletion(volume, node), "Delete", destroy],
  ];
  return possible
    .filter(([offered]) => offered)
    .map(([, label, run, whyNot]) => ({ label, danger: label === "Delete", whyNot, run: () => run(node, volume) }));
}

function revert(node, volume) {
  ask({
    title: `Revert ${volume.name}?`,
    text: [
      `Its live data become those of snapshot ${node.name}.`,
      "What was written since its newest snapshot is gone for good. Snapshots stay.",
    ],
    submit: "Revert",
    danger: true,
    run: async () => {
      await work(`volume ${volume.name}`, "Reverting", () => act(volume, "snapshotRevert", { name: node.name }));
      notice(`${volume.name} was reverted to ${node.name}.`);
    },
  });
}

async function backUp(node, volume) {
  try {
    await work(`snapshot ${node.name}`, "Starting a backup", () =>
      act(volume, "snapshotBackup", { name: node.name, labels: {} }),
    );
    notice(`The backup of snapshot ${node.name} has begun.`);
  } catch (error) {
    notice(error.message, "failed");
  }
}

function restore(node, volume) {
  restoreSnapshot(node, volume.name, node.restoreSize || Number(volume.size));
}

/** The actions that delete it, in turn: where there is a purge, a snapshot is marked first and purged then. */
function deletion(volume, node) {
  if (offers(volume, "snapshotPurge") && offers(volume, "snapshotDelete")) {
    return node.removed ? ["snapshotPurge"] : ["snapshotDelete", "snapshotPurge"];
  }
  const single = ["snapshotCRDelete", "snapshotDelete"].find((action) => offers(volume, action));
  return single && [single];
}

function destroy(node, volume) {
  ask({
    title: `Delete snapshot ${node.name}?`,
    text: node.removed
      ? "It is marked as removed already. What space it takes is freed where that can be done."
      : `The state of ${volume.name} that it holds can no longer be restored. Backups of it stay.`,
    submit: "Delete",
    danger: true,
    run: async () => {
      await work(`snapshot ${node.name}`, "Deleting", async () => {
        for (const action of deletion(volume, node)) await act(volume, action, { name: node.name });
      });
      notice(`Snapshot ${node.name} is being deleted.`);
    },
  });
}

/** For the menu of `backup`, one of those of the backup volume `holder`. */
export function backupActions(backup, holder) {
  const possible = [
    [backup.state === "Completed" && backup.url, "Restore to a new volume", () => restoreBackup(backup)],
    [offers(holder, "backupDelete"), "Delete", () => destroyBackup(backup, holder)],
  ];
  return possible
    .filter(([offered]) => offered)
    .map(([, label, run]) => ({ label, danger: label === "Delete", run }));
}

function destroyBackup(backup, holder) {
  ask({
    title: `Delete backup ${backup.name}?`,
    text: `The data of ${backup.volumeName} that it holds are removed from the backup target for good.`,
    submit: "Delete",
    danger: true,
    run: async () => {
      await work(`backup ${backup.name}`, "Deleting", () => act(holder, "backupDelete", { name: backup.name }));
      notice(`Backup ${backup.name} is being deleted.`);
    },
  });
}
