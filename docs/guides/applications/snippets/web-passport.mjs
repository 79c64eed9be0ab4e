import express from 'express';
import session from 'express-session';
import { decodeJwt } from 'jose';
import passport from 'passport';
import OpenIDConnectStrategy from 'passport-openidconnect';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE_URL, SESSION_SECRET, PORT } = process.env;

passport.use(
  new OpenIDConnectStrategy(
    {
      issuer: ISSUER,
      authorizationURL: `${ISSUER}/oauth2/v1/authorize`,
      tokenURL: `${ISSUER}/oauth2/v1/token`,
      userInfoURL: `${ISSUER}/oauth2/v1/userinfo`,
      clientID: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      callbackURL: `${BASE_URL}/callback`,
      scope: 'profile email',
      // Without it an ID token of another sign-in would do.
      nonce: true,
    },
    // The library's profile leaves roles out; the ID token came straight from the issuer.
    (_issuer, profile, _context, idToken, done) =>
      done(null, { sub: profile.id, name: profile.displayName, roles: decodeJwt(idToken).roles, idToken }),
  ),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false }));
app.use(passport.session());

app.get('/login', passport.authenticate('openidconnect'));
app.get('/callback', passport.authenticate('openidconnect', { successRedirect: '/' }));

app.get('/', (req, res) => {
  if (!req.isAuthenticated()) return res.redirect('/login');
  const { sub, name, roles } = req.user;
  res.json({ sub, name, roles });
});

app.get('/logout', (req, res, next) => {
  const hint = req.user?.idToken;
  req.logout((error) => {
    if (error) return next(error);
    const address = new URL(`${ISSUER}/oauth2/v1/logout`);
    if (hint !== undefined) address.searchParams.set('id_token_hint', hint);
    address.searchParams.set('post_logout_redirect_uri', `${BASE_URL}/signed-out`);
    res.redirect(address.href);
  });
});

app.get('/signed-out', (_req, res) => res.send('You are signed out.'));

app.listen(PORT);
