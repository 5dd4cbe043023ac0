// What is there: all connections of the site, or one with its checks. Nothing is written from here.

import { at, button, call, findingList, make, problemBox, row, say, sentence, shown, table } from "./api.js";

const main = document.getElementById("page");
const nav = document.getElementById("sessions");
const CHECKS = {
  ok: "OK: everything that was read is as it should be.",
  warning: "Warning: it works, and something wants attention.",
  critical: "Critical: something is missing, wrong or expired.",
  unknown: "Unknown: not everything could be read.",
};

addEventListener("hashchange", open);
open();

async function open() {
  const id = location.hash.slice(1).split("/")[0];
  document.getElementById("to-wizard").href = id ? `index.html#${id}` : "index.html";
  const heading = make("h1", { tabindex: "-1", id: "heading" }, "Status");
  main.replaceChildren(heading, make("p", { class: "busy" }, "Tenant and site are being read."));
  heading.focus();
  say("Tenant and site are being read.");
  try {
    const { sessions } = await call("GET", "api/sessions");
    list(sessions, id);
    const content = id ? await one(id, sessions.find((session) => session.id === id)) : await all(sessions);
    // Another address may have been opened meanwhile.
    if (id !== location.hash.slice(1).split("/")[0]) return;
    main.replaceChildren(heading, ...shown(content));
    say("It was read.");
  } catch (refusal) {
    if (!refusal.problem) throw refusal;
    main.replaceChildren(heading, problemBox(refusal.problem),
      row(id && make("a", { href: `index.html#${id}` }, "Open the wizard of this session"), make("a", { href: "#" }, "All connections")));
  }
}

function list(sessions, id) {
  const item = (address, title, isHere) => make("li", { class: isHere && "here" },
    make("a", { href: address, "aria-current": isHere && "page" }, title));
  nav.replaceChildren(item("#", "All connections", id === ""),
    ...sessions.map((session) => item(`#${session.id}`, session.name || "(without a name yet)", session.id === id)));
}

// All connections of the site. What the tenant says of them is read with the account of a session that is signed in.
async function all(sessions) {
  let query = "";
  for (const { id } of sessions.slice(0, 8)) {
    if ((await call("GET", at(id))).signIn.state === "signedIn") {
      query = `?session=${encodeURIComponent(id)}`;
      break;
    }
  }
  const view = await call("GET", `api/connections${query}`);
  return [
    make("h2", {}, "Connections of the site"),
    query === "" && make("p", { class: "hint" }, "No session is signed in: the tenant was not asked, and what it knows is told as unknown."),
    findingList(view.findings),
    view.connections?.length === 0 ? make("p", {}, "The site has no Azure service of the type Cloud Management.") : make("pre", { id: "connections", tabindex: "0" }, view.text),
  ];
}

async function one(id, session) {
  const [check, view] = await Promise.all([call("GET", at(id, "check")), call("GET", at(id, "view"))]);
  const expiries = (check.expiries ?? []).map((end) => make("tr", {}, make("td", {}, KINDS[end.kind] ?? end.kind), make("td", {}, end.description ?? end.keyId ?? ""),
    make("td", {}, String(end.ends ?? "not known").slice(0, 10)), make("td", {}, answer(end.usedBySite))));
  return [
    make("h2", {}, view.name ?? session?.name ?? ""),
    make("p", { id: "check", class: `check ${check.status}`, "data-status": check.status }, CHECKS[check.status] ?? check.status),
    findingList(check.findings),
    expiries.length > 0 && table("Secrets and certificates", ["Kind", "Description", "Ends on", "Used by the site"], expiries, { id: "expiries" }),
    consents(view.consents),
    make("h2", {}, "As it is"),
    make("pre", { id: "view", tabindex: "0" }, view.text),
    make("h2", {}, "What may follow"),
    make("p", { class: "hint" }, "Each makes a plan and shows it. Nothing is written before it is approved."),
    row(plan(id, "renew", "Plan a renewal of the secret", { verb: "renewSecret" }),
      plan(id, "remove-old", "Plan the removal of old secrets", { verb: "removeOldSecrets" }),
      plan(id, "update", "Plan an update of the settings", { verb: "updateSettings" }),
      plan(id, "remove", "Plan a removal", { verb: "remove", removalScope: "connection" })),
  ];
}

const KINDS = { secret: "Secret", certificate: "Certificate" };

const answer = (known) => ({ true: "yes", false: "no" })[String(known)] ?? (known === undefined || known === "unknown" ? "not known" : String(known));

function consents(given) {
  if (!given || given.length === 0) return null;
  const rows = given.map((one) => make("tr", {}, make("td", {}, `${one.app} app`), make("td", {}, one.permission), make("td", {}, answer(one.given))));
  return table("Admin consents", ["For", "Permission", "Given"], rows);
}

function plan(id, name, title, settings) {
  return button(name, title, async () => {
    try {
      await call("POST", at(id, "plan"), settings);
      location.href = `index.html#${id}/summary`;
    } catch (refusal) {
      if (!refusal.problem) throw refusal;
      document.getElementById("problem")?.remove();
      document.getElementById("heading").after(problemBox(refusal.problem));
      say(sentence(refusal.message));
    }
  });
}
