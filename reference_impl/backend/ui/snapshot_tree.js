// A volume's snapshots as a graph: who follows whom, and in which row and lane each is drawn. No DOM.

export const HEAD = "volume-head";

/** From either of the API's two forms of a snapshot to one. */
function node(raw) {
  const alone = "markRemoved" in raw;
  return {
    name: raw.name,
    parent: raw.parent ?? "",
    removed: Boolean(alone ? raw.markRemoved : raw.removed),
    userCreated: Boolean(alone ? raw.userCreated : raw.usercreated),
    created: (alone ? raw.creationTime : raw.created) ?? "",
    size: Number(raw.size),
    restoreSize: Number(raw.restoreSize ?? 0),
    labels: raw.labels ?? {},
    ready: alone ? raw.readyToUse : true,
    error: raw.error ?? "",
    heads: HEAD in (raw.children ?? {}),
  };
}

/** All nodes with `volume-head`, which the form that stands alone does not list. */
export function nodes(listed) {
  const found = listed.map(node);
  if (!found.some((each) => each.name === HEAD)) {
    const parent = found.find((each) => each.heads)?.name ?? "";
    found.push({ ...node({ name: HEAD, parent }), size: NaN });
  }
  return found;
}

/** Without those that `hidden(node)` hides: who followed one follows its nearest visible ancestor. */
export function without(all, hidden) {
  const byName = new Map(all.map((each) => [each.name, each]));
  const visible = (name) => {
    let at = byName.get(name);
    while (at && hidden(at)) at = byName.get(at.parent);
    return at?.name ?? "";
  };
  return all.filter((each) => !hidden(each)).map((each) => ({ ...each, parent: visible(each.parent) }));
}

/**
 * Rows from the newest to the start. The line from the head to the start is in lane 0; branches are to its right.
 *
 * A row has its node (null for the start), lane, and what to draw in it: `up` and `down` in its own lane, `joins` are
 * lanes that end in it, `passes` are lanes that run through.
 */
export function layout(all) {
  const children = new Map([["", []]]);
  for (const each of all) children.set(each.name, []);
  for (const each of all) children.get(children.has(each.parent) ? each.parent : "").push(each);
  const main = ancestors(all);
  const first = (a, b) => main.has(b.name) - main.has(a.name) || a.created.localeCompare(b.created);
  const rows = [];
  const visit = (at, name, lane) => {
    const ends = children.get(name).sort(first).map((child, index) => {
      visit(child, child.name, lane + index);
      return { row: rows.length - 1, lane: lane + index };
    });
    const row = { node: at, lane, up: false, down: at !== null, joins: [], passes: [] };
    for (const end of ends) {
      for (const between of rows.slice(end.row + 1)) between.passes.push(end.lane);
      if (end.lane === lane) row.up = true;
      else row.joins.push(end.lane);
    }
    rows.push(row);
  };
  visit(null, "", 0);
  return rows;
}

function ancestors(all) {
  const byName = new Map(all.map((each) => [each.name, each]));
  const found = new Set();
  for (let at = byName.get(HEAD); at && !found.has(at.name); at = byName.get(at.parent)) found.add(at.name);
  return found;
}

/** What a node is, for its colour, the first that is true: error, removed, system, backed, user; or head. */
export function kindOf(each, backups) {
  if (each.name === HEAD) return "head";
  if (each.error || backups.some((backup) => backup.state === "Error")) return "error";
  if (each.removed) return "removed";
  if (!each.userCreated) return "system";
  return backups.length ? "backed" : "user";
}
