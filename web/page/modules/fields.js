// The inputs of a page. Each is checked while it is typed in, and kept when it is left.

import { call, make } from "./api.js";

const touched = new Set();
const idOf = (path) => "field-" + path.replaceAll(".", "-");

export function forgetTouched() {
  touched.clear();
}

// Marks everything on the page, as when it is about to be left.
export function touchAll(page) {
  for (const field of page.fields ?? []) touched.add(field.path);
}

export function renderField(field, keep, locked) {
  const id = idOf(field.path);
  const wrong = make("div", { id: `${id}-wrong`, class: "hint" });
  const common = { id, name: field.path, "aria-describedby": wrong.id, required: field.isRequired, disabled: locked };
  let input;
  if (field.kind === "flag") {
    input = make("input", { ...common, required: false, type: "checkbox" });
    input.checked = field.value !== undefined && field.value !== false && field.value !== "off";
  } else if (field.kind === "choice") {
    input = make("select", common, make("option", { value: "" }, "(default)"),
      field.choices.map((choice) => make("option", { value: choice.value }, choice.title)));
    input.value = field.value ?? "";
  } else if (field.kind === "list") {
    input = make("textarea", { ...common, rows: 3 });
    input.value = Array.isArray(field.value) ? field.value.join("\n") : field.value ?? "";
  } else {
    input = make("input", { ...common, type: field.kind === "secret" ? "password" : "text", autocomplete: "off" });
    input.value = field.value === undefined ? "" : String(field.value);
  }
  const value = () => {
    if (field.kind === "flag") return input.checked ? (field.path.startsWith("discovery.") ? {} : true) : null;
    if (field.kind === "list") {
      const lines = input.value.split("\n").map((line) => line.trim()).filter((line) => line !== "");
      return lines.length === 0 ? null : lines;
    }
    const text = input.value.trim();
    if (text === "" && !field.isRequired) return null;
    return field.path.endsWith("Minutes") && /^[0-9]+$/.test(text) ? Number(text) : text;
  };
  const show = (violations, findings) => {
    input.setAttribute("aria-invalid", String(violations.length + findings.some((one) => one.severity === "blocker") > 0));
    wrong.replaceChildren(
      ...violations.map((one) => make("p", { class: "wrong", "data-code": one.code }, `${one.message}. ${one.help ?? ""}`)),
      ...findings.map((one) => make("p", { class: one.severity, "data-code": one.code }, `${one.message}. ${one.remedy}`)));
  };
  let waiting;
  if (field.kind === "text" || field.kind === "schedule" || field.kind === "list") {
    input.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(async () => {
        touched.add(field.path);
        const checked = value();
        // A field that may be left out is right when it is empty.
        if (checked === null) return show([], []);
        try {
          show((await call("POST", "api/validate", { path: field.path, value: checked })).violations, []);
        } catch (refusal) {
          wrong.replaceChildren(make("p", { class: "wrong" }, refusal.message));
        }
      }, 250);
    });
  }
  input.addEventListener("change", () => {
    clearTimeout(waiting);
    touched.add(field.path);
    keep(field.path, value());
  });
  const update = (fresh) => show(touched.has(field.path) ? fresh.violations : [], fresh.findings);
  update(field);
  const label = make("label", { for: id, class: field.kind === "flag" ? "flag" : undefined });
  label.append(field.kind === "flag" ? " " + field.title : field.title + (field.isRequired ? " (required)" : ""));
  if (field.kind === "flag") label.prepend(input);
  const element = make("div", { class: "field" }, label, field.kind === "flag" ? null : input, wrong);
  return { element, update, path: field.path, input };
}
