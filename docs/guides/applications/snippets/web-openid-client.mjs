import express from 'express';
import session from 'express-session';
import * as oidc from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE_URL, SESSION_SECRET, PORT } = process.env;
const SCOPE = 'openid profile email offline_access';
// Plain http is for trying it out on one machine.
const tryingOut = ISSUER.startsWith('http://localhost') ? { execute: [oidc.allowInsecureRequests] } : {};
const issuer = await oidc.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, tryingOut);

const app = express();
app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false }));

app.get('/login', async (req, res) => {
  const verifier = oidc.randomPKCECodeVerifier();
  const trip = { verifier, state: oidc.randomState(), nonce: oidc.randomNonce() };
  req.session.trip = trip;
  const address = oidc.buildAuthorizationUrl(issuer, {
    redirect_uri: `${BASE_URL}/callback`,
    scope: SCOPE,
    state: trip.state,
    nonce: trip.nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  res.redirect(address.href);
});

app.get('/callback', async (req, res) => {
  const { trip } = req.session;
  if (trip === undefined) return res.redirect('/login');
  delete req.session.trip;
  const tokens = await oidc.authorizationCodeGrant(issuer, new URL(req.originalUrl, BASE_URL), {
    pkceCodeVerifier: trip.verifier,
    expectedState: trip.state,
    expectedNonce: trip.nonce,
    idTokenExpected: true,
  });
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

// Roles are those of this moment in each new ID token: renew, and act by what it says.
app.get('/renew', async (req, res) => {
  const { refreshToken } = req.session;
  if (refreshToken === undefined) return res.redirect('/login');
  keep(req.session, await oidc.refreshTokenGrant(issuer, refreshToken));
  res.redirect('/');
});

app.get('/logout', async (req, res) => {
  const { refreshToken, idToken } = req.session;
  if (refreshToken !== undefined) await oidc.tokenRevocation(issuer, refreshToken);
  req.session.destroy(() => {
    const parameters = { post_logout_redirect_uri: `${BASE_URL}/signed-out` };
    if (idToken !== undefined) parameters.id_token_hint = idToken;
    res.redirect(oidc.buildEndSessionUrl(issuer, parameters).href);
  });
});

app.get('/signed-out', (_req, res) => res.send('You are signed out.'));

function keep(own, tokens) {
  own.person = tokens.claims();
  own.idToken = tokens.id_token;
  own.refreshToken = tokens.refresh_token;
}

app.listen(PORT);
