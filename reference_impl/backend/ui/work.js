// What was asked for and is not answered yet, and what came of it.

import { h } from "./dom.js";

const running = new Map();
const listeners = new Set();

/** What is being done to `key` right now, e.g. "Deleting"; "" if nothing. */
export const busy = (key) => running.get(key) ?? "";

export const onWork = (listener) => listeners.add(listener);

/** Do it, and let the page show `doing` meanwhile. */
export async function work(key, doing, job) {
  set(key, doing);
  try {
    return await job();
  } finally {
    set(key, "");
  }
}

function set(key, doing) {
  if (doing) running.set(key, doing);
  else running.delete(key);
  for (const listener of listeners) listener();
}

const SHOWN_FOR = 6000; // milliseconds; errors stay until they are closed

/** Say at the edge of the page what has happened. */
export function notice(text, kind = "done") {
  const place = document.getElementById("notices");
  const close = () => note.remove();
  const note = h(
    "div",
    { class: `notice ${kind}` },
    h("span", {}, text),
    h("button", { class: "quiet", type: "button", "aria-label": "Close this message", onclick: close }, "✕"),
  );
  place.append(note);
  if (kind === "done") setTimeout(close, SHOWN_FOR);
}
