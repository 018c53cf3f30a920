// What is embedded in the page. Evidence is parsed when it is first looked at.

function embedded(id) {
  const block = document.getElementById(id);
  return block ? JSON.parse(block.textContent) : null;
}

const data = embedded("data");

export const report = data.report;
export const owners = data.owners;
export const latencies = data.latencies ?? {};
export const comparison = data.comparison;
export const clauses = report.clauses ?? [];
export const tests = report.tests ?? [];

export const OUTCOMES = ["failed", "errored", "unknown", "passed", "skipped", "not supported", "not run"];
export const LEVELS = ["MUST", "SHOULD", "MAY"];
export const PARTS = ["driver", "controller", "kubelet", "cluster", "harness"];

const byId = new Map(clauses.map((clause) => [clause.id, clause]));
const numbers = new Map(tests.map((test, number) => [test.id, number]));
const leftOut = new Set(data.left_out ?? []);
const read = new Map();

export function clauseOf(id) {
  return byId.get(id);
}

export function testOf(id) {
  return tests[numbers.get(id)];
}

/** Whether there is evidence of a test that did not fit into this file. */
export function isLeftOut(test) {
  return leftOut.has(numbers.get(test.id));
}

/** The evidence of a test, null where this file has none. */
export function evidenceOf(test) {
  const number = numbers.get(test.id);
  if (!read.has(number)) read.set(number, embedded(`evidence-${number}`));
  return read.get(number);
}

/** The components that a clause is about, in words. */
export function componentsOf(clause) {
  return (clause.owners ?? []).map((owner) => owners[owner] ?? owner);
}
