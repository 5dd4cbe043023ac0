// The plan, its run, and what came of it.

import { button, copyButton, findingList, make, row, sentence, shown } from "./api.js";
import { signInBox } from "./draft.js";
import { progressBar, stepTable } from "./progress.js";
import { secretBox } from "./secret.js";

const VERBS = {
  onboard: "Set the connection up",
  updateSettings: "Update the settings of the app registrations",
  renewSecret: "Renew the secret of the server app",
  removeOldSecrets: "Remove secrets that a renewal has replaced",
  remove: "Remove the connection",
};
const ACTIONS = {
  create: "is created",
  update: "is changed",
  remove: "is removed",
  confirm: "is confirmed",
  restore: "is restored",
  keep: "is in place",
  byHand: "is left to you",
};
const WHEN = { ifNeeded: "only if it is needed", ifRefused: "only if the tenant refuses it otherwise" };

export function summaryPage(wizard, page) {
  const { session } = wizard;
  const { plan } = page;
  const isSignedIn = session.signIn.state === "signedIn";
  const account = page.preflight?.signIn;
  const isReading = session.job !== null && session.job.kind !== "signIn";
  return shown([
    session.needsSecret && make("section", { class: "box bad" }, make("p", {}, "The secret of the app to import was not kept. "),
      row(button("type-secret", "Type it in again", () => wizard.go("app")))),
    page.violations.length > 0 && make("ul", { class: "wrong" }, page.violations.map((one) => make("li", {}, `${one.path}: ${sentence(one.message)}`))),
    (!isSignedIn || wizard.may("signOut")) && signInBox(wizard),
    account && make("p", { id: "account" }, `${account.account ?? "An application"} is signed in to ${account.tenantDisplayName ?? "a tenant"} (${account.tenantName ?? account.tenantId}).`),
    findingList(page.findings, wizard.toField),
    wizard.may("plan") && settings(wizard),
    isReading && make("p", { class: "busy", id: "reading" }, "Tenant and site are being read."),
    plan && planOf(session, plan),
    row(button("back", "Back", () => wizard.go("discovery")),
      session.job && wizard.may("cancel") && button("cancel", "Cancel", () => wizard.act("cancel")),
      wizard.may("plan") && button("plan", plan ? "Plan again" : "Check and plan", () => wizard.act("plan", wizard.wanted), { isMain: !plan }),
      wizard.may("approve") && button("approve", "Approve and carry out", () => approve(wizard, plan.id), { isMain: true }),
      wizard.may("apply") && button("apply", "Carry out", () => wizard.act("apply", { planId: plan.id }), { isMain: true })),
  ]);
}

async function approve(wizard, planId) {
  if (await wizard.act("approve", { planId })) await wizard.act("apply", { planId });
}

function planOf(session, plan) {
  const changes = plan.changes.map((change) => {
    const when = WHEN[change.when];
    const action = `${ACTIONS[change.action] ?? change.action}${when ? `, ${when}` : ""}`;
    const title = [make("span", {}, change.title), make("span", { class: `action ${change.action}` }, action)];
    const isWritten = !["keep", "byHand"].includes(change.action) && change.when === "always";
    if (change.lines.length === 0) return make("li", { "data-step": change.step, "data-action": change.action, class: "plain" }, title);
    return make("li", { "data-step": change.step, "data-action": change.action }, make("details", { open: isWritten && change.lines.length < 14 }, make("summary", {}, title),
      make("dl", {}, change.lines.flatMap((line) => [make("dt", {}, line.label), make("dd", {}, line.value)]))));
  });
  return make("section", { id: "plan-shown", "aria-labelledby": "plan-title", "data-plan": plan.id },
    make("h2", { id: "plan-title" }, plan.isEmpty ? "Everything is in place" : "What will be written"),
    make("p", {}, plan.isEmpty ? "Carrying the plan out writes nothing." : `${VERBS[session.settings.verb] ?? session.settings.verb}. Nothing is written before you approve it, and nothing but this.`),
    make("ol", { class: "changes" }, changes));
}

// What the next plan is for.
function settings(wizard) {
  const { wanted, session, service } = wizard;
  const verb = wanted.verb ?? "onboard";
  const flag = (name, words) => {
    const input = make("input", { type: "checkbox", id: `setting-${name}` });
    input.checked = wanted[name] === true;
    input.addEventListener("change", () => { wanted[name] = input.checked; });
    return make("label", { class: "flag", for: input.id }, input, ` ${words}`);
  };
  const choice = (name, title, choices) => make("fieldset", {}, make("legend", {}, title), choices.map(([value, words]) => {
    const input = make("input", { type: "radio", name, id: `setting-${name}-${value ?? "all"}` });
    input.checked = (wanted[name] ?? null) === value;
    input.addEventListener("change", () => { wanted[name] = value; });
    return make("label", { class: "flag", for: input.id }, input, ` ${words}`);
  }));
  const ofOnboarding = [
    choice("only", "Which apps", [[null, "Both, and the connection in the site"], ["server", "The server app alone: another administrator makes the rest"], ["client", "The client app alone: another administrator has made the server app"]]),
    flag("leaveConsents", "Leave the admin consents to another administrator"),
    service.site && flag("withoutSite", "Register the apps without importing them into the site"),
    flag("reissueSecret", "Issue a new secret although there is one"),
  ];
  const ofRemoval = [
    choice("removalScope", "What is removed", [["connection", "The connection in the site"], ["connectionAndApps", "The connection, and the apps that were made for it"]]),
    flag("stateNoGateway", "I state that no cloud management gateway uses the connection"),
    flag("stateAppsUnused", "I state that nothing else uses the apps"),
  ];
  const isPlain = verb === "onboard" && !["only", "leaveConsents", "withoutSite", "reissueSecret"].some((name) => wanted[name]);
  return make("details", { id: "settings", open: !isPlain }, make("summary", {}, `What the plan is for: ${VERBS[verb] ?? verb}`),
    verb === "onboard" && ofOnboarding, verb === "remove" && ofRemoval,
    verb !== "onboard" && row(button("onboard", "Plan to set the connection up instead", () => {
      wizard.wanted = {};
      wizard.render();
      document.getElementById("plan")?.focus();
    })), session.settings.verb !== verb && make("p", { class: "hint" }, "Plan again to see what will be written."));
}

export function progressPage(wizard, page) {
  const { session } = wizard;
  const isRunning = session.phase === "running";
  const bar = make("div", {}, progressBar(page.steps));
  const steps = make("div", {}, stepTable(page.steps));
  const list = make("ol", { id: "log", tabindex: "0", "aria-label": "What has happened" });
  const update = () => {
    const now = wizard.pageOf("progress").steps;
    bar.replaceChildren(progressBar(now));
    steps.replaceChildren(stepTable(now));
    wizard.log.fill(list, now);
  };
  wizard.log.fill(list, page.steps);
  wizard.updates.push(update);
  const goOn = async () => {
    wizard.wanted = { ...session.settings };
    if (await wizard.act("plan", wizard.wanted)) wizard.go("summary");
  };
  const canGoOn = !isRunning && session.phase !== "done";
  return shown([
    make("p", { id: "state", class: session.phase }, STATES[session.phase]),
    bar,
    row(isRunning && wizard.may("cancel") && button("cancel", "Cancel", () => wizard.act("cancel")),
      canGoOn && (wizard.may("plan") ? button("resume", "Plan again and go on", goOn, { isMain: true }) : button("to-summary", "To the summary", () => wizard.go("summary"))),
      session.phase === "done" && button("next", "Next", () => wizard.go("completion"), { isMain: true })),
    canGoOn && session.signIn.state !== "signedIn" && signInBox(wizard),
    steps,
    make("h2", {}, "What has happened"),
    list,
    !isRunning && secretBox(wizard),
  ]);
}

const STATES = {
  running: "The plan is being carried out. This page can be closed and opened again: the run goes on.",
  done: "The plan was carried out.",
  failed: "The run has stopped. What was done stays, and a new plan goes on from it.",
  cancelled: "The run was cancelled. What was done stays, and a new plan goes on from it.",
  interrupted: "The run was interrupted. What was done stays, and a new plan goes on from it.",
};

const DONE = {
  onboard: "The connection is in place.",
  updateSettings: "The app registrations have the settings.",
  renewSecret: "The secret is renewed.",
  removeOldSecrets: "The old secrets are removed.",
  remove: "The connection is removed.",
};

export function completionPage(wizard, page) {
  const { session } = wizard;
  const values = page.clientSettings;
  const lines = values && [["Tenant", values.tenantName], ["Tenant ID", values.tenantId], ["Client app ID", values.clientAppId], ["App ID URI", values.appIdUri]];
  const words = session.settings.only || session.settings.withoutSite ? "The app registrations are in place." : DONE[session.settings.verb];
  return shown([
    make("p", { id: "state", class: session.phase }, page.outcome ? `${words ?? "It is done."}${page.changed ? "" : " Everything was in place before: nothing was written."}` : STATES[session.phase]),
    secretBox(wizard),
    page.ccmsetupProperties && make("section", { id: "client-values" }, make("h2", {}, "Values for clients"),
      make("dl", {}, lines.filter(([, value]) => value).flatMap(([label, value]) => [make("dt", {}, label), make("dd", {}, value)])),
      make("p", {}, "Properties for ccmsetup:"), make("pre", { id: "ccmsetup", tabindex: "0" }, page.ccmsetupProperties),
      row(copyButton("copy-ccmsetup", page.ccmsetupProperties, "Properties for ccmsetup"))),
    page.nextSteps.length > 0 && make("section", { id: "next-steps" }, make("h2", {}, "What to do next"),
      make("ol", {}, page.nextSteps.map((step) => make("li", { "data-code": step.code }, make("strong", {}, sentence(step.message)), " ", sentence(step.how))))),
    page.findings.length > 0 && make("section", {}, make("h2", {}, "What the run has noted"), findingList(page.findings)),
    row(make("a", { href: `status#${session.id}` }, "Status of this connection"), make("a", { href: "index.html" }, "All sessions")),
  ]);
}
