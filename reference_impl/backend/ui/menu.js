// The menu of one thing: opened by its button, used by mouse or arrow keys, closed by Escape and by anything else.

import { h } from "./dom.js";

const MARGIN = 8; // pixels to the edges of the window

let open = null;

/**
 * Open below `button`. `items` have label and run, may be marked danger, and cannot be used while they have a
 * reason, `whyNot`. `above` is shown on top of them.
 */
export function openMenu(button, items, above = []) {
  const again = open?.button === button;
  close();
  if (again) return;
  const entries = items.map(entry);
  const menu = h("div", { class: "menu" }, above, h("div", { role: "menu", "aria-label": "Actions" }, entries));
  menu.onkeydown = (event) => walk(event, entries);
  document.body.append(menu);
  place(menu, button);
  button.setAttribute("aria-expanded", "true");
  open = { button, menu };
  entries[0]?.focus();
}

function entry({ label, danger, whyNot, run }) {
  const choose = () => {
    if (whyNot) return;
    close();
    run();
  };
  const props = { type: "button", role: "menuitem", class: danger ? "danger" : "", "aria-disabled": whyNot ? "true" : null };
  return h("button", { ...props, onclick: choose }, label, whyNot && h("span", { class: "hint" }, whyNot));
}

/** Close whichever is open; the keyboard goes back to where it was opened. */
export function close() {
  if (!open) return;
  const { button, menu } = open;
  open = null;
  const inside = menu.contains(document.activeElement);
  menu.remove();
  button.setAttribute("aria-expanded", "false");
  if (inside) button.focus();
}

function place(menu, button) {
  const from = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.min(from.right - width, innerWidth - width - MARGIN);
  const below = from.bottom + height + MARGIN <= innerHeight;
  const top = below ? from.bottom + 4 : Math.max(MARGIN, from.top - height - 4);
  menu.style.left = `${Math.max(MARGIN, left) + scrollX}px`;
  menu.style.top = `${top + scrollY}px`;
}

function walk(event, entries) {
  const at = entries.indexOf(document.activeElement);
  const to = {
    ArrowDown: (at + 1) % entries.length,
    ArrowUp: (at - 1 + entries.length) % entries.length,
    Home: 0,
    End: entries.length - 1,
  }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    entries[to]?.focus();
  } else if (event.key === "Tab") close();
}

addEventListener("keydown", (event) => event.key === "Escape" && close());
addEventListener("pointerdown", (event) => {
  if (open && !open.menu.contains(event.target) && !open.button.contains(event.target)) close();
});
addEventListener("hashchange", close);
addEventListener("resize", close);
