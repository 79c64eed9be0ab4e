import OktaJwtVerifier from '@okta/jwt-verifier';
import express from 'express';

const { ISSUER, AUDIENCE, PORT } = process.env;

const verifier = new OktaJwtVerifier({
  issuer: ISSUER, // was: https://acme.okta.com/oauth2/default
  assertClaims: { 'scp.includes': ['read'] },
  // For trying it out on one machine; away with it where the issuer has https.
  testing: { disableHttpsCheck: ISSUER.startsWith('http://localhost') },
});

const app = express();

app.get('/orders', async (req, res) => {
  const [scheme, token = ''] = (req.get('authorization') ?? '').split(' ');
  try {
    if (scheme !== 'Bearer') throw new Error('no token');
    const { claims } = await verifier.verifyAccessToken(token, AUDIENCE);
    res.json({ cid: claims.cid, uid: claims.uid, scp: claims.scp, roles: claims.roles });
  } catch {
    res.status(401).set('WWW-Authenticate', 'Bearer error="invalid_token"').end();
  }
});

app.listen(PORT);
