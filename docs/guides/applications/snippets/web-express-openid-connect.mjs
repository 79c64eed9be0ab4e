import express from 'express';
import openid from 'express-openid-connect';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE_URL, SESSION_SECRET, PORT } = process.env;

const app = express();
// Adds /login, /callback and /logout.
app.use(
  openid.auth({
    issuerBaseURL: ISSUER,
    baseURL: BASE_URL,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    secret: SESSION_SECRET,
    authRequired: false,
    idpLogout: true,
    routes: { postLogoutRedirect: '/signed-out' },
    authorizationParams: { response_type: 'code', scope: 'openid profile email offline_access' },
  }),
);

app.get('/', openid.requiresAuth(), (req, res) => {
  const { sub, name, roles } = req.oidc.idTokenClaims;
  res.json({ sub, name, roles });
});

app.get('/userinfo', openid.requiresAuth(), async (req, res) => res.json(await req.oidc.fetchUserInfo()));

app.get('/renew', openid.requiresAuth(), async (req, res) => {
  await req.oidc.accessToken.refresh();
  res.redirect('/');
});

app.get('/admin', openid.requiresAuth(), (req, res) => {
  if (req.oidc.idTokenClaims.roles.includes('admin')) res.send('For administrators.');
  else res.status(403).send('This is for administrators.');
});

app.get('/signed-out', (_req, res) => res.send('You are signed out.'));

app.listen(PORT);
