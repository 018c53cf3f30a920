// Puts the page together and follows the address.

import { chooseBy, clausesSection, focusSearch } from "./clauses.js";
import { compareSection } from "./compare.js";
import { clauseOf, clauses, comparison, report, testOf } from "./data.js";
import { fill, h } from "./dom.js";
import { failuresSection } from "./failures.js";
import { clausePage, nothingPage, testPage } from "./pages.js";
import { placeNow } from "./place.js";
import { runSection } from "./run_section.js";
import { stressSection, stressed } from "./stress.js";
import { themeButton } from "./theme.js";
import { timingSection } from "./timing.js";
import { hideTip } from "./tip.js";
import { verdictSection } from "./verdict.js";

const SECTIONS = [
  ["summary", "Summary"],
  ["failures", "Failures"],
  ["clauses", "Clauses"],
  ["timing", "Timing"],
  stressed.length > 0 && ["stress", "Stress"],
  comparison && ["compare", "Comparison"],
  ["run", "Run"],
].filter(Boolean);

const content = document.getElementById("content");
const overview = h("div", { class: "stack" });
const detail = h("div", { class: "stack", hidden: true });
const links = new Map(SECTIONS.map(([name, title]) => [name, h("a", { href: `#/${name === "summary" ? "" : name}` }, title)]));
let left = { hash: "", top: 0 }; // where in the overview the reader was when it was left
let now = location.hash;
let pressed = false; // a link; otherwise the reader goes back, and should find the overview as it was left

fill(
  document.getElementById("bar"),
  h("a", { class: "brand", href: "#/" }, "CSI snapshot ", h("span", {}, "conformance")),
  h("nav", { "aria-label": "Sections" }, [...links.values()]),
  themeButton(),
);
fill(overview, verdictSection(), failuresSection(), clausesSection(), timingSection(), stressSection(), compareSection(), runSection(), foot());
fill(content, overview, detail);

function foot() {
  return h("footer", {}, "Made from report.json", report.run?.tool && ` by ${report.run.tool.name} ${report.run.tool.version}`,
    ". Keys: / searches, arrows go through clauses and timelines.");
}

function follow(moved) {
  const { kind, name, query } = placeNow();
  hideTip();
  if (kind === "clause") show(clauseOf(name) ? clausePage(clauseOf(name)) : nothingPage(name));
  else if (kind === "test") show(testOf(name) ? testPage(testOf(name)) : nothingPage(name));
  else overviewAt(kind || "summary", query, moved);
}

function show(page) {
  if (detail.hidden) left = { hash: now, top: scrollY };
  fill(detail, page);
  overview.hidden = true;
  detail.hidden = false;
  mark("clauses");
  scrollTo(0, 0);
  detail.querySelector("h1").focus({ preventScroll: true });
}

function overviewAt(kind, query, moved) {
  const back = overview.hidden;
  overview.hidden = false;
  detail.hidden = true;
  fill(detail);
  const known = links.has(kind) ? kind : "summary";
  chooseBy(known === "clauses" ? query : new URLSearchParams());
  mark(known);
  if (back && moved && !pressed && location.hash === left.hash) scrollTo(0, left.top);
  else if (known === "summary") scrollTo(0, 0);
  else document.getElementById(known).scrollIntoView();
  if (moved) document.querySelector(`#${known} :is(h1, h2)`).focus({ preventScroll: true });
}

function mark(name) {
  for (const [each, link] of links) {
    if (each === name) {
      link.setAttribute("aria-current", "true");
      link.parentElement.scrollLeft = link.offsetLeft - link.parentElement.offsetLeft - 24; // narrow screens show a part
    } else link.removeAttribute("aria-current");
  }
}

addEventListener("click", (event) => (pressed = Boolean(event.target.closest?.("a"))), { capture: true });
addEventListener("hashchange", () => {
  follow(true);
  now = location.hash;
  pressed = false;
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  content.focus();
});
addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea");
  if (event.key === "Escape") hideTip();
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (overview.hidden) location.hash = "#/clauses";
  requestAnimationFrame(() => requestAnimationFrame(focusSearch));
});
addEventListener("scroll", hideTip, { passive: true });

follow(false);
document.documentElement.dataset.clauses = clauses.length; // all is there
