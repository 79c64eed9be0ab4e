import { describe, expect, test } from '@jest/globals';
import { readConfig } from '../../src/server/config.js';
import { ConfigError } from '../../src/server/config-values.js';

type Variables = Record<string, string>;

function faultsOf(variables: Variables): readonly string[] {
  try {
    readConfig(variables);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

const KEY = Buffer.alloc(32, 7).toString('base64');
const EXTERNAL = { DATABASE_URL: 'postgres://u:p@db/causeway', ENCRYPTION_KEYS: `k1:${KEY}` };

describe('without any variable', () => {
  test('the defaults of the contract', () => {
    const config = readConfig({});
    expect(config).toEqual({
      publicUrl: 'http://localhost:3000',
      loopback: true,
      port: 3000,
      host: '127.0.0.1',
      database: { kind: 'embedded' },
      dataDir: `${process.cwd()}/data`,
      encryptionKeys: { kind: 'generated' },
      trustProxy: { kind: 'none' },
      clientCertHeader: undefined,
      workers: 1,
      consoleUrl: 'http://localhost:3000/console/',
      privateUpstreams: 'allow',
      metricsPort: undefined,
      historyDays: 400,
      migrate: true,
      smtp: undefined,
      logLevel: 'info',
    });
  });

  test('frozen, through and through', () => {
    const config = readConfig({ TRUST_PROXY: '10.0.0.0/8' });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.trustProxy)).toBe(true);
  });

  test('an empty variable is as good as none', () => {
    const names = [
      'PUBLIC_URL',
      'PORT',
      'DATABASE_URL',
      'ENCRYPTION_KEYS',
      'TRUST_PROXY',
      'METRICS_PORT',
      'SMTP_URL',
      'MIGRATE',
    ];
    expect(readConfig(Object.fromEntries(names.map((name) => [name, ' '])))).toEqual(readConfig({}));
  });
});

describe('what variables say', () => {
  test.each<[variables: Variables, expected: object]>([
    [{ PORT: '8080' }, { port: 8080, publicUrl: 'http://localhost:8080' }],
    [
      { PUBLIC_URL: 'https://SSO.example.com/', PORT: '8080' },
      {
        publicUrl: 'https://sso.example.com',
        loopback: false,
        privateUpstreams: 'refuse',
        consoleUrl: 'https://sso.example.com/console/',
      },
    ],
    [{ PUBLIC_URL: 'https://example.com/sso/' }, { publicUrl: 'https://example.com/sso' }],
    [{ PUBLIC_URL: 'http://127.0.0.1:3000' }, { loopback: true }],
    [{ PUBLIC_URL: 'http://[::1]:3000' }, { loopback: true }],
    [{ PUBLIC_URL: 'http://sso.localhost:3000' }, { loopback: true }],
    [{ PUBLIC_URL: 'https://localhost' }, { loopback: true, privateUpstreams: 'allow' }],
    [
      EXTERNAL,
      { database: { kind: 'external', url: EXTERNAL.DATABASE_URL, directUrl: EXTERNAL.DATABASE_URL } },
    ],
    [
      { ...EXTERNAL, DATABASE_DIRECT_URL: 'postgresql://direct/causeway' },
      {
        database: { kind: 'external', url: EXTERNAL.DATABASE_URL, directUrl: 'postgresql://direct/causeway' },
      },
    ],
    [{ DATA_DIR: '/var/lib/causeway' }, { dataDir: '/var/lib/causeway' }],
    [{ ENCRYPTION_KEYS_FILE: '/run/keys' }, { encryptionKeys: { kind: 'file', path: '/run/keys' } }],
    [
      { ENCRYPTION_KEYS: `new:${KEY}, old:${KEY}` },
      {
        encryptionKeys: {
          kind: 'given',
          keys: [
            { id: 'new', secret: Buffer.alloc(32, 7) },
            { id: 'old', secret: Buffer.alloc(32, 7) },
          ],
        },
      },
    ],
    [{ TRUST_PROXY: 'off' }, { trustProxy: { kind: 'none' } }],
    [{ TRUST_PROXY: '2' }, { trustProxy: { kind: 'hops', count: 2 } }],
    [
      { TRUST_PROXY: '10.0.0.0/8, fd00::/8', CLIENT_CERT_HEADER: 'Client-Cert' },
      {
        trustProxy: { kind: 'networks', cidrs: ['10.0.0.0/8', 'fd00::/8'] },
        clientCertHeader: 'client-cert',
      },
    ],
    [{ WORKERS: '4' }, { workers: 4 }],
    [{ CONSOLE_URL: 'https://console.example.com' }, { consoleUrl: 'https://console.example.com/' }],
    [{ ALLOW_PRIVATE_UPSTREAMS: 'false' }, { privateUpstreams: 'refuse' }],
    [{ ALLOW_PRIVATE_UPSTREAMS: 'true', PUBLIC_URL: 'https://a.example' }, { privateUpstreams: 'allow' }],
    [{ ALLOW_PRIVATE_UPSTREAMS: '10.1.0.0/16' }, { privateUpstreams: ['10.1.0.0/16'] }],
    [{ METRICS_PORT: '9090' }, { metricsPort: 9090 }],
    [{ HISTORY_DAYS: '30' }, { historyDays: 30 }],
    [{ MIGRATE: 'off' }, { migrate: false }],
    [
      { SMTP_URL: 'smtps://u:p@mail.example.com', SMTP_FROM: 'Causeway <sso@example.com>' },
      { smtp: { url: 'smtps://u:p@mail.example.com', from: 'Causeway <sso@example.com>' } },
    ],
    [{ LOG_LEVEL: 'debug' }, { logLevel: 'debug' }],
    [{ HOST: '0.0.0.0' }, { host: '0.0.0.0' }],
  ])('%j', (variables, expected) => {
    expect(readConfig(variables)).toMatchObject(expected);
  });
});

describe('a fault is one line that names its variable', () => {
  test.each<[line: string, variables: Variables]>([
    ["PORT: must be a whole number from 1 to 65535, not 'http'", { PORT: 'http' }],
    ["PORT: must be a whole number from 1 to 65535, not '0'", { PORT: '0' }],
    ["PORT: must be a whole number from 1 to 65535, not '65536'", { PORT: '65536' }],
    [
      "PUBLIC_URL: must be an address such as https://sso.example.com, not 'sso.example.com'",
      { PUBLIC_URL: 'sso.example.com' },
    ],
    ['PUBLIC_URL: must be https; http is only for loopback hosts', { PUBLIC_URL: 'http://sso.example.com' }],
    ['PUBLIC_URL: must be https; http is only for loopback hosts', { PUBLIC_URL: 'ftp://sso.example.com' }],
    [
      'PUBLIC_URL: must have no credentials, query or fragment',
      { PUBLIC_URL: 'https://a:b@sso.example.com' },
    ],
    ['PUBLIC_URL: must have no credentials, query or fragment', { PUBLIC_URL: 'https://sso.example.com/?x' }],
    [
      'CONSOLE_URL: must be https; http is only for loopback hosts',
      { CONSOLE_URL: 'http://console.example.com' },
    ],
    [
      'DATABASE_URL: must be an address that begins with postgres:// or postgresql://',
      { ...EXTERNAL, DATABASE_URL: 'mysql://db/x' },
    ],
    [
      'DATABASE_DIRECT_URL: must be an address that begins with postgres:// or postgresql://',
      { ...EXTERNAL, DATABASE_DIRECT_URL: 'db:5432' },
    ],
    ['DATABASE_DIRECT_URL: needs DATABASE_URL beside it', { DATABASE_DIRECT_URL: 'postgres://db/x' }],
    [
      'ENCRYPTION_KEYS: is required with DATABASE_URL: id:key pairs, the key 32 random bytes as base64 (openssl rand -base64 32)',
      { DATABASE_URL: 'postgres://db/x' },
    ],
    [
      "ENCRYPTION_KEYS: key 1 must be written id:base64, the id of letters, digits, '_' and '-'",
      { ENCRYPTION_KEYS: 'hush-hush' },
    ],
    ["ENCRYPTION_KEYS: key 'k1' must be 32 bytes as base64, it is 3", { ENCRYPTION_KEYS: 'k1:AAAA' }],
    ["ENCRYPTION_KEYS: the id 'k1' is there twice", { ENCRYPTION_KEYS: `k1:${KEY},k1:${KEY}` }],
    [
      'ENCRYPTION_KEYS_FILE: give ENCRYPTION_KEYS or ENCRYPTION_KEYS_FILE, not both',
      { ENCRYPTION_KEYS: `k1:${KEY}`, ENCRYPTION_KEYS_FILE: '/x' },
    ],
    [
      "TRUST_PROXY: must be off, a number of hops, or networks; 'yes' is no network such as 10.0.0.0/8 or fd00::/8",
      { TRUST_PROXY: 'yes' },
    ],
    ["TRUST_PROXY: must be a whole number from 1 to 32, not '99'", { TRUST_PROXY: '99' }],
    [
      'CLIENT_CERT_HEADER: counts only from a trusted proxy: set TRUST_PROXY',
      { CLIENT_CERT_HEADER: 'Client-Cert' },
    ],
    [
      "CLIENT_CERT_HEADER: must be the name of a header, not 'a b'",
      { CLIENT_CERT_HEADER: 'a b', TRUST_PROXY: '1' },
    ],
    ["WORKERS: must be a whole number from 1 to 64, not '0'", { WORKERS: '0' }],
    [
      "ALLOW_PRIVATE_UPSTREAMS: must be true, false, or networks; '10.0.0.0' is no network such as 10.0.0.0/8 or fd00::/8",
      { ALLOW_PRIVATE_UPSTREAMS: '10.0.0.0' },
    ],
    ['METRICS_PORT: must differ from PORT', { METRICS_PORT: '3000' }],
    ["MIGRATE: must be one of on, off, not 'yes'", { MIGRATE: 'yes' }],
    [
      'SMTP_URL: must be an address that begins with smtp:// or smtps://',
      { SMTP_URL: 'http://mail', SMTP_FROM: 'a@b.example' },
    ],
    ['SMTP_FROM: is required with SMTP_URL', { SMTP_URL: 'smtp://mail' }],
    ['SMTP_URL: is required with SMTP_FROM', { SMTP_FROM: 'a@b.example' }],
    ["SMTP_FROM: must be a mail address, not 'nobody'", { SMTP_URL: 'smtp://mail', SMTP_FROM: 'nobody' }],
    [
      "LOG_LEVEL: must be one of fatal, error, warn, info, debug, trace, silent, not 'loud'",
      { LOG_LEVEL: 'loud' },
    ],
  ])('%s', (line, variables) => {
    expect(faultsOf(variables)).toEqual([line]);
  });

  test('all of them at once', () => {
    expect(faultsOf({ PORT: 'x', WORKERS: 'x', MIGRATE: 'x' })).toHaveLength(3);
  });

  test('never quotes a key or a password', () => {
    const faults = faultsOf({
      ENCRYPTION_KEYS: 'k1:hushhush',
      DATABASE_URL: 'mysql://u:hushhush@db',
      SMTP_URL: 'x://hushhush',
    });
    expect(faults.length).toBeGreaterThan(2);
    expect(faults.join('\n')).not.toContain('hushhush');
  });
});
