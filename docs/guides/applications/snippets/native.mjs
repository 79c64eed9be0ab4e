import { once } from 'node:events';
import { createServer } from 'node:http';
import * as oidc from 'openid-client';

const { ISSUER, CLIENT_ID } = process.env;
// Plain http is for trying it out on one machine.
const tryingOut = ISSUER.startsWith('http://localhost') ? { execute: [oidc.allowInsecureRequests] } : {};
const issuer = await oidc.discovery(new URL(ISSUER), CLIENT_ID, undefined, oidc.None(), tryingOut);

// A free port of loopback: the issuer compares everything but the port.
const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const home = `http://127.0.0.1:${server.address().port}`;

const verifier = oidc.randomPKCECodeVerifier();
const state = oidc.randomState();
const nonce = oidc.randomNonce();
const address = oidc.buildAuthorizationUrl(issuer, {
  redirect_uri: `${home}/callback`,
  scope: 'openid profile offline_access',
  state,
  nonce,
  code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
});
process.stdout.write(`Open ${address.href}\n`);

// Whatever else asks, a browser for its icon, say, is not the answer.
let answer;
while (answer === undefined) {
  const [request, response] = await once(server, 'request');
  const url = new URL(request.url, home);
  const isAnswer = url.pathname === '/callback' && url.searchParams.get('state') === state;
  response.writeHead(isAnswer ? 200 : 404).end(isAnswer ? 'You can close this window.' : '');
  if (isAnswer) answer = url;
}
server.close();

const tokens = await oidc.authorizationCodeGrant(issuer, answer, {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
});
// The refresh token belongs into the system's keychain; here it is used once, and given back.
const renewed = await oidc.refreshTokenGrant(issuer, tokens.refresh_token);
await oidc.tokenRevocation(issuer, renewed.refresh_token);
const { sub, name, roles } = renewed.claims();
process.stdout.write(`${JSON.stringify({ sub, name, roles })}\n`);
