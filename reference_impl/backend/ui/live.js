// Collections that stay true: each has a websocket that brings it whole, again and again.

import { Refused, get } from "./api.js";

const FIRST_WAIT = 500; // milliseconds; doubled after each failure
const LONGEST_WAIT = 20000;

/** One collection. `items` is null until it is known; `absent` if the backend has no such collection. */
export class Collection {
  items = null;
  absent = false;
  online = false;
  retryAt = 0;
  problem = "";
  #failures = 0;
  #timer = 0;
  #changed;

  constructor(plural, changed) {
    this.plural = plural;
    this.#changed = changed;
  }

  connect() {
    clearTimeout(this.#timer);
    const address = new URL(`v1/ws/1s/${this.plural}`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    socket.onmessage = (message) => {
      this.online = true;
      this.#failures = 0;
      this.retryAt = 0;
      this.#take(JSON.parse(message.data));
    };
    socket.onclose = () => this.#lost();
  }

  /** Now, instead of after the wait. */
  retry() {
    if (!this.online && !this.absent && this.retryAt) this.connect();
  }

  #take(collection) {
    this.items = collection.data;
    this.problem = "";
    this.#changed(this);
  }

  /** Reads it the plain way, which also tells whether there is such a collection, then waits. */
  async #lost() {
    this.online = false;
    this.#failures += 1;
    const wait = Math.min(FIRST_WAIT * 2 ** (this.#failures - 1), LONGEST_WAIT) * (0.75 + Math.random() / 2);
    this.retryAt = Date.now() + wait;
    this.#timer = setTimeout(() => this.connect(), wait);
    this.#changed(this);
    try {
      const collection = await get(`v1/${this.plural}`);
      if (!this.online) this.#take(collection); // else what the websocket has brought meanwhile is newer
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.absent = error.status === 404;
      this.problem = error.message;
      if (this.absent) clearTimeout(this.#timer);
      this.#changed(this);
    }
  }
}
