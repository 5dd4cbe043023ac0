// Unmodified clients for Node and for browsers against a running emulator: one line of JSON for each flow that was tried.
// Run it where the packages are installed: node node_clients.mjs CONFIGURATION AUTHORITY FOLDER [CHROMIUM],
// with NODE_EXTRA_CA_CERTS as the authority's certificate

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { Emulator } from '../node/cmg-emulator.mjs';

const [configuration, authority, folder, chromium] = process.argv.slice(2);
const require = createRequire(resolve(folder, 'package.json'));
const SERVER = '5e4e7000-0000-4000-8000-0000000005e4';
const CLIENT = 'c11e4700-0000-4000-8000-000000000c11';
const RESOURCE = 'api://c0170505-0000-4000-8000-00000000c0de/ConfigMgrService';
const secret = 'emulator-only~server-secret';

async function tried(client, flow, job) {
  let result = { passed: true };
  try {
    await job();
  } catch (error) {
    result = { passed: false, why: `${error.name}: ${error.message}`.slice(0, 300) };
  }
  const version = JSON.parse(await readFile(resolve(folder, 'node_modules', client, 'package.json'), 'utf8')).version;
  console.log(JSON.stringify({ client: `${client} ${version}`, language: client.endsWith('browser') ? 'browser' : 'Node', flow, ...result }));
}

function msalNode(emulator) {
  const { ConfidentialClientApplication, PublicClientApplication } = require('@azure/msal-node');
  const { address, tenantId } = emulator.environment;
  const auth = { authority: `${address}/${tenantId}`, knownAuthorities: [new URL(address).host], protocolMode: 'AAD' };
  const confidential = (clientSecret) => new ConfidentialClientApplication({ auth: { ...auth, clientId: SERVER, clientSecret } });
  const person = async (scopes) => {
    const client = new PublicClientApplication({ auth: { ...auth, clientId: CLIENT } });
    const answer = await client.acquireTokenByDeviceCode({
      scopes,
      deviceCodeCallback: (code) => emulator.ask('POST', `device-codes/${code.userCode}/approve`),
    });
    return { client, answer };
  };
  return [
    ['client secret', async () => {
      const answer = await confidential(secret).acquireTokenByClientCredential({ scopes: ['https://graph.microsoft.com/.default'] });
      assert.ok(answer.accessToken);
    }],
    ['device code, refresh', async () => {
      const scopes = [`${RESOURCE}/user_impersonation`];
      const { client, answer } = await person(scopes);
      const again = await client.acquireTokenSilent({ account: answer.account, scopes, forceRefresh: true });
      assert.ok(again.accessToken);
    }],
    ['on behalf of', async () => {
      const { answer } = await person([`${RESOURCE}/user_impersonation`]);
      const scopes = ['https://graph.microsoft.com/User.Read'];
      const own = await confidential(secret).acquireTokenOnBehalfOf({ oboAssertion: answer.accessToken, scopes });
      assert.ok(own.accessToken);
    }],
    ['wrong secret (AADSTS7000215)', async () => {
      await assert.rejects(confidential('wrong').acquireTokenByClientCredential({ scopes: ['https://graph.microsoft.com/.default'] }), /7000215/);
    }],
  ];
}

function azureIdentity(emulator) {
  const { ClientSecretCredential } = require('@azure/identity');
  const { address, tenantId } = emulator.environment;
  return [['client secret', async () => {
    const credential = new ClientSecretCredential(tenantId, SERVER, secret, { authorityHost: address, disableInstanceDiscovery: true });
    assert.ok((await credential.getToken('https://graph.microsoft.com/.default')).token);
  }]];
}

function graphClient(emulator) {
  const { Client } = require('@microsoft/microsoft-graph-client');
  const { address, token } = emulator.environment;
  return [['create, change, read and delete an app with a secret', async () => {
    const client = Client.init({ baseUrl: `${address}/`, customHosts: new Set(['localhost']), authProvider: (done) => done(null, token) });
    const app = await client.api('/applications').post({ displayName: 'By the client' });
    await client.api(`/applications/${app.id}`).patch({ notes: 'x' });
    const added = await client.api(`/applications/${app.id}/addPassword`).post({ passwordCredential: { displayName: 'one' } });
    assert.ok(added.secretText);
    assert.equal((await client.api(`/applications/${app.id}`).get()).notes, 'x');
    await client.api(`/applications/${app.id}`).delete();
    await assert.rejects(client.api(`/applications/${app.id}`).get(), (error) => error.statusCode === 404);
  }]];
}

/** A page with MSAL for browsers signs in, renews silently and reads Microsoft Graph; it tells by a request of its own. */
function msalBrowser(emulator) {
  return [['redirect (PKCE, fragment), silent renewal, Microsoft Graph', async () => {
    const library = await readFile(resolve(folder, 'node_modules/@azure/msal-browser/lib/msal-browser.min.js'));
    const { address, tenantId } = emulator.environment;
    let told;
    const said = new Promise((done) => { told = done; });
    const server = http.createServer((request, response) => {
      const { pathname } = new URL(request.url, 'http://localhost');
      if (pathname === '/msal.js') return response.setHeader('content-type', 'text/javascript').end(library);
      if (pathname !== '/told') return response.setHeader('content-type', 'text/html').end(page);
      let text = '';
      request.on('data', (data) => { text += data; });
      request.on('end', () => { response.end(); told(text); });
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    const own = `http://localhost:${server.address().port}/page`;
    const application = '5ba00000-0000-4000-8000-000000005ba0';
    const { token } = emulator.environment;
    const created = await fetch(`${address}/v1.0/applications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ displayName: 'Page', spa: { redirectUris: [own] } }),
    }).then((answer) => answer.json());
    const post = (path, body) => fetch(`${address}/v1.0/${path}`, {
      method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify(body),
    }).then((answer) => answer.json());
    const principal = await post('servicePrincipals', { appId: created.appId });
    const graph = await fetch(`${address}/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')`, { headers: { authorization: `Bearer ${token}` } }).then((answer) => answer.json());
    await post('oauth2PermissionGrants', { clientId: principal.id, resourceId: graph.id, consentType: 'AllPrincipals', scope: 'User.Read' });
    const page = `<!doctype html><script src="/msal.js"></script><script>(async () => {
      const tell = (text) => fetch('/told', { method: 'POST', body: text });
      try {
        const client = new msal.PublicClientApplication({ auth: { clientId: ${JSON.stringify(created.appId)}, authority: ${JSON.stringify(`${address}/${tenantId}`)},
          knownAuthorities: [${JSON.stringify(new URL(address).host)}], redirectUri: ${JSON.stringify(own)} } });
        await client.initialize();
        const scopes = ['https://graph.microsoft.com/User.Read'];
        const back = await client.handleRedirectPromise();
        if (!back) return await client.loginRedirect({ scopes });
        const token = await client.acquireTokenSilent({ scopes, account: back.account, forceRefresh: true });
        const me = await fetch(${JSON.stringify(`${address}/v1.0/me`)}, { headers: { authorization: 'Bearer ' + token.accessToken } });
        await tell('user ' + (await me.json()).userPrincipalName);
      } catch (error) { await tell('failed ' + error.message); }
    })();</script>`;
    const profile = await mkdtemp(join(tmpdir(), 'cmg-emulator-browser-'));
    const browser = spawn(chromium, ['--headless=new', '--no-sandbox', '--disable-gpu', '--ignore-certificate-errors', '--no-proxy-server', `--user-data-dir=${profile}`, own], { stdio: 'ignore' });
    const late = new Promise((done) => setTimeout(() => done('failed after 40 s'), 40_000).unref());
    const text = await Promise.race([said, late]);
    browser.kill('SIGKILL');
    server.close();
    server.closeAllConnections();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    assert.match(text, /^user admin@/, text);
  }]];
}

// NODE_EXTRA_CA_CERTS has to be set before Node starts, so that the authority is kept in a file.
const flags = ['--certificate-authority', authority];
const emulator = await Emulator.start({ config: JSON.parse(await readFile(configuration, 'utf8')), flags });
for (const [client, flows] of [['@azure/msal-node', msalNode], ['@azure/identity', azureIdentity], ['@microsoft/microsoft-graph-client', graphClient], ['@azure/msal-browser', msalBrowser]]) {
  if (client.endsWith('browser') && !chromium) continue;
  for (const [flow, job] of flows(emulator)) await tried(client, flow, job);
}
await emulator.stop();
process.exit(0);
