// The secret that a run has issued: shown once or sealed, and issued again if it is lost.

import { at, button, call, copyButton, make, row, say } from "./api.js";

const WORDS = {
  held: "The run has issued a secret for the server app. The service holds it in memory, and hands it over once.",
  handedOver: "The secret was handed over. It cannot be shown again.",
  lost: "The secret was not taken before the service ended, and is lost. It cannot be shown; another one can be issued.",
  perhapsLost: "The service ended while it held the secret, and no note says that it was handed over. Unless it was, it is lost: it cannot be shown, and another one can be issued.",
};
const wordsOf = ({ state, handedOver }) => WORDS[state === "lost" && handedOver !== "no" ? "perhapsLost" : state];

// Secrets by the session that they are of, until they are put away: the service has handed them over and has them no more.
// Going to another session and back loses none.
const taken = new Map();
let asked = 0;

// The sessions with a secret that is not put away.
export const takenOf = () => [...taken.keys()];

// A page that is left or loaded again loses them: the browser asks first.
function warn() {
  if (taken.size + asked > 0) addEventListener("beforeunload", stay);
  else removeEventListener("beforeunload", stay);
}

function stay(event) {
  event.preventDefault();
  event.returnValue = "";
}

export function forgetTaken(id) {
  taken.delete(id);
  warn();
}

// Asks for the secret of a session, and shows it there and nowhere else.
async function ask(wizard, id, path, body, told) {
  asked += 1;
  warn();
  try {
    taken.set(id, { ...await call("POST", at(id, path), body), isSealed: path === "hand-over" });
  } catch (refusal) {
    return await wizard.refused(refusal, id);
  } finally {
    asked -= 1;
    warn();
  }
  if (!wizard.isAt(id)) return say("The secret of the session that was left is shown there.");
  wizard.render();
  document.getElementById("secret-value")?.focus();
  say(told);
}

export function secretBox(wizard) {
  const { secret, id } = wizard.session;
  const mine = taken.get(id);
  if (secret.state === "none" && !mine) return null;
  return make("section", { class: secret.state === "lost" ? "box bad" : "box", id: "secret", "data-state": secret.state },
    make("h2", {}, "Secret of the server app"), make("p", {}, wordsOf(secret)),
    secret.keyId && make("p", { class: "hint" }, `Secret ID ${secret.keyId}, expires on ${String(secret.expiresOn).slice(0, 10)}.`),
    mine && shownOnce(wizard, mine),
    wizard.may("takeSecret") && row(button("take-secret", "Show the secret, once", () => ask(wizard, id, "secret", {}, "The secret is shown."))),
    wizard.may("handOver") && sealing(wizard),
    !mine && (secret.state === "lost" || secret.state === "handedOver") && row(button("reissue", "Issue another secret", () => reissue(wizard))));
}

// It is in this tab alone, until it is put away.
function shownOnce(wizard, mine) {
  const { id } = wizard.session;
  const [title, text] = mine.isSealed ? ["Sealed for the administrator of the site", mine.text] : ["Secret", mine.value];
  return make("div", { id: "shown-once" }, make("p", {}, `${title}:`),
    make("pre", { id: "secret-value", tabindex: "0" }, text),
    mine.isSealed && make("p", { class: "hint" }, `For ${mine.recipient}; fingerprint ${mine.fingerprint}. Tell the fingerprint by another way than the text.`),
    row(copyButton("copy-secret", text, title), button("put-away", "I have kept it: put it away", () => {
      forgetTaken(id);
      wizard.render();
      document.getElementById("heading")?.focus();
    })));
}

function sealing(wizard) {
  const { id } = wizard.session;
  const certificate = make("textarea", { id: "certificate", rows: 4, spellcheck: "false" });
  const days = make("input", { id: "days", type: "number", min: 1, max: 30, value: 7 });
  const seal = () => ask(wizard, id, "hand-over", { recipientCertificate: certificate.value, days: Number(days.value) }, "The secret is sealed.");
  return make("details", {}, make("summary", {}, "Seal it for another administrator, who imports the apps into the site"),
    make("label", { for: "certificate" }, "Certificate of that administrator (PEM)"), certificate,
    make("label", { for: "days" }, "Days for which it can be opened (1 to 30)"), days,
    row(button("seal", "Seal it", seal)));
}

async function reissue(wizard) {
  wizard.wanted = { ...wizard.session.settings, verb: "onboard", reissueSecret: true };
  const canPlan = wizard.may("plan") && wizard.session.signIn.state === "signedIn";
  if (canPlan && !await wizard.act("plan", wizard.wanted)) return;
  wizard.go("summary");
  if (!canPlan) say("Sign in, and make a plan: it issues another secret.");
}
