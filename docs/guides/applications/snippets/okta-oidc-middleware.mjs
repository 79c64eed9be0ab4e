import okta from '@okta/oidc-middleware';
import express from 'express';
import session from 'express-session';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE_URL, SESSION_SECRET, PORT } = process.env;

const oidc = new okta.ExpressOIDC({
  issuer: ISSUER, // was: https://acme.okta.com
  client_id: CLIENT_ID,
  client_secret: CLIENT_SECRET,
  appBaseUrl: BASE_URL,
  scope: 'openid profile email',
  // For trying it out on one machine; away with it where the issuer has https.
  testing: { disableHttpsCheck: ISSUER.startsWith('http://localhost') },
});

const app = express();
app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false }));
app.use(oidc.router); // /login, /authorization-code/callback, POST /logout

app.get('/', oidc.ensureAuthenticated(), (req, res) => {
  const { sub, name, roles } = req.userContext.userinfo;
  res.json({ sub, name, roles });
});

oidc.on('ready', () => app.listen(PORT));
oidc.on('error', (error) => {
  throw error;
});
