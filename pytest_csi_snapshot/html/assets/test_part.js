// One test: its checks, its timeline, where its time went, and what else was kept of it.

import { evidenceOf, isLeftOut } from "./data.js";
import { difference } from "./diff.js";
import { h } from "./dom.js";
import { moment, seconds, shortTest } from "./format.js";
import { facts, outcome, splitBar } from "./parts.js";
import { later, timeline } from "./timeline.js";

/** All that there is of a test; its checks of one clause alone where `clause` is given. */
export function testPart(test, clause) {
  const evidence = evidenceOf(test);
  return h(
    "article",
    { class: "card test", "aria-label": shortTest(test.id) },
    h(
      "header",
      {},
      outcome(test.outcome),
      h("h3", { class: "name" }, h("a", { href: `#/test/${encodeURIComponent(test.id)}` }, shortTest(test.id))),
      h("span", { class: "blame" }, seconds(test.seconds?.total)),
    ),
    test.reason && h("p", { class: "requirement" }, test.reason),
    checks((test.checks ?? []).filter((check) => !clause || check.clause === clause.id)),
    evidence ? drawnPart(test, evidence) : nothing(test),
  );
}

function nothing(test) {
  if (isLeftOut(test)) {
    const words = "The timeline of this test is not in this page, to keep it small. It is in ";
    return h("p", { class: "empty" }, words, h("code", {}, test.evidence), ".");
  }
  if (test.evidence_lost) {
    return h("p", { class: "empty lost" }, `The evidence of this test could not be written: ${test.evidence_lost}.`);
  }
  return h("p", { class: "empty" }, test.evidence ? `${test.evidence} could not be read.` : "No evidence was kept of this test.");
}

function drawnPart(test, evidence) {
  return [
    timeline(evidence, test),
    h("div", { class: "inside" }, splitBar(test.seconds), measured(evidence)),
    (evidence.objects ?? []).length > 0 && later(`Objects (${evidence.objects.length})`, () => bodies(evidence)),
    (evidence.calls ?? []).length > 0 && later(`Calls of the driver (${evidence.calls.length})`, () => calls(evidence.calls)),
    (evidence.logs ?? []).length > 0 && later(`Logs (${evidence.logs.length})`, () => logs(evidence.logs)),
    later("About this test", () =>
      facts([
        ["id", h("code", {}, test.id)],
        ["began", moment(evidence.began)],
        ["worker", test.worker],
        ["seen on", test.seen_on],
        ["clauses", (test.clauses ?? []).map((id) => [h("a", { class: "id", href: `#/clause/${id}` }, id), " "])],
        ["evidence", h("code", {}, test.evidence)],
      ])),
  ];
}

function measured(evidence) {
  const found = new Map();
  for (const [phase, time] of evidence.latencies ?? []) found.set(phase, [...(found.get(phase) ?? []), seconds(time)]);
  if (!found.size) return null;
  return h(
    "p",
    { class: "measured" },
    [...found].map(([phase, times]) => h("span", {}, `${phase} `, h("b", {}, times.join(", ")))),
  );
}

function checks(all) {
  if (!all.length) return null;
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      { class: "plain checks" },
      h("thead", {}, h("tr", {}, ["", "Clause", "Expected", "Observed", "At"].map((name) => h("th", { scope: "col" }, name)))),
      h(
        "tbody",
        {},
        all.map((check) =>
          h("tr", {},
            h("td", {}, outcome(check.holds ? "passed" : "failed")),
            h("td", {}, h("a", { class: "id", href: `#/clause/${check.clause}` }, check.clause)),
            h("td", {}, check.expected),
            h("td", {}, check.observed, check.about && h("span", { class: "why" }, check.about)),
            h("td", { class: "number" }, seconds(check.at)))),
      ),
    ),
  );
}

function logs(all) {
  return all.map((log) =>
    later(log.component, () => h("pre", { tabindex: 0, "aria-label": `Log of ${log.component}` }, (log.lines ?? []).join("\n"))));
}

function bodies(evidence) {
  return evidence.objects.map((each) => {
    const lane = evidence.lanes?.[each.lane] ?? { kind: "object", name: "" };
    return later(`${lane.kind} ${lane.name ?? ""}: first and last version`, () =>
      h(
        "pre",
        { class: "diff", tabindex: 0 },
        difference(each.first ?? "", each.last ?? "").map(({ sign, text }) =>
          h("span", { class: { "-": "minus", "+": "plus", " ": "both" }[sign] }, `${sign} ${text}\n`)),
      ));
  });
}

function calls(all) {
  return all.map((call) =>
    h(
      "div",
      { class: "call" },
      h("h4", {}, call.method, " ", h("span", { class: call.code === "OK" ? "code good" : "code" }, call.code),
        h("span", { class: "muted" }, ` at ${seconds(call.at)}, ${seconds(call.seconds)}`)),
      h("div", { class: "pair" },
        call.request && h("pre", { tabindex: 0, "aria-label": "Request" }, call.request),
        call.answer && h("pre", { tabindex: 0, "aria-label": "Answer" }, call.answer)),
      call.details && h("p", { class: "why" }, call.details),
    ));
}
