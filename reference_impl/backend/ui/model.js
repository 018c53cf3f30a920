// What is known of the backend, and who wants to hear when that changes.

import { act, get, offers } from "./api.js";
import { Collection } from "./live.js";

const PLURALS = ["volumes", "snapshotcrs", "backups", "backupvolumes", "backuptargets", "nodes", "settings", "events"];

const AGAIN = 2000; // milliseconds until a backend that does not answer is asked again

class Model extends EventTarget {
  schemas = {};
  /** Where the backend streams no backups: those that each backup volume lists, by its name. */
  #listed = new Map();

  constructor() {
    super();
    for (const plural of PLURALS) this[plural] = new Collection(plural, (changed) => this.#changed(changed));
  }

  /** The schemas tell which collections there are. */
  async start() {
    try {
      const { data } = await get("v1/schemas");
      this.schemas = Object.fromEntries(data.map((schema) => [schema.id, schema]));
    } catch (error) {
      this.volumes.problem = error.message;
      this.dispatchEvent(new Event("change"));
      setTimeout(() => this.start(), AGAIN);
      return;
    }
    const listed = Object.values(this.schemas).map((schema) => schema.links.collection?.split("/").pop());
    for (const plural of PLURALS) {
      // Backups are streamed where there are backup volumes, and have no address of their own.
      if (listed.includes(plural === "backups" ? "backupvolumes" : plural)) this[plural].connect();
      else this[plural].absent = true;
    }
    this.dispatchEvent(new Event("change"));
  }

  get collections() {
    return PLURALS.map((plural) => this[plural]).filter((collection) => !collection.absent);
  }

  volume(name) {
    return this.volumes.items?.find((volume) => volume.name === name);
  }

  /** All backups, or those of one source volume. */
  backupsOf(volume) {
    const all = this.backups.absent ? [...this.#listed.values()].flat() : (this.backups.items ?? []);
    return volume === undefined ? all : all.filter((backup) => backup.volumeName === volume);
  }

  get hasBackups() {
    return !this.backupvolumes.absent;
  }

  /** Whether volumes of this backend have `action` in any state. */
  knows(action) {
    return action in (this.schemas.volume?.resourceActions ?? {});
  }

  #changed(collection) {
    if (this.backups.absent && (collection === this.backupvolumes || collection === this.backups)) this.#listBackups();
    this.dispatchEvent(new CustomEvent("change", { detail: collection.plural }));
  }

  async #listBackups() {
    for (const each of this.backupvolumes.items ?? []) {
      if (!offers(each, "backupList")) continue;
      try {
        const answer = await act(each, "backupList");
        this.#listed.set(each.name, answer.data.map((backup) => ({ volumeName: each.name, ...backup })));
      } catch (error) {
        this.#listed.delete(each.name);
        this.backups.problem = error.message;
      }
    }
    const names = new Set((this.backupvolumes.items ?? []).map((each) => each.name));
    for (const name of this.#listed.keys()) if (!names.has(name)) this.#listed.delete(name);
    this.dispatchEvent(new Event("change"));
  }
}

export const model = new Model();
