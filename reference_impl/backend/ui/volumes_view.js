// The list of volumes.

import { h } from "./dom.js";
import { moment, size } from "./format.js";
import { model } from "./model.js";
import { conditions, menuButton, none, table, tag, time, volumeState } from "./parts.js";
import { attachments, newVolume, volumeActions } from "./volume_actions.js";

const chosen = { filter: "", by: "name", down: false };

export const actualSize = (volume) => Number(volume.controllers?.[0]?.actualSize ?? 0);

export const volumeLink = (name) => h("a", { href: `#/volumes/${encodeURIComponent(name)}`, class: "name" }, name);

/** Pods that use it, and the nodes it is at. */
export function attachedTo(volume) {
  const pods = (volume.kubernetesStatus?.workloadsStatus ?? []).map((each) => each.podName);
  const nodes = [...new Set(attachments(volume).map((each) => each.nodeID))];
  const parts = [pods.join(", "), nodes.length ? `${pods.length ? "on " : ""}${nodes.join(", ")}` : ""].filter(Boolean);
  return parts.join(" ");
}

function claim(volume) {
  const { pvName, pvcName, namespace, pvStatus } = volume.kubernetesStatus ?? {};
  if (!pvName && !pvcName) return none();
  const about = [pvName && `PV ${pvName}`, pvcName && `PVC ${namespace}/${pvcName}`, pvStatus].filter(Boolean);
  return h("span", { title: about.join(", ") }, pvcName ? `${namespace}/${pvcName}` : pvName);
}

/** Its size, and while it grows the size it is going to have. */
export function sizes(volume) {
  const now = Number(volume.controllers?.[0]?.size || volume.size);
  const failed = volume.controllers?.find((each) => each.lastExpansionError);
  return [
    size(now),
    now < Number(volume.size) && tag(`→ ${size(volume.size)}`, "moving", "The volume is being expanded"),
    failed && tag("expansion failed", "bad", failed.lastExpansionError),
  ];
}

/** What goes on with it beside its state. */
export function stage(volume) {
  const running = (volume.restoreStatus ?? []).find((each) => each.isRestoring);
  const failed = (volume.restoreStatus ?? []).find((each) => each.error);
  const clone = volume.cloneStatus?.state;
  return [
    volume.disableFrontend && volume.state === "attached" && tag("maintenance", "", "It has no device"),
    running && tag(`restoring ${running.progress} %`, "moving"),
    failed && tag("restore failed", "bad", failed.error),
    volume.restoreRequired && !running && !failed && tag("restoring", "moving"),
    clone && !/^(completed|failed)$/.test(clone) && tag("cloning", "moving"),
    clone === "failed" && tag("clone failed", "bad"),
  ];
}

const seconds = (text) => moment(text)?.getTime() ?? 0;

function columns(now) {
  return [
    { id: "state", label: "State", sort: (each) => each.robustness + each.state, cell: (each) => [volumeState(each), stage(each)] },
    { id: "name", label: "Name", class: "wide lead", sort: (each) => each.name, cell: (each) => volumeLink(each.name) },
    { id: "size", label: "Size", class: "figure", sort: (each) => Number(each.size), cell: sizes },
    { id: "actual", label: "Actual size", class: "figure", sort: actualSize, cell: (each) => size(actualSize(each)) },
    { id: "created", label: "Created", sort: (each) => seconds(each.created), cell: (each) => time(each.created, now) },
    { id: "claim", label: "PV/PVC", sort: (each) => each.kubernetesStatus?.pvcName ?? "", cell: claim },
    { id: "attached", label: "Attached to", sort: attachedTo, cell: (each) => attachedTo(each) || none() },
    { id: "replicas", label: "Replicas", class: "figure", sort: (each) => each.numberOfReplicas, cell: (each) => each.numberOfReplicas },
    { id: "backup", label: "Last backup", sort: (each) => seconds(each.lastBackupAt), cell: (each) => time(each.lastBackupAt, now) },
    { label: "Conditions", cell: (each) => (conditions(each).length ? conditions(each) : none("Good")) },
    { label: "Actions", class: "acts", unseen: true, cell: (each) => menuButton(`Actions of ${each.name}`, () => volumeActions(model.volume(each.name) ?? each)) },
  ];
}

function matches(volume, filter) {
  const status = volume.kubernetesStatus ?? {};
  const told = [volume.name, volume.state, volume.robustness, status.pvName, status.pvcName, status.namespace, attachedTo(volume)];
  return filter.toLowerCase().split(/\s+/).every((word) => told.some((each) => (each ?? "").toLowerCase().includes(word)));
}

export function volumesView(render, now) {
  const all = model.volumes.items;
  const items = (all ?? []).filter((volume) => matches(volume, chosen.filter));
  const filter = h("input", {
    type: "search", id: "filter", placeholder: "Filter by name, state, node, PVC…", "aria-label": "Filter volumes",
    oninput: (event) => ((chosen.filter = event.target.value), render()),
  });
  const sort = (id) => {
    chosen.down = chosen.by === id && !chosen.down;
    chosen.by = id;
    render();
  };
  const total = items.reduce((sum, volume) => sum + actualSize(volume), 0);
  return [
    h(
      "div",
      { class: "top", "data-key": "top" },
      h("h1", {}, "Volumes"),
      all && h("span", { class: "sum" }, `${items.length === all.length ? all.length : `${items.length} of ${all.length}`} · ${size(total)} on disk`),
      h("div", { class: "aside" }, filter, model.schemas.volume && h("button", { type: "button", class: "primary", onclick: newVolume }, "New volume")),
    ),
    h("div", { "data-key": "body" }, body(all, items, sort, now)),
  ];
}

function body(all, items, sort, now) {
  if (!all) return h("p", { class: "empty" }, model.volumes.problem || "Loading…");
  if (!all.length) return h("p", { class: "empty" }, "There are no volumes yet. A PersistentVolumeClaim makes one, or “New volume”.");
  if (!items.length) return h("p", { class: "empty" }, "No volume matches the filter.");
  return table({ caption: "Volumes", columns: columns(now), items, key: (each) => each.name, sorting: chosen, onSort: sort });
}
