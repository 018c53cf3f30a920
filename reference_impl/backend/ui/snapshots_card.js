// The snapshot tree of one volume, on its page.

import { act, offers } from "./api.js";
import { h } from "./dom.js";
import { capital, size } from "./format.js";
import { model } from "./model.js";
import { card, facts, menuButton, tag, time } from "./parts.js";
import { snapshotActions } from "./snapshot_actions.js";
import { HEAD, kindOf, layout, nodes, without } from "./snapshot_tree.js";
import { busy } from "./work.js";

const LANE = 18; // pixels; ROW is also --row in tree.css
const ROW = 40;
const KINDS = {
  head: "live data",
  user: "taken by a user",
  backed: "backed up",
  system: "taken by the system",
  removed: "removed",
  error: "error",
};

/** The snapshots of one volume, read anew whenever something may have changed them. */
export class Snapshots {
  showSystem = true;
  listed = null;
  problem = "";
  #reading = false;
  #again = false;

  constructor(name, render) {
    this.name = name;
    this.render = render;
  }

  /** Reads; what is asked for meanwhile is one more reading, afterwards. */
  async read() {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    const volume = model.volume(this.name);
    const there = volume && volume.state !== "deleting";
    const action = there && ["snapshotList", "snapshotCRList"].find((each) => offers(volume, each));
    try {
      this.listed = action ? nodes((await act(volume, action)).data) : null;
      this.problem = action || !there ? "" : "The volume lists no snapshots in this state.";
    } catch (error) {
      this.problem = error.message;
    }
    this.#reading = false;
    this.render();
    if (this.#again) {
      this.#again = false;
      await this.read();
    }
  }
}

export function snapshotsCard(snapshots, volume, now) {
  const hasSystem = snapshots.listed?.some((each) => each.name !== HEAD && !each.userCreated);
  const purge = (volume.purgeStatus ?? []).find((each) => each.isPurging);
  const toggle =
    hasSystem &&
    h(
      "label",
      { class: "toggle" },
      h("input", {
        type: "checkbox",
        checked: snapshots.showSystem,
        onchange: (event) => ((snapshots.showSystem = event.target.checked), snapshots.render()),
      }),
      "Show system snapshots",
    );
  return card(
    "Snapshots",
    { aside: [purge && tag(`deleting ${purge.progress} %`, "moving"), toggle] },
    snapshots.problem && h("p", { class: "problem" }, snapshots.problem),
    snapshots.listed ? tree(snapshots, volume, now) : !snapshots.problem && h("p", { class: "empty" }, "Loading…"),
  );
}

function tree(snapshots, volume, now) {
  const hides = (each) => each.name !== HEAD && !each.userCreated;
  const shown = snapshots.showSystem ? snapshots.listed : without(snapshots.listed, hides);
  const rows = layout(shown);
  const lanes = Math.max(...rows.map((row) => Math.max(row.lane, ...row.joins, ...row.passes))) + 1;
  const backups = model.backupsOf(volume.name);
  const used = new Set();
  const drawn = rows.map((row) => {
    const own = backups.filter((backup) => row.node && backup.snapshotName === row.node.name);
    const kind = row.node ? kindOf(row.node, own) : "start";
    used.add(kind);
    return treeRow(row, kind, own, lanes, volume, now);
  });
  const legend = Object.entries(KINDS).filter(([kind]) => used.has(kind));
  return [
    h("ol", { class: "tree", "aria-label": "Snapshots, the newest first" }, drawn),
    h("p", { class: "legend", "aria-hidden": "true" }, legend.map(([kind, word]) => h("span", {}, h("span", { class: `dot ${kind}` }), word))),
  ];
}

function treeRow(row, kind, backups, lanes, volume, now) {
  const { node } = row;
  if (!node) {
    return h("li", { "data-key": "start" }, graph(row, kind, lanes), h("span", { class: "text start" }, origin(volume)));
  }
  const head = node.name === HEAD;
  const doing = busy(`snapshot ${node.name}`);
  const told = () => facts(about(node, backups, now));
  const title = head ? "Volume head" : node.name;
  return h(
    "li",
    { "data-key": node.name, class: kind },
    graph(row, kind, lanes),
    h(
      "div",
      { class: "text" },
      head
        ? h("span", { class: "name head", tabindex: 0 }, title)
        : menuButton(title, () => snapshotActions(node, volume), {
            above: () => h("div", { class: "above" }, told()),
            text: title,
            className: "name",
          }),
      h("span", { class: "tags" }, doing && tag(doing, "moving"), tags(kind, node, backups)),
      h("span", { class: "figure size" }, Number.isNaN(node.size) ? "" : size(node.size)),
      h("span", { class: "when" }, head ? "now" : time(node.created, now)),
      h("div", { class: "hover", role: "tooltip" }, told()),
    ),
  );
}

function tags(kind, node, backups) {
  const running = backups.find((backup) => backup.state === "InProgress" || backup.state === "Pending" || !backup.state);
  const failed = backups.find((backup) => backup.state === "Error");
  return [
    node.removed && tag("removed", "removed"),
    !node.userCreated && kind !== "head" && tag("system", "system"),
    running && tag(`backup ${running.progress ?? 0} %`, "moving"),
    failed && tag("backup failed", "bad", failed.error),
    backups.some((backup) => backup.state === "Completed") && tag("backed up", "backed"),
    node.error && tag("error", "bad", node.error),
  ];
}

function about(node, backups, now) {
  const done = backups.find((backup) => backup.state === "Completed");
  const labels = Object.entries(node.labels).map(([name, value]) => `${name}=${value}`);
  return [
    ["Name", node.name],
    ["Created", node.created && time(node.created, now)],
    ["Size", Number.isNaN(node.size) ? "" : size(done ? done.size : node.size)],
    ["Created by user", node.userCreated ? "Yes" : "No"],
    ["Removed", node.removed ? "Yes" : "No"],
    ["Labels", labels.join(", ")],
    ["Backups", backups.map((backup) => `${backup.name} (${capital(backup.state) || "New"})`).join(", ")],
    ["Error", [node.error, ...backups.map((backup) => backup.error)].filter(Boolean).join("; ")],
  ];
}

function origin(volume) {
  const source = volume.fromBackup || volume.dataSource;
  if (!source) return "Created empty";
  const [, from] = /^(?:snap|vol):\/\/(.+)$/.exec(source) ?? [];
  const backup = /[?&]backup=([^&]+)/.exec(source)?.[1];
  return ["Created from ", backup ? `backup ${backup}` : (from ?? source)];
}

const x = (lane) => LANE / 2 + lane * LANE;

function graph(row, kind, lanes) {
  const line = (lane, y1, y2) => h("line", { x1: x(lane), x2: x(lane), y1, y2 });
  const middle = ROW / 2;
  return h(
    "svg",
    { width: lanes * LANE, height: ROW, "aria-hidden": "true", class: "graph" },
    row.passes.map((lane) => line(lane, 0, ROW)),
    row.up && line(row.lane, 0, middle),
    row.down && line(row.lane, middle, ROW),
    row.joins.map((lane) => h("path", { d: `M${x(lane)} 0Q${x(lane)} ${middle} ${x(row.lane)} ${middle}` })),
    h("circle", { cx: x(row.lane), cy: middle, r: kind === "start" ? 3 : 6, class: `dot ${kind}` }),
  );
}
