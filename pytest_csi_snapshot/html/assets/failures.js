// The failed clauses in full, then those that could not be judged.

import { clauses, report } from "./data.js";
import { h } from "./dom.js";
import { counted, moment, seconds, shortTest } from "./format.js";
import { command, facts, fold, level, outcome, section } from "./parts.js";

export function failuresSection() {
  const failed = clauses.filter((clause) => clause.outcome === "failed");
  const open = clauses.filter((clause) => clause.outcome === "errored" || clause.outcome === "unknown");
  return section(
    "failures",
    "Failures",
    failed.length ? counted(failed.length, "clause") : "",
    failed.length ? failed.map(failure) : h("p", { class: "empty" }, "No clause failed."),
    open.length > 0 && [h("h3", { class: "sub" }, `Could not be judged (${open.length})`), unjudged(open)],
    waivers(),
  );
}

function failure(clause) {
  const told = clause.failures ?? [];
  return h(
    "article",
    { class: "card failure", "aria-labelledby": `failure-${clause.id}` },
    h(
      "header",
      {},
      h("h3", { id: `failure-${clause.id}` }, h("a", { class: "id", href: `#/clause/${clause.id}` }, clause.id)),
      level(clause.level),
      clause.waiver && h("span", { class: "note" }, "waived"),
      clause.excuse && h("span", { class: "note" }, "known deviation"),
      clause.blamed?.length > 0 && h("span", { class: "blame" }, `blamed on ${blamed(clause.blamed)}`),
    ),
    h("p", { class: "requirement" }, clause.sentence),
    told.length === 0 && facts(common(clause)),
    told.map((each) => failureBody(clause, each)),
  );
}

/** What is told of a failure, or of its clause where no test tells of one. */
function common(clause, each = clause) {
  return [
    ["known", each.excuse],
    ["waiver", clause.waiver],
    ["seen on", each.seen_on],
  ];
}

export function blamed(all) {
  return (all ?? []).map((each) => `${each.component} ${each.version ?? ""}`.trim()).join(", ");
}

/** What one test says about a failed clause. */
export function failureBody(clause, each) {
  return h(
    "div",
    { class: "told" },
    facts([
      ["expected", each.expected],
      ["observed", each.observed && [h("span", { class: "observed" }, each.observed),
        h("span", { class: "muted" }, ` ${seconds(each.at)} into the test${each.wall ? `, ${moment(each.wall)}` : ""}`)]],
      ["about", each.about && h("code", {}, each.about)],
      ...common(clause, each),
      ["hint", each.hint],
      ["test", each.test && h("a", { href: `#/test/${encodeURIComponent(each.test)}` }, shortTest(each.test))],
      ["evidence", each.evidence && h("code", {}, each.evidence)],
    ]),
    each.timeline?.length > 0 && fold("What was seen before it", h("pre", {}, each.timeline.join("\n"))),
    each.rerun && command(each.rerun),
  );
}

function unjudged(open) {
  return h(
    "ul",
    { class: "card rows" },
    open.map((clause) =>
      h(
        "li",
        {},
        outcome(clause.outcome),
        h("a", { class: "id", href: `#/clause/${clause.id}` }, clause.id),
        level(clause.level),
        h("span", { class: "why" }, clause.reason),
      ),
    ),
  );
}

const WAIVED = {
  active: "in force",
  expired: "expired: the clause counts again",
  unused: "unused: delete it",
};

function waivers() {
  const all = report.waivers ?? [];
  if (!all.length) return null;
  return [
    h("h3", { class: "sub" }, `Waivers (${all.length})`),
    h(
      "ul",
      { class: "card rows" },
      all.map((waiver) =>
        h(
          "li",
          {},
          h("span", { class: `note w-${waiver.state}` }, WAIVED[waiver.state] ?? waiver.state),
          h("a", { class: "id", href: `#/clause/${waiver.clause}` }, waiver.clause),
          h(
            "span",
            { class: "why" },
            [waiver.reason, waiver.owner, waiver.expires && `until ${waiver.expires}`, waiver.link]
              .filter(Boolean)
              .join(" · "),
          ),
        ),
      ),
    ),
  ];
}
