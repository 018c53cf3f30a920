// A timeline as SVG: the picture of a model, seen from one second to another, at a width.

import { h } from "./dom.js";
import { beginning, middle } from "./format.js";
import { courseOf, ticks } from "./timeline_model.js";

const SHAPES = {
  created: "M0-5A5 5 0 1 1 0 5A5 5 0 1 1 0-5Z",
  changed: "M0-3.5A3.5 3.5 0 1 1 0 3.5A3.5 3.5 0 1 1 0-3.5Z",
  same: "M0-2A2 2 0 1 1 0 2A2 2 0 1 1 0-2Z",
  ready: "M0-6L6 0L0 6L-6 0Z",
  error: "M0-6L6 5H-6Z",
  terminating: "M-4.5-4.5H4.5V4.5H-4.5Z",
  gone: "M-5-5L5 5M5-5L-5 5",
  warning: "M0-12V-6M-3-12H3",
  normal: "M0-11V-7",
  holds: "M-4 0L-1 3.5L5-4",
  broken: "M-5-5L5 5M5-5L-5 5",
};

const WORDS = {
  created: "created",
  changed: "changed",
  ready: "ready",
  error: "error",
  terminating: "terminating",
  gone: "gone",
  same: "unchanged in what is told",
  warning: "warning event",
};

const TOP = 50;
const BAR = 16;

/** Places of all rows at a width: `label` is where the picture begins, rows get `top`, `line` and `height`. */
export function arranged(model, width) {
  const narrow = width < 720;
  const label = narrow ? 8 : 232;
  let top = TOP;
  for (const row of model.rows) {
    const head = narrow ? 18 : 0;
    const own = row.lane ? 30 : 0;
    const room = row.lane || row.stacks ? 0 : 26;
    row.top = top;
    row.line = top + head + (row.lane ? 16 : 13);
    row.bars = top + head + (row.lane ? own : 5);
    row.height = head + own + room + row.stacks * BAR + (row.stacks ? 8 : row.lane ? 2 : 0);
    top += row.height;
  }
  return { narrow, label, width, right: width - 14, height: top + 8 };
}

export function scaleOf(places, view) {
  const factor = (places.right - places.label) / (view.until - view.from);
  return {
    x: (at) => places.label + (at - view.from) * factor,
    at: (x) => view.from + (x - places.label) / factor,
  };
}

/** The picture. `test` gives pytest's phases; elements of class `look` carry `data-n` as told by `looks`. */
export function drawn(model, places, view, phases) {
  const { x } = scaleOf(places, view);
  const within = (from, until) => until >= view.from && from <= view.until;
  const looks = [...model.spans, ...model.points, ...model.flags.map(flagged)];
  const numbers = new Map(looks.map((look, number) => [look, number]));
  const seen = looks.filter((look) => within(look.at, look.until ?? look.at));
  const spans = seen.filter((look) => look.kind && look.until !== undefined && !look.flag);
  const points = seen.filter((look) => look.until === undefined && !look.flag);
  const flags = seen.filter((look) => look.flag);
  const svg = h(
    "svg",
    { class: "picture", width: places.width, height: places.height, viewBox: `0 0 ${places.width} ${places.height}`,
      role: "group", "aria-label": "Timeline: arrow keys go from mark to mark, plus and minus zoom, 0 shows all" },
    h("g", { "aria-hidden": "true" }, ground(model, places), axis(places, view, x), bands(phases, places, view, x)),
    model.rows.map((row) => h("g", { "aria-hidden": "true" }, title(row, places), course(row, model, view, x))),
    spans.map((look) => spanOf(look, numbers.get(look), places, view, x)),
    flags.map((look) => flag(look, numbers.get(look), places, x)),
    points.map((look) => pointOf(look, numbers.get(look), x)),
    h("rect", { class: "chosen", x: 0, y: TOP, width: 0, height: places.height - TOP, visibility: "hidden" }),
  );
  return { svg, looks };
}

function flagged(each) {
  return { ...each, flag: true, kind: "flag", meaning: "violation", text: `${each.clause} ${each.text}`, more: "" };
}

function ground(model, places) {
  return model.rows.map((row, number) =>
    h("rect", { class: number % 2 ? "ground odd" : "ground", x: 0, y: row.top, width: places.width, height: row.height }));
}

function axis(places, view, x) {
  const { step, values } = ticks(view.from, view.until, (places.right - places.label) / 90);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return values.map((at) => [
    h("line", { class: "grid", x1: x(at), x2: x(at), y1: TOP - 4, y2: places.height }),
    h("text", { class: "tick", x: x(at), y: TOP - 8, "text-anchor": "middle" }, `${at.toFixed(digits)} s`),
  ]);
}

/** Where the test's call begins and ends. */
function bands(phases, places, view, x) {
  if (!phases?.call) return null;
  const edges = [
    ["setup", 0],
    ["call", phases.setup],
    ["teardown", phases.setup + phases.call],
  ];
  let free = -Infinity;
  return edges.map(([name, at], number) => {
    if (at < view.from || at > view.until) return null;
    const left = x(at);
    const wide = name.length * 6.5 + 8;
    const end = left + wide > places.right + 8;
    const fits = (end ? left - wide : left) >= free;
    if (fits) free = end ? left : left + wide;
    return [
      number > 0 && h("line", { class: "phase", x1: left, x2: left, y1: 6, y2: places.height }),
      fits && h("text", { class: "tick", x: left + (end ? -3 : 3), y: 12, "text-anchor": end ? "end" : "start" }, name),
    ];
  });
}

function title(row, places) {
  const indent = row.depth * 12;
  const left = 8 + indent;
  const room = places.narrow ? places.width - 16 : places.label - left - 10;
  if (!row.lane) return h("text", { class: "lane-kind", x: left, y: row.top + (places.narrow ? 13 : 17) }, row.title);
  const branch = row.depth > 0 && h("path", { class: "branch", d: `M${left - 8} ${row.top + 2}V${row.top + 10}H${left - 2}` });
  if (places.narrow) {
    const name = middle(row.name ?? "", Math.floor((room - row.title.length * 7.5 - 8 - indent) / 6.4));
    return [branch, h("text", { x: left, y: row.top + 13 },
      h("tspan", { class: "lane-kind" }, row.title), h("tspan", { class: "lane-name", dx: 6 }, name))];
  }
  return [
    branch,
    h("text", { class: "lane-kind", x: left, y: row.top + 13 }, row.title),
    h("text", { class: "lane-name", x: left, y: row.top + 25 }, middle(row.name ?? "", Math.floor(room / 6.4))),
  ];
}

function course(row, model, view, x) {
  if (!row.lane) return null;
  return courseOf(row.lane, model.lasts).map(({ from, until, meaning }) => {
    const left = x(Math.max(from, view.from));
    const right = x(Math.min(until, view.until));
    if (until < view.from || from > view.until) return null;
    return h("line", { class: `course m-${meaning}`, x1: left, x2: Math.max(right, left), y1: row.line, y2: row.line });
  });
}

function spanOf(look, number, places, view, x) {
  const left = x(Math.max(look.at, view.from));
  const width = Math.max(2, x(Math.min(look.until, view.until)) - left);
  const top = look.row.bars + look.stack * BAR;
  const letters = Math.floor((width - 8) / 6.1);
  const words = `${look.text} · ${(look.until - look.at).toFixed(2)} s`;
  const shown = letters >= words.length ? words : letters >= 6 ? beginning(look.text, letters) : "";
  return h(
    "g",
    looking(look, number, `span ${look.kind}`),
    h("rect", { x: left, y: top, width, height: BAR - 3, rx: 2 }),
    shown && h("text", { x: left + 4, y: top + 10 }, shown),
  );
}

function pointOf(look, number, x) {
  return h(
    "g",
    { ...looking(look, number, `point k-${look.kind} m-${look.meaning}`), transform: `translate(${x(look.at).toFixed(1)} ${look.row.line})` },
    h("rect", { class: "reach", x: -8, y: -13, width: 16, height: 24 }),
    h("path", { d: SHAPES[look.meaning] ?? SHAPES.changed }),
  );
}

function flag(look, number, places, x) {
  const at = x(look.at);
  const end = at > places.right - 90;
  return h(
    "g",
    looking(look, number, "flag"),
    h("line", { x1: at, x2: at, y1: 17, y2: places.height }),
    look.row && h("circle", { cx: at, cy: look.row.line, r: 10 }),
    h("text", { x: at + (end ? -4 : 4), y: 26, "text-anchor": end ? "end" : "start" }, look.clause),
  );
}

function looking(look, number, kind) {
  return { class: `look ${kind}`, "data-n": number, tabindex: -1, role: "img", "aria-label": said(look) };
}

/** A point or a span in one line: when, what, and whose. */
export function said(look) {
  const when = look.until === undefined ? `${look.at.toFixed(3)} s` : `${look.at.toFixed(3)} – ${look.until.toFixed(3)} s`;
  const whose = look.row?.lane ? ` ${look.row.title} ${look.row.name}` : "";
  return `${when}${whose}: ${look.text}${look.more ? ` (${look.more})` : ""}`;
}

export function shapes() {
  return h(
    "ul",
    { class: "legend shapes", "aria-hidden": "true" },
    Object.entries(WORDS).map(([meaning, words]) =>
      h("li", {},
        h("svg", { width: 16, height: 16, viewBox: "-8 -8 16 16" },
          h("g", { class: `point m-${meaning}`, transform: meaning === "warning" ? "translate(0 9)" : "" },
            h("path", { d: SHAPES[meaning] }))),
        words)),
    h("li", {}, h("span", { class: "swatch wait" }), "waited for"),
    h("li", {}, h("span", { class: "swatch flag" }), "violation"),
  );
}
