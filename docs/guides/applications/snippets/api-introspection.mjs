import express from 'express';
import * as oidc from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, AUDIENCE, PORT } = process.env;
// Plain http is for trying it out on one machine.
const tryingOut = ISSUER.startsWith('http://localhost') ? { execute: [oidc.allowInsecureRequests] } : {};
const issuer = await oidc.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, tryingOut);

/** What the issuer says of a token now; undefined when it isn't good here. */
async function introspect(authorization = '') {
  const [scheme, token = ''] = authorization.split(' ');
  if (scheme.toLowerCase() !== 'bearer' || token === '') return undefined;
  const told = await oidc.tokenIntrospection(issuer, token);
  return told.active && told.aud === AUDIENCE && told.cnf === undefined ? told : undefined;
}

const app = express();
app.get('/orders', async (req, res) => {
  const told = await introspect(req.get('authorization'));
  if (told === undefined) res.status(401).set('WWW-Authenticate', 'Bearer error="invalid_token"').end();
  else res.json({ sub: told.sub, client: told.client_id, scope: told.scope, roles: told.roles });
});
app.listen(PORT);
