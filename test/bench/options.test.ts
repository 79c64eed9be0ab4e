import { expect, test } from '@jest/globals';
import { readOptions, UsageError } from '../../bench/options.js';

function optionsOf(...args: readonly string[]) {
  const options = readOptions(args);
  if (options === 'help') throw new Error('asked for help');
  return options;
}

test('all flows at 1, 16 and 64 at once by default', () => {
  const { flows, scimFlows, tenantFlows, concurrencies } = optionsOf();
  expect(flows.map(({ name }) => name)).toEqual([
    'discovery',
    'discovery, unchanged',
    'keys',
    'client credentials, JWT',
    'client credentials, opaque',
    'introspection',
    'refresh',
    'refresh storm',
    'single-sign-on login',
    'brokered login',
  ]);
  expect(scimFlows.map(({ name }) => name)).toEqual([
    'scim create user',
    'scim look-up by userName',
    'scim PATCH one member',
    'scim PATCH one member, by group',
    'scim page by index',
    'scim page by cursor',
    'scim import',
    'scim deactivation',
  ]);
  expect(tenantFlows.map(({ name }) => name)).toEqual([
    'client credentials, by tenants',
    'brokered login, by tenants',
  ]);
  expect(concurrencies).toEqual([1, 16, 64]);
});

test('a quick run measures for about a minute', () => {
  const { flows, concurrencies, pace } = optionsOf('--quick');
  expect(flows.length * concurrencies.length * pace.rounds * 2 * pace.seconds).toBeLessThanOrEqual(60);
});

test('flows are chosen by a part of their name', () =>
  expect(optionsOf('--only', 'login', '--only', 'keys').flows.map(({ name }) => name)).toEqual([
    'keys',
    'single-sign-on login',
    'brokered login',
  ]));

test('SCIM can be chosen alone, and left out', () => {
  expect(optionsOf('--only', 'scim')).toMatchObject({ flows: [] });
  expect(optionsOf('--only', 'scim page').scimFlows).toHaveLength(2);
  expect(optionsOf('--only', 'refresh')).toMatchObject({ scimFlows: [] });
});

test('lists run alone, and only when they are asked for, among as many rows as are said', () => {
  expect(optionsOf().questions).toEqual([]);
  expect(optionsOf('--only', 'tenants').questions).toEqual([]);
  const { questions, flows, scimFlows, tenantFlows, listSizes } = optionsOf(
    '--only',
    'list',
    '--events',
    '1000',
  );
  expect(questions.length).toBeGreaterThan(40);
  expect([...flows, ...scimFlows, ...tenantFlows]).toEqual([]);
  expect(listSizes).toEqual({ tenants: 10_000, users: 1_000_000, events: 1_000 });
  expect(
    optionsOf('--only', 'list events').questions.every(({ name }) => name.startsWith('list events')),
  ).toBe(true);
});

test('the help is asked for', () => expect(readOptions(['--help'])).toBe('help'));

test.each([
  [['--only', 'nothing']],
  [['--concurrency', '0']],
  [['--concurrency', '1,x']],
  [['--seconds', '-1']],
  [['--rounds', '1.5']],
  [['--unknown']],
  [['stray']],
])('%j is refused', (args) => expect(() => readOptions(args)).toThrow(UsageError));
