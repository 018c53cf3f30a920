// The top of the page: what was judged, and what came of it, in words.

import { LEVELS, OUTCOMES, report } from "./data.js";
import { h } from "./dom.js";
import { counted, moment, seconds, titled } from "./format.js";
import { sign, slug } from "./parts.js";

const TONES = { conformant: "good", "not conformant": "bad" };

export function verdictSection() {
  const verdict = report.verdict ?? {};
  const tone = TONES[verdict.result] ?? "open";
  return h(
    "section",
    { id: "summary", class: `verdict tone-${tone}`, "aria-labelledby": "result" },
    subject(),
    h(
      "div",
      { class: "result" },
      h(
        "div",
        { class: "words" },
        h("h1", { id: "result", tabindex: -1 }, sign(signOf(tone)), titled(verdict.result ?? "no verdict")),
        h("p", { class: "sentence" }, rest(verdict)),
        exit(verdict),
      ),
      bars(verdict.counts ?? {}),
    ),
    loud("Evidence is missing", report.missing),
    loud("Worth knowing", report.notes),
    loud("This run is only a part", report.run?.partial),
  );
}

function signOf(tone) {
  return { good: "passed", bad: "failed", open: "unknown" }[tone];
}

/** The sentence without the result, which stands above it. */
function rest(verdict) {
  const sentence = verdict.sentence ?? "";
  const begins = `${verdict.result}: `;
  return titled(sentence.startsWith(begins) ? sentence.slice(begins.length) : sentence);
}

function exit(verdict) {
  const reasons = verdict.reasons ?? [];
  return h(
    "div",
    { class: "exit" },
    h("p", {}, "Exit code ", h("b", {}, verdict.exit_code), verdict.gate && [", gate ", h("b", {}, verdict.gate)]),
    reasons.length > 0 && h("ul", {}, reasons.map((reason) => h("li", {}, reason))),
  );
}

function subject() {
  const { run = {}, implementation = {}, cluster = {} } = report;
  const facts = [
    ["Driver", [h("b", {}, implementation.driver ?? ""), ` ${implementation.version ?? ""}`,
      implementation.reference && h("span", { class: "muted" }, " reference implementation")]],
    ["Cluster", [cluster.provider, cluster.kubernetes && ` Kubernetes ${cluster.kubernetes}`].filter(Boolean)],
    ["Began", moment(run.began)],
    ["Took", [seconds(run.seconds), run.workers > 1 && `, ${run.workers} workers`, run.shard && `, shard ${run.shard}`]],
  ];
  return h("dl", { class: "subject" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function loud(title, lines) {
  if (!lines?.length) return null;
  return h(
    "div",
    { class: "loud" },
    h("h2", {}, title),
    h("ul", {}, lines.map((line) => h("li", {}, line))),
  );
}

/** One bar a level, its parts by outcome, widest where most clauses are. */
function bars(counts) {
  return h("div", { class: "counts" }, LEVELS.filter((name) => counts[name]).map((name) => levelBar(name, counts[name])));
}

function levelBar(name, counts) {
  const whole = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const told = OUTCOMES.filter((outcome) => counts[outcome] > 0);
  let at = 0;
  const parts = told.map((outcome) => {
    const width = Math.max(4, (1000 * counts[outcome]) / whole); // one of hundreds is still to be seen
    const part = h("rect", { class: `o-${slug(outcome)}`, x: at, y: 0, width, height: 12 });
    at += width;
    return part;
  });
  return h(
    "div",
    { class: "count" },
    h("h3", {}, name, h("span", { class: "muted" }, ` ${counted(whole, "clause")}`)),
    h("svg", { viewBox: `0 0 ${at || 1} 12`, preserveAspectRatio: "none", "aria-hidden": "true" }, parts),
    h(
      "ul",
      { class: "legend" },
      told.map((outcome) =>
        h(
          "li",
          {},
          h("a", { href: `#/clauses?level=${name}&outcome=${encodeURIComponent(outcome)}` },
            sign(outcome), h("b", {}, counts[outcome]), ` ${outcome}`),
        ),
      ),
    ),
  );
}

