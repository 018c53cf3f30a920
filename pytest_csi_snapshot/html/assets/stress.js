// What stress tests measured: what was counted, how long each phase took, and how that grows with the objects there.

import { tests } from "./data.js";
import { h, responsive } from "./dom.js";
import { seconds, shortTest } from "./format.js";
import { facts, section } from "./parts.js";

const HEIGHT = 150;
const EDGE = { left: 46, right: 12, top: 10, bottom: 24 };

export const stressed = tests.flatMap((test) => (test.loads ?? []).map((load) => ({ test, load })));

export function stressSection() {
  if (!stressed.length) return null;
  return section("stress", "Stress", "", stressed.map(loadPart));
}

function loadPart({ test, load }) {
  const plotted = load.phases.filter((phase) => phase.points.length > 1);
  return h(
    "article",
    { class: "card load" },
    h("h3", {}, load.name),
    facts([
      ["test", h("a", { href: `#/test/${encodeURIComponent(test.id)}` }, shortTest(test.id))],
      ["made", `${load.made} × ${load.kind} in ${seconds(load.seconds)}, at most ${load.at_once} under way at one time`],
      ["throughput", `${each(load.making)} made, ${each(load.removing)} removed a second; at most ${each(load.rate)} requests`],
      ["errors", Object.entries(load.errors).map(([code, count]) => `${code} ${count}`).join(", ") || "none"],
      ["counted", accounts(load.accounts)],
      ["left over", load.leaks.map((leak) => h("div", {}, leak))],
      ["note", load.notes.map((note) => h("div", {}, note))],
    ]),
    load.phases.length > 0 && table(load.phases),
    plotted.length > 0 && [
      h("div", { class: "plots" }, plotted.map(plot)),
      h("p", { class: "muted pad" }, "Over the objects there: filled dots are medians of a batch, hollow ones p90; the line is the fit of the medians."),
    ],
  );
}

function each(rate) {
  return Number(rate).toFixed(rate < 10 ? 1 : 0);
}

function accounts(list) {
  const wrong = list.filter((account) => account.expected !== account.found);
  if (!wrong.length) return list.length ? `${list.length} counts, all as expected: nothing was lost` : "not counted: the test ended before";
  return wrong.map((account) => h("div", { class: "o-failed" }, `${account.what}: ${account.expected} expected, ${account.found} found`));
}

function table(phases) {
  const head = ["phase", "count", "p50", "p90", "p99", "longest", "growth"];
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      { class: "phases" },
      h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col", class: name === "growth" && "words" }, name)))),
      h("tbody", {}, phases.map((phase) =>
        h("tr", {},
          h("th", { scope: "row" }, phase.name),
          h("td", {}, phase.count),
          [phase.p50, phase.p90, phase.p99, phase.longest].map((value) => h("td", {}, seconds(value))),
          h("td", { class: "words" }, phase.fit.words)))),
    ),
  );
}

function plot(phase) {
  const told = `${phase.name} since ${phase.since}: ${phase.fit.words || "too few batches for a fit"}`;
  return h(
    "figure",
    {},
    h("figcaption", {}, h("b", {}, phase.name), ` since ${phase.since}`),
    responsive({ class: "plot", role: "img", "aria-label": told }, (width) => draw(phase, width)),
  );
}

function draw(phase, width) {
  const most = Math.max(...phase.points.map((point) => point.there), 1);
  const longest = Math.max(...phase.points.map((point) => point.p90), 0.001);
  const x = (there) => EDGE.left + (there / most) * (width - EDGE.left - EDGE.right);
  const y = (time) => HEIGHT - EDGE.bottom - (Math.max(time, 0) / longest) * (HEIGHT - EDGE.top - EDGE.bottom);
  const ends = [0, most].map((there) => [x(there), y(phase.fit.base + (phase.fit.slope / 1e6) * there)]);
  return h(
    "svg",
    { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" },
    [0, 0.5, 1].map((part) => [
      h("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(part * longest), y2: y(part * longest) }),
      h("text", { class: "tick", x: EDGE.left - 6, y: y(part * longest) + 4, "text-anchor": "end" }, seconds(part * longest)),
    ]),
    [0, 0.5, 1].map((part) =>
      h("text", { class: "tick", x: x(part * most), y: HEIGHT - 8, "text-anchor": part === 1 ? "end" : part ? "middle" : "start" }, Math.round(part * most))),
    phase.fit.words && h("line", { class: "fit", x1: ends[0][0], y1: ends[0][1], x2: ends[1][0], y2: ends[1][1] }),
    phase.points.map((point) => [
      h("circle", { class: "dot before", cx: x(point.there).toFixed(1), cy: y(point.p90).toFixed(1), r: 3 }),
      h("circle", { class: "dot solid", cx: x(point.there).toFixed(1), cy: y(point.median).toFixed(1), r: 3 }),
    ]),
  );
}
