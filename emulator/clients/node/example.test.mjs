// An example: a client that repeats what is throttled. Run it by `node --test`.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { Emulator } from './cmg-emulator.mjs';

/** What is tested: creates an app registration, and waits as long as the service says if it throttles. */
async function createApp(graph, token, displayName) {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const answer = await fetch(`${graph}/applications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ displayName }),
    });
    if (answer.status === 201) return answer.json();
    if (answer.status !== 429) throw new Error(`${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
    await wait(1000 * Number(answer.headers.get('retry-after')));
  }
  throw new Error('the service throttles without an end');
}

let emulator;
before(async () => { emulator = await Emulator.start(); });
after(() => emulator.stop());
beforeEach(() => emulator.reset());

test('a throttled creation is repeated', async () => {
  await emulator.fault('POST /applications', 'throttled', { times: 2, retryAfterSeconds: 0 });
  await createApp(emulator.environment.graph, emulator.environment.token, 'Repeated');
  assert.deepEqual((await emulator.requests()).map((request) => request.status), [429, 429, 201]);
});

test('each test begins as new', async () => {
  assert.deepEqual((await emulator.ask('GET', 'state')).tenants[0].state.applications, []);
});

test('a wrong order is told', async () => {
  await assert.rejects(emulator.fault('POST /applications', 'sleepy'), /400/);
});
