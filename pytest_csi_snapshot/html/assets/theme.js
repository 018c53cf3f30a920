// Light, dark, or as the system has it.

import { h } from "./dom.js";

const KEY = "csi-report-theme";
const NAMES = { "": "as the system", light: "light", dark: "dark" };
const SIGNS = { "": "◐", light: "☀", dark: "☾" };

let theme = kept();
const button = h("button", { type: "button", class: "button theme", onclick: turn });
apply();

export function themeButton() {
  return button;
}

function turn() {
  const names = Object.keys(NAMES);
  theme = names[(names.indexOf(theme) + 1) % names.length];
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // A page from a file may keep nothing in some browsers: the choice holds until it is closed.
  }
  apply();
}

function apply() {
  document.documentElement.dataset.theme = theme;
  button.textContent = SIGNS[theme];
  button.setAttribute("aria-label", `Colours: ${NAMES[theme]}`);
  button.title = `Colours: ${NAMES[theme]}`;
}

function kept() {
  try {
    const found = localStorage.getItem(KEY) ?? "";
    return found in NAMES ? found : "";
  } catch {
    return ""; // likewise
  }
}
