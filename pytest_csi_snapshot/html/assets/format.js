// Values in words.

export function seconds(value) {
  const number = Number(value) || 0;
  if (number >= 120) return `${Math.floor(number / 60)} min ${Math.round(number % 60)} s`;
  if (number >= 10) return `${number.toFixed(1)} s`;
  return `${number.toFixed(number < 0.1 && number > 0 ? 3 : 2)} s`;
}

export function share(part, whole) {
  if (!whole) return "0 %";
  const percent = (100 * part) / whole;
  return `${percent > 0 && percent < 1 ? "< 1" : Math.round(percent)} %`;
}

/** `2026-01-01 10:00:12 UTC`, whatever the zone of the reader, so that two who talk about it read the same. */
export function moment(iso) {
  const at = new Date(iso);
  if (!iso || Number.isNaN(at.getTime())) return iso ?? "";
  return `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function counted(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** The function and the variant of a test's id. */
export function shortTest(id) {
  return id.slice(id.lastIndexOf("::") + 2);
}

/** A long name without its middle, which is what generated names differ in least where the reader looks. */
export function middle(text, longest) {
  if (text.length <= longest) return text;
  if (longest < 4) return "…";
  const head = Math.ceil((longest - 1) * 0.6);
  return `${text.slice(0, head)}…${text.slice(text.length - (longest - 1 - head))}`;
}

/** A long text without its end. */
export function beginning(text, longest) {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

/** The value below which that part of the sorted values lies, by nearest rank. */
export function quantile(sorted, part) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1))];
}

export function titled(text) {
  return text ? text[0].toUpperCase() + text.slice(1) : text;
}
