// Pieces that several views show.

import { busy } from "./work.js";
import { h } from "./dom.js";
import { ago, capital, moment } from "./format.js";
import { openMenu } from "./menu.js";

const MOVING = new Set(["creating", "attaching", "detaching", "deleting"]);
const GOOD = { healthy: "good", degraded: "warn", faulted: "bad" };

/** How a volume is: its robustness, or its state where that says nothing. What is being asked of it comes first. */
export function volumeState(volume) {
  const doing = busy(`volume ${volume.name}`);
  const known = volume.robustness && volume.robustness !== "unknown" && !MOVING.has(volume.state);
  const word = known ? volume.robustness : volume.state;
  const moving = doing || MOVING.has(volume.state);
  return state(doing || capital(word), moving ? "moving" : (GOOD[word] ?? "idle"), volume.ready ? "" : notReady(volume));
}

function notReady(volume) {
  return `Not ready for workloads${volume.notReadyMessage ? `: ${volume.notReadyMessage}` : ""}`;
}

/** A word with a mark whose shape and colour say the same. `kind`: good, warn, bad, moving, idle. */
export function state(word, kind, warning = "") {
  return h(
    "span",
    { class: `state ${kind}` },
    h("span", { class: "mark", "aria-hidden": "true" }),
    word,
    warning && h("span", { class: "warning", title: warning, role: "img", "aria-label": warning }, "!"),
  );
}

/** A moment, as people say it; exactly, in UTC, when pointed at. */
export function time(text, now = new Date(), otherwise = "–") {
  const then = moment(text);
  if (!then) return h("span", { class: "none" }, otherwise);
  const exact = then.toISOString().replace(/\.\d+/, "");
  return h("time", { datetime: exact, title: exact }, ago(then, now));
}

export const none = (text = "–") => h("span", { class: "none" }, text);

export const tag = (text, kind = "", title = null) => h("span", { class: `tag ${kind}`, title }, text);

/** Conditions that are not as they should be. Most are bad when true. */
export function conditions(volume) {
  const found = Object.values(volume.conditions ?? {}).filter((each) => {
    const wanted = /^scheduled$/i.test(each.type) ? "True" : "False";
    return each.status !== wanted && each.status !== "Unknown";
  });
  return found.map((each) => {
    const name = each.type.replace(/([a-z])([A-Z])/g, "$1 $2");
    const says = [each.reason, each.message].filter(Boolean).join(": ");
    return tag(each.status === "False" ? `Not ${name.toLowerCase()}` : name, "warn", says || null);
  });
}

/** The button that opens a menu of `items`, read when it is opened. */
export function menuButton(label, items, { above = () => [], text = "⋯", className = "quiet" } = {}) {
  return h(
    "button",
    {
      type: "button",
      class: `${className} opens`,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-label": label,
      onclick: (event) => openMenu(event.currentTarget, items(), above()),
    },
    text,
  );
}

/**
 * A table that becomes a list of cards on a narrow screen. `columns` have label, cell(item), and as they need: id,
 * sort(item), figure, wide. `sorting` is {by, down}; `onSort(id)` is called by a click on a heading.
 */
export function table({ caption, columns, items, key, sorting = {}, onSort }) {
  const by = columns.find((column) => column.id && column.id === sorting.by);
  const sorted = by ? [...items].sort((a, b) => compare(by.sort(a), by.sort(b)) * (sorting.down ? -1 : 1)) : items;
  return h(
    "table",
    {},
    h("caption", { class: "unseen" }, caption),
    h("thead", {}, h("tr", {}, columns.map((column) => heading(column, sorting, onSort)))),
    h(
      "tbody",
      {},
      sorted.map((item) =>
        h(
          "tr",
          { "data-key": key(item) },
          columns.map((column) =>
            h("td", { "data-label": column.label, class: column.class ?? "" }, column.cell(item)),
          ),
        ),
      ),
    ),
  );
}

function heading({ id, label, class: className = "", unseen }, sorting, onSort) {
  if (!id) return h("th", { scope: "col", class: className }, unseen ? h("span", { class: "unseen" }, label) : label);
  const now = sorting.by === id;
  return h(
    "th",
    { scope: "col", class: className, "aria-sort": now ? (sorting.down ? "descending" : "ascending") : "none" },
    h("button", { type: "button", class: "sorts", onclick: () => onSort(id) }, label),
  );
}

function compare(a, b) {
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
}

/** A titled part of a page. */
export function card(title, { aside = [], key }, ...body) {
  return h(
    "section",
    { class: "card", "data-key": key ?? title, "aria-label": title },
    h("header", {}, h("h2", {}, title), h("div", { class: "aside" }, aside)),
    body,
  );
}

/** Facts as pairs of name and value; those without a value are left out. */
export function facts(pairs) {
  const told = pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return h("dl", { class: "facts" }, told.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

export const progress = (percent) =>
  h("progress", { max: 100, value: percent, "aria-label": "Progress" }, `${percent} %`);
