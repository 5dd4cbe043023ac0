// The pages that are filled in: Azure Services, App with Create, Import and Browse, Discovery. And signing in.

import { at, button, call, findingList, make, problemBox, row, say, sentence, shown, table, withHelp } from "./api.js";
import { renderField } from "./fields.js";

const WAYS = {
  create: "Create a new app registration",
  import: "Import an app registration that was made before",
  reuse: "Browse: take one that the site knows",
  adopt: "Adopt an app registration of the tenant, and complete it",
};
const NEIGHBOURS = { azureServices: [null, "app"], app: ["azureServices", "discovery"], discovery: ["app", "summary"] };
const INTRODUCTIONS = {
  azureServices: "The name that the connection has in the console, below Azure Services.",
  discovery: "Whether the site reads users and groups from Microsoft Entra. Both may stay off.",
};

// Enter goes on, as in the product. What was typed is kept before that.
function pageForm(wizard, page, ...content) {
  const [back, to] = NEIGHBOURS[page.page];
  const form = make("form", { novalidate: true, id: "form", "aria-labelledby": "heading" }, content,
    row(back && button("back", "Back", () => wizard.go(back)), make("button", { type: "submit", id: "next", class: "main" }, "Next")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    wizard.next(page, to);
  });
  return form;
}

function inputs(wizard, page, fields) {
  const isLocked = !wizard.may("editDraft");
  return fields.map((field) => {
    const input = renderField(field, wizard.keep, isLocked);
    wizard.updates.push(() => {
      const fresh = wizard.pageOf(page.page).fields.find((one) => one.path === field.path);
      if (fresh) input.update(fresh);
    });
    return input.element;
  });
}

function lockedWords(wizard) {
  if (wizard.may("editDraft")) return null;
  return make("p", { class: "hint" }, "Nothing can be changed here while a job is under way.");
}

export function fieldsPage(wizard, page) {
  // Settings of a discovery that is off are not asked for.
  const isOn = (path) => {
    const parts = path.split(".");
    return parts.length < 3 || wizard.session.draft.discovery?.[parts[1]] !== undefined;
  };
  const fields = page.page === "discovery" ? page.fields.filter((field) => isOn(field.path)) : page.fields;
  return pageForm(wizard, page, make("p", {}, INTRODUCTIONS[page.page]), lockedWords(wizard), inputs(wizard, page, fields));
}

export function appPage(wizard, page) {
  const choices = wizard.service.choices;
  return shown([
    signInBox(wizard),
    pageForm(wizard, page, lockedWords(wizard),
      inputs(wizard, page, page.fields.filter((field) => field.path === "environment")),
      app(wizard, page, "serverApp", "Web app (server app)", choices.serverApp),
      app(wizard, page, "clientApp", "Native Client app", choices.clientApp)),
  ]);
}

function app(wizard, page, name, title, ways) {
  const { way, violations } = page[name];
  const isMarked = wizard.isLeft === "app" && way === null;
  const marks = make("div", { id: `${name}-wrong`, class: "marks" }, isMarked && violations.map((one) =>
    make("p", { class: "wrong", "data-code": one.code }, withHelp(one.message, one.help))));
  const radios = ways.map((one) => {
    const input = make("input", { type: "radio", name, id: `${name}-${one}`, value: one, "aria-describedby": marks.id, disabled: !wizard.may("editDraft") });
    input.checked = one === way;
    input.addEventListener("change", () => change(wizard, name, way, one));
    return make("label", { class: "flag", for: input.id }, input, ` ${WAYS[one] ?? one}`);
  });
  return make("fieldset", { id: name, class: isMarked && "bad" }, make("legend", {}, title), radios, marks,
    inputs(wizard, page, page.fields.filter((field) => field.path.startsWith(`${name}.`))),
    way === "reuse" && button(`${name}-browse`, "Browse", () => browse(wizard, name)));
}

// What was filled in for another way comes back with it.
function change(wizard, name, before, way) {
  const filled = wizard.session.draft[name]?.[before];
  if (filled) wizard.remembered[`${name}.${before}`] = filled;
  return wizard.keep(name, { [way]: wizard.remembered[`${name}.${way}`] ?? {} });
}

// As the dialog of the console: tenant, app, and the Azure services that use it.
async function browse(wizard, name) {
  const { id } = wizard.session;
  let known;
  try {
    known = (await call("GET", at(id, "known-apps")))[`${name}s`];
  } catch (refusal) {
    return wizard.refused(refusal, id);
  }
  if (!wizard.isAt(id)) return;
  const choose = async (one) => {
    dialog.close();
    // The dialog stays if another session is opened meanwhile.
    if (!wizard.isAt(id)) return;
    await wizard.keep(`${name}.reuse.clientId`, one.clientId);
    if (!wizard.isAt(id)) return;
    wizard.render();
    say(`${one.name} is chosen.`);
  };
  const rows = known.map((one, index) => make("tr", {}, make("td", {}, one.tenantName ?? "not known"), make("th", { scope: "row" }, one.name),
    make("td", {}, one.services ? one.services.join(", ") || "none" : "not known"),
    make("td", {}, button(`choose-${index}`, `Take ${one.name}`, () => choose(one)))));
  const titles = ["Tenant", "Application Name", "Used by", ""];
  const dialog = make("dialog", { "aria-labelledby": "browse-title" }, make("h2", { id: "browse-title" }, "Apps that the site knows"),
    known.length === 0 ? make("p", {}, "The site knows no app of this kind in this cloud.") : table("Apps", titles, rows),
    row(button("browse-cancel", "Close", () => dialog.close())));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

const SIGN_IN = {
  provided: "Sign in",
  browser: "Sign in with the browser of the service's machine",
  deviceCode: "Sign in with a code",
  token: "Sign in with this token",
};
const STATES = {
  signedOut: "No account is signed in. Reading the tenant needs one.",
  waiting: "The sign-in waits for you.",
  signedIn: "An account is signed in.",
  failed: "The sign-in has failed.",
};

export function signInBox(wizard) {
  const { state, address, deviceCode, claims, problem } = wizard.session.signIn;
  const ways = wizard.service.signInWays;
  const offers = wizard.may("signIn") && state !== "signedIn";
  const plain = ways.filter((way) => way !== "token");
  return make("section", { class: "box", id: "sign-in", "data-state": state }, make("h2", {}, "Tenant"), make("p", {}, STATES[state] ?? state),
    address && make("p", {}, make("a", { href: safe(address), target: "_blank", rel: "noreferrer" }, "Open the page to sign in at")),
    deviceCode && make("p", {}, "Open ", make("a", { href: safe(deviceCode.address), target: "_blank", rel: "noreferrer" }, deviceCode.address),
      " and enter the code ", make("strong", { id: "user-code" }, deviceCode.userCode), "."),
    claims && make("p", { class: "warning" }, "The directory asks for another sign-in, which answers these claims: ", make("code", {}, claims)),
    problem && make("p", { class: "wrong" }, withHelp(problem.message, problem.help)),
    offers && plain.length > 0 && row(plain.map((way) => button(`sign-in-${way}`, SIGN_IN[way] ?? way, () => wizard.act("sign-in", { way })))),
    offers && ways.includes("token") && byToken(wizard, plain.length === 0 || Boolean(claims)),
    row(state === "waiting" && wizard.session.job?.kind === "signIn" && wizard.may("cancel") && button("sign-in-cancel", "Give up signing in", () => wizard.act("cancel")),
      wizard.may("signOut") && button("sign-out", "Sign out", () => wizard.act("sign-out"))));
}

function byToken(wizard, isOpen) {
  const token = make("input", { type: "password", id: "token", autocomplete: "off", spellcheck: "false" });
  const take = async () => {
    const given = token.value;
    token.value = "";
    await wizard.act("sign-in", { way: "token", token: given });
  };
  return make("details", { open: isOpen }, make("summary", {}, "With a token of another sign-in"),
    make("label", { for: "token" }, "Access token for Microsoft Graph"), token, row(button("sign-in-token", SIGN_IN.token, take)));
}

// An address of the sign-in service, and no script.
function safe(address) {
  return /^https?:\/\//i.test(address) ? address : null;
}
