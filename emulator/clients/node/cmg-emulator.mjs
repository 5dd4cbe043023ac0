// Starts cmg-emulator for tests in Node, and orders what a test needs of it. No package beside Node itself.
//
//     const emulator = await Emulator.start({ preset: 'onboarded' });
//     await emulator.fault('POST /applications', 'throttled', { times: 2, retryAfterSeconds: 1 });
//     await emulator.stop();
//
// The program is found by the option `program`, the environment variable CMG_EMULATOR, or on the PATH.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export class Emulator {
  /** What --print-env gives: address, authority, graph, tenantId, clientId, clientSecret, ... */
  environment;
  #process;
  #scratch;
  #trusted;

  /** Starts a program; `config` is a configuration as an object, `flags` are words of the command line. */
  static async start({ preset, config, flags = [], program = process.env.CMG_EMULATOR ?? 'cmg-emulator' } = {}) {
    const emulator = new Emulator();
    emulator.#scratch = await mkdtemp(join(tmpdir(), 'cmg-emulator-'));
    const words = ['--print-env', '--quiet', '--certificate', join(emulator.#scratch, 'trusted.pem'), ...flags];
    if (preset) words.push('--preset', preset);
    if (config) {
      const file = join(emulator.#scratch, 'config.json');
      await writeFile(file, JSON.stringify(config));
      words.push('--config', file);
    }
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    emulator.#process = child;
    let said = '';
    child.stderr.on('data', (data) => { said = (said + data).slice(-10_000); });
    const line = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`cmg-emulator did not start: ${said}`)));
      createInterface({ input: child.stdout }).once('line', resolve);
    });
    child.removeAllListeners('exit');
    emulator.environment = JSON.parse(line);
    const file = emulator.environment.certificateFile;
    emulator.#trusted = file ? await readFile(file) : undefined;
    return emulator;
  }

  /** Ends the program, gently at first. */
  async stop() {
    const child = this.#process;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(late);
    }
    await rm(this.#scratch, { recursive: true, force: true });
  }

  /** A request to the admin API, as `ask('PATCH', 'clock', { moveBySeconds: 60 })`. */
  ask(method, path, body) {
    const url = new URL(`${this.environment.admin}/${path}`);
    const client = url.protocol === 'https:' ? https : http;
    const headers = { 'x-emulator-key': this.environment.adminKey, 'content-type': 'application/json' };
    return new Promise((resolve, reject) => {
      const request = client.request(url, { method, headers, ca: this.#trusted, agent: false }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (data) => { text += data; });
        answer.on('end', () => {
          if (answer.statusCode >= 400) reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
          else resolve(text ? JSON.parse(text) : undefined);
        });
      });
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Goes back to what the program began with. */
  async reset() {
    await this.ask('POST', 'reset');
    await this.ask('DELETE', 'requests');
  }

  /** Puts a configuration in the place of what there is. */
  seed(config) {
    return this.ask('POST', 'seed', config);
  }

  /** Lets the next requests of one kind meet with trouble, as 'POST /applications' with 'throttled'. */
  fault(request, fault, { times = 1, retryAfterSeconds } = {}) {
    return this.ask('POST', 'faults', { request, fault, times, retryAfterSeconds });
  }

  /** The requests so far. */
  async requests() {
    return (await this.ask('GET', 'requests')).value;
  }

  /** An access token, as `orderToken({ application, roles: ['Application.Read.All'] })`. */
  async orderToken(order = {}) {
    return (await this.ask('POST', 'tokens', order)).access_token;
  }
}
