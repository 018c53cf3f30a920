// How numbers and times are written.

const UNITS = ["Bi", "Ki", "Mi", "Gi", "Ti", "Pi"];

/** Bytes, as "1 Gi", "186 Mi", "1.5 Gi": three figures at most. */
export function size(bytes) {
  let value = Number(bytes) || 0;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${Number(value.toFixed(digits))} ${UNITS[unit]}`;
}

/** Bytes as a whole number of the largest unit that divides them, e.g. {value: 2, unit: "Gi"}. */
export function whole(bytes) {
  for (const [unit, power] of [["Gi", 3], ["Mi", 2]]) {
    if (bytes % 1024 ** power === 0) return { value: bytes / 1024 ** power, unit };
  }
  return { value: Math.ceil(bytes / 1024 ** 2), unit: "Mi" };
}

/** Bytes of a quantity as the dialogs make them, e.g. "2Gi". */
export function bytes(quantity) {
  const found = /^(\d+(?:\.\d+)?)(Mi|Gi|Ti)$/.exec(quantity);
  return found ? Number(found[1]) * 1024 ** (UNITS.indexOf(found[2])) : NaN;
}

/** A moment from RFC 3339 or Go's way of writing one; null for "", for the zero time and for what is none. */
export function moment(text) {
  const plain = (text ?? "").replace(/^(\S+) (\S+) \+0000 UTC$/, "$1T$2Z");
  const found = new Date(plain);
  return Number.isNaN(found.getTime()) || found.getUTCFullYear() < 1970 ? null : found;
}

/** "a few seconds ago", "2 minutes ago", "in an hour". */
export function ago(then, now) {
  const seconds = Math.round(Math.abs(now - then) / 1000);
  const words = span(seconds);
  return then > now && seconds > 44 ? `in ${words}` : `${words} ago`; // clocks differ by a little
}

function span(seconds) {
  const days = seconds / 86400;
  const steps = [
    [seconds, 45, "a few seconds", ""],
    [seconds / 60, 45, "a minute", "minutes"],
    [seconds / 3600, 22, "an hour", "hours"],
    [days, 26, "a day", "days"],
    [days / 30.437, 11, "a month", "months"],
    [days / 365.25, Infinity, "a year", "years"],
  ];
  for (const [amount, limit, one, many] of steps) {
    const rounded = Math.round(amount);
    if (rounded < limit) return many && rounded > 1 ? `${rounded} ${many}` : one;
  }
  return "";
}

/** The first letter in upper case. */
export function capital(text) {
  return text ? text[0].toUpperCase() + text.slice(1) : "";
}

/** "1 snapshot", "2 snapshots". */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
