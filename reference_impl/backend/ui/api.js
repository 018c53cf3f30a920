// The REST API: what may be done with a resource is in its links and actions.

/** A refusal. `message` is the backend's own. */
export class Refused extends Error {
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The place on this origin that a link of the backend names: a proxy may have hidden what the browser used. */
function local(link) {
  const url = new URL(link, location.href);
  return url.pathname + url.search;
}

async function ask(method, link, body) {
  const init = { method, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(local(link), init);
  } catch {
    throw new Refused("The backend does not answer.", 0, "Unavailable");
  }
  const text = await answer.text();
  const data = parsed(text);
  if (!answer.ok) throw new Refused(data?.message || `${answer.status} ${answer.statusText}`, answer.status, data?.code);
  return data;
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

export const get = (link) => ask("GET", link);
export const create = (collection, body) => ask("POST", collection, body);
export const put = (resource, body) => ask("PUT", resource.links.self, body);
export const remove = (resource) => ask("DELETE", resource.links.self);

/** Whether `resource` offers `action` now. */
export const offers = (resource, action) => Boolean(resource?.actions?.[action]);

/** Do `action` of `resource`. */
export const act = (resource, action, body = {}) => ask("POST", resource.actions[action], body);
