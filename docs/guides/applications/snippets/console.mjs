import express from 'express';
import session from 'express-session';
import * as oidc from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE_URL, SESSION_SECRET, PORT } = process.env;
// Plain http is for trying it out on one machine.
const tryingOut = ISSUER.startsWith('http://localhost') ? { execute: [oidc.allowInsecureRequests] } : {};
const issuer = await oidc.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, tryingOut);

const app = express();
app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false }));

async function leave(req, res, wishes) {
  const verifier = oidc.randomPKCECodeVerifier();
  req.session.trip = { verifier, state: oidc.randomState(), nonce: oidc.randomNonce(), ...wishes };
  const address = oidc.buildAuthorizationUrl(issuer, {
    redirect_uri: `${BASE_URL}/callback`,
    scope: 'openid profile email',
    state: req.session.trip.state,
    nonce: req.session.trip.nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(wishes.hint === undefined ? {} : { login_hint: wishes.hint }),
  });
  res.redirect(address.href);
}

app.get('/login', (req, res) => leave(req, res, {}));

// Where a tile in Okta leads. Nobody is signed in by that: it only starts a sign-in of our own.
app.get('/initiate', async (req, res) => {
  const { iss, account, login_hint: hint } = req.query;
  if (iss === ISSUER) await leave(req, res, { account, hint });
  else res.status(400).send('This link is for another issuer.');
});

app.get('/callback', async (req, res) => {
  const { trip } = req.session;
  if (trip === undefined) return res.redirect('/login');
  const tokens = await oidc.authorizationCodeGrant(issuer, new URL(req.originalUrl, BASE_URL), {
    pkceCodeVerifier: trip.verifier,
    expectedState: trip.state,
    expectedNonce: trip.nonce,
    idTokenExpected: true,
  });
  await new Promise((resolve, reject) => {
    req.session.regenerate((error) => (error ? reject(error) : resolve()));
  });
  req.session.person = { ...tokens.claims(), account: trip.account };
  res.redirect('/');
});

/** Lets pass who has one of the roles. Roles decide, never groups: what a group may do is said at the issuer. */
const allow =
  (...roles) =>
  (req, res, next) => {
    if (req.session.person === undefined) res.status(401).end();
    else if (roles.some((role) => req.session.person.roles.includes(role))) next();
    else res.status(403).end();
  };

app.get('/', (req, res) => {
  if (req.session.person === undefined) return res.redirect('/login');
  const { name, roles, groups, tenant, account } = req.session.person;
  res.json({ name, roles, groups, tenant, account });
});
app.get('/devices', allow('admin', 'read-only', 'msp'), (_req, res) => res.json([]));
app.post('/devices', allow('admin', 'msp'), (_req, res) => res.status(201).end());
app.post('/users', allow('admin'), (_req, res) => res.status(201).end());

app.listen(PORT);
