// The wizard: one session of the service, shown page by page. What a page shows, and what may follow, comes from the service.

import { at, button, call, clean, follow, make, problemBox, row, say, sentence, shown, table } from "./api.js";
import { forgetTouched, idOf, touchAll } from "./fields.js";
import { appPage, fieldsPage } from "./draft.js";
import { RunLog } from "./progress.js";
import { completionPage, progressPage, summaryPage } from "./run.js";
import { forgetTaken, takenOf } from "./secret.js";

const PAGES = {
  azureServices: fieldsPage,
  app: appPage,
  discovery: fieldsPage,
  summary: summaryPage,
  progress: progressPage,
  completion: completionPage,
};
const PHASES = {
  draft: "Being filled in",
  planned: "The plan waits for its approval",
  approved: "The plan is approved",
  running: "Under way",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
  interrupted: "Interrupted",
};

// The least time between two reads while a run tells of itself, in milliseconds.
const READ_EVERY = 150;

const main = document.getElementById("page");
const nav = document.getElementById("steps");

// What the pages share. `wanted` are the settings of the next plan, `updates` what is to be done if the session has changed
// and the same page stays. `isAt` tells whether a session is still the one that is shown: an answer may come after another
// one was opened.
const wizard = {
  service: null,
  session: null,
  page: null,
  wanted: {},
  updates: [],
  remembered: {},
  log: new RunLog(),
  may: (what) => wizard.session.may.includes(what),
  isAt: (id) => wizard.session !== null && wizard.session.id === id,
  pageOf: (name) => wizard.session.pages.find((page) => page.page === name),
  keep, act, go, next, toField, refused, render,
};
let source = null, form = "", edits = Promise.resolve(), lastRead = 0, reading = null;

addEventListener("hashchange", open);
open();

// The address names the session and its page: #ID/PAGE.
async function open() {
  const [id, name] = location.hash.slice(1).split("/");
  if (wizard.session && wizard.session.id === id) {
    const wanted = wizard.pageOf(name);
    if (wanted?.isOpen && name !== wizard.page) turnTo(name);
    return;
  }
  // What was filled in for the session that is left is kept first.
  if (main.contains(document.activeElement)) document.activeElement.blur();
  await edits;
  if (!isWanted(id)) return;
  source?.close();
  main.replaceChildren();
  Object.assign(wizard, { session: null, page: null, wanted: {}, updates: [], remembered: {}, log: new RunLog() });
  forgetTouched();
  try {
    wizard.service = await call("GET", "api/service");
    document.getElementById("service").textContent =
      wizard.service.against === "emulator" ? "An emulated tenant and site: nothing real is touched." : "";
    if (!id) return await choose();
    const session = await call("GET", at(id));
    if (!isWanted(id) || wizard.session) return;
    wizard.session = session;
  } catch (refusal) {
    if (isWanted(id)) failedToOpen(refusal);
    return;
  }
  wizard.wanted = { ...wizard.session.settings };
  listen();
  turnTo(wizard.pageOf(name)?.isOpen ? name : wizard.session.page);
}

// Another address may have been opened while this one was read.
const isWanted = (id) => location.hash.slice(1).split("/")[0] === id;

function failedToOpen(refusal) {
  if (!refusal.problem) throw refusal;
  main.replaceChildren(make("h1", { tabindex: "-1" }, "The service refuses"), problemBox(refusal.problem),
    make("p", {}, make("a", { href: "index.html" }, "All sessions")));
}

// From the first entry on: the log of a run is whole after a reload, too.
function listen() {
  const id = wizard.session.id;
  const mine = (take) => (entry) => wizard.session?.id === id && take(entry);
  source = follow(id, 0, {
    onSession: mine((entry) => {
      wizard.log.session(entry);
      if (entry.revision > wizard.session.revision) refresh();
    }),
    onProgress: mine((entry) => {
      if (wizard.log.progress(entry) && entry.sequence > wizard.session.lastSequence) refresh(entry.event);
      else later();
    }),
    onReset: mine(() => {
      wizard.log.reset();
      refresh();
    }),
    onConnection: mine((state) => connection(state)),
  });
}

function connection(state) {
  const line = document.getElementById("connection");
  line.hidden = state === "open";
  line.textContent = state === "closed"
    ? "The service does not tell this page what happens: open the address that the program prints, or load this page again."
    : state === "lost" ? "The connection to the service is lost. The page connects again by itself; what runs goes on." : "";
}

// Entries that were caught up come by the hundred: they are shown at once.
let isDrawn = true;
function later() {
  if (!isDrawn) return;
  isDrawn = false;
  requestAnimationFrame(() => {
    isDrawn = true;
    wizard.updates.forEach((update) => update());
  });
}

// Reads the session, at most so often; what is told meanwhile is read once more.
let isAsked = false;
async function refresh(event) {
  if (event) tell(event);
  isAsked = true;
  reading ??= (async () => {
    while (isAsked) {
      const wait = lastRead + READ_EVERY - performance.now();
      if (wait > 0) await new Promise((done) => setTimeout(done, wait));
      isAsked = false;
      if (!wizard.session) return;
      lastRead = performance.now();
      try {
        take(await call("GET", at(wizard.session.id)));
      } catch (refusal) {
        if (!refusal.problem) throw refusal;
        say(sentence(refusal.message));
      }
    }
  })().finally(() => { reading = null; });
  return reading;
}

// Those who listen are told what matters: not each of two events of the same step.
function tell(event) {
  const { steps } = wizard.pageOf("progress");
  const title = steps.find((step) => step.step === event.step)?.title;
  if (event.event === "stepStarted") say(`${event.index} of ${event.total}: ${title ?? event.step}.`);
  if (event.event === "stepFailed") say(`Failed: ${title ?? event.step}. ${sentence(event.error)}`);
  if (event.event === "retried") say("A request is sent again.");
  if (event.event === "waitingForReplication") say(`Waits and tries again: ${title ?? event.step}.`);
}

const OVER = {
  planned: "The plan is made. It waits for your approval.",
  done: "The run has come to its end.",
  failed: "The run has failed.",
  cancelled: "The run was cancelled.",
};

// Another state of the session. Answers may come in another order than they were asked for.
function take(session) {
  const before = wizard.session;
  if (!before || session.id !== before.id || session.revision < before.revision) return;
  wizard.session = session;
  const isElsewhere = before.phase !== session.phase && wizard.page !== session.page && session.phase !== "draft";
  if (before.phase !== session.phase && OVER[session.phase]) say(OVER[session.phase]);
  if (!before.signIn.deviceCode && session.signIn.deviceCode) say("The sign-in waits for you.");
  if (isElsewhere) turnTo(session.page);
  else if (shape(session) !== form) render();
  else {
    steps();
    wizard.updates.forEach((update) => update());
  }
}

// What makes a page another one. Values of inputs and steps of a run are shown without building the page anew.
function shape(session) {
  const { phase, job, notice, signIn, secret, problem, may } = session;
  const onSummary = wizard.page === "summary" && [may, wizard.pageOf("summary").plan?.id, wizard.pageOf("summary").findings];
  const ways = wizard.page === "app" && [wizard.pageOf("app").serverApp.way, wizard.pageOf("app").clientApp.way];
  const parts = wizard.page === "discovery" && Object.keys(session.draft.discovery ?? {});
  return JSON.stringify([phase, job?.kind, notice, signIn, secret, problem, onSummary, ways, parts]);
}

function go(name) {
  const address = `#${wizard.session.id}/${name}`;
  if (location.hash === address) turnTo(name);
  else location.hash = address;
}

function turnTo(name) {
  const isOther = wizard.page !== name;
  wizard.page = name;
  history.replaceState(null, "", `#${wizard.session.id}/${name}`);
  render();
  if (!isOther) return;
  document.querySelector("h1")?.focus();
  scrollTo(0, 0);
}

function steps() {
  nav.replaceChildren(...wizard.session.pages.map((page) => {
    const isHere = page.page === wizard.page;
    // A run that has failed is over, and is not complete.
    const isComplete = page.isComplete && (page.page !== "progress" || wizard.session.phase === "done");
    return make("li", { class: shown([isHere && "here", isComplete && "complete"]).join(" ") },
      make("button", { type: "button", id: `step-${page.page}`, "aria-current": isHere && "step", disabled: !page.isOpen, onclick: () => go(page.page) },
        page.title, isComplete && make("span", { class: "unseen" }, " (complete)")));
  }));
}

function render() {
  const { session } = wizard;
  const page = wizard.pageOf(wizard.page);
  const focused = document.activeElement;
  // What is being typed is not lost.
  const typed = focused && focused.id && main.contains(focused) && ["text", "password", "textarea"].includes(focused.type)
    ? { value: focused.value, start: focused.selectionStart, end: focused.selectionEnd } : null;
  form = shape(session);
  wizard.updates = [];
  document.title = clean(`${page.title} - ${session.draft.name || "Azure Services"}`);
  document.getElementById("to-status").href = `status#${session.id}`;
  steps();
  const showsProblem = ["summary", "progress"].includes(wizard.page);
  main.replaceChildren(...shown([
    make("h1", { tabindex: "-1", id: "heading" }, page.title),
    session.notice && make("section", { class: "box bad", id: "notice" }, make("p", {}, session.notice)),
    showsProblem && problemBox(session.problem),
    PAGES[wizard.page](wizard, page),
  ]));
  const again = focused?.id && document.activeElement === document.body ? document.getElementById(focused.id) : null;
  again?.focus();
  if (again && typed && again.value !== typed.value) {
    again.value = typed.value;
    again.setSelectionRange(typed.start, typed.end);
  }
}

// Edits follow one another: each needs the revision that the one before has made.
function keep(path, value) {
  return keepAll({ [path]: value });
}

function keepAll(fields) {
  const id = wizard.session?.id;
  edits = edits.then(async () => {
    if (!wizard.isAt(id)) return;
    try {
      take(await call("PATCH", at(id, "draft"), { revision: wizard.session.draftRevision, fields }));
    } catch (refusal) {
      await refused(refusal, id);
    }
  }).catch((error) => {
    // A fault of the page itself: the edits after this one are kept all the same.
    reportError(error);
    if (wizard.isAt(id)) showRefusal(FAULT);
  });
  return edits;
}

const FAULT = {
  code: "pageFailed",
  message: "the page may not have kept what was filled in last",
  help: "Load the page again, and see whether it is there.",
};

// Asks the service to do something, and shows what the session has become. Gives whether it was begun.
async function act(path, body = {}) {
  const { id } = wizard.session;
  await edits;
  if (!wizard.isAt(id)) return false;
  try {
    take(await call("POST", at(id, path), body));
    return wizard.isAt(id);
  } catch (refusal) {
    await refused(refusal, id);
    return false;
  }
}

// Shows what the service refuses on the page of the session that it was asked for.
async function refused(refusal, id) {
  if (!refusal.problem) throw refusal;
  if (!wizard.isAt(id)) return;
  try {
    take(await call("GET", at(id)));
  } catch (second) {
    if (!second.problem) throw second;
  }
  if (!wizard.isAt(id)) return;
  render();
  showRefusal(refusal.problem);
}

function showRefusal(problem) {
  document.getElementById("refusal")?.remove();
  const box = problemBox(problem);
  box.id = "refusal";
  document.getElementById("heading").after(box);
}

// Goes on if the page is whole; if not, marks what is missing or wrong and goes there.
async function next(page, to) {
  // What is typed in an input that still has the focus is kept first.
  document.activeElement?.blur();
  const { id } = wizard.session;
  await edits;
  if (!wizard.isAt(id)) return;
  touchAll(wizard.pageOf(page.page));
  if (wizard.pageOf(page.page).isComplete) return go(to);
  wizard.isLeft = page.page;
  render();
  const wrong = main.querySelector("[aria-invalid=true], fieldset.bad input");
  wrong?.focus();
  say("Something on this page is missing or wrong. It is marked.");
}

// A way to the input that a finding names.
function toField(path) {
  const page = wizard.session.pages.find((one) => (one.fields ?? []).some((field) => path === field.path || path.startsWith(`${field.path}.`)));
  const field = page?.fields.find((one) => path === one.path || path.startsWith(`${one.path}.`));
  if (!page?.isOpen) return null;
  return button(`to-${idOf(path)}`, `Go to ${field.title}`, () => {
    turnTo(page.page);
    document.getElementById(idOf(field.path))?.focus();
  });
}

async function choose() {
  nav.replaceChildren();
  document.getElementById("to-status").href = "status";
  document.title = "Azure Services";
  const { sessions } = await call("GET", "api/sessions");
  if (!isWanted("")) return;
  const rows = sessions.map((one) => {
    const name = one.name || "(without a name yet)";
    return make("tr", {}, make("th", { scope: "row" }, make("a", { href: `#${one.id}` }, name)), make("td", {}, PHASES[one.phase] ?? one.phase),
      make("td", {}, new Date(one.changedAt).toLocaleString("en-GB")), make("td", {}, button(`delete-${one.id}`, "Forget", () => forget(one.id, name))));
  });
  main.replaceChildren(...shown([
    make("h1", { tabindex: "-1", id: "heading" }, "Azure Services"),
    make("p", {}, "Connects Configuration Manager with Microsoft Entra for a cloud management gateway: two app registrations, their consents, and the site's Azure service."),
    wizard.service.notices.map((notice) => make("section", { class: "box bad" }, make("p", {}, sentence(notice)))),
    !wizard.service.folder && make("p", { class: "hint" }, "Sessions are kept in memory: they end with the service. Start it with --folder to keep them."),
    takenOf().map((id) => make("p", { class: "hint" }, make("a", { href: `#${id}/completion` }, "A secret is shown and not put away yet"), ".")),
    row(button("new", "New connection", begin, { isMain: true })),
    sessions.length > 0 && table("Sessions", ["Name", "State", "Changed", ""], rows),
  ]));
  document.getElementById("heading").focus();
}

async function begin() {
  try {
    location.hash = (await call("POST", "api/sessions", {})).id;
  } catch (refusal) {
    failedToOpen(refusal);
  }
}

function forget(id, name) {
  const dialog = make("dialog", { "aria-labelledby": "forget-title" }, make("h2", { id: "forget-title" }, `Forget the session of ${name}?`),
    make("p", {}, "What the session has written stays in tenant and site. What was filled in here is gone, and so is a secret that was not taken or not put away."),
    row(button("forget", "Forget it", async () => {
      dialog.close();
      try {
        await call("DELETE", at(id));
        forgetTaken(id);
        await choose();
      } catch (refusal) {
        failedToOpen(refusal);
      }
    }, { isMain: true }), button("keep", "Keep it", () => dialog.close())));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
