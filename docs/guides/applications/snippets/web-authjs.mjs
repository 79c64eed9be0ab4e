import { ExpressAuth, getSession } from '@auth/express';
import express from 'express';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, SESSION_SECRET, PORT } = process.env;

const config = {
  trustHost: true,
  secret: SESSION_SECRET,
  providers: [
    {
      id: 'causeway',
      name: 'Acme',
      type: 'oidc',
      issuer: ISSUER,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      checks: ['pkce', 'state', 'nonce'],
    },
  ],
  callbacks: {
    // `profile` is there when somebody has just signed in.
    jwt: ({ token, profile }) => (profile === undefined ? token : { ...token, roles: profile.roles }),
    session: ({ session, token }) => ({
      ...session,
      user: { ...session.user, id: token.sub, roles: token.roles },
    }),
  },
};

const app = express();
// The library finds its own path by the first group, which Express 5 only numbers in an expression.
app.use(/^\/auth\/(.*)$/, ExpressAuth(config));

app.get('/', async (req, res) => {
  const session = await getSession(req, config);
  if (session === null) return res.redirect('/auth/signin');
  res.json({ name: session.user.name, roles: session.user.roles });
});

app.listen(PORT);
