// What changed since the previous report.

import { clauseOf, comparison } from "./data.js";
import { h } from "./dom.js";
import { moment, seconds, titled } from "./format.js";
import { facts, level, outcome, section } from "./parts.js";

export function compareSection() {
  if (!comparison) return null;
  const { run, implementation, kinds, changes, slower, remarks } = comparison;
  return section(
    "compare",
    "Comparison",
    "",
    h(
      "div",
      { class: "card pad" },
      facts([
        ["with", `run ${run.id} of ${moment(run.began)}, here the first; this report is the second`],
        ["driver", `${implementation.driver ?? ""} ${implementation.version ?? ""}`],
        ["result", comparison.sentence],
        ["note", remarks.map((remark) => h("div", {}, remark))],
      ]),
    ),
    changes.length + slower.length === 0 &&
      h("p", { class: "empty" }, "No clause changed its outcome, and nothing takes longer beyond noise."),
    Object.entries(kinds).map(([kind, meaning]) => group(kind, meaning, changes.filter((change) => change.kind === kind))),
    slower.length > 0 && [h("h3", { class: "sub" }, `Slower (${slower.length})`), slow(slower)],
  );
}

function group(kind, meaning, all) {
  if (!all.length) return null;
  return [
    h("h3", { class: "sub" }, `${titled(kind)} (${all.length})`, h("span", { class: "muted" }, ` ${meaning}`)),
    h(
      "ul",
      { class: "card rows" },
      all.map((each) =>
        h(
          "li",
          { class: "change" },
          h("span", { class: "turn" }, outcome(each.before), " → ", outcome(each.now)),
          clauseOf(each.clause)
            ? h("a", { class: "id", href: `#/clause/${each.clause}` }, each.clause)
            : h("span", { class: "id" }, each.clause),
          level(each.level),
          h("span", { class: "why" }, each.reason || clauseOf(each.clause)?.sentence),
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
