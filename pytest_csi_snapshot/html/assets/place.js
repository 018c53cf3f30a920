// Where the reader is: the part of the address behind `#/`.

/** `clauses?area=clone` as a path and what is asked of it. */
export function placeNow() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const cut = path.indexOf("/");
  const kind = cut < 0 ? path : path.slice(0, cut);
  return { kind, name: cut < 0 ? "" : decoded(path.slice(cut + 1)), query: new URLSearchParams(query) };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // somebody has typed a lone percent sign
  }
}

/** Keep what the reader has chosen in the address, so that it can be sent to somebody. */
export function remember(kind, values) {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString();
  history.replaceState(null, "", `#/${kind}${query ? `?${query}` : ""}`);
}
