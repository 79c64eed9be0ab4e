import { Browser } from '../driver/browser.js';
import { UnexpectedAnswer } from '../driver/http.js';
import type { Party } from '../driver/party.js';
import type { Operation } from '../flows/flow.js';
import { API, MAIL_DOMAIN, SERVICE } from '../parties.js';
import type { Targets } from '../places/place.js';
import { TENANT } from '../seed.js';
import { domainOf } from './copies.js';

/** What is done at one tenant after the other. */
export interface TenantFlow {
  readonly name: string;
  readonly targets: Targets;
  /** What it must keep to at tenants that nobody has asked for yet. */
  readonly coldTargets: Targets;
  readonly operation: (party: Party) => Promise<void>;
}

/** A thousand tenants may cost so much more than one (issue of scale: caches, memory, what V8 makes of many providers). */
const RATIO_MAX = 1.3;

/** A service gets an opaque access token: what one request to a tenant costs at least. */
const clientCredentials: TenantFlow = {
  name: 'client credentials, by tenants',
  targets: { flushesMax: 1, ratioMax: RATIO_MAX, p99MaxMs: undefined },
  // One request to a tenant that must be read, opened and built first (F-21).
  coldTargets: { flushesMax: undefined, ratioMax: undefined, p99MaxMs: 300 },
  operation: async (party) => {
    const token = await party.clientCredentials(SERVICE, API.opaque, API.scope);
    if (token.includes('.')) throw new UnexpectedAnswer('the access token is not opaque');
  },
};

const PEOPLE_OF_TENANT = 4;
let person = 0;

/** Sign-in of a person without a session. */
const brokeredLogin: TenantFlow = {
  name: 'brokered login, by tenants',
  targets: { flushesMax: 11, ratioMax: RATIO_MAX, p99MaxMs: undefined },
  coldTargets: { flushesMax: undefined, ratioMax: undefined, p99MaxMs: undefined },
  operation: async (party) => {
    person += 1;
    const slug = party.issuer.split('/').at(-1) ?? '';
    const domain = slug === TENANT ? MAIL_DOMAIN : domainOf(slug);
    await party.signIn(new Browser(party.http), `person-${person % PEOPLE_OF_TENANT}@${domain}`, 'upstream');
  },
};

/** Lets a node have a tenant at hand. */
export const touch = clientCredentials.operation;

export const TENANT_FLOWS: readonly TenantFlow[] = [clientCredentials, brokeredLogin];

/** Workers that go round tenants, each of them at another one. */
export function round(
  parties: readonly Party[],
  workers: number,
  operation: TenantFlow['operation'],
): readonly Operation[] {
  let turn = 0;
  return Array.from({ length: workers }, () => async () => {
    turn += 1;
    const party = parties[turn % parties.length];
    if (party !== undefined) await operation(party);
  });
}
