import { describe, expect, test } from '@jest/globals';
import { SERVICES_ONLY, type RegistrationBounds } from '../../../src/domain/application/registration.js';
import {
  wantedApplication,
  type RegistrationWish,
} from '../../../src/domain/application/registration-wish.js';
import { FaultList } from '../../../src/domain/configuration/fault.js';
import { planTenant } from '../../../src/domain/configuration/plan.js';
import { NO_SECRETS } from '../../../src/domain/configuration/rules.js';
import { InForce } from '../configuration/in-force.js';

const API = 'https://api.example';
const DEFAULT_API = 'https://default.example';
const desired = {
  path: 'tenants[0]',
  slug: 'acme',
  apis: [
    { identifier: API, scopes: [{ name: 'read' }, { name: 'write' }] },
    { identifier: DEFAULT_API, scopes: [{ name: 'ping' }], default: true },
  ],
};
const { configuration } = new InForce(
  planTenant(undefined, desired, { allowHttpLoopback: false }, NO_SECRETS).target,
);

const EVERYTHING: RegistrationBounds = {
  types: ['web', 'spa', 'native', 'service'],
  grants: ['authorization_code', 'refresh_token', 'client_credentials', 'device_code', 'token_exchange'],
  apis: [API, 'https://gone.example'],
  scopes: null,
};

function wanted(wish: RegistrationWish, bounds = EVERYTHING) {
  const faults = new FaultList();
  const application = wantedApplication({ clientId: 'bot', ...wish }, bounds, configuration, faults);
  return { application, faults: faults.faults.map(({ path }) => path) };
}

describe('what an application that registers becomes', () => {
  test('a service has the APIs of its token that there are, and asks nobody', () => {
    const { application, faults } = wanted({ type: 'service' });
    expect(faults).toEqual([]);
    expect(application).toMatchObject({
      clientId: 'bot',
      name: 'bot',
      source: 'registration',
      settings: { apis: [API], scopes: null, grantTypes: ['client_credentials'], consent: false },
    });
  });

  test('what signs people in asks them, and is for everyone of this tenant only', () => {
    const { application } = wanted({ type: 'web', redirectUris: ['https://a.example/cb'] });
    expect(application.settings).toMatchObject({ consent: true, assignment: 'everyone', audience: 'tenant' });
  });

  test('a page may call from where it gets codes; a private scheme is no origin', () => {
    const redirectUris = [
      'https://a.example/cb',
      'https://a.example/other',
      'com.example.app:/cb',
      'no address',
    ];
    expect(wanted({ type: 'spa', redirectUris }).application.settings.allowedOrigins).toEqual([
      'https://a.example',
    ]);
    expect(wanted({ type: 'native', redirectUris }).application.settings.allowedOrigins).toEqual([]);
  });

  test.each<[string, RegistrationWish, RegistrationBounds, readonly string[]]>([
    ['a service within the usual bounds', { type: 'service' }, SERVICES_ONLY, []],
    ['a web application beyond them', { type: 'web' }, SERVICES_ONLY, ['type', 'grantTypes']],
    [
      'a grant beyond them',
      { type: 'service', grantTypes: ['client_credentials', 'device_code'] },
      SERVICES_ONLY,
      ['grantTypes'],
    ],
    [
      'ID Tokens in addresses, whatever the token',
      { responseTypes: ['code id_token'] },
      EVERYTHING,
      ['responseTypes'],
    ],
    ['scopes of its API', { scopes: ['openid', 'read', 'ping'] }, EVERYTHING, []],
    ['a scope that no API has', { scopes: ['fly'] }, EVERYTHING, ['scopes']],
    [
      'a scope of an API that isn’t its own',
      { type: 'service', scopes: ['read'] },
      SERVICES_ONLY,
      ['scopes'],
    ],
    ['the default API’s scope', { type: 'service', scopes: ['ping'] }, SERVICES_ONLY, []],
    ['a scope beyond the token', { scopes: ['write'] }, { ...EVERYTHING, scopes: ['read'] }, ['scopes']],
  ])('%s', (_case, wish, bounds, faults) => {
    expect(wanted(wish, bounds).faults).toEqual(faults);
  });

  test('who changes itself keeps what isn’t its own to choose', () => {
    const before = wanted({ type: 'web', redirectUris: ['https://a.example/cb'] }).application;
    const known = {
      ...before,
      id: 'id' as never,
      settings: {
        ...before.settings,
        apis: [],
        assignment: { groups: ['Staff'], roles: [] },
        idTokenAlg: 'ES256' as const,
      },
    };
    const after = wantedApplication(
      { clientId: 'bot', type: 'web', redirectUris: ['https://b.example/cb'] },
      EVERYTHING,
      configuration,
      new FaultList(),
      known,
    );
    expect(after.settings).toMatchObject({
      redirectUris: ['https://b.example/cb'],
      assignment: { groups: ['Staff'], roles: [] },
      apis: [],
      idTokenAlg: 'RS256',
    });
  });
});
