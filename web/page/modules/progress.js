// The steps of a run, as they are.

import { make } from "./api.js";

const WORDS = { waiting: "waits", running: "under way", done: "done", failed: "failed", skipped: "not needed" };

export function stepTable(steps) {
  const rows = steps.filter((step) => step.when === "always" || step.state !== "waiting").map((step) => {
    const notes = [];
    if (step.action) notes.push(step.action);
    if (step.retries > 0) notes.push(`repeated ${step.retries} times`);
    if (step.waits > 0) notes.push(`waited ${step.waits} times for replication`);
    return make("tr", { "data-step": step.step, "data-state": step.state },
      make("th", { scope: "row" }, step.title),
      make("td", { class: step.state }, WORDS[step.state] ?? step.state),
      make("td", {}, notes.join(", "), step.error && make("p", { class: "wrong" }, `${step.error}. ${step.help ?? ""}`)));
  });
  return make("table", {}, make("caption", { class: "skip" }, "Steps"),
    make("thead", {}, make("tr", {}, ["Step", "State", "Notes"].map((title) => make("th", { scope: "col" }, title)))),
    make("tbody", {}, rows));
}

// One event in words, for those who listen.
export function inWords(event, steps) {
  const title = steps.find((step) => step.step === event.step)?.title ?? event.step;
  switch (event.event) {
    case "stepStarted": return `${event.index} of ${event.total}: ${title}`;
    case "stepFailed": return `Failed: ${title}. ${event.error}`;
    case "retried": return `A request is repeated: ${event.reason}`;
    case "waitingForReplication": return `Waiting for replication: ${title}`;
    case "runFailed": return `The run has failed. ${event.error}`;
    case "runFinished": return "The run has come to its end.";
    case "runCancelled": return "The run was cancelled.";
    default: return null;
  }
}
