// What is there: all connections of the site, or one with its checks.

import { at, call, findingList, make, problemBox, say } from "./api.js";

const main = document.getElementById("page");
start();
addEventListener("hashchange", start);

async function start() {
  const id = location.hash.slice(1);
  say("Tenant and site are being read.");
  try {
    if (id === "") await all();
    else await one(id);
    say("Read.");
  } catch (refusal) {
    if (!refusal.problem) throw refusal;
    main.replaceChildren(make("h1", {}, "Status"), problemBox(refusal.problem), make("p", {}, make("a", { href: "status#" }, "All connections")));
    say(refusal.message);
  }
}

async function all() {
  const { sessions } = await call("GET", "api/sessions");
  main.replaceChildren(make("h1", {}, "Status"), make("h2", {}, "Sessions"),
    make("ul", {}, sessions.map((session) => make("li", {}, make("a", { href: `#${session.id}` }, `${session.name || "(no name yet)"}: ${session.phase}`)))));
  const connections = await call("GET", "api/connections");
  main.append(make("h2", {}, "Connections of the site"), make("pre", { id: "connections" }, connections.text));
}

async function one(id) {
  const [check, view] = await Promise.all([call("GET", at(id, "check")), call("GET", at(id, "view"))]);
  const plan = (title, settings) => make("button", {
    type: "button",
    onclick: async () => {
      try {
        await call("POST", at(id, "plan"), settings);
        location.href = `index.html#${id}`;
      } catch (refusal) {
        main.prepend(problemBox(refusal.problem));
      }
    },
  }, title);
  main.replaceChildren(make("h1", {}, `Status of ${view.name}`),
    make("p", { id: "check", class: check.status, "data-status": check.status }, `Check: ${check.status}`), findingList(check.findings),
    make("table", {}, make("caption", {}, "Secrets and certificates"),
      make("thead", {}, make("tr", {}, ["Kind", "Ends", "Used by the site"].map((title) => make("th", { scope: "col" }, title)))),
      make("tbody", {}, (check.expiries ?? []).map((end) => make("tr", {}, make("td", {}, end.kind), make("td", {}, end.ends), make("td", {}, String(end.usedBySite)))))),
    make("h2", {}, "As it is"), make("pre", { id: "view" }, view.text),
    make("div", { class: "buttons" }, plan("Plan a renewal of the secret", { verb: "renewSecret" }), plan("Plan a removal", { verb: "remove", removalScope: "connectionAndApps" })),
    make("p", {}, make("a", { href: "status#" }, "All connections")));
}
