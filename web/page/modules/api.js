// The interface of the service, and what every module needs to show it.

// A refusal of the service, with the library's problem: code, message, help, violations, findings.
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.message);
    this.status = status;
    this.problem = problem;
  }
}

const GONE = {
  code: "serviceGone",
  message: "the service does not answer",
  help: "If it has ended, start it again and open the address that it prints. Nothing that was written is lost.",
};
const UNREADABLE = {
  code: "answerUnreadable",
  message: "the answer is not of this service",
  help: "See whether a proxy stands between this page and the service.",
};

export async function call(method, path, body) {
  const request = { method };
  if (body !== undefined) {
    request.headers = { "content-type": "application/json" };
    request.body = JSON.stringify(body);
  }
  let status, isRefused, text;
  try {
    const answer = await fetch(path, request);
    [status, isRefused, text] = [answer.status, !answer.ok, await answer.text()];
  } catch {
    throw new Refusal(0, GONE);
  }
  let json = null;
  try {
    if (text !== "") json = JSON.parse(text);
  } catch {
    throw new Refusal(status, UNREADABLE);
  }
  if (isRefused) throw new Refusal(status, json ?? UNREADABLE);
  return json;
}

// An address below that of a session.
export const at = (id, rest = "") => `api/sessions/${encodeURIComponent(id)}${rest === "" ? "" : "/" + rest}`;

// Follows a session from an entry on. The browser connects again by itself, and then names the last entry that it has seen.
export function follow(id, after, { onSession, onProgress, onReset, onConnection }) {
  const source = new EventSource(`${at(id, "events")}?after=${after}`);
  source.addEventListener("session", (event) => onSession(JSON.parse(event.data)));
  source.addEventListener("progress", (event) => onProgress(JSON.parse(event.data)));
  source.addEventListener("reset", (event) => onReset(JSON.parse(event.data)));
  source.addEventListener("open", () => onConnection("open"));
  source.addEventListener("error", () => onConnection(source.readyState === EventSource.CLOSED ? "closed" : "lost"));
  return source;
}

// What steers a screen or turns the direction of writing: a name that holds it could make an approved text read as another one.
// Lines and tabulators stay.
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

// A text as it may be shown: each such character becomes the replacement character.
export const clean = (text) => String(text).replace(STEERING, "\ufffd");

// An element with attributes, listeners and children. A text is a text and never markup: names come from tenants.
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...shown(children).map((child) => (child instanceof Node ? child : clean(child))));
  return element;
}

// Without what is left out by a condition.
export const shown = (children) => children.flat(9).filter((child) => child !== null && child !== undefined && child !== false && child !== "");

// Buttons have an id, so that the focus stays if the page is shown anew.
export function button(id, title, onclick, { isMain = false, disabled = false, describedBy } = {}) {
  return make("button", { type: "button", id, class: isMain && "main", disabled, "aria-describedby": describedBy, onclick }, title);
}

export const row = (...buttons) => make("div", { class: "buttons" }, buttons);

export function table(caption, titles, rows, attributes = {}) {
  return make("table", attributes, make("caption", {}, caption),
    make("thead", {}, make("tr", {}, titles.map((title) => make("th", { scope: "col" }, title)))), make("tbody", {}, rows));
}

// Told to those who listen. What is told twice is told again.
export function say(told) {
  const text = clean(told);
  const live = document.getElementById("live");
  live.textContent = live.textContent === text ? `${text}\u00a0` : text;
}

// A message of the library as a sentence of its own.
export function sentence(text) {
  const trimmed = String(text ?? "").trim();
  if (trimmed === "") return "";
  return trimmed[0].toUpperCase() + trimmed.slice(1) + (/[.!?:]$/.test(trimmed) ? "" : ".");
}

export const withHelp = (message, help) => shown([sentence(message), sentence(help)]).join(" ");

const EFFECTS = {
  nothing: "Nothing was written.",
  partial: "Some steps were done. They stay, and a new plan goes on from them.",
};

export function problemBox(problem) {
  if (!problem) return null;
  const value = (given) => (given === undefined || given === null ? "nothing" : typeof given === "string" ? given : JSON.stringify(given));
  const differences = (problem.differences ?? []).map((one) =>
    make("li", {}, `${one.path}: ${value(one.approved)} was approved, and now it is ${value(one.now)}.`));
  const violations = (problem.violations ?? []).map((one) => make("li", {}, `${one.path}: ${withHelp(one.message, one.help)}`));
  return make("section", { class: "box bad", role: "alert", id: "problem", "data-code": problem.code },
    make("h2", {}, problem.code === "cancelled" ? "It was cancelled" : "It did not go through"),
    make("p", {}, sentence(problem.message)), problem.help && make("p", {}, sentence(problem.help)),
    EFFECTS[problem.effect] && make("p", {}, EFFECTS[problem.effect]),
    violations.length > 0 && make("ul", {}, violations), differences.length > 0 && make("ul", {}, differences));
}

const SEVERITIES = { blocker: "Blocks", warning: "Warning", note: "Note" };

// `toField` opens the input that a finding names, if there is a way to it.
export function findingList(findings, toField, more = 0) {
  if (!findings || findings.length === 0) return null;
  return make("ul", { class: "findings" }, findings.map((finding) =>
    make("li", { class: finding.severity, "data-code": finding.code },
      make("strong", {}, SEVERITIES[finding.severity] ?? finding.severity), " ", withHelp(finding.message, finding.remedy), " ",
      finding.field && toField?.(finding.field))), more > 0 && make("li", {}, andMore(more)));
}

// Of thousands the first are told.
export const andMore = (more) => more > 0 && make("p", { class: "more" }, `And ${more} more.`);

// Copies a text, and tells whether it went.
export function copyButton(id, text, what) {
  return button(id, "Copy", async () => {
    try {
      await navigator.clipboard.writeText(text);
      say(`${what}: copied.`);
    } catch {
      say(`${what}: this browser does not let the page copy. Select the text and copy it.`);
    }
  });
}
