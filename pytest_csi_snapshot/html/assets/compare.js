// What changed since the previous report.

import { clauseOf, comparison } from "./data.js";
import { h } from "./dom.js";
import { moment, seconds } from "./format.js";
import { facts, outcome, section } from "./parts.js";

const GROUPS = [
  ["worse", "Worse"],
  ["better", "Better"],
  ["new", "New"],
  ["gone", "Gone"],
];

export function compareSection() {
  if (!comparison) return null;
  const { run = {}, implementation = {}, clauses = {}, slower = [] } = comparison;
  const same = GROUPS.every(([name]) => !clauses[name]?.length) && !slower.length;
  return section(
    "compare",
    "Comparison",
    "",
    h(
      "div",
      { class: "card pad" },
      facts([
        ["with", `run ${run.id ?? ""} of ${moment(run.began)}`],
        ["driver", `${implementation.driver ?? ""} ${implementation.version ?? ""}`],
        ["result", comparison.sentence],
      ]),
    ),
    same && h("p", { class: "empty" }, "No clause changed its outcome, and nothing takes longer beyond noise."),
    GROUPS.map(([name, title]) => group(title, clauses[name] ?? [])),
    slower.length > 0 && [h("h3", { class: "sub" }, `Slower (${slower.length})`), slow(slower)],
  );
}

function group(title, all) {
  if (!all.length) return null;
  return [
    h("h3", { class: "sub" }, `${title} (${all.length})`),
    h(
      "ul",
      { class: "card rows" },
      all.map((each) =>
        h(
          "li",
          { class: "change" },
          h("span", { class: "turn" }, each.before && outcome(each.before), each.before && each.now && " → ",
            each.now && outcome(each.now)),
          clauseOf(each.id) ? h("a", { class: "id", href: `#/clause/${each.id}` }, each.id) : h("span", { class: "id" }, each.id),
          h("span", { class: "why" }, clauseOf(each.id)?.sentence ?? ""),
        ),
      ),
    ),
  ];
}

function slow(all) {
  return h(
    "ul",
    { class: "card rows" },
    all.map((each) =>
      h("li", {}, h("b", {}, each.phase), h("span", { class: "why" },
        `median ${seconds(each.before)} → ${seconds(each.now)}`))),
  );
}
