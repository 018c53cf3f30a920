// The backend itself: its nodes, settings and latest events.

import { put } from "./api.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { size } from "./format.js";
import { model } from "./model.js";
import { card, none, state, table, tag } from "./parts.js";
import { eventList } from "./volume_view.js";
import { work } from "./work.js";

export function systemView(now) {
  return [
    h("div", { class: "top", "data-key": "top" }, h("h1", {}, "System")),
    h(
      "div",
      { class: "columns", "data-key": "columns" },
      h("div", { class: "stack" }, nodes(), settings()),
      h("div", { class: "stack side" }, card("Events", {}, eventList(model.events.items ?? [], now))),
    ),
  ];
}

function nodes() {
  const items = model.nodes.items ?? [];
  const ready = (node) => node.conditions?.Ready?.status === "True";
  const columns = [
    { label: "State", cell: (each) => state(ready(each) ? "Ready" : "Not ready", ready(each) ? "good" : "bad") },
    { label: "Name", class: "wide", cell: (each) => h("span", { class: "name" }, each.name) },
    { label: "Address", cell: (each) => each.address || none() },
    { label: "Disks", class: "wide", cell: (each) => Object.values(each.disks ?? {}).map(disk) },
  ];
  return card(
    "Nodes",
    {},
    items.length
      ? table({ caption: "Nodes", columns, items, key: (each) => each.name })
      : h("p", { class: "empty" }, "No node has been made known."),
  );
}

function disk(each) {
  const used = Number(each.storageMaximum) - Number(each.storageAvailable);
  const text = `${size(used)} of ${size(each.storageMaximum)} used, ${size(each.storageScheduled)} promised`;
  return h(
    "div",
    { class: "disk", title: each.path },
    h("meter", { min: 0, max: each.storageMaximum, value: used, "aria-label": `Space of ${each.path}` }),
    h("span", {}, text),
  );
}

function settings() {
  const items = model.settings.items ?? [];
  const columns = [
    { label: "Setting", class: "wide", cell: (each) => [each.definition.displayName, h("span", { class: "hint" }, each.definition.description)] },
    { label: "Value", class: "value", cell: (each) => [h("code", {}, each.value || "–"), each.value !== each.definition.default && tag("changed", "", `Default: ${each.definition.default}`)] },
    {
      label: "Actions",
      class: "acts",
      unseen: true,
      cell: (each) =>
        !each.definition.readOnly &&
        h("button", { type: "button", class: "quiet", "aria-label": `Change ${each.definition.displayName}`, onclick: () => change(each) }, "Change"),
    },
  ];
  return card("Settings", {}, table({ caption: "Settings", columns, items, key: (each) => each.name }));
}

function change(setting) {
  const { displayName, description, options, type } = setting.definition;
  const choices = type === "bool" ? ["true", "false"] : (options ?? []);
  ask({
    title: displayName,
    text: description,
    fields: [
      {
        name: "value",
        label: "Value",
        value: setting.value,
        type: choices.length ? "select" : "text",
        options: choices,
        hint: `Default: ${setting.definition.default || "none"}`,
      },
    ],
    submit: "Save",
    run: (values) => work(`setting ${setting.name}`, "Saving", () => put(setting, values)),
  });
}
