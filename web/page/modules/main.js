// The wizard: one session, shown page by page.

import { at, call, findingList, follow, make, problemBox, say } from "./api.js";
import { forgetTouched, renderField, touchAll } from "./fields.js";
import { inWords, stepTable } from "./progress.js";

const main = document.getElementById("page");
const WAYS = { create: "Create", import: "Import", reuse: "Browse (an app that the site knows)", adopt: "Adopt an app that is registered" };
let service, session, shown, source, inputs = [], queue = Promise.resolve(), last = "";

start();
addEventListener("hashchange", start);

async function start() {
  source?.close();
  try {
    service = await call("GET", "api/service");
    document.getElementById("service").textContent = service.against === "emulator" ? "Emulated tenant and site: nothing real is touched." : "";
    const id = location.hash.slice(1);
    if (id === "") return await choose();
    session = await call("GET", at(id));
  } catch (refusal) {
    return main.replaceChildren(problemBox(refusal.problem), make("p", {}, make("a", { href: "index.html" }, "All sessions")));
  }
  forgetTouched();
  shown = session.page;
  source = follow(session.id, session.lastSequence, () => refresh(), (entry) => {
    const steps = session.pages[4].steps;
    const words = inWords(entry.event, steps);
    if (words) say(words);
    if (session.phase === "running") refresh();
  });
  render(true);
}

async function choose() {
  const { sessions } = await call("GET", "api/sessions");
  document.getElementById("steps").replaceChildren();
  main.replaceChildren(make("h1", {}, "Connections"), ...service.notices.map((notice) => make("p", { class: "box bad" }, notice)),
    make("ul", {}, sessions.map((one) => make("li", {}, make("a", { href: `#${one.id}` }, `${one.name || "(no name yet)"}: ${one.phase}`)))),
    button("New connection", async () => { location.hash = (await call("POST", "api/sessions", {})).id; }, true));
}

// One read at a time: what comes meanwhile is read once more.
let reading = false, again = false;
async function refresh() {
  if (reading) { again = true; return; }
  reading = true;
  try {
    const before = session;
    session = await call("GET", at(session.id));
    const moved = before.phase !== session.phase || before.job?.kind !== session.job?.kind;
    if (moved && session.page !== shown && ["running", "done", "failed", "cancelled", "planned"].includes(session.phase)) shown = session.page;
    if (moved || !["azureServices", "app", "discovery"].includes(shown)) render(moved);
    else inputs.forEach((input) => input.update(fieldAt(input.path) ?? { violations: [], findings: [] }));
  } catch (refusal) {
    say(refusal.message);
  } finally {
    reading = false;
    if (again) { again = false; refresh(); }
  }
}

const pageOf = (name) => session.pages.find((page) => page.page === name);
const fieldAt = (path) => session.pages.flatMap((page) => page.fields ?? []).find((field) => field.path === path);
const may = (what) => session.may.includes(what);

// Edits follow one another: each needs the revision that the one before has made.
function keep(path, value) {
  queue = queue.then(() => edit({ [path]: value }));
  return queue;
}

async function edit(fields) {
  try {
    session = await call("PATCH", at(session.id, "draft"), { revision: session.draftRevision, fields });
    inputs.forEach((input) => input.update(fieldAt(input.path) ?? { violations: [], findings: [] }));
    steps();
    if (Object.keys(fields).some((path) => path === "discovery.users" || path === "discovery.groups")) render(false);
  } catch (refusal) {
    await refused(refusal);
  }
}

async function refused(refusal) {
  if (!refusal.problem) throw refusal;
  say(refusal.message);
  try { session = await call("GET", at(session.id)); } catch { /* what is shown stays, with the refusal above it */ }
  render(false);
  main.prepend(problemBox(refusal.problem));
}

async function act(path, body = {}) {
  await queue;
  try {
    session = await call("POST", at(session.id, path), body);
    if (session.page && session.phase === "running") shown = "progress";
    render(true);
  } catch (refusal) {
    await refused(refusal);
  }
}

function button(title, onclick, isMain = false, disabled = false) {
  return make("button", { type: "button", class: isMain ? "main" : undefined, disabled, onclick }, title);
}

function go(name) {
  shown = name;
  render(true);
}

function steps() {
  document.getElementById("steps").replaceChildren(...session.pages.map((page) =>
    make("li", { "aria-current": page.page === shown ? "step" : undefined },
      make("button", { type: "button", disabled: !page.isOpen, onclick: () => go(page.page) }, page.title, page.isComplete ? " ✓" : ""))));
}

function render(focus) {
  const page = pageOf(shown);
  const focused = document.activeElement?.id;
  document.title = `${page.title} - Azure Services Wizard`;
  inputs = [];
  steps();
  const content = { azureServices: draftPage, app: appPage, discovery: draftPage, summary, progress, completion }[shown](page);
  main.replaceChildren(...[make("h1", {}, page.title), session.notice && make("p", { class: "box bad", id: "notice" }, session.notice),
    ["summary", "progress"].includes(shown) && problemBox(session.problem), ...content].filter(Boolean));
  if (focus && shown !== last) main.focus();
  else if (focused) document.getElementById(focused)?.focus();
  last = shown;
}

const row = (...buttons) => make("div", { class: "buttons" }, buttons);

function fieldsOf(page, prefix = "") {
  return page.fields.filter((field) => field.path.startsWith(prefix)).map((field) => {
    const input = renderField(field, keep, session.job !== null);
    inputs.push(input);
    return input.element;
  });
}

function next(page, to) {
  return button("Next", async () => {
    await queue;
    touchAll(page);
    if (pageOf(page.page).isComplete) return go(to);
    render(false);
    main.querySelector("[aria-invalid=true], fieldset.bad input")?.focus();
    say("Something on this page is missing or wrong.");
  }, true);
}

const NEIGHBOURS = { azureServices: [null, "app"], app: ["azureServices", "discovery"], discovery: ["app", "summary"] };
const leave = (page) => row(NEIGHBOURS[page.page][0] && button("Back", () => go(NEIGHBOURS[page.page][0])), next(page, NEIGHBOURS[page.page][1]));

function draftPage(page) {
  const isOn = (field) => field.split(".").length < 3 || pageOf("discovery").fields.some((other) => other.path === field.split(".").slice(0, 2).join(".") && other.value);
  return [...fieldsOf({ ...page, fields: page.fields.filter((field) => page.page !== "discovery" || isOn(field.path)) }), leave(page)];
}

function appPage(page) {
  const choice = (app, title) => make("fieldset", {}, make("legend", {}, title),
    Object.entries(WAYS).map(([way, words]) => {
      const id = `${app}-${way}`;
      const input = make("input", { type: "radio", name: app, id, onchange: async () => { await keep(app, { [way]: {} }); render(false); } });
      input.checked = page[app].way === way;
      return make("label", { for: id, class: "flag" }, input, " " + words);
    }),
    ...fieldsOf(page, app + "."), page[app].way === "reuse" && button("Browse...", () => browse(app)));
  return [...fieldsOf(page, "environment"), choice("serverApp", "Web (server) app"), choice("clientApp", "Native (client) app"),
    signIn(), leave(page)];
}

async function browse(app) {
  try {
    const known = (await call("GET", at(session.id, "known-apps")))[app + "s"];
    const list = make("ul", { class: "box" }, known.length === 0 && make("li", {}, "The site knows no app of this kind."), known.map((one) =>
      make("li", {}, button(`${one.name} (${one.tenantName ?? "tenant unknown"}; ${(one.services ?? []).join(", ") || "services unknown"})`, async () => {
        await keep(`${app}.reuse.clientId`, one.clientId);
        render(false);
      }))));
    main.append(list);
    list.querySelector("button")?.focus();
  } catch (refusal) {
    await refused(refusal);
  }
}

function signIn() {
  const state = session.signIn;
  const TITLES = { provided: "Sign in", browser: "Sign in with a browser on this machine", deviceCode: "Sign in with a code", token: "Sign in with a token" };
  const token = make("input", { type: "password", id: "token", autocomplete: "off", "aria-label": "Token for Microsoft Graph" });
  return make("section", { class: "box", id: "sign-in" }, make("h2", {}, "Sign in to the tenant"),
    make("p", {}, { signedOut: "No account is signed in.", waiting: "Waiting for the sign-in.", signedIn: "An account is signed in.", failed: "The sign-in failed." }[state.state]),
    state.address && make("p", {}, make("a", { href: state.address, target: "_blank", rel: "noreferrer" }, "The sign-in page")),
    state.deviceCode && make("p", {}, state.deviceCode.message),
    state.claims && make("p", { class: "warning" }, "The directory asks for another sign-in, with these claims: ", make("code", {}, state.claims)),
    problemBox(state.problem),
    state.state === "waiting" ? button("Cancel", () => act("cancel")) : service.signInWays.map((way) =>
      make("p", {}, way === "token" && token, button(TITLES[way], () => act("sign-in", way === "token" ? { way, token: token.value } : { way })))),
    may("signOut") && button("Sign out", () => act("sign-out")));
}

function summary(page) {
  const plan = page.plan;
  const summaryOf = page.preflight?.signIn;
  return [
    session.needsSecret && make("p", { class: "box bad" }, "The secret of the app to import was not kept: type it in again on the page App."),
    page.violations.length > 0 && make("ul", { class: "wrong" }, page.violations.map((one) => make("li", {}, `${one.path}: ${one.message}`))),
    session.signIn.state !== "signedIn" && signIn(),
    summaryOf && make("p", {}, `${summaryOf.account ?? "An application"} is signed in to ${summaryOf.tenantDisplayName} (${summaryOf.tenantName}).`),
    findingList(page.findings),
    session.job && make("p", {}, "Tenant and site are being read."),
    plan && make("section", { id: "plan" }, make("h2", {}, plan.isEmpty ? "Everything is in place" : "What will be written"),
      plan.changes.map((change) => make("details", { "data-step": change.step, open: change.action !== "keep" },
        make("summary", {}, `${change.title}: ${change.action}${change.when === "always" ? "" : change.when === "ifNeeded" ? " (only if needed)" : " (only if refused)"}`),
        make("dl", {}, change.lines.flatMap((line) => [make("dt", {}, line.label), make("dd", {}, line.value)]))))),
    row(button("Back", () => go("discovery")),
      session.job && may("cancel") && button("Cancel", () => act("cancel")),
      may("plan") && button(plan ? "Plan again" : "Check and plan", () => act("plan", plan || session.problem ? session.settings : {}), !plan),
      may("approve") && button("Approve and carry out", approve, true),
      may("apply") && button("Carry out", () => act("apply", { planId: plan.id }), true)),
  ];
}

async function approve() {
  const planId = pageOf("summary").plan.id;
  await act("approve", { planId });
  if (session.phase === "approved") await act("apply", { planId });
}

function progress(page) {
  return [
    stepTable(page.steps),
    row(session.phase === "running" && button("Cancel", () => act("cancel")),
      session.phase !== "running" && session.phase !== "done" && button("Plan again and go on", async () => { shown = "summary"; await act("plan", session.settings); }, true),
      session.phase === "done" && button("Next", () => go("completion"), true)),
    secretBox(),
  ];
}

function secretBox() {
  const secret = session.secret;
  const place = make("p", { id: "secret" });
  if (secret.state === "none") return null;
  const words = {
    held: "The run has issued a secret that is shown once.",
    handedOver: "The secret was handed over.",
    lost: "The secret was not handed over before the service ended, and is lost.",
  };
  return make("section", { class: "box", "data-secret": secret.state }, make("h2", {}, "Secret of the server app"),
    make("p", {}, `${words[secret.state]} Secret ID ${secret.keyId}, expires ${secret.expiresOn}.`),
    may("takeSecret") && button("Show the secret once", async () => {
      try {
        const taken = await call("POST", at(session.id, "secret"), {});
        // Beside what is rendered anew when the session tells that it has changed.
        document.getElementById("live").replaceChildren(make("output", { id: "secret-value" }, taken.value));
      } catch (refusal) {
        await refused(refusal);
      }
    }),
    ["lost", "handedOver"].includes(secret.state) && may("plan") && button("Issue another one", async () => {
      shown = "summary";
      await act("plan", { ...session.settings, verb: "onboard", reissueSecret: true });
    }),
    place);
}

function doneWords(page) {
  if (!page.changed) return "Everything was in place already.";
  return session.settings.verb === "onboard" ? "The connection is in place." : "It is done.";
}

function completion(page) {
  return [
    make("p", { class: "done" }, doneWords(page)),
    findingList(page.findings),
    page.ccmsetupProperties && make("section", {}, make("h2", {}, "Values for clients"), make("pre", { id: "ccmsetup" }, page.ccmsetupProperties)),
    page.nextSteps.length > 0 && make("section", {}, make("h2", {}, "What to do next"),
      make("ol", {}, page.nextSteps.map((step) => make("li", { "data-code": step.code }, `${step.message}. ${step.how}`)))),
    secretBox(),
    row(make("a", { href: `status#${session.id}` }, "Status of this connection"), make("a", { href: "index.html" }, "All sessions")),
  ];
}
