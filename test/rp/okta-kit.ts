import { randomBytes } from 'node:crypto';
import { startOktaOrg } from '../../demo/okta/server.js';
import type { RunningOktaOrg, StartOktaOrgConfig } from '../../demo/okta/server.js';
import type { Connection, ConnectionSettings } from '../../src/domain/connection/connection.js';
import type { UpstreamParty } from '../../src/rp/party.js';
import type { CompletedSignIn, RelyingParty, SignInRequest } from '../../src/rp/relying-party.js';
import { HttpBrowser, signInAtOkta } from '../support/okta-sign-in.js';
import type { OktaPerson } from '../support/okta-sign-in.js';
import { oktaSigningKeys } from '../support/signing-keys.js';
import { aParty } from './kit.js';

export const CLIENT_ID = '0oacauseway000000001';
export const CLIENT_SECRET = 'a-secret_with-hyphens_and-underscores-1';
export const REDIRECT_URI = 'http://localhost:3000/t/acme/callback/okta';
export const ADA: OktaPerson = { username: 'ada.byron@acme.example', password: 'Okta-demo-1', otp: '123456' };
export const BOB: OktaPerson = { username: 'bob.stone@acme.example', password: 'Okta-demo-1', otp: '123456' };

type AppSeed = NonNullable<StartOktaOrgConfig['apps']>[number];

/** A simulated Okta org with Ada (assigned, in Engineering, with a second factor), Bob (not assigned) and our app. */
export function anOrg(
  app: Partial<AppSeed> = {},
  config: Partial<StartOktaOrgConfig> = {},
): Promise<RunningOktaOrg> {
  return startOktaOrg({
    signingKeys: oktaSigningKeys(),
    users: [
      { login: ADA.username, groups: ['Engineering', 'Admins'], factors: ['otp'] },
      { login: BOB.username, factors: [] },
    ],
    apps: [
      {
        label: 'Causeway',
        clientId: CLIENT_ID,
        clientSecret: CLIENT_SECRET,
        redirectUris: [REDIRECT_URI],
        groupsClaim: { name: 'groups', type: 'FILTER', match: 'REGEX', value: '(Eng|Adm).*' },
        assign: { groups: ['Engineering'] },
        ...app,
      },
    ],
    ...config,
  });
}

/** Our connection to an org, or to one of its custom authorization servers. */
export function partyOf(
  { issuer }: Pick<RunningOktaOrg, 'issuer'>,
  settings: Partial<ConnectionSettings> = {},
  rest: Partial<Omit<UpstreamParty, 'connection'>> & Partial<Pick<Connection, 'issuer'>> = {},
): UpstreamParty {
  const { issuer: other, ...party } = rest;
  return aParty(
    { issuer: other ?? issuer, clientId: CLIENT_ID },
    { settings },
    { secrets: { clientSecret: CLIENT_SECRET }, redirectUri: REDIRECT_URI, ...party },
  );
}

export interface Trip {
  readonly request?: Partial<SignInRequest>;
  readonly person?: OktaPerson;
  /** A browser that has been at Okta before is signed in there. */
  readonly browser?: HttpBrowser;
}

export interface Returned {
  readonly callback: URL;
  readonly request: SignInRequest;
}

const secret = (): string => randomBytes(32).toString('base64url');

/** A person's way to Okta and back, until the browser stands at our callback address. */
export async function goAndReturn(
  rp: RelyingParty,
  party: UpstreamParty,
  trip: Trip = {},
): Promise<Returned> {
  const { person = ADA, browser = new HttpBrowser() } = trip;

  const request = { state: secret(), nonce: secret(), codeVerifier: secret(), ...trip.request };
  const callback = await signInAtOkta(browser, await rp.authorizationUrl(party, request), person);
  return { callback, request };
}

/** The whole sign-in. */
export async function signInByOkta(
  rp: RelyingParty,
  party: UpstreamParty,
  trip: Trip = {},
): Promise<CompletedSignIn> {
  const { callback, request } = await goAndReturn(rp, party, trip);
  return rp.completeSignIn(party, callback.searchParams, request);
}
