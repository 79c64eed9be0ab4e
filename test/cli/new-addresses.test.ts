import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandLine, type CommandLine } from './support.js';

const FILE = `
tenants:
  - slug: acme
    connections:
      - { key: okta, issuer: https://acme.okta.com, clientId: 0oa1, clientSecret: { value: a-secret-of-32-characters-0123456 } }
      - { key: entra, type: oidc, issuer: https://entra.example, clientId: 0oa2, clientSecret: { value: a-secret-of-32-characters-0123456 } }
    scimTokens: [{ name: okta, connection: okta }]
`;
const ISSUER = 'https://sso.example.com/t/acme';

let cli: CommandLine;
beforeAll(async () => {
  cli = await commandLine();
});
afterAll(() => cli.drop());

async function told(input: string, ...words: readonly string[]): Promise<readonly string[]> {
  const { code, stdout } = await cli.run(['apply', '-f', '-', ...words], { input });
  expect(code).toBe(0);
  return stdout.split('\n').filter((line) => line.includes(ISSUER));
}

test('apply tells the addresses that upstreams need of what is new, in a dry run too, and of nothing else', async () => {
  const all = [
    `Redirect URI of acme / okta, for the upstream: ${ISSUER}/callback/okta`,
    `Initiate login URI of acme / okta, for a tile there: ${ISSUER}/initiate/okta/CLIENT_ID`,
    `Redirect URI of acme / entra, for the upstream: ${ISSUER}/callback/entra`,
    `Initiate login URI of acme / entra, for a tile there: ${ISSUER}/initiate/entra/CLIENT_ID`,
    `SCIM base URL of acme: ${ISSUER}/scim/v2`,
  ];
  expect(await told(FILE, '--dry-run')).toEqual(all);
  expect(await told(FILE)).toEqual(all);
  expect(await told(FILE)).toEqual([]);
  expect(await told('tenants: [{ slug: acme, name: Acme Inc. }]')).toEqual([]);
});
