// Backups: the targets they lie in, the volumes they are of, and each with how far it is.

import { act, offers, remove } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { count, moment, size } from "./format.js";
import { model } from "./model.js";
import { card, menuButton, none, progress, state, table, time } from "./parts.js";
import { backupActions } from "./snapshot_actions.js";
import { volumeLink } from "./volumes_view.js";
import { busy, notice, work } from "./work.js";

const STATES = {
  Completed: "good",
  Error: "bad",
  Unknown: "warn",
};

/** What CSI calls this backup. Volumes of the older shape of the API, which names `engineImage`, have bs. */
export function handle(backup) {
  const old = model.volumes.items?.some((volume) => "engineImage" in volume);
  return `${old ? "bs" : "bak"}://${backup.volumeName}/${backup.name}`;
}

function how(backup) {
  const doing = busy(`backup ${backup.name}`);
  if (doing) return state(doing, "moving");
  if (backup.state === "InProgress") return [state(`In progress ${backup.progress} %`, "moving"), progress(backup.progress)];
  const word = backup.state || "New";
  return [state(word, STATES[word] ?? "moving"), backup.error && h("span", { class: "problem" }, backup.error)];
}

function columns(holder, now) {
  return [
    { label: "State", cell: how },
    { label: "Name", class: "wide", cell: (each) => h("span", { class: "name" }, each.name) },
    { label: "Size", class: "figure", cell: (each) => (Number(each.size) ? size(each.size) : none()) },
    { label: "Snapshot", class: "wide", cell: (each) => each.snapshotName || none() },
    { label: "Created", cell: (each) => time(each.created || each.snapshotCreated, now) },
    { label: "Handle", class: "wide", cell: (each) => h("code", {}, handle(each)) },
    {
      label: "Actions",
      class: "acts",
      unseen: true,
      cell: (each) => menuButton(`Actions of ${each.name}`, () => backupActions(each, holder)),
    },
  ];
}

export function backupsView(now) {
  const head = h("div", { class: "top", "data-key": "top" }, h("h1", {}, "Backups"));
  if (!model.hasBackups) return [head, h("p", { class: "empty" }, "This backend keeps no backups.")];
  const holders = model.backupvolumes.items;
  if (!holders) return [head, h("p", { class: "empty" }, model.backupvolumes.problem || "Loading…")];
  return [
    head,
    targets(now),
    holders.length
      ? holders.map((holder) => backupVolume(holder, now))
      : h("p", { class: "empty", "data-key": "empty" }, "There are no backups yet. “Back up” on the page of a volume makes one."),
  ];
}

function backupVolume(holder, now) {
  const source = holder.volumeName || holder.name;
  const newest = (each) => moment(each.created || each.snapshotCreated)?.getTime() ?? Infinity;
  const here = (each) => (each.backupTargetName ?? "") === (holder.backupTargetName ?? "");
  const items = model.backupsOf(source).filter(here).sort((a, b) => newest(b) - newest(a));
  const messages = Object.entries(holder.messages ?? {});
  return h(
    "section",
    { class: "card", "data-key": `of ${holder.name}`, "aria-label": `Backups of ${source}` },
    h(
      "header",
      {},
      h("h2", {}, model.volume(source) ? volumeLink(source) : h("span", { class: "name" }, source)),
      h(
        "div",
        { class: "aside" },
        h("span", { class: "sum" }, [
          (model.backuptargets.items ?? []).length > 1 ? `in ${holder.backupTargetName} · ` : "",
          count(items.length, "backup"),
          Number(holder.size) ? ` · volume of ${size(holder.size)}` : "",
          Number(holder.dataStored) ? ` · ${size(holder.dataStored)} stored` : "",
        ]),
        menuButton(`Actions of backups of ${source}`, () => holderActions(holder, source, items)),
      ),
    ),
    messages.map(([kind, text]) => h("p", { class: kind === "error" ? "problem" : "hint" }, text)),
    items.length
      ? table({ caption: `Backups of ${source}`, columns: columns(holder, now), items, key: (each) => each.name })
      : h("p", { class: "empty" }, model.backups.problem || "It has no backups."),
  );
}

function holderActions(holder, source, items) {
  const all = count(items.length, "backup");
  const destroy = () =>
    ask({
      title: `Delete all backups of ${source}?`,
      text: `${all} of it are removed from the backup target for good.`,
      submit: "Delete all",
      danger: true,
      run: async () => {
        await work(`backups ${holder.name}`, "Deleting", () => remove(holder));
        notice(`The backups of ${source} are being deleted.`);
      },
    });
  return holder.links?.self ? [{ label: "Delete all backups", danger: true, run: destroy }] : [];
}

function targets(now) {
  const items = model.backuptargets.items ?? [];
  if (!items.length) return null;
  const columns = [
    { label: "State", cell: (each) => [state(each.available ? "Available" : "Unavailable", each.available ? "good" : "bad"), each.message && h("span", { class: "problem" }, each.message)] },
    { label: "Name", cell: (each) => each.name },
    { label: "URL", class: "wide", cell: (each) => (each.backupTargetURL ? h("code", {}, each.backupTargetURL) : none("not set")) },
    { label: "Looks for changes every", cell: (each) => each.pollInterval || none() },
    { label: "Actions", class: "acts", unseen: true, cell: (each) => menuButton(`Actions of target ${each.name}`, () => targetActions(each)) },
  ];
  return card("Backup targets", {}, table({ caption: "Backup targets", columns, items, key: (each) => each.name, now }));
}

function targetActions(target) {
  const update = () =>
    ask({
      title: `Backup target ${target.name}`,
      fields: [
        { name: "backupTargetURL", label: "URL", value: target.backupTargetURL },
        { name: "pollInterval", label: "Looks for changes every", value: target.pollInterval, hint: "Such as 5m0s" },
      ],
      submit: "Save",
      run: (values) =>
        work(`target ${target.name}`, "Saving", () =>
          act(target, "backupTargetUpdate", { credentialSecret: target.credentialSecret ?? "", ...values }),
        ),
    });
  const sync = () =>
    work(`target ${target.name}`, "Looking", () => act(target, "backupTargetSync", { syncBackupTarget: true })).catch(
      (error) => notice(error.message, "failed"),
    );
  return [
    offers(target, "backupTargetSync") && { label: "Look for changes now", run: sync },
    offers(target, "backupTargetUpdate") && { label: "Change", run: update },
  ].filter(Boolean);
}
