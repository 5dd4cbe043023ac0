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
    page.violations.length > 0 && make("ul", { class: "wrong" }, page.violations.map((one) => make("li", {}, `${one.path}: ${sentence(one.message)}`)),
      page.moreViolations > 0 && make("li", {}, `And ${page.moreViolations} more.`)),
    (!isSignedIn || wizard.may("signOut")) && signInBox(wizard),
    account && make("p", { id: "account" }, `${account.account ?? "An application"} is signed in to ${account.tenantDisplayName ?? "a tenant"} (${account.tenantName ?? account.tenantId}).`),
    findingList(page.findings, wizard.toField, page.moreFindings),
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
  // What an empty plan means is the plan's own last line: a consent may be open, or a renewal may wait.
  const inWords = plan.isEmpty && plan.text.trimEnd().split("\n").pop();
  return make("section", { id: "plan-shown", "aria-labelledby": "plan-title", "data-plan": plan.id },
    make("h2", { id: "plan-title" }, plan.isEmpty ? "Nothing will be written" : "What will be written"),
    make("p", {}, plan.isEmpty ? `${sentence(inWords)} Carrying the plan out writes nothing.` : `${VERBS[session.settings.verb] ?? session.settings.verb}. Nothing is written before you approve it, and nothing but this.`),
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
  const reissue = flag("reissueSecret", "Issue a new secret although there is one");
  const exempt = flag("policyExempt", "I state that no policy of the tenant on secrets applies to this account");
  const ofOnboarding = [
    choice("only", "Which apps", [[null, "Both, and the connection in the site"], ["server", "The server app alone: another administrator makes the rest"], ["client", "The client app alone: another administrator has made the server app"]]),
    flag("leaveConsents", "Leave the admin consents to another administrator"),
    service.site && flag("withoutSite", "Register the apps without importing them into the site"),
    reissue, exempt,
    flag("removeSupersededSecrets", "Remove secrets that a newer one has replaced; of use without a site, once the newest one has reached it"),
  ];
  const ofRenewal = [
    choice("stateCreatedByConsole", "How the server app was made", [[null, "Nothing is stated"], [true, "The console has created it"], [false, "A person has registered it"]]),
    reissue, exempt,
  ];
  const ofRemoval = [
    choice("removalScope", "What is removed", [["connection", "The connection in the site"], ["connectionAndApps", "The connection, and the apps that were made for it"]]),
    flag("stateNoGateway", "I state that no cloud management gateway uses the connection"),
    flag("stateAppsUnused", "I state that nothing else uses the apps"),
  ];
  // A day, as the site shows it.
  const since = () => {
    const input = make("input", { type: "date", id: "setting-stateShownSince", value: wanted.stateShownSince?.slice(0, 10) });
    input.addEventListener("change", () => { wanted.stateShownSince = input.value === "" ? null : `${input.value}T00:00:00Z`; });
    return make("label", { for: input.id }, "The site has shown it since ", input);
  };
  const isPlain = verb === "onboard" && !["only", "leaveConsents", "withoutSite", "reissueSecret", "policyExempt", "removeSupersededSecrets"].some((name) => wanted[name]);
  return make("details", { id: "settings", open: !isPlain }, make("summary", {}, `What the plan is for: ${VERBS[verb] ?? verb}`),
    verb === "onboard" && ofOnboarding, verb === "renewSecret" && ofRenewal, verb === "removeOldSecrets" && since(), verb === "remove" && ofRemoval,
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
    // A run may have to wait until its account signs in again, with a code.
    (session.signIn.state === "waiting" || (canGoOn && session.signIn.state !== "signedIn")) && signInBox(wizard),
    bar,
    row(isRunning && wizard.may("cancel") && button("cancel", "Cancel", () => wizard.act("cancel")),
      canGoOn && (wizard.may("plan") ? button("resume", "Plan again and go on", goOn, { isMain: true }) : button("to-summary", "To the summary", () => wizard.go("summary"))),
      session.phase === "done" && button("next", "Next", () => wizard.go("completion"), { isMain: true })),
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

const LEFT = {
  grantAdminConsent: "a consent is still open: an administrator has to give it before clients can use the connection.",
  renewSecretInSite: "the site has another secret; a person types the new one into the console.",
  renewSecretByConsole: "the console has to renew the secret.",
  chooseDiscoveryGroups: "group discovery does not have all groups yet.",
  updateSettingsInConsole: "the site's own record of the server app is updated in the console.",
};
const NOT_SURE = ["differs", "unconfirmed", "failed"];

// What a run has come to, and what is left: no more than its outcome tells.
function outcomeInWords(wizard, { outcome, changed, nextSteps }) {
  const { settings } = wizard.session;
  const left = [...new Set(nextSteps.map((step) => step.code))].filter((code) => LEFT[code]);
  const lines = left.map((code) => `Left: ${LEFT[code]}`);
  const { steps } = outcome.report;
  if (steps.some((step) => NOT_SURE.includes(step.action))) lines.push("Left: a step differs or was not confirmed; the page Progress says which.");
  const isWhole = lines.length === 0;
  const site = wizard.service.site && !settings.withoutSite;
  switch (settings.verb) {
    case "remove":
      if (!site) lines.push("No site was asked: a connection in a site is not removed.");
      return [changed ? removed(steps) : "There was nothing to remove.", ...lines];
    case "removeOldSecrets":
      return [changed ? "Old secrets are removed." : "There was no old secret to remove.", ...lines];
    case "renewSecret": {
      const isInUse = isWhole && !nextSteps.some((step) => step.code === "handOverSecret");
      if (!changed) return [isWhole ? "Nothing was changed; what the renewal waits for is said below." : "Nothing was changed.", ...lines];
      return [isInUse ? "The secret is renewed." : "A new secret is registered.", ...lines];
    }
    case "updateSettings":
      if (!changed) return [isWhole ? "Everything was as wanted; nothing was changed." : "Nothing was changed.", ...lines];
      return [isWhole ? `${APPS[settings.only]?.[0] ?? "The app registrations have"} the settings.` : "Settings were updated.", ...lines];
    default:
      return [onboarded(settings, outcome, changed, isWhole, left), ...lines, ...withoutConnection(settings, outcome)];
  }
}

const APPS = {
  server: ["The server app has", "The server app is registered", "The client app"],
  client: ["The client app has", "The client app is registered", "The server app"],
};

function onboarded(settings, outcome, changed, isWhole, left) {
  const registered = APPS[settings.only]?.[1] ?? "The apps are registered";
  if (!changed && !isWhole) return "Nothing was changed.";
  if (!changed) return outcome.connection ? "Everything was in place; nothing was changed." : `${registered}; nothing was changed.`;
  if (!outcome.connection) return `${registered}.`;
  if (isWhole) return "The connection is in place.";
  return left.includes("grantAdminConsent") ? "The connection is in the site, and a consent is left open." : "The connection is in the site.";
}

// What a run without a site cannot tell.
function withoutConnection(settings, outcome) {
  if (outcome.connection) return [];
  const other = APPS[settings.only]?.[2];
  return [other ? `Left: ${other.toLowerCase()} and the connection in the site were no part of this run.`
    : "Left: no site was asked for, so this run has made no connection. The apps have to be imported into the site."];
}

const REMOVALS = { removeConnection: "the connection", removeServerApp: "the server app", removeClientApp: "the client app" };

function removed(steps) {
  const gone = steps.filter((step) => step.action === "removed" && REMOVALS[step.step]).map((step) => REMOVALS[step.step]);
  return gone.length > 0 ? `Removed: ${gone.join(", ")}.` : "The removal has changed something; the page Progress says what.";
}

export function completionPage(wizard, page) {
  const { session } = wizard;
  const values = page.clientSettings;
  const lines = values && [["Tenant", values.tenantName], ["Tenant ID", values.tenantId], ["Client app ID", values.clientAppId], ["App ID URI", values.appIdUri]];
  const [words, ...left] = page.outcome ? outcomeInWords(wizard, page) : [STATES[session.phase]];
  return shown([
    make("p", { id: "state", class: session.phase }, words),
    left.map((line) => make("p", {}, line)),
    secretBox(wizard),
    page.ccmsetupProperties && make("section", { id: "client-values" }, make("h2", {}, "Values for clients"),
      make("dl", {}, lines.filter(([, value]) => value).flatMap(([label, value]) => [make("dt", {}, label), make("dd", {}, value)])),
      make("p", {}, "Properties for ccmsetup:"), make("pre", { id: "ccmsetup", tabindex: "0" }, page.ccmsetupProperties),
      row(copyButton("copy-ccmsetup", page.ccmsetupProperties, "Properties for ccmsetup"))),
    page.nextSteps.length > 0 && make("section", { id: "next-steps" }, make("h2", {}, "What to do next"),
      make("ol", {}, page.nextSteps.map((step) => make("li", { "data-code": step.code }, make("strong", {}, sentence(step.message)), " ", sentence(step.how))))),
    page.findings.length > 0 && make("section", {}, make("h2", {}, "What the run has noted"), findingList(page.findings, undefined, page.moreFindings)),
    row(make("a", { href: `status#${session.id}` }, "Status of this connection"), make("a", { href: "index.html" }, "All sessions")),
  ]);
}
