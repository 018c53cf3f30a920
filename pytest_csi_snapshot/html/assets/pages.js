// The page of one clause, and that of one test.

import { clauses, componentsOf, testOf } from "./data.js";
import { h } from "./dom.js";
import { counted, shortTest } from "./format.js";
import { blamed, failureBody } from "./failures.js";
import { facts, level, outcome, splitBar } from "./parts.js";
import { testPart } from "./test_part.js";

export function clausePage(clause) {
  const at = clauses.indexOf(clause);
  const found = (clause.tests ?? []).map(testOf).filter(Boolean);
  return [
    path(
      h("a", { href: "#/clauses" }, "Clauses"),
      h("a", { href: `#/clauses?area=${encodeURIComponent(clause.area)}` }, clause.area),
      neighbours(clauses[at - 1], clauses[at + 1]),
    ),
    h(
      "div",
      { class: "heading" },
      h("h1", { class: "id", tabindex: -1 }, clause.id),
      outcome(clause.outcome),
      level(clause.level),
      clause.waiver && h("span", { class: "note" }, "waived"),
    ),
    h("p", { class: "statement" }, clause.sentence),
    h(
      "div",
      { class: "card pad" },
      facts([
        ["source", clause.source],
        ["basis", clause.basis],
        ["component", componentsOf(clause).join(", ")],
        ["why", clause.reason],
        ["blamed on", blamed(clause.blamed)],
        ["known", clause.excuse],
        ["waiver", clause.waiver],
        ["seen on", clause.seen_on],
      ]),
      found.length > 0 && splitBar(clause.seconds),
    ),
    (clause.failures ?? []).map((each) => h("article", { class: "card failure" }, failureBody(clause, each))),
    h("h2", { class: "sub" }, found.length ? counted(found.length, "test") : "No test spoke about this clause"),
    found.map((test) => testPart(test, clause)),
  ];
}

export function testPage(test) {
  return [
    path(h("a", { href: "#/timing" }, "Tests"), (test.clauses ?? []).map((id) => h("a", { href: `#/clause/${id}` }, id))),
    h("div", { class: "heading" }, h("h1", { class: "name", tabindex: -1 }, shortTest(test.id))),
    testPart(test),
  ];
}

export function nothingPage(name) {
  return [
    path(h("a", { href: "#/" }, "Summary")),
    h("div", { class: "heading" }, h("h1", { tabindex: -1 }, "Not in this report")),
    h("p", { class: "empty" }, `This report has nothing called ${name}.`),
  ];
}

function path(...links) {
  return h("nav", { class: "path", "aria-label": "Where you are" }, links);
}

function neighbours(before, after) {
  const link = (clause, words) => clause && h("a", { href: `#/clause/${clause.id}`, "aria-label": `${words} ${clause.id}` },
    words === "Previous" ? `← ${clause.id}` : `${clause.id} →`);
  return h("span", { class: "aside" }, link(before, "Previous"), link(after, "Next"));
}
