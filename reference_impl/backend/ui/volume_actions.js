// What can be done with a volume: only what it offers in its state.

import { act, create, offers, remove } from "./api.js";
import { ask } from "./dialogs.js";
import { bytes, count, size, whole } from "./format.js";
import { model } from "./model.js";
import { notice, work } from "./work.js";

const NAME = "[a-z0-9]([a-z0-9\\-]{0,38}[a-z0-9])?";
const NAME_HINT = "At most 40 of a-z, 0-9 and -";

const key = (volume) => `volume ${volume.name}`;

/** Its attachments, those the volume is told of by people and their tools last. */
export const attachments = (volume) => Object.values(volume.volumeAttachment?.attachments ?? {});

/** The actions for menus and buttons, in the order they are shown. */
export function volumeActions(volume) {
  const detached = volume.state === "detached";
  const expanding = volume.controllers?.some((each) => each.isExpanding);
  const possible = [
    [detached && offers(volume, "attach"), "attach", "Attach", attach],
    [!detached && offers(volume, "detach"), "detach", "Detach", detach],
    [offers(volume, "snapshotCRCreate") || offers(volume, "snapshotCreate"), "snapshot", "Take snapshot", snapshot],
    [model.hasBackups && offers(volume, "snapshotBackup"), "backup", "Back up", backUp],
    [offers(volume, "expand") && !expanding, "expand", "Expand volume", expand],
    [offers(volume, "cancelExpansion") && expanding, "cancel", "Cancel expansion", cancelExpansion],
    [offers(volume, "salvage"), "salvage", "Salvage", salvage],
    [offers(volume, "trimFilesystem"), "trim", "Trim filesystem", trim],
    [Boolean(model.schemas.volume?.collectionMethods?.includes("POST")), "clone", "Clone volume", clone],
    [Boolean(volume.links?.self), "delete", "Delete", destroy],
  ];
  return possible
    .filter(([offered]) => offered)
    .map(([, id, label, run]) => ({ id, label, danger: id === "delete", run: () => run(volume) }));
}

function attach(volume) {
  const nodes = (model.nodes.items ?? []).map((node) => node.name);
  const maintenance = model.knows("snapshotRevert");
  ask({
    title: `Attach ${volume.name}`,
    text: nodes.length ? [] : "No node is known to the backend, so there is nowhere to attach it.",
    fields: [
      { name: "hostId", label: "Node", type: "select", options: nodes },
      ...(maintenance
        ? [{ name: "disableFrontend", label: "Maintenance mode", type: "checkbox", hint: "No device: for reverting" }]
        : []),
    ],
    submit: "Attach",
    check: ({ hostId }) => (hostId ? "" : "Choose a node."),
    run: (body) => work(key(volume), "Attaching", () => act(volume, "attach", body)),
  });
}

function detach(volume) {
  const all = attachments(volume);
  const foreign = all.filter((each) => each.attachmentID);
  const where = [...new Set(all.map((each) => each.nodeID))].join(", ");
  const users = foreign.map((each) => each.attachmentType || each.attachmentID).join(", ");
  ask({
    title: `Detach ${volume.name}?`,
    text: foreign.length
      ? [`It is attached to ${where} by ${users}.`, "What uses it there loses its device."]
      : `It is attached to ${where || "no node"}. What uses it there loses its device.`,
    submit: "Detach",
    danger: true,
    run: () => {
      const body = foreign.length ? { forceDetach: true } : { attachmentID: "", hostId: all[0]?.nodeID ?? "" };
      return work(key(volume), "Detaching", () => act(volume, "detach", body));
    },
  });
}

function snapshot(volume) {
  const action = offers(volume, "snapshotCRCreate") ? "snapshotCRCreate" : "snapshotCreate";
  ask({
    title: `Take a snapshot of ${volume.name}`,
    fields: [{ name: "name", label: "Name", hint: "Left empty, the backend chooses one" }],
    submit: "Take snapshot",
    run: async ({ name }) => {
      const made = await work(key(volume), "Taking a snapshot", () => act(volume, action, { name, labels: {} }));
      notice(`Snapshot ${made.name} was taken.`);
    },
  });
}

/** Of its data now: a snapshot first, then the backup of that. */
function backUp(volume) {
  const action = offers(volume, "snapshotCRCreate") ? "snapshotCRCreate" : "snapshotCreate";
  ask({
    title: `Back up ${volume.name}`,
    text: "A snapshot is taken now and copied to the backup target.",
    submit: "Back up",
    run: () =>
      work(key(volume), "Starting a backup", async () => {
        const made = await act(volume, action, { name: "", labels: {} });
        await act(volume, "snapshotBackup", { name: made.name, labels: {} });
        notice(`The backup of snapshot ${made.name} has begun.`);
      }),
  });
}

function expand(volume) {
  const now = Number(volume.size);
  ask({
    title: "Expand volume",
    text: `${volume.name} has ${size(now)}. A volume never gets smaller again.`,
    fields: [{ name: "size", label: "Size", type: "size", ...whole(now) }],
    submit: "Expand",
    check: (values) => (bytes(values.size) > now ? "" : `The size must be larger than ${size(now)}.`),
    run: async (body) => {
      await work(key(volume), "Expanding", () => act(volume, "expand", body));
      notice(`${volume.name} is being expanded to ${size(bytes(body.size))}.`);
    },
  });
}

function cancelExpansion(volume) {
  return quick(volume, "Cancelling the expansion", "cancelExpansion");
}

function salvage(volume) {
  const names = (volume.replicas ?? []).map((replica) => replica.name);
  ask({
    title: `Salvage ${volume.name}?`,
    text: `Its ${count(names.length, "replica")} are taken as good again. What they lack is lost.`,
    submit: "Salvage",
    danger: true,
    run: () => work(key(volume), "Salvaging", () => act(volume, "salvage", { names })),
  });
}

function trim(volume) {
  return quick(volume, "Trimming", "trimFilesystem");
}

async function quick(volume, doing, action) {
  try {
    await work(key(volume), doing, () => act(volume, action));
  } catch (error) {
    notice(error.message, "failed");
  }
}

function clone(volume) {
  makeVolume({
    title: `Clone ${volume.name}`,
    name: `cloned-${volume.name}`,
    least: Number(volume.size),
    submit: "Clone",
    source: { dataSource: `vol://${volume.name}`, ...sameMode(volume) },
  });
}

const sameMode = (volume) => (volume?.volumeMode ? { volumeMode: volume.volumeMode } : {});

/** A new volume from nothing. */
export function newVolume() {
  const modes = model.schemas.volume?.resourceFields?.volumeMode?.options;
  makeVolume({
    title: "New volume",
    name: "",
    least: 0,
    submit: "Create",
    fields: modes ? [{ name: "volumeMode", label: "Mode", type: "select", options: modes }] : [],
  });
}

/** From `snapshot`, one of `volume`, which may be gone. `least` is the size in bytes that it needs. */
export function restoreSnapshot(snapshot, volumeName, least) {
  makeVolume({
    title: `Restore ${snapshot.name}`,
    name: `restored-${volumeName}`,
    least,
    submit: "Restore",
    source: { dataSource: `snap://${volumeName}/${snapshot.name}`, ...sameMode(model.volume(volumeName)) },
  });
}

/** From a backup in the backup target. */
export function restoreBackup(backup) {
  makeVolume({
    title: `Restore ${backup.name}`,
    name: `restored-${backup.volumeName}`,
    least: Number(backup.volumeSize || 0),
    submit: "Restore",
    source: { fromBackup: backup.url, ...sameMode(model.volume(backup.volumeName)) },
  });
}

function makeVolume({ title, name, least, submit, fields = [], source = {} }) {
  ask({
    title,
    fields: [
      {
        name: "name", label: "Name of the new volume", value: name.slice(0, 40).replace(/-+$/, ""), required: true,
        pattern: NAME, maxlength: 40, hint: NAME_HINT,
      },
      { name: "size", label: "Size", type: "size", ...whole(least || 1024 ** 3) },
      ...fields,
    ],
    submit,
    check: (values) => (bytes(values.size) >= Math.max(least, 1) ? "" : `The size must be at least ${size(least)}.`),
    run: async (values) => {
      const collection = model.schemas.volume.links.collection;
      const made = await work("new volume", "Creating", () => create(collection, { ...values, ...source }));
      notice(`Volume ${made.name} was created.`);
    },
  });
}

function destroy(volume) {
  const snapshots = (model.snapshotcrs.items ?? []).filter((each) => each.volume === volume.name).length;
  ask({
    title: `Delete volume ${volume.name}?`,
    text: [
      `Its data, ${size(volume.controllers?.[0]?.actualSize)} on disk, are gone for good.`,
      snapshots ? `It has ${count(snapshots, "snapshot")}.` : "It has no snapshots.",
    ],
    submit: "Delete",
    danger: true,
    run: async () => {
      await work(key(volume), "Deleting", () => remove(volume));
      notice(`Volume ${volume.name} is being deleted.`);
    },
  });
}
