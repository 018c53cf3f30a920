// Which view is shown, and when it is drawn: after any change, at most once a frame.

import { backupsView } from "./backups_view.js";
import { h, show } from "./dom.js";
import { model } from "./model.js";
import { Snapshots } from "./snapshots_card.js";
import { systemView } from "./system_view.js";
import { volumeView } from "./volume_view.js";
import { volumesView } from "./volumes_view.js";
import { onWork } from "./work.js";

const PLACES = [
  ["volumes", "Volumes"],
  ["backups", "Backups"],
  ["system", "System"],
];
const CLOCK = 15000; // milliseconds between two looks at how long ago things were

let snapshots = null;
let due = false;

function place() {
  const [, where = "", name = ""] = location.hash.split("/");
  return { where: where || "volumes", name: decoded(name) };
}

function decoded(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // typed by hand; nothing is called so
  }
}

function draw() {
  due = false;
  const { where, name } = place();
  const now = new Date();
  show(document.getElementById("bar"), bar(where));
  const views = {
    volumes: () => (name ? volumeView(name, snapshots, now) : volumesView(render, now)),
    backups: () => backupsView(now),
    system: () => systemView(now),
  };
  const view = views[where] ?? (() => h("p", { class: "empty" }, "There is no such page. ", h("a", { href: "#/volumes" }, "Volumes")));
  show(document.getElementById("main"), view());
}

function render() {
  if (due) return;
  due = true;
  requestAnimationFrame(draw);
}

function bar(where) {
  const links = PLACES.map(([id, label]) =>
    h("a", { href: `#/${id}`, "aria-current": where === id ? "page" : null }, label),
  );
  return [
    h("a", { class: "brand", href: "#/volumes" }, h("img", { src: "ui/icon.svg", alt: "", width: 20, height: 20 }), h("span", {}, "Reference backend")),
    h("nav", { "aria-label": "Pages" }, links),
    connection(),
  ];
}

/** Whether what is shown is how it is. */
function connection() {
  const all = model.collections;
  const lost = all.filter((each) => !each.online);
  if (!lost.length) return h("div", { class: "link good", role: "status" }, h("span", { class: "mark" }), "Live");
  const waiting = lost.filter((each) => each.retryAt);
  if (!waiting.length) return h("div", { class: "link", role: "status" }, h("span", { class: "mark" }), "Connecting");
  return h(
    "div",
    { class: "link bad", role: "status" },
    h("span", { class: "mark" }),
    "Reconnecting",
    h("button", { type: "button", class: "quiet", onclick: () => lost.forEach((each) => each.retry()) }, "Now"),
  );
}

function go() {
  const { where, name } = place();
  document.title = `${name || PLACES.find(([id]) => id === where)?.[1] || "Nowhere"} · Reference backend`;
  snapshots = where === "volumes" && name ? new Snapshots(name, render) : null;
  snapshots?.read();
  show(document.getElementById("main"));
  render();
}

function keys(event) {
  const typing = event.target.closest("input, select, textarea, dialog");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const filter = document.getElementById("filter");
  if (!filter) return;
  event.preventDefault();
  filter.focus();
}

model.addEventListener("change", ({ detail: plural }) => {
  const tells = model.snapshotcrs.absent ? "events" : "snapshotcrs";
  if (plural === "volumes" || plural === tells) snapshots?.read();
  render();
});
onWork(render);
addEventListener("hashchange", () => {
  go();
  document.getElementById("main").focus();
  scrollTo(0, 0);
});
addEventListener("keydown", keys);
addEventListener("online", () => model.collections.forEach((each) => each.retry()));
setInterval(render, CLOCK);
go();
model.start();
