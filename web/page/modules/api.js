// The interface of the service. Every refusal is thrown as a Refusal with the library's problem.

export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.message);
    this.status = status;
    this.problem = problem;
  }
}

export async function call(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Refusal(0, {
      code: "serviceGone",
      message: "The service does not answer.",
      help: "If it has ended, start it again and open the address that it prints. What was written is not lost.",
    });
  }
  const text = await answer.text();
  const json = text === "" ? null : JSON.parse(text);
  if (!answer.ok) throw new Refusal(answer.status, json);
  return json;
}

export const at = (id, rest = "") => `api/sessions/${id}${rest === "" ? "" : "/" + rest}`;

// Follows a session. The browser connects again by itself, and names the last event that it has seen.
export function follow(id, after, onChange, onProgress) {
  const source = new EventSource(`${at(id, "events")}?after=${after}`);
  source.addEventListener("session", (event) => onChange(JSON.parse(event.data)));
  source.addEventListener("reset", () => onChange(null));
  source.addEventListener("progress", (event) => onProgress(JSON.parse(event.data)));
  return source;
}

// An element with properties, attributes and children. Text is always text.
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function say(text) {
  document.getElementById("live").textContent = text;
}

export function problemBox(problem) {
  if (!problem) return null;
  const changes = (problem.differences ?? []).map((one) =>
    make("li", {}, `${one.path}: ${JSON.stringify(one.approved)} was approved, now it is ${JSON.stringify(one.now)}`));
  return make("section", { class: "box bad", role: "alert", id: "problem", "data-code": problem.code },
    make("h2", {}, "It did not go through"), make("p", {}, problem.message), make("p", {}, problem.help),
    changes.length > 0 && make("ul", {}, changes));
}

export function findingList(findings) {
  if (!findings || findings.length === 0) return null;
  return make("ul", { class: "findings" }, findings.map((finding) =>
    make("li", { class: finding.severity, "data-code": finding.code }, `${finding.severity}: ${finding.message}. ${finding.remedy}`)));
}
