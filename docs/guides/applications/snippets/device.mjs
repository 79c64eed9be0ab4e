// A device without a browser: it shows a code, and waits until its person has signed in elsewhere.
import * as client from 'openid-client';

const { ISSUER, CLIENT_ID, DEVICE_NAME } = process.env;

const config = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, client.None(), {
  // Only where the issuer is http on loopback, for trying things out.
  execute: ISSUER.startsWith('http:') ? [client.allowInsecureRequests] : [],
});

const asked = await client.initiateDeviceAuthorization(config, {
  scope: 'openid profile email offline_access',
  device_reference: DEVICE_NAME,
});
process.stdout.write(`Open ${asked.verification_uri} and enter ${asked.user_code}\n`);

// Waits as long as the server says between two questions, longer when it says slow_down.
const tokens = await client.pollDeviceAuthorizationGrant(config, asked);
const { name, roles } = tokens.claims();
process.stdout.write(`Signed in: ${name}, roles ${roles.join(', ')}\n`);
