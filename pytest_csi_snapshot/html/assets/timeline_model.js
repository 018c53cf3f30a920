// What a timeline shows, in rows and points, from the evidence of a test. No DOM.
//
// A point is a thing that can be looked at: {row, at, kind, meaning, text, more}. Spans have `until` besides.

/** Rows from the top: steps, checks, calls, then objects, each below the one that it belongs to. */
export function modelOf(evidence, checks) {
  const lanes = evidence.lanes ?? [];
  const rows = [];
  const spans = [];
  const points = [];
  addSteps(evidence.steps ?? [], rows, spans);
  addCalls(evidence.calls ?? [], rows, spans);
  const loose = { waits: (evidence.waits ?? []).filter((wait) => !lanes[wait.lane]), events: loosely(evidence, lanes) };
  if (loose.waits.length) addWaits(loose.waits, addRow(rows, { title: "waits" }), spans);
  if (loose.events.length) addEvents(loose.events, addRow(rows, { title: "events" }), points);
  addChecks(checks ?? [], rows, points);
  for (const { number, depth } of family(lanes)) {
    const lane = lanes[number];
    const row = addRow(rows, { title: lane.kind, name: lane.name, namespace: lane.namespace, depth, lane });
    addMarks(lane, row, points);
    addEvents((evidence.events ?? []).filter((event) => event[1] === number), row, points);
    addWaits((evidence.waits ?? []).filter((wait) => wait.lane === number), row, spans);
  }
  const flags = (evidence.violations ?? []).map((each) => ({ ...each, row: rows.find((row) => row.lane && row.lane === lanes[each.lane]) }));
  return { rows, spans, points, flags, lasts: lastsUntil(evidence, spans, points) };
}

function addRow(rows, row) {
  const made = { depth: 0, stacks: 0, ends: [], ...row, number: rows.length };
  rows.push(made);
  return made;
}

/** Lanes in the order of their first version, and those that belong to one right below it. */
function family(lanes) {
  const children = new Map();
  const roots = [];
  lanes.forEach((lane, number) => {
    const parent = lane.parent ?? -1;
    if (parent >= 0 && parent !== number && lanes[parent]) children.set(parent, [...(children.get(parent) ?? []), number]);
    else roots.push(number);
  });
  const first = (number) => lanes[number].marks?.[0]?.[0] ?? 0;
  const order = [];
  const seen = new Set();
  const visit = (numbers, depth) => {
    for (const number of numbers.toSorted((a, b) => first(a) - first(b))) {
      if (seen.has(number)) continue;
      seen.add(number);
      order.push({ number, depth });
      visit(children.get(number) ?? [], Math.min(depth + 1, 4));
    }
  };
  visit(roots, 0);
  visit(lanes.keys().toArray(), 0); // two that name each other as parent have no root
  return order;
}

function loosely(evidence, lanes) {
  return (evidence.events ?? []).filter((event) => !lanes[event[1]]);
}

function addSteps(steps, rows, spans) {
  if (!steps.length) return;
  const row = addRow(rows, { title: "steps of the test" });
  for (const [at, until, depth, text] of steps) {
    spans.push({ row, at, until, stack: stackFor(row, at, until, depth), kind: "step", text, more: "" });
  }
}

function addCalls(calls, rows, spans) {
  if (!calls.length) return;
  const row = addRow(rows, { title: "calls of the driver" });
  for (const call of calls) {
    const at = call.at ?? 0;
    const until = at + (call.seconds ?? 0);
    const stack = stackFor(row, at, until, 0);
    const fine = call.code === "OK";
    spans.push({ row, at, until, stack, kind: fine ? "call" : "call refused", text: call.method, more: call.code });
  }
}

function addChecks(checks, rows, points) {
  if (!checks.length) return;
  const row = addRow(rows, { title: "checks" });
  for (const check of checks) {
    const words = check.holds ? `holds: ${check.expected}` : `expected ${check.expected}, observed ${check.observed}`;
    const meaning = check.holds ? "holds" : "broken";
    points.push({ row, at: check.at ?? 0, kind: "check", meaning, text: `${check.clause} ${words}`, more: check.about ?? "" });
  }
}

function addWaits(waits, row, spans) {
  for (const wait of waits) {
    const stack = stackFor(row, wait.began ?? 0, wait.ended ?? 0, 0);
    const kind = wait.came ? "wait" : "wait in-vain";
    const text = `${wait.awaited}${wait.came ? "" : ": did not come"}`;
    spans.push({ row, at: wait.began ?? 0, until: wait.ended ?? 0, stack, kind, text, more: wait.about ?? "" });
  }
}

function addEvents(events, row, points) {
  for (const [at, , type, reason, message, source, count] of events) {
    const times = count > 1 ? ` (${count} times)` : "";
    const meaning = type === "Warning" ? "warning" : "normal";
    points.push({ row, at, kind: "event", meaning, text: `event ${type} ${reason}: ${message}${times}`, more: source });
  }
}

function addMarks(lane, row, points) {
  let before = "";
  for (const [at, meaning, version, by, state] of lane.marks ?? []) {
    const text = state || (meaning === "gone" ? "gone" : `unchanged in what is told${before ? `: ${before}` : ""}`);
    const more = [by && `by ${by}`, version && `version ${version}`].filter(Boolean).join(", ");
    points.push({ row, at, kind: "mark", meaning: meaning || "same", text, more });
    before = state || before;
  }
}

/** The first free line for a span in its row, from a depth on. */
function stackFor(row, from, until, depth) {
  let stack = depth;
  while (row.ends[stack] !== undefined && row.ends[stack] > from) stack += 1;
  row.ends[stack] = Math.max(until, from + 1e-6);
  row.stacks = Math.max(row.stacks, stack + 1);
  return stack;
}

/** Seconds that the picture is wide. */
function lastsUntil(evidence, spans, points) {
  const all = [evidence.seconds ?? 0, ...spans.map((each) => each.until), ...points.map((each) => each.at)];
  return Math.max(0.001, all.reduce((longest, each) => Math.max(longest, each), 0));
}

/** How an object's state goes on between its versions: {from, until, meaning}. */
export function courseOf(lane, lasts) {
  const marks = lane.marks ?? [];
  const course = [];
  let meaning = "";
  marks.forEach(([at, told], number) => {
    if (told === "gone") return;
    meaning = told || meaning;
    const next = marks[number + 1];
    course.push({ from: at, until: next ? next[0] : lasts, meaning: meaning || "changed" });
  });
  return course;
}

/** About `wanted` round values between two seconds. */
export function ticks(from, until, wanted) {
  const rough = (until - from) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const found = [];
  for (let number = Math.ceil(from / step); number * step <= until + step / 1000; number += 1) found.push(number * step);
  return { step, values: found };
}
