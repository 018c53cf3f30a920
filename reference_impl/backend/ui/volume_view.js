// The page of one volume.

import { h } from "./dom.js";
import { capital, moment, size } from "./format.js";
import { model } from "./model.js";
import { card, conditions, facts, menuButton, none, state, table, time, volumeState } from "./parts.js";
import { snapshotsCard } from "./snapshots_card.js";
import { volumeActions } from "./volume_actions.js";
import { actualSize, attachedTo, stage, sizes, volumeLink } from "./volumes_view.js";

const SHOWN = ["attach", "detach", "snapshot", "backup", "expand"];
const EVENTS = 50;

export function volumeView(name, snapshots, now) {
  const volume = model.volume(name);
  if (!volume) {
    const text = model.volumes.items ? `There is no volume ${name}.` : model.volumes.problem || "Loading…";
    return h("p", { class: "empty" }, text, " ", h("a", { href: "#/volumes" }, "All volumes"));
  }
  const actions = volumeActions(volume);
  const rest = () => volumeActions(model.volume(name) ?? volume).filter(({ id }) => !SHOWN.includes(id));
  return [
    h(
      "div",
      { class: "top", "data-key": "top" },
      h("div", { class: "path" }, h("a", { href: "#/volumes" }, "Volumes"), " /"),
      h("h1", { class: "name" }, name),
      volumeState(volume),
      stage(volume),
      h(
        "div",
        { class: "aside" },
        actions
          .filter(({ id }) => SHOWN.includes(id))
          .map(({ id, label, run }) => h("button", { type: "button", "data-key": id, onclick: run }, label)),
        menuButton(`More actions of ${name}`, rest, { className: "" }),
      ),
    ),
    h(
      "div",
      { class: "columns", "data-key": "columns" },
      h("div", { class: "stack" }, snapshotsCard(snapshots, volume, now), replicas(volume), events(volume, now)),
      h("div", { class: "stack side" }, details(volume, now)),
    ),
  ];
}

function details(volume, now) {
  const status = volume.kubernetesStatus ?? {};
  const controller = volume.controllers?.[0] ?? {};
  const bad = conditions(volume);
  return card(
    "Details",
    {},
    facts([
      ["State", capital(volume.state)],
      ["Health", capital(volume.robustness)],
      ["Ready for workload", volume.ready ? "Ready" : `Not ready${volume.notReadyMessage ? `: ${volume.notReadyMessage}` : ""}`],
      ["Conditions", bad.length ? bad : "Good"],
      ["Attached to", attachedTo(volume) || none("nothing")],
      ["Endpoint", controller.endpoint && h("code", {}, controller.endpoint)],
      ["Size", sizes(volume)],
      ["Actual size", size(actualSize(volume))],
      ["Created", time(volume.created, now)],
      ["Volume mode", volume.volumeMode],
      ["Access mode", volume.accessMode],
      ["Replicas wanted", volume.numberOfReplicas],
      ["Data locality", volume.dataLocality],
      ["Snapshots at most", volume.snapshotMaxCount],
      ["Source", source(volume)],
      ["Last backup", volume.lastBackup && h("a", { href: "#/backups" }, volume.lastBackup)],
      ["Last backup at", volume.lastBackupAt && time(volume.lastBackupAt, now)],
      ["Namespace", status.namespace],
      ["PVC", status.pvcName],
      ["PV", status.pvName],
      ["PV status", status.pvStatus],
      ["Pods", (status.workloadsStatus ?? []).map((each) => `${each.podName} (${each.podStatus})`).join(", ")],
      ["Image", volume.image ?? volume.engineImage],
    ]),
  );
}

function source(volume) {
  if (volume.fromBackup) return volume.fromBackup;
  const [, name, cut] = /^(?:snap|vol):\/\/([^/]+)(?:\/(.+))?$/.exec(volume.dataSource ?? "") ?? [];
  if (!name) return "";
  return [cut ? `snapshot ${cut} of ` : "clone of ", model.volume(name) ? volumeLink(name) : name];
}

const MODES = { RW: ["Running", "good"], WO: ["Rebuilding", "moving"], ERR: ["Failed", "bad"] };

function replicas(volume) {
  const items = volume.replicas ?? [];
  const rebuild = new Map((volume.rebuildStatus ?? []).map((each) => [each.replica, each.progress]));
  const how = (each) => {
    if (each.failedAt) return state("Failed", "bad");
    const [word, kind] = MODES[each.mode] ?? (each.running ? ["Running", "good"] : ["Stopped", "idle"]);
    return state(rebuild.has(each.name) ? `${word} ${rebuild.get(each.name)} %` : word, kind);
  };
  const columns = [
    { label: "State", cell: how },
    { label: "Name", class: "wide lead", cell: (each) => h("code", { title: each.dataPath || null }, each.name) },
    { label: "Node", cell: (each) => each.hostId || none() },
  ];
  return card(
    "Replicas",
    {},
    items.length
      ? table({ caption: "Replicas", columns, items, key: (each) => each.name })
      : h("p", { class: "empty" }, "The backend lists no replicas of this volume."),
  );
}

/** What happened to the volume and to its snapshots, the newest first. */
function events(volume, now) {
  const own = new Set([volume.name]);
  for (const each of model.snapshotcrs.items ?? []) if (each.volume === volume.name) own.add(each.name);
  for (const each of model.backupsOf(volume.name)) own.add(each.name);
  const all = (model.events.items ?? []).filter(({ event }) => own.has(event.involvedObject?.name));
  return card("Events", {}, eventList(all, now));
}

export function eventList(all, now) {
  if (!all.length) return h("p", { class: "empty" }, "Nothing has happened since the backend was started.");
  const at = ({ event }) => moment(event.lastTimestamp)?.getTime() ?? 0;
  const newest = all.map((each, index) => ({ each, index })).sort((a, b) => at(b.each) - at(a.each) || b.index - a.index);
  return h(
    "ol",
    { class: "events" },
    newest.slice(0, EVENTS).map(({ each }) =>
      h(
        "li",
        { "data-key": each.id, class: each.event.type === "Warning" ? "warn" : "" },
        h("span", { class: "when" }, time(each.event.lastTimestamp, now)),
        h("span", { class: "what" }, h("strong", {}, each.event.reason), " ", each.event.message, subject(each.event)),
      ),
    ),
  );
}

/** Whose event it is, where its message does not say. */
function subject({ message, involvedObject }) {
  return message.includes(involvedObject.name) ? null : [" ", h("span", { class: "hint name" }, involvedObject.name)];
}
