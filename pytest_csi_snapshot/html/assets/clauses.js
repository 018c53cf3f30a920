// All clauses as a table: filters, order, and keys.

import { LEVELS, OUTCOMES, clauses, componentsOf } from "./data.js";
import { fill, h } from "./dom.js";
import { NOTHING, chosenBy, fitting, sorted } from "./filters.js";
import { seconds } from "./format.js";
import { level, outcome, section, sign } from "./parts.js";
import { remember } from "./place.js";

const COLUMNS = [
  ["outcome", "Outcome"],
  ["id", "Clause"],
  ["level", "Level"],
  ["area", "Area"],
  ["", "Requirement"],
  ["component", "Component"],
  ["seconds", "Time"],
];

let chosen = { ...NOTHING };

const search = h("input", {
  type: "search",
  placeholder: "Search  /",
  "aria-label": "Search clauses",
  spellcheck: "false",
  oninput: () => choose({ q: search.value }),
  onkeydown: (event) => {
    if (event.key === "ArrowDown" || event.key === "Enter") move(event, 0);
    if (event.key === "Escape" && search.value) choose({ q: (search.value = "") });
  },
});
const selects = {
  area: select("area", "Area", unique(clauses.map((clause) => clause.area))),
  level: select("level", "Level", LEVELS),
  component: select("component", "Component", unique(clauses.flatMap(componentsOf))),
};
const chips = new Map();
const shown = h("p", { class: "aside", role: "status" });
const reset = h("button", { type: "button", class: "button", onclick: () => choose(NOTHING) }, "Show all");
const head = h("tr");
const body = h("tbody", { onkeydown: keys, onclick: open });
const rows = new Map(clauses.map((clause) => [clause.id, row(clause)]));

export function clausesSection() {
  const made = section(
    "clauses",
    "Clauses",
    "",
    h(
      "div",
      { class: "filters", role: "group", "aria-label": "Filters" },
      search,
      h("div", { class: "chips", role: "group", "aria-label": "Outcome" }, outcomeChips()),
      Object.values(selects),
      reset,
    ),
    h("table", { class: "clauses card" }, h("thead", {}, head), body),
  );
  made.querySelector("header").append(shown);
  return made;
}

/** Show what an address asks for. */
export function chooseBy(query) {
  chosen = chosenBy(query);
  search.value = chosen.q;
  draw();
}

export function focusSearch() {
  search.focus();
  search.select();
}

function choose(change) {
  chosen = { ...chosen, ...change };
  if (change === NOTHING) search.value = "";
  remember("clauses", chosen);
  draw();
}

function draw() {
  const found = sorted(fitting(clauses, chosen), chosen.sort);
  const made = found.map((clause) => rows.get(clause.id));
  fill(body, made.length ? made : h("tr", {}, h("td", { class: "empty", colspan: COLUMNS.length }, "No clause fits.")));
  made.forEach((each, number) => (each.querySelector("a").tabIndex = number === 0 ? 0 : -1));
  shown.textContent = found.length === clauses.length ? `${clauses.length}` : `${found.length} of ${clauses.length}`;
  for (const [name, element] of Object.entries(selects)) element.value = chosen[name];
  const outcomes = chosen.outcome.split(",");
  for (const [name, chip] of chips) chip.setAttribute("aria-pressed", outcomes.includes(name));
  reset.hidden = Object.entries(chosen).every(([name, value]) => name === "sort" || !value);
  fill(head, COLUMNS.map(heading));
}

function heading([name, title]) {
  const up = chosen.sort === name && name !== "";
  const down = chosen.sort === `-${name}`;
  if (!name) return h("th", { scope: "col" }, title);
  const press = () => {
    choose({ sort: up ? `-${name}` : down ? "" : name });
    head.querySelector(`[data-sort="${name}"]`).focus();
  };
  return h(
    "th",
    { scope: "col", class: `c-${name}`, "aria-sort": up ? "ascending" : down ? "descending" : "none" },
    h("button", { type: "button", "data-sort": name, onclick: press }, title, h("span", { "aria-hidden": "true" },
      up ? " ↑" : down ? " ↓" : "")),
  );
}

function row(clause) {
  return h(
    "tr",
    { "data-id": clause.id },
    h("td", { class: "c-outcome" }, outcome(clause.outcome), clause.waiver && h("span", { class: "note" }, "waived"),
      clause.excuse && h("span", { class: "note" }, "excused")),
    h("td", { class: "c-id" }, h("a", { class: "id", href: `#/clause/${clause.id}` }, clause.id)),
    h("td", { class: "c-level" }, level(clause.level)),
    h("td", { class: "c-area" }, clause.area),
    h("td", { class: "c-sentence" }, clause.sentence, clause.reason && h("span", { class: "why" }, clause.reason)),
    h("td", { class: "c-component" }, componentsOf(clause).join(", ")),
    h("td", { class: "c-seconds" }, clause.tests?.length ? seconds(clause.seconds?.total) : "–"),
  );
}

function outcomeChips() {
  return OUTCOMES.map((name) => {
    const count = clauses.filter((clause) => clause.outcome === name).length;
    if (!count) return null;
    const press = () => {
      const others = chosen.outcome.split(",").filter((each) => each && each !== name);
      const on = chips.get(name).getAttribute("aria-pressed") === "true";
      choose({ outcome: (on ? others : [...others, name]).join(",") });
    };
    const chip = h("button", { type: "button", class: "chip", "aria-pressed": "false", onclick: press },
      sign(name), name, h("b", {}, count));
    chips.set(name, chip);
    return chip;
  });
}

function select(name, title, values) {
  return h(
    "select",
    { "aria-label": title, onchange: (event) => choose({ [name]: event.target.value }) },
    h("option", { value: "" }, `${title}: all`),
    values.map((value) => h("option", { value }, value)),
  );
}

function unique(values) {
  return [...new Set(values)];
}

/** Up, down, and to the ends, from row to row; Enter follows the link that has the focus. */
function keys(event) {
  const links = [...body.querySelectorAll("a.id")];
  const at = links.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
  if (to === undefined || at < 0) return;
  if (to < 0) {
    event.preventDefault();
    search.focus();
  } else move(event, Math.min(to, links.length - 1));
}

function move(event, to) {
  const links = [...body.querySelectorAll("a.id")];
  if (!links.length) return;
  event.preventDefault();
  for (const link of links) link.tabIndex = -1;
  links[to].tabIndex = 0;
  links[to].focus();
}

function open(event) {
  const line = event.target.closest("tr[data-id]");
  if (line && !event.target.closest("a") && getSelection().isCollapsed) location.hash = `#/clause/${line.dataset.id}`;
}
