// Which clauses are shown and in which order. No DOM.

import { LEVELS, OUTCOMES, componentsOf } from "./data.js";

export const NOTHING = { q: "", outcome: "", area: "", level: "", component: "", sort: "" };

/** From the address. */
export function chosenBy(query) {
  return Object.fromEntries(Object.keys(NOTHING).map((name) => [name, query.get(name) ?? ""]));
}

/** Those that fit; `outcome` may be several with commas between, `q` words that must all occur. */
export function fitting(clauses, chosen) {
  const words = chosen.q.toLowerCase().split(/\s+/).filter(Boolean);
  const outcomes = chosen.outcome ? chosen.outcome.split(",") : [];
  return clauses.filter(
    (clause) =>
      (!outcomes.length || outcomes.includes(clause.outcome)) &&
      (!chosen.area || clause.area === chosen.area) &&
      (!chosen.level || clause.level === chosen.level) &&
      (!chosen.component || componentsOf(clause).includes(chosen.component)) &&
      words.every((word) => searched(clause).includes(word)),
  );
}

const texts = new WeakMap();

function searched(clause) {
  if (!texts.has(clause)) {
    const all = [clause.id, clause.area, clause.sentence, clause.source, clause.reason, ...(clause.tests ?? [])];
    texts.set(clause, all.join("\n").toLowerCase());
  }
  return texts.get(clause);
}

const KEYS = {
  outcome: (clause) => OUTCOMES.indexOf(clause.outcome),
  id: (clause) => clause.id,
  level: (clause) => LEVELS.indexOf(clause.level),
  area: (clause) => clause.area,
  component: (clause) => componentsOf(clause).join(", "),
  seconds: (clause) => clause.seconds?.total ?? 0,
};

/** `sort` is a column, with `-` before it from the end; "" keeps the catalogue's order. */
export function sorted(clauses, sort) {
  const key = KEYS[sort.replace(/^-/, "")];
  if (!key) return clauses;
  const turn = sort.startsWith("-") ? -1 : 1;
  return clauses.toSorted((a, b) => turn * compared(key(a), key(b)));
}

function compared(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
