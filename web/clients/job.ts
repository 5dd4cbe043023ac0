// The whole job through cmg-onboard-web, with what Node.js has. Its types can be stripped; nothing is compiled.
//
//     cmg-onboard-web --against emulator --json | node job.ts [--approve] [DRAFT.json]
//
// The address with its key comes on standard input, so that no key is on a command line. Without --approve it shows the
// plan and writes nothing. It ends with 0 if the connection is in place, with 1 otherwise.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

type Violation = { path: string; code: string; message: string };
type Problem = { code: string; message: string; help?: string; violations?: Violation[] };
type Page = { page: string; plan?: { id: string; text: string } | null; ccmsetupProperties?: string | null; nextSteps?: { code: string; message: string }[] };
type Session = {
  id: string; phase: string; lastSequence: number; job: { kind: string } | null; problem: Problem | null; pages: Page[];
  signIn: { state: string; deviceCode?: { message: string } };
};
type Entry = { sequence: number; job?: { kind: string } | null; event?: { event: string; step?: string; error?: string } };

const DRAFT = {
  name: "Contoso CMG",
  serverApp: { create: { name: "ConfigMgr Server" } },
  clientApp: { create: { name: "ConfigMgr Client" } },
  discovery: { users: {} },
};
const TOLD = ["stepStarted", "stepDone", "stepFailed", "retried", "waitingForReplication"];

let address: URL;

async function open(method: string, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { authorization: `Bearer ${address.searchParams.get("key")}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  const answer = await fetch(new URL(`api/${path}`, address), { method, headers, body: JSON.stringify(body) });
  if (answer.ok) return answer;
  // Every refusal has a problem as its body: code, message, what to do, and the wrong fields.
  const problem = (await answer.json()) as Problem;
  const wrong = (problem.violations ?? []).map((one) => `${one.path}: ${one.message}`);
  throw new Error([problem.message, problem.help ?? "", ...wrong].join("\n"));
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  return (await (await open(method, path, body)).json()) as T;
}

// Starts a job, tells what happens, and gives the session as it is at the end of the job.
async function job(id: string, name: string, body: unknown): Promise<Session> {
  const session = await call<Session>("POST", `sessions/${id}/${name}`, body);
  if (session.job === null) return session;
  const stream = await open("GET", `sessions/${id}/events?after=${session.lastSequence}`);
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of stream.body as unknown as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines.filter((one) => one.startsWith("data: "))) {
      const { sequence, event, job: kind } = JSON.parse(line.slice(6)) as Entry;
      if (event && TOLD.includes(event.event)) console.log(sequence, event.event, event.step ?? "", event.error ?? "");
      if (kind === undefined) continue;
      const now = await call<Session>("GET", `sessions/${id}`);
      if (kind === null && now.job === null) return now;
      console.log(now.signIn.deviceCode?.message ?? `under way: ${kind?.kind}`);
    }
  }
  throw new Error("the service ended in the middle of the job");
}

async function main(given: string[]): Promise<number> {
  const [file] = given.filter((argument) => argument !== "--approve");
  for await (const line of createInterface({ input: process.stdin })) {
    address = new URL((JSON.parse(line) as { address: string }).address);
    break;
  }
  const draft = file === undefined ? DRAFT : JSON.parse(readFileSync(file, "utf8"));
  const { signInWays: [way] } = await call<{ signInWays: string[] }>("GET", "service");
  const { id, signIn } = await call<Session>("POST", "sessions", { draft });
  if (signIn.state !== "signedIn") await job(id, "sign-in", { way });
  let problem: Problem | null = null;
  for (const attempt of ["first", "second"]) {
    const planned = await job(id, "plan", {});
    const plan = planned.pages.find((page) => page.page === "summary")?.plan;
    if ((problem = planned.problem) !== null || !plan) break;
    console.log(plan.text);
    if (!given.includes("--approve")) return 0;
    await call("POST", `sessions/${id}/approve`, { planId: plan.id });
    const session = await job(id, "apply", { planId: plan.id });
    if (session.phase === "done") {
      const completion = session.pages.find((page) => page.page === "completion");
      console.log([completion?.ccmsetupProperties, ...(completion?.nextSteps ?? []).map((step) => step.message)].join("\n"));
      return 0;
    }
    problem = session.problem;
    console.log(`The ${attempt} run: ${problem?.message}. What is there stays, and a new plan goes on from it.`);
  }
  console.error(problem?.message, problem?.help ?? "");
  return 1;
}

main(process.argv.slice(2)).then((code) => process.exit(code), (error: Error) => { console.error(error.message); process.exit(1); });
