// A timeline to look at: zoom by dragging, buttons and keys; what a mark is, on hover and focus; a table besides.

import { fill, h, responsive } from "./dom.js";
import { fold } from "./parts.js";
import { arranged, drawn, said, scaleOf, shapes } from "./timeline_draw.js";
import { modelOf } from "./timeline_model.js";
import { hideTip, showTip } from "./tip.js";

const CLOSEST = 0.005; // seconds that the picture is wide at least
const NEAR = 7; // pixels below which signs cover each other
const MOST = 5; // such signs that are told besides

/** The timeline of one test. */
export function timeline(evidence, { checks, phases }) {
  const model = modelOf(evidence, checks);
  if (!model.rows.length) return h("p", { class: "empty" }, "Nothing was recorded of this test.");
  const whole = { from: 0, until: model.lasts * 1.01 };
  let view = { ...whole };
  let width = 0;
  let places;
  let looks = [];
  const place = responsive({ class: "timeline" }, (now) => draw((width = now)));
  const scope = h("span", { class: "muted", role: "status" });

  function draw() {
    places = arranged(model, width);
    const made = drawn(model, places, view, phases);
    looks = made.looks;
    const first = made.svg.querySelector(".point, .span");
    first?.setAttribute("tabindex", "0");
    const all = view.from === whole.from && view.until === whole.until;
    scope.textContent = all ? "" : `${view.from.toFixed(3)} – ${view.until.toFixed(3)} s`;
    return made.svg;
  }

  function look(from, until) {
    const wide = Math.min(Math.max(until - from, CLOSEST), whole.until - whole.from);
    const begin = Math.min(Math.max(from, whole.from), whole.until - wide);
    view = { from: begin, until: begin + wide };
    const held = document.activeElement?.closest?.("[data-n]")?.dataset.n;
    const inside = place.contains(document.activeElement);
    hideTip();
    fill(place, draw());
    if (inside) (place.querySelector(`[data-n="${held}"]`) ?? place.querySelector("[tabindex='0']"))?.focus();
  }

  function zoom(factor, middle = (view.from + view.until) / 2) {
    const half = ((view.until - view.from) * factor) / 2;
    look(middle - half, middle + half);
  }

  function pan(part) {
    const step = (view.until - view.from) * part;
    look(view.from + step, view.until + step);
  }

  /** Say what an element is, and what lies so near to it that it cannot be told apart. */
  function lookAt(element) {
    const one = looks[element.dataset.n];
    const { x } = scaleOf(places, view);
    const near = (other) => other !== one && other.row === one.row && Math.abs(x(other.at) - x(one.at)) < NEAR;
    const others = one.until === undefined ? looks.filter((other) => other.until === undefined && near(other)) : [];
    const lines = [one, ...others.slice(0, MOST)].map(said);
    if (others.length > MOST) lines.push(`and ${others.length - MOST} more: zoom in`);
    showTip(element, lines.join("\n"));
  }

  place.addEventListener("pointerover", (event) => {
    const found = event.target.closest("[data-n]");
    if (found) lookAt(found);
  });
  place.addEventListener("pointerout", hideTip);
  place.addEventListener("focusin", (event) => {
    const found = event.target.closest("[data-n]");
    if (found) lookAt(found);
  });
  place.addEventListener("focusout", hideTip);
  place.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const held = event.target.closest("[data-n]");
    const at = held ? looks[held.dataset.n].at : undefined;
    const zooms = { "+": () => zoom(0.5, at), "=": () => zoom(0.5, at), "-": () => zoom(2, at), 0: () => look(whole.from, whole.until) };
    const pans = { ArrowLeft: () => pan(-0.25), ArrowRight: () => pan(0.25) };
    const act = event.shiftKey && pans[event.key] ? pans[event.key] : zooms[event.key];
    if (act) act();
    else if (!held || !step(held, event.key)) return;
    event.preventDefault();
  });

  /** Focus the nearest thing in a direction. */
  function step(held, key) {
    const now = looks[held.dataset.n];
    const others = [...place.querySelectorAll("[data-n]")]
      .filter((each) => each !== held)
      .map((each) => ({ each, at: looks[each.dataset.n].at, row: rowOf(looks[each.dataset.n]), n: Number(each.dataset.n) }));
    const row = rowOf(now);
    const n = Number(held.dataset.n);
    const after = (one) => one.at > now.at || (one.at === now.at && one.n > n);
    const far = (one) => Math.abs(one.at - now.at);
    const found = {
      ArrowRight: () => others.filter((one) => one.row === row && after(one)).sort((a, b) => a.at - b.at || a.n - b.n)[0],
      ArrowLeft: () => others.filter((one) => one.row === row && !after(one)).sort((a, b) => b.at - a.at || b.n - a.n)[0],
      ArrowDown: () => others.filter((one) => one.row > row).sort((a, b) => a.row - b.row || far(a) - far(b))[0],
      ArrowUp: () => others.filter((one) => one.row < row).sort((a, b) => b.row - a.row || far(a) - far(b))[0],
    }[key]?.();
    if (!found) return key.startsWith("Arrow");
    held.setAttribute("tabindex", "-1");
    found.each.setAttribute("tabindex", "0");
    found.each.focus();
    return true;
  }

  dragging(place, () => ({ places, scale: scaleOf(places, view) }), look);
  const button = (label, title, act) =>
    h("button", { type: "button", class: "button small", "aria-label": title, title, onclick: act }, label);
  return h(
    "div",
    { class: "drawn" },
    h(
      "div",
      { class: "tools" },
      shapes(),
      h("div", { class: "zoom", role: "group", "aria-label": "Zoom" }, scope,
        button("←", "Earlier", () => pan(-0.25)), button("→", "Later", () => pan(0.25)),
        button("+", "Zoom in", () => zoom(0.5)), button("−", "Zoom out", () => zoom(2)),
        button("All", "Show all", () => look(whole.from, whole.until))),
    ),
    place,
    undrawn(evidence.lanes ?? []),
    later("As a table", () => table(model)),
  );
}

function undrawn(lanes) {
  return lanes
    .filter((lane) => lane.undrawn)
    .map((lane) => h("p", { class: "muted" }, `${lane.kind} ${lane.name}: ${lane.undrawn} versions in the middle are not drawn.`));
}

function rowOf(look) {
  return look.row?.number ?? -1;
}

/** Mark a stretch with the pointer to see it alone. */
function dragging(place, now, look) {
  let began = null;
  const stretch = () => place.querySelector(".chosen");
  const xOf = (event) => event.clientX - place.getBoundingClientRect().left;
  place.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.pointerType === "mouse" && xOf(event) >= now().places.label) began = xOf(event);
  });
  place.addEventListener("pointermove", (event) => {
    if (began === null) return;
    const [left, right] = [began, xOf(event)].sort((a, b) => a - b);
    stretch().setAttribute("x", left);
    stretch().setAttribute("width", right - left);
    stretch().setAttribute("visibility", "visible");
  });
  const end = (event) => {
    if (began === null) return;
    const [left, right] = [began, xOf(event)].sort((a, b) => a - b);
    began = null;
    stretch().setAttribute("visibility", "hidden");
    if (right - left > 6) look(now().scale.at(left), now().scale.at(right));
  };
  place.addEventListener("pointerup", end);
  place.addEventListener("pointerleave", end);
}

/** A fold whose inside is made when it is first opened. */
export function later(title, make) {
  const made = fold(title);
  made.addEventListener("toggle", () => made.children.length === 1 && made.append(...[make()].flat()));
  return made;
}

function table(model) {
  const looks = [...model.points, ...model.spans, ...model.flags.map((each) => ({ ...each, text: `violation of ${each.clause}: ${each.text}` }))];
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Timeline as a table" },
    h(
      "table",
      { class: "plain" },
      h("thead", {}, h("tr", {}, ["Seconds", "Until", "Object", "What", "Detail"].map((name) => h("th", { scope: "col" }, name)))),
      h(
        "tbody",
        {},
        looks
          .toSorted((a, b) => a.at - b.at)
          .map((look) =>
            h("tr", {},
              h("td", { class: "number" }, look.at.toFixed(3)),
              h("td", { class: "number" }, look.until === undefined ? "" : look.until.toFixed(3)),
              h("td", {}, look.row?.lane ? `${look.row.title} ${look.row.name}` : (look.row?.title ?? "")),
              h("td", {}, look.text),
              h("td", {}, look.more ?? ""))),
      ),
    ),
  );
}
