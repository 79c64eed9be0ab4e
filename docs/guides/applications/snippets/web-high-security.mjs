import express from 'express';
import session from 'express-session';
import * as oidc from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_KEY, BASE_URL, SESSION_SECRET, PORT } = process.env;
// Plain http is for trying it out on one machine.
const tryingOut = ISSUER.startsWith('http://localhost') ? { execute: [oidc.allowInsecureRequests] } : {};

// The private half of the key whose public half is in the application's `jwks`.
const jwk = JSON.parse(CLIENT_KEY);
const curve = { name: 'ECDSA', namedCurve: 'P-256' };
const key = await crypto.subtle.importKey('jwk', jwk, curve, false, ['sign']);
const issuer = await oidc.discovery(
  new URL(ISSUER),
  CLIENT_ID,
  { id_token_signed_response_alg: 'ES256' },
  oidc.PrivateKeyJwt({ key, kid: jwk.kid }),
  tryingOut,
);
// Access tokens are bound to this one, which never leaves the process; a new one at each start will do.
const DPoP = oidc.getDPoPHandle(issuer, await oidc.randomDPoPKeyPair('ES256'));

const app = express();
app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false }));

app.get('/login', async (req, res) => {
  const verifier = oidc.randomPKCECodeVerifier();
  const trip = { verifier, state: oidc.randomState(), nonce: oidc.randomNonce() };
  req.session.trip = trip;
  const request = {
    redirect_uri: `${BASE_URL}/callback`,
    scope: 'openid profile email offline_access',
    state: trip.state,
    nonce: trip.nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  };
  // Pushed first; the browser carries only its name. The code is bound to the DPoP key.
  res.redirect((await oidc.buildAuthorizationUrlWithPAR(issuer, request, { DPoP })).href);
});

app.get('/callback', async (req, res) => {
  const { trip } = req.session;
  if (trip === undefined) return res.redirect('/login');
  delete req.session.trip;
  const checks = {
    pkceCodeVerifier: trip.verifier,
    expectedState: trip.state,
    expectedNonce: trip.nonce,
    idTokenExpected: true,
  };
  const answer = new URL(req.originalUrl, BASE_URL);
  const tokens = await oidc.authorizationCodeGrant(issuer, answer, checks, undefined, { DPoP });
  // A new session id: nobody can have put the old one into this browser.
  await new Promise((resolve, reject) => {
    req.session.regenerate((error) => (error ? reject(error) : resolve()));
  });
  keep(req.session, tokens);
  res.redirect('/');
});

app.get('/', (req, res) => {
  const { person } = req.session;
  if (person === undefined) return res.redirect('/login');
  res.json({ sub: person.sub, name: person.name, roles: person.roles });
});

app.get('/userinfo', async (req, res) => {
  const { person, accessToken } = req.session;
  if (person === undefined) return res.redirect('/login');
  res.json(await oidc.fetchUserInfo(issuer, accessToken, person.sub, { DPoP }));
});

// The refresh token stays the same: who has it can do nothing without the application's key.
app.get('/renew', async (req, res) => {
  const { refreshToken } = req.session;
  if (refreshToken === undefined) return res.redirect('/login');
  keep(req.session, await oidc.refreshTokenGrant(issuer, refreshToken, undefined, { DPoP }));
  res.redirect('/userinfo');
});

function keep(own, tokens) {
  own.person = tokens.claims();
  own.accessToken = tokens.access_token;
  own.refreshToken = tokens.refresh_token;
}

app.listen(PORT);
