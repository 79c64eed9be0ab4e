import { readFile, writeFile } from 'node:fs/promises';
import * as jose from 'jose';
import * as oidc from 'openid-client';

const { ISSUER, API, INITIAL_ACCESS_TOKEN, STATE_FILE } = process.env;
// Plain http is for trying it out on one machine.
const tryingOut = ISSUER.startsWith('http://localhost') ? { execute: [oidc.allowInsecureRequests] } : {};

/** Makes a key pair, and registers with the public half: once. What comes of it is kept like a password. */
async function register() {
  const { privateKey, publicKey } = await jose.generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await jose.exportJWK(publicKey)), kid: 'bot-1', alg: 'ES256', use: 'sig' };
  const registered = await oidc.dynamicClientRegistration(
    new URL(ISSUER),
    {
      client_name: 'ingestion-bot',
      application_type: 'service',
      grant_types: ['client_credentials'],
      response_types: [],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [jwk] },
    },
    oidc.PrivateKeyJwt({ key: privateKey, kid: 'bot-1' }),
    { initialAccessToken: INITIAL_ACCESS_TOKEN, ...tryingOut },
  );
  const state = { client: registered.clientMetadata(), key: await jose.exportJWK(privateKey) };
  await writeFile(STATE_FILE, JSON.stringify(state), { mode: 0o600 });
  return state;
}

const known = await readFile(STATE_FILE, 'utf8').catch(() => undefined);
const { client, key } = known === undefined ? await register() : JSON.parse(known);
const config = await oidc.discovery(
  new URL(ISSUER),
  client.client_id,
  undefined,
  oidc.PrivateKeyJwt({ key: await jose.importJWK(key, 'ES256'), kid: 'bot-1' }),
  tryingOut,
);

const tokens = await oidc.clientCredentialsGrant(config, { resource: API, scope: 'ingest' });
const { access_token: token, scope } = tokens;
process.stdout.write(`${JSON.stringify({ client: client.client_id, token, scope })}\n`);
