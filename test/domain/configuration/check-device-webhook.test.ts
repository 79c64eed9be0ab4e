import { describe, expect, test } from '@jest/globals';
import type { DesiredApplication } from '../../../src/domain/configuration/desired.js';
import { planTenant } from '../../../src/domain/configuration/plan.js';
import { NO_SECRETS } from '../../../src/domain/configuration/rules.js';

const SECRET = `whsec_${'A'.repeat(32)}`;
const tv = {
  clientId: 'tv',
  type: 'native',
  grantTypes: ['device_code'],
  deviceWebhookUri: 'https://tv.example/devices',
} as const;

const plan = (application: Partial<DesiredApplication>) =>
  planTenant(
    undefined,
    { path: 'tenants[0]', slug: 'acme', applications: [{ ...tv, ...application }] },
    { allowHttpLoopback: false },
    NO_SECRETS,
  );
const faults = (application: Partial<DesiredApplication>): readonly string[] =>
  plan(application).faults.map(({ path, message }) => `${path.split('.').at(-1)}: ${message}`);

describe('how an application wants to be told of devices', () => {
  test('an address of https, and a secret that is given or made', () => {
    expect(faults({})).toEqual([]);
    expect(faults({ deviceWebhookSecret: SECRET })).toEqual([]);
    expect(faults({ deviceWebhookUri: null, deviceWebhookSecret: null })).toEqual([]);
  });

  test('the plan names the secret, never what it is', () => {
    for (const given of [{}, { deviceWebhookSecret: SECRET }]) {
      const { changes } = plan(given);
      const made = changes.find(({ kind }) => kind === 'application');
      expect(made?.after).toMatchObject({ deviceWebhookSecret: '[secret changed]' });
      expect(JSON.stringify(changes)).not.toContain('AAAAAAAA');
    }
    expect(JSON.stringify(plan({ deviceWebhookUri: null }).changes)).not.toContain('deviceWebhookSecret');
  });

  test.each([
    ['A-45 plain http', { deviceWebhookUri: 'http://tv.example/devices' }],
    ['A-45 loopback', { deviceWebhookUri: 'http://127.0.0.1/devices' }],
    ['no address at all', { deviceWebhookUri: 'tv.example' }],
    ['credentials in it', { deviceWebhookUri: 'https://a:b@tv.example/' }],
  ])('%s is refused', (_what, application) => {
    expect(faults(application)).toEqual([expect.stringMatching(/^deviceWebhookUri: /)]);
  });

  test('only where devices sign in', () => {
    const web = {
      type: 'web',
      grantTypes: ['authorization_code'],
      redirectUris: ['https://a.example/'],
    } as const;
    expect(faults(web)).toEqual([
      'deviceWebhookUri: needs the grant device_code: nothing else is told there',
    ]);
  });

  test.each(['a-secret-of-16-chars', 'whsec_AAAA', `whsec_${'A'.repeat(33)}`, `whsec_${'-'.repeat(32)}`])(
    'a secret that is none: %s',
    (deviceWebhookSecret) => {
      const [fault] = faults({ deviceWebhookSecret });
      expect(fault).toBe(
        "deviceWebhookSecret: must be 'whsec_' and 24 to 64 bytes in base64, or be left out",
      );
      expect(fault).not.toContain(deviceWebhookSecret);
    },
  );

  test('a secret without an address', () => {
    expect(faults({ deviceWebhookUri: null, deviceWebhookSecret: SECRET })).toEqual([
      'deviceWebhookSecret: is for a deviceWebhookUri, and there is none',
    ]);
  });
});
