// Elements from data. Text stays text: nothing here, or in any other file, parses markup.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path", "circle", "line"]);
const HANDLERS = Symbol("handlers");
const OWN = new Set(["aria-expanded"]); // told by what the element does, not by data

/** An element. `on…` are handlers, true and false set and omit an attribute; children may be nested lists. */
export function h(tag, props = {}, ...children) {
  const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  element[HANDLERS] = {};
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element[name] = element[HANDLERS][name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Make what is below `place` look like `children`, keeping elements, and so focus and scrolling, where it can. */
export function show(place, ...children) {
  const wanted = h(place.tagName.toLowerCase(), {}, ...children);
  patchChildren(place, wanted);
}

function patch(element, wanted) {
  for (const { name } of [...element.attributes]) {
    if (!wanted.hasAttribute(name)) element.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (!OWN.has(name) && element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
  for (const name of Object.keys(element[HANDLERS] ?? {})) element[name] = null;
  Object.assign(element, wanted[HANDLERS]);
  element[HANDLERS] = wanted[HANDLERS];
  patchChildren(element, wanted);
}

/** Children with a `data-key` are the same if the key is; others if they are of one kind and next in line. */
function patchChildren(parent, wanted) {
  const next = [...wanted.childNodes];
  const keys = new Set(next.map(keyOf).filter(Boolean));
  const known = new Map();
  for (const child of [...parent.childNodes]) {
    const key = keyOf(child);
    if (key && keys.has(key)) known.set(key, child);
    else if (key) child.remove(); // before the walk, so that those behind it need not move
  }
  let at = parent.firstChild;
  for (const child of next) {
    const key = keyOf(child);
    const old = key ? known.get(key) : at;
    if (old && keyOf(old) === key && old.nodeName === child.nodeName) {
      if (old === at) at = at.nextSibling;
      else parent.insertBefore(old, at);
      if (old.nodeType === Node.ELEMENT_NODE) patch(old, child);
      else if (old.data !== child.data) old.data = child.data;
    } else {
      parent.insertBefore(child, at);
      known.get(key)?.remove();
    }
  }
  while (at) {
    const rest = at.nextSibling;
    at.remove();
    at = rest;
  }
}

function keyOf(node) {
  return node.dataset?.key;
}
