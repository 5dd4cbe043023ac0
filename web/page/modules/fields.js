// The inputs of a page. Each is checked while it is typed in, and kept when it is left.

import { andMore, call, make, say, sentence, shown, withHelp } from "./api.js";

// Fields that were left at least once. What was never touched is not marked.
const touched = new Set();

export const idOf = (path) => "field-" + path.replaceAll(".", "-");

export const forgetTouched = () => touched.clear();

export const touchAll = (page) => (page.fields ?? []).forEach((field) => touched.add(field.path));

const HINTS = {
  schedule: "Such as \u201cevery 7 days from 02:30 UTC\u201d. Empty: as the product sets it.",
  list: "One a line.",
  secret: "It is sent to the service and never shown again.",
};

// The wait after the last key before a field is checked, in milliseconds.
const CHECKED_AFTER = 200;

// How many messages one input shows, as the service tells them.
const MOST = 20;

// `keep(path, value)` keeps a value; `value` is null if there is none.
export function renderField(field, keep, isLocked) {
  const id = idOf(field.path);
  const hint = field.kind in HINTS && make("p", { id: `${id}-hint`, class: "hint" }, HINTS[field.kind]);
  const wrong = make("div", { id: `${id}-wrong`, class: "marks" });
  const input = inputOf(field, {
    id,
    name: field.path,
    "aria-describedby": hint ? `${hint.id} ${wrong.id}` : wrong.id,
    "aria-required": field.isRequired ? "true" : undefined,
    disabled: isLocked,
  });
  let waiting, typed = 0, told = "";

  const show = (violations, findings, more = 0) => {
    const isWrong = violations.length > 0 || findings.some((finding) => finding.severity === "blocker");
    input.setAttribute("aria-invalid", String(isWrong));
    wrong.replaceChildren(
      ...violations.map((one) => make("p", { class: "wrong", "data-code": one.code }, withHelp(one.message, one.help))),
      ...findings.filter((one) => one.severity !== "note").map((one) =>
        make("p", { class: one.severity, "data-code": one.code }, withHelp(one.message, one.remedy))),
      ...shown([andMore(more)]));
    const first = violations[0] ? `${field.title}: ${sentence(violations[0].message)}` : "";
    if (first !== "" && first !== told && document.activeElement === input) say(first);
    told = first;
  };
  const check = async () => {
    const value = valueOf(field, input);
    if (value === null) return show([], []);
    const mine = ++typed;
    try {
      const { violations, total } = await call("POST", "api/validate", { path: field.path, value });
      // An answer about what was typed before is of no use.
      if (mine === typed) show(violations.slice(0, MOST), [], total - Math.min(total, MOST));
    } catch (refusal) {
      wrong.replaceChildren(make("p", { class: "wrong" }, sentence(refusal.message)));
    }
  };

  if (["text", "schedule", "list", "secret"].includes(field.kind)) {
    input.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(check, CHECKED_AFTER);
    });
  }
  input.addEventListener("change", () => {
    clearTimeout(waiting);
    typed += 1;
    touched.add(field.path);
    keep(field.path, valueOf(field, input));
  });
  // What was written into the input last: one that shows something else was changed here, and that is not kept yet.
  let written = state(input), latest = field;
  const isKept = () => JSON.stringify(valueOf(field, input)) === JSON.stringify(latest.value ?? null);
  // Another tab may have changed the field. What is being filled in here stays.
  const write = () => {
    if (field.kind === "secret" || document.activeElement === input) return;
    if (state(input) !== written && !isKept()) return;
    fill(latest, input);
    written = state(input);
  };
  input.addEventListener("blur", write);
  // What the service says of the field, unless something else is being typed right now.
  const update = (fresh) => {
    latest = fresh;
    write();
    if (document.activeElement === input && valueOf(field, input) !== null && fresh.value !== undefined
      && JSON.stringify(valueOf(field, input)) !== JSON.stringify(fresh.value)) return;
    const isTouched = touched.has(field.path);
    show(isTouched ? fresh.violations : [], fresh.findings, (isTouched ? fresh.moreViolations : 0) + fresh.moreFindings);
  };
  update(field);

  const label = make("label", { for: id, class: field.kind === "flag" && "flag" },
    field.kind === "flag" && input, field.kind === "flag" ? ` ${field.title}` : field.title,
    field.isRequired && make("span", { class: "required" }, " (required)"));
  const element = make("div", { class: "field" }, label, field.kind === "flag" ? null : input, hint, wrong);
  return { element, update, path: field.path, input };
}

function inputOf(field, attributes) {
  const input = elementOf(field, attributes);
  fill(field, input);
  return input;
}

function elementOf(field, attributes) {
  if (field.kind === "flag") return make("input", { ...attributes, type: "checkbox", "aria-required": undefined });
  if (field.kind === "choice") {
    return make("select", attributes, !field.isRequired && make("option", { value: "" }, "The default"),
      field.choices.map((choice) => make("option", { value: choice.value }, choice.title)));
  }
  if (field.kind === "list") return make("textarea", { ...attributes, rows: 3, spellcheck: "false" });
  const type = field.kind === "secret" ? "password" : "text";
  return make("input", { ...attributes, type, autocomplete: field.kind === "secret" ? "new-password" : "off", spellcheck: "false" });
}

// Writes the value that the service has into the input.
function fill(field, input) {
  const value = field.value ?? null;
  if (field.kind === "flag") {
    input.checked = value !== null && value !== false;
    return;
  }
  const text = Array.isArray(value) ? value.join("\n") : String(value ?? "");
  if (input.value !== text) input.value = text;
}

const state = (input) => (input.type === "checkbox" ? input.checked : input.value);

function valueOf(field, input) {
  // A discovery that is on is a part of the draft, with settings of its own; other flags are true.
  if (field.kind === "flag") return input.checked ? (field.path.startsWith("discovery.") ? {} : true) : null;
  if (field.kind === "list") {
    const lines = input.value.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    return lines.length === 0 ? null : lines;
  }
  const text = input.value.trim();
  if (text === "" && !field.isRequired) return null;
  return field.path.endsWith("Minutes") && /^[0-9]{1,9}$/.test(text) ? Number(text) : text;
}
