// What was run, on what, with which settings.

import { report } from "./data.js";
import { h } from "./dom.js";
import { moment } from "./format.js";
import { command, facts, section } from "./parts.js";

export function runSection() {
  const { run = {}, cluster = {}, profile = {} } = report;
  const tool = run.tool ?? {};
  return section(
    "run",
    "Run",
    "",
    run.command && command(run.command),
    h(
      "div",
      { class: "columns" },
      box(
        "Settings",
        grid(["Setting", "Value", "From"], (run.settings ?? []).map((each) => [
          h("code", {}, each.name), h("code", {}, [each.value].flat().join(" ")), each.source])),
      ),
      box(
        "Components",
        grid(["Component", "Version"], (cluster.components ?? []).map((each) => [each.name, each.version || "unknown"])),
      ),
      box("Profile", declared(profile)),
      box(
        "Run and cluster",
        facts([
          ["run", run.id && h("code", {}, run.id)],
          ["began", moment(run.began)],
          ["ended", moment(run.ended)],
          ["workers", run.workers && String(run.workers)],
          ["tool", `${tool.name ?? ""} ${tool.version ?? ""}, pytest ${tool.pytest ?? ""}, Python ${tool.python ?? ""}`],
          ["cluster", cluster.identity && h("code", {}, cluster.identity)],
          ["versions", cluster.versions],
        ]),
      ),
    ),
  );
}

function box(title, ...children) {
  return h("div", { class: "card" }, h("header", {}, h("h3", {}, title)), children);
}

function grid(titles, rows) {
  if (!rows.length) return h("p", { class: "empty" }, "None.");
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      { class: "plain" },
      h("thead", {}, h("tr", {}, titles.map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell))))),
    ),
  );
}

/** Each capability: declared or not, and whether it was observed. */
function declared(profile) {
  const said = profile.declared ?? {};
  const observed = new Set(profile.observed ?? []);
  const names = [...new Set([...Object.keys(said), ...observed])];
  return [
    facts([["from", profile.origin && h("code", {}, profile.origin)]]),
    grid(["Capability", "Declared", "Observed"], names.map((name) => [
      name, name in said ? (said[name] ? "yes" : "no") : "–", observed.has(name) ? "yes" : "–"])),
    (profile.remarks ?? []).length > 0 && h("ul", { class: "remarks" }, profile.remarks.map((remark) => h("li", {}, remark))),
  ];
}
