// Small pieces that several sections are made of.

import { PARTS } from "./data.js";
import { h } from "./dom.js";
import { seconds, share } from "./format.js";

/** Each outcome has a sign besides its colour. */
const SIGNS = {
  passed: "M3.5 8.5l3 3 6-7",
  failed: "M4 4l8 8M12 4l-8 8",
  errored: "M8 3v6M8 11.6v.8",
  unknown: "M5.6 6a2.4 2.4 0 1 1 3.4 2.2c-.7.3-1 .8-1 1.6M8 12.2v.4",
  skipped: "M4 4l4 4-4 4M9 4l4 4-4 4",
  "not supported": "M3.5 8h9",
  "not run": "M8 5.2a2.8 2.8 0 1 0 .01 0",
};

export function sign(outcome) {
  return h(
    "svg",
    { class: `sign o-${slug(outcome)}`, viewBox: "0 0 16 16", "aria-hidden": "true" },
    h("path", { d: SIGNS[outcome] ?? SIGNS.unknown }),
  );
}

export function slug(text) {
  return String(text).replaceAll(" ", "-");
}

export function outcome(value) {
  return h("span", { class: `outcome o-${slug(value)}` }, sign(value), value);
}

export function level(value) {
  return h("span", { class: `level l-${value.toLowerCase()}` }, value);
}

/** Rows of a name and a value; those whose value is empty are left out. */
export function facts(rows) {
  const full = rows.filter(([, value]) => value && value.length !== 0);
  if (!full.length) return null;
  return h("dl", { class: "facts" }, full.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

export function section(id, title, aside, ...children) {
  return h(
    "section",
    { id, class: "section", "aria-labelledby": `${id}-title` },
    h("header", {}, h("h2", { id: `${id}-title`, tabindex: -1 }, title), aside && h("p", { class: "aside" }, aside)),
    children,
  );
}

/** A command, and a button that takes it to the clipboard. */
export function command(text) {
  const code = h("code", { tabindex: 0 }, text);
  const label = h("span", {}, "Copy");
  const press = async () => {
    label.textContent = (await copied(text, code)) ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (label.textContent = "Copy"), 2000);
  };
  return h("div", { class: "command" }, code, h("button", { type: "button", class: "button", onclick: press }, label));
}

async function copied(text, code) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Refused, or there is none on this address: mark it, so that the reader's own keys take it.
    getSelection().selectAllChildren(code);
    return document.execCommand("copy");
  }
}

/** Where time goes, as one bar of parts; `split` is seconds by part. */
export function splitBar(split, { legend = true } = {}) {
  const whole = PARTS.reduce((sum, part) => sum + (split?.[part] ?? 0), 0);
  if (!whole) return legend ? h("p", { class: "muted" }, "Nothing tells where its time went.") : h("div", { class: "split" });
  const told = PARTS.filter((part) => split?.[part] > 0);
  const words = told.map((part) => `${part} ${seconds(split[part])}`).join(", ");
  let at = 0;
  const bars = told.map((part) => {
    const width = (1000 * split[part]) / whole;
    const bar = h("rect", { class: `p-${part}`, x: at.toFixed(2), y: 0, width: width.toFixed(2), height: 10 });
    at += width;
    return bar;
  });
  return h(
    "div",
    { class: "split" },
    h(
      "svg",
      { viewBox: "0 0 1000 10", preserveAspectRatio: "none", role: "img", "aria-label": words },
      bars,
    ),
    legend &&
      h(
        "ul",
        { class: "legend" },
        PARTS.map((part) =>
          h(
            "li",
            {},
            h("span", { class: `swatch p-${part}` }),
            `${part} `,
            h("b", {}, seconds(split?.[part] ?? 0)),
            h("span", { class: "muted" }, ` ${share(split?.[part] ?? 0, whole)}`),
          ),
        ),
      ),
  );
}

export function fold(title, ...children) {
  return h("details", { class: "fold" }, h("summary", {}, title), children);
}
