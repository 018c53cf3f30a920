// The one box that says what is under the pointer or has the focus.

const tip = document.getElementById("tip");

/** Say this next to an element, where there is room. */
export function showTip(element, text) {
  tip.textContent = text;
  tip.hidden = false;
  const at = element.getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  const wide = document.documentElement.clientWidth;
  const left = Math.min(Math.max(8, Math.max(at.left, 0) + Math.min(at.width, 40) / 2 - size.width / 2), wide - size.width - 8);
  const above = at.top - size.height - 8;
  tip.style.left = `${left}px`;
  tip.style.top = `${above > 56 ? above : at.bottom + 8}px`;
}

export function hideTip() {
  tip.hidden = true;
}
