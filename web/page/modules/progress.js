// A run: its steps as they are, and what has happened, entry by entry.

import { make, sentence, table, withHelp } from "./api.js";

const STATES = { waiting: "Waits", running: "Under way", done: "Done", failed: "Failed", skipped: "Not needed" };
const ACTIONS = {
  created: "created",
  found: "found as it was made moments ago",
  updated: "changed",
  unconfirmed: "written, but the directory does not show it",
  unchanged: "was in place",
  differs: "differs, and cannot be changed from here",
  removed: "removed",
  restored: "restored",
  failed: "failed",
};

const REASONS = {
  throttled: "the service asked to slow down",
  serviceUnavailable: "the service is busy",
  connection: "the connection failed",
  concurrentChange: "another client was changing the object",
  tokenRefused: "the token was refused",
};

const times = (count, one, several) => `${count} ${count === 1 ? one : several}`;

// Steps that come only if they are needed are shown once they do.
const isShown = (step) => step.when === "always" || step.state !== "waiting";

export function stepTable(steps) {
  const rows = steps.filter(isShown).map((step) => {
    const notes = [];
    if (step.action) notes.push(ACTIONS[step.action] ?? step.action);
    if (step.retries > 0) notes.push(`sent again ${times(step.retries, "time", "times")}`);
    if (step.waits > 0) notes.push(`waited and tried again ${times(step.waits, "time", "times")}`);
    return make("tr", { "data-step": step.step, "data-state": step.state },
      make("th", { scope: "row" }, step.title),
      make("td", { class: `state ${step.state}` }, STATES[step.state] ?? step.state),
      make("td", {}, sentence(notes.join(", ")), step.error && make("p", { class: "wrong" }, withHelp(step.error, step.help))));
  });
  return table("Steps of this run", ["Step", "State", "What happened"], rows, { id: "steps-of-run" });
}

export function progressBar(steps) {
  const counted = steps.filter(isShown);
  const over = counted.filter((step) => step.state === "done" || step.state === "skipped").length;
  return make("p", { id: "bar-line" }, make("label", { for: "bar" }, `${over} of ${counted.length} steps are over`),
    make("progress", { id: "bar", value: over, max: Math.max(counted.length, 1) }));
}

// The entries of the last run. A page that reloads reads them again by their numbers, so that none is lost.
export class RunLog {
  #entries = new Map();
  #isInRun = false;

  session(entry) {
    const isRun = entry.job?.kind === "apply";
    if (isRun && !this.#isInRun) this.#entries.clear();
    this.#isInRun = isRun;
  }

  progress(entry) {
    if (this.#isInRun) this.#entries.set(entry.sequence, entry.event);
    return this.#isInRun;
  }

  reset() {
    this.#entries.clear();
  }

  // Adds to the list what it does not have yet.
  fill(list, steps) {
    const there = new Set([...list.children].map((item) => Number(item.dataset.sequence)));
    for (const item of [...list.children]) if (!this.#entries.has(Number(item.dataset.sequence))) item.remove();
    for (const [sequence, event] of this.#entries) {
      if (there.has(sequence)) continue;
      list.append(make("li", { "data-sequence": sequence, "data-event": event.event },
        make("time", { datetime: event.at }, clock(event.at)), " ", inWords(event, steps) ?? event.event));
    }
    list.scrollTop = list.scrollHeight;
  }
}

function clock(at) {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? "" : time.toLocaleTimeString("en-GB");
}

const seconds = (milliseconds) => (milliseconds >= 1000 ? `${(milliseconds / 1000).toFixed(1)} s` : `${milliseconds} ms`);

// One event in words; null if it is of no use to a reader.
export function inWords(event, steps) {
  const title = steps.find((step) => step.step === event.step)?.title ?? event.step ?? "";
  switch (event.event) {
    case "runStarted": return "The run begins.";
    case "planMade": return `Tenant and site were read: the plan has ${event.total} steps.`;
    case "secretTried": return event.accepted === true ? "The secret signs in." : event.accepted === false ? "The secret does not sign in yet." : "It is not known yet whether the secret signs in.";
    case "stepStarted": return `${title}: begins.`;
    case "stepDone": return `${title}: done.`;
    case "stepSkipped": return `${title}: not needed.`;
    case "stepFailed": return `${title}: failed. ${sentence(event.error)}`;
    case "retried": return `A request is sent again${event.delayMilliseconds === undefined ? "" : ` after ${seconds(event.delayMilliseconds)}`}${title ? ` (${title})` : ""}: ${REASONS[event.reason] ?? event.reason}.`;
    case "waitingForReplication": return `${title}: not yet (${event.code}); again in ${seconds(event.delayMilliseconds)}.`;
    case "runFailed": return `The run has failed. ${sentence(event.error)}`;
    case "runFinished": return "The run has come to its end.";
    case "runCancelled": return "The run was cancelled.";
    default: return null;
  }
}
