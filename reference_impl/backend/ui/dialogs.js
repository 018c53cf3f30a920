// Dialogs: a form that asks for what an action needs, or a question before something is destroyed.

import { h } from "./dom.js";

let numbers = 0;

/**
 * Ask, then do. The dialog stays open while `run(values)` works and when it is refused: then it shows why.
 *
 * `fields` have name, label, and as they need: value, type (text, number, select, checkbox), options, hint, required,
 * pattern, maxlength, min. `check(values)` answers what is wrong with them, or "".
 */
export function ask({ title, text = [], fields = [], submit, danger = false, check = () => "", run }) {
  const id = `dialog-${(numbers += 1)}`;
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const inputs = fields.map((field) => input(field, `${id}-${field.name}`));
  const button = h("button", { class: danger ? "danger" : "primary", type: "submit" }, submit);
  const cancel = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
  const form = h(
    "form",
    {},
    h("h2", { id }, title),
    [text].flat().map((line) => h("p", {}, line)),
    inputs.map(({ row }) => row),
    problem,
    h("div", { class: "buttons" }, cancel, button),
  );
  const dialog = h(
    "dialog",
    { "aria-labelledby": id, role: danger ? "alertdialog" : "dialog", class: danger ? "asks" : "" },
    form,
  );

  const say = (message) => {
    problem.textContent = message;
    problem.hidden = !message;
  };
  const setWorking = (working) => {
    dialog.classList.toggle("working", working);
    for (const control of form.elements) control.disabled = working;
    button.setAttribute("aria-busy", working);
  };
  form.onsubmit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(inputs.map(({ name, read }) => [name, read()]));
    const wrong = check(values);
    say(wrong);
    if (wrong) return;
    setWorking(true);
    try {
      await run(values);
      dialog.close();
    } catch (error) {
      setWorking(false);
      say(error.message);
      button.focus();
    }
  };
  dialog.oncancel = (event) => {
    if (dialog.classList.contains("working")) event.preventDefault();
  };
  dialog.onclose = () => dialog.remove();
  document.body.append(dialog);
  dialog.showModal();
  if (danger) cancel.focus(); // Enter must not destroy anything by itself
  else inputs[0]?.focus();
  return dialog;
}

function input(field, id) {
  const { control, read, wide } = kinds[field.type ?? "text"](field, id);
  const hint = field.hint && h("span", { class: "hint", id: `${id}-hint` }, field.hint);
  if (hint) control.setAttribute("aria-describedby", hint.id);
  const label = h("label", { for: id }, field.label);
  const row = wide
    ? h("div", { class: "field check" }, control, label, hint)
    : h("div", { class: "field" }, label, control, hint);
  return {
    row,
    name: field.name,
    read,
    focus: () => {
      control.focus();
      control.select?.();
    },
  };
}

const kinds = {
  text: ({ value = "", required, pattern, maxlength, hint }, id) => {
    const control = h("input", {
      id, type: "text", value, required, pattern, maxlength, title: hint, autocomplete: "off", spellcheck: "false",
    });
    return { control, read: () => control.value.trim() };
  },
  select: ({ value, options }, id) => {
    const control = h("select", { id }, options.map((each) => h("option", { selected: each === value }, each)));
    return { control, read: () => control.value };
  },
  checkbox: ({ value }, id) => {
    const control = h("input", { id, type: "checkbox", checked: value });
    return { control, wide: true, read: () => control.checked };
  },
  /** A number with a unit beside it; reads as a quantity, e.g. "2Gi". */
  size: ({ value, unit }, id) => {
    const number = h("input", { id, type: "number", value, min: 0, max: 65536, step: "any", required: true });
    const units = h(
      "select",
      { "aria-label": "Unit" },
      ["Mi", "Gi", "Ti"].map((each) => h("option", { selected: each === unit }, each)),
    );
    const control = h("span", { class: "size" }, number, units);
    control.focus = () => number.focus();
    control.select = () => number.select();
    return { control, read: () => `${number.value}${units.value}` };
  },
};
