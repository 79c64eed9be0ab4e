import express from 'express';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const { ISSUER, AUDIENCE, PORT } = process.env;

const keys = createRemoteJWKSet(new URL(`${ISSUER}/oauth2/v1/keys`));

/** The claims of a good access token. @throws Error for any other */
async function verify(authorization = '') {
  const [scheme, token = ''] = authorization.split(' ');
  if (scheme.toLowerCase() !== 'bearer') throw new Error('no token');
  const { payload } = await jwtVerify(token, keys, {
    issuer: ISSUER,
    audience: AUDIENCE,
    typ: 'at+jwt', // an ID token is no access token
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    requiredClaims: ['sub', 'client_id'],
  });
  if (payload.cnf !== undefined) throw new Error('bound to a key: its proof is needed, too (RFC 9449)');
  return payload;
}

/** Lets a request pass that brings a good access token with this scope. */
function requireScope(scope) {
  return async (req, res, next) => {
    req.token = await verify(req.get('authorization')).catch(() => undefined);
    const scopes = (req.token?.scope ?? '').split(' ');
    if (req.token === undefined) refuse(res, 401, 'Bearer error="invalid_token"');
    else if (scopes.includes(scope)) next();
    else refuse(res, 403, `Bearer error="insufficient_scope", scope="${scope}"`);
  };
}

const refuse = (res, status, challenge) => res.status(status).set('WWW-Authenticate', challenge).end();

const app = express();
app.get('/orders', requireScope('read'), (req, res) => {
  const { sub, client_id: client, roles } = req.token;
  res.json({ sub, client, roles });
});
app.listen(PORT);
