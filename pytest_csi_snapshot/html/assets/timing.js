// How long things take: phases as strips of all that was measured, the run's time by who had it, the longest tests.

import { PARTS, comparison, latencies, report, tests } from "./data.js";
import { h, responsive } from "./dom.js";
import { quantile, seconds, shortTest } from "./format.js";
import { outcome, section, splitBar } from "./parts.js";

const MARKED = [
  ["median", 0.5],
  ["p90", 0.9],
  ["p99", 0.99],
];
const STRIP = 26;
const LONGEST = 12;

export function timingSection() {
  const phases = Object.keys(latencies);
  return section(
    "timing",
    "Timing",
    "",
    h("h3", { class: "sub" }, "Where the time goes"),
    h("div", { class: "card pad" }, splitBar(whole()), h("p", { class: "muted" }, explained())),
    h("h3", { class: "sub" }, "How long it takes"),
    phases.length ? strips(phases) : h("p", { class: "empty" }, "No evidence says how long anything took."),
    h("h3", { class: "sub" }, "The longest tests"),
    longest(),
  );
}

function whole() {
  return Object.fromEntries(PARTS.map((part) => [part, tests.reduce((sum, test) => sum + (test.seconds?.[part] ?? 0), 0)]));
}

function explained() {
  const workers = report.run?.workers ?? 1;
  const sum = tests.reduce((all, test) => all + (test.seconds?.total ?? 0), 0);
  const beside = workers > 1 ? `, ${workers} workers at a time` : "";
  const time = report.time ?? {};
  const bound = time.critical?.length
    ? ` The critical path is ${time.critical.length} of them, ${seconds(time.on_path?.total)}; the cluster allows no less than ${seconds(time.least)}.`
    : "";
  return `Sum over ${tests.length} tests: ${seconds(sum)}${beside}; the run took ${seconds(report.run?.seconds)}.${bound}`;
}

function strips(phases) {
  const values = phases.flatMap((phase) => [...latencies[phase].map(([time]) => time), ...(comparison?.latencies?.[phase] ?? [])]);
  const scale = logarithmic(values.filter((value) => value > 0));
  return h(
    "div",
    { class: "card strips" },
    phases.map((phase) => phaseRow(phase, scale)),
    h("div", { class: "strip-axis" }, responsive({ class: "strip" }, (width) => axis(width, scale))),
    h(
      "p",
      { class: "muted pad" },
      "One dot is one measurement, on a logarithmic scale; the lines are median, p90 and p99. Of fewer than 100, p99 is the longest.",
      comparison && " Hollow dots are the previous report.",
    ),
  );
}

function phaseRow(phase, scale) {
  const now = latencies[phase];
  const before = comparison?.latencies?.[phase] ?? [];
  return h(
    "div",
    { class: "phase-row" },
    h("div", { class: "phase-name" }, h("b", {}, phase)),
    responsive({ class: "strip", role: "img", "aria-label": spoken(phase, now) }, (width) => strip(width, scale, now, before)),
    h("div", { class: "numbers" }, numbers(now.map(([time]) => time), "measured"), before.length > 0 && numbers(before, "before")),
  );
}

function spoken(phase, now) {
  const times = now.map(([time]) => time);
  return `${phase}: ${MARKED.map(([name, part]) => `${name} ${seconds(quantile(times, part))}`).join(", ")}`;
}

function numbers(times, name) {
  return h(
    "dl",
    { class: `quantiles ${name}` },
    h("div", {}, h("dt", {}, name), h("dd", {}, times.length)),
    MARKED.map(([title, part]) => h("div", {}, h("dt", {}, title), h("dd", {}, seconds(quantile(times, part))))),
  );
}

function logarithmic(values) {
  const low = Math.log10(Math.max(0.001, Math.min(...values, 1)) * 0.8);
  const high = Math.log10(Math.max(...values, 0.002) * 1.25);
  return {
    x: (value, width) => 6 + ((Math.log10(Math.max(value, 0.001)) - low) / (high - low)) * (width - 12),
    ticks: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300].filter(
      (value) => Math.log10(value) >= low && Math.log10(value) <= high),
  };
}

function strip(width, scale, now, before) {
  const height = before.length ? 2 * STRIP + 4 : STRIP;
  return h(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    scale.ticks.map((value) => line("grid", scale.x(value, width), 0, height)),
    dots(now.map(([time]) => time), "dot", 0, width, scale),
    dots(before, "dot before", STRIP + 4, width, scale),
  );
}

function dots(times, kind, top, width, scale) {
  if (!times.length) return null;
  return [
    times.map((time, number) =>
      h("circle", { class: kind, cx: scale.x(time, width).toFixed(1), cy: top + 6 + ((number * 7) % 15), r: 2.5 })),
    MARKED.map(([name, part]) => line(`quantile q-${name}`, scale.x(quantile(times, part), width), top, top + STRIP)),
  ];
}

function line(kind, x, top, bottom) {
  return h("line", { class: kind, x1: x.toFixed(1), x2: x.toFixed(1), y1: top, y2: bottom });
}

function axis(width, scale) {
  let free = -Infinity;
  const texts = scale.ticks.map((value) => {
    const x = scale.x(value, width);
    if (x - 20 < free) return null;
    free = x + 20;
    const end = x > width - 20 ? "end" : x < 20 ? "start" : "middle";
    return h("text", { class: "tick", x: x.toFixed(1), y: 12, "text-anchor": end }, value < 1 ? `${value * 1000} ms` : `${value} s`);
  });
  return h("svg", { width, height: 18, viewBox: `0 0 ${width} 18`, "aria-hidden": "true" }, texts);
}

function longest() {
  const found = tests.toSorted((a, b) => (b.seconds?.total ?? 0) - (a.seconds?.total ?? 0)).slice(0, LONGEST);
  if (!found.length) return h("p", { class: "empty" }, "No test ran.");
  const most = found[0].seconds?.total || 1;
  return h(
    "ul",
    { class: "card rows longest" },
    found.map((test) => {
      const bar = splitBar(test.seconds, { legend: false });
      bar.style.width = `${Math.max(2, (100 * (test.seconds?.total ?? 0)) / most)}%`;
      return h(
        "li",
        {},
        outcome(test.outcome),
        h("a", { class: "name", href: `#/test/${encodeURIComponent(test.id)}` }, shortTest(test.id)),
        h("div", { class: "bar-cell" }, bar),
        h("b", { class: "number" }, seconds(test.seconds?.total)),
      );
    }),
  );
}
