// Elements from data. Text stays text: nothing here, or in any other file, parses markup.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "g", "path", "circle", "line", "rect", "text", "tspan"]);

/** What has no shape of its own, or turns the text around it: control characters, marks of direction, half pairs. */
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu;

/** A text in which all that is there can be seen. */
export function visible(text) {
  return String(text).replace(UNSEEN, (found) => `\\u${found.codePointAt(0).toString(16).padStart(4, "0")}`);
}

/** An element. `on…` are listeners, true and false set and omit an attribute; children may be nested lists. */
export function h(tag, props = {}, ...children) {
  const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, visible(value));
  }
  element.append(...textual(children));
  return element;
}

/** Put these children in the place of those that are there. */
export function fill(place, ...children) {
  place.replaceChildren(...textual(children));
  return place;
}

function textual(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : visible(child)));
}

/** A place that is drawn by `draw(width)` again whenever it has another width. */
export function responsive(props, draw) {
  const place = h("div", props);
  let drawn = 0;
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry.contentRect.width);
    if (width === drawn || width === 0) return;
    drawn = width;
    fill(place, draw(width));
  }).observe(place);
  return place;
}
