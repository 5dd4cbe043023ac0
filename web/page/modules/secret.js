// The secret that a run has issued: shown once or sealed, and issued again if it is lost.

import { at, button, call, copyButton, make, row, say } from "./api.js";

const WORDS = {
  held: "The run has issued a secret for the server app. The service holds it in memory, and hands it over once.",
  handedOver: "The secret was handed over. It cannot be shown again.",
  lost: "The secret was not taken before the service ended, and is lost. It cannot be shown; another one can be issued.",
};

export function secretBox(wizard) {
  const { secret, id } = wizard.session;
  if (secret.state === "none" && !wizard.taken) return null;
  const take = async () => {
    try {
      wizard.taken = { ...await call("POST", at(id, "secret"), {}), isSealed: false };
      wizard.render();
      document.getElementById("secret-value")?.focus();
      say("The secret is shown.");
    } catch (refusal) {
      await wizard.refused(refusal);
    }
  };
  return make("section", { class: secret.state === "lost" ? "box bad" : "box", id: "secret", "data-state": secret.state },
    make("h2", {}, "Secret of the server app"), make("p", {}, WORDS[secret.state]),
    secret.keyId && make("p", { class: "hint" }, `Secret ID ${secret.keyId}, expires on ${String(secret.expiresOn).slice(0, 10)}.`),
    wizard.taken && shownOnce(wizard),
    wizard.may("takeSecret") && row(button("take-secret", "Show the secret, once", take)),
    wizard.may("handOver") && sealing(wizard),
    (secret.state === "lost" || secret.state === "handedOver") && row(button("reissue", "Issue another secret", () => reissue(wizard))));
}

// It is in this tab alone, until it is put away.
function shownOnce(wizard) {
  const { taken } = wizard;
  const [title, text] = taken.isSealed ? ["Sealed for the administrator of the site", taken.text] : ["Secret", taken.value];
  return make("div", { id: "shown-once" }, make("p", {}, `${title}:`),
    make("pre", { id: "secret-value", tabindex: "0" }, text),
    taken.isSealed && make("p", { class: "hint" }, `For ${taken.recipient}; fingerprint ${taken.fingerprint}. Tell the fingerprint by another way than the text.`),
    row(copyButton("copy-secret", text, title), button("put-away", "I have kept it: put it away", () => {
      wizard.taken = null;
      wizard.render();
      document.getElementById("heading")?.focus();
    })));
}

function sealing(wizard) {
  const certificate = make("textarea", { id: "certificate", rows: 4, spellcheck: "false" });
  const days = make("input", { id: "days", type: "number", min: 1, max: 30, value: 7 });
  const seal = async () => {
    try {
      const body = { recipientCertificate: certificate.value, days: Number(days.value) };
      wizard.taken = { ...await call("POST", at(wizard.session.id, "hand-over"), body), isSealed: true };
      wizard.render();
      document.getElementById("secret-value")?.focus();
      say("The secret is sealed.");
    } catch (refusal) {
      await wizard.refused(refusal);
    }
  };
  return make("details", {}, make("summary", {}, "Seal it for another administrator, who imports the apps into the site"),
    make("label", { for: "certificate" }, "Certificate of that administrator (PEM)"), certificate,
    make("label", { for: "days" }, "Days for which it can be opened (1 to 30)"), days,
    row(button("seal", "Seal it", seal)));
}

async function reissue(wizard) {
  wizard.taken = null;
  wizard.wanted = { ...wizard.session.settings, verb: "onboard", reissueSecret: true };
  const canPlan = wizard.may("plan") && wizard.session.signIn.state === "signedIn";
  if (canPlan && !await wizard.act("plan", wizard.wanted)) return;
  wizard.go("summary");
  if (!canPlan) say("Sign in, and make a plan: it issues another secret.");
}
