import { APPLICATIONS } from './applications.js';
import type { Demo } from './demo.js';
import { DEMO_ORGS, type DemoOrgKey } from './okta/demo-orgs.js';
import { PEOPLE } from './people.js';
import { provisioningOf } from './provisioning.js';

const ORGS = ['acme', 'globex'] as const satisfies readonly DemoOrgKey[];

/** Every address and credential of a running demo, for machines. */
export function describeForMachines(demo: Demo): unknown {
  const { causeway, okta, applied, applicationUrls, clientIds } = demo;
  return {
    causeway: {
      url: causeway.url,
      console: `${causeway.url}/console/`,
      firstRunLink: causeway.firstRunLink ?? null,
      log: causeway.logFile,
      // With these in its environment the `causeway` command works on this deployment.
      environment: causeway.configuration,
    },
    okta: ORGS.map((tenant) => ({
      tenant,
      url: okta[tenant].url,
      issuer: okta[tenant].issuer,
      dashboard: `${okta[tenant].url}/app/UserHome`,
      control: `${okta[tenant].url}/admin`,
      clientId: DEMO_ORGS[tenant].clientId,
      apiToken: okta[tenant].org.apiTokens[0]?.value ?? null,
      provisioning: `${okta[tenant].url}/admin/apps/${provisioningOf(tenant, okta[tenant]).app.id}/provisioning`,
      scimToken: DEMO_ORGS[tenant].provisioning.token,
    })),
    tenants: applied.tenants,
    applications: APPLICATIONS.map((application, index) => ({
      tenant: application.tenant,
      clientId: clientIds[index] ?? null,
      clientSecret: application.kind === 'web' ? application.clientSecret.value : null,
      name: `${application.look.tenant} ${application.look.name}`,
      url: applicationUrls[index],
    })),
    people: PEOPLE.map((person) => {
      const { password, otp } = okta[person.tenant].org.user(person.username);
      return { ...person, password, otp };
    }),
  };
}

/** What to click, for people. */
export function describeForPeople(demo: Demo): string {
  const { causeway, okta, applicationUrls } = demo;
  const { password, otp } = okta.acme.org.user('ada.byron@acme.example');
  const applications = APPLICATIONS.map(
    ({ look, about }, index) => [`${look.tenant} ${look.name}`, applicationUrls[index] ?? '', about] as const,
  );
  const people = PEOPLE.map(({ username, expect }) => [username, expect] as const);
  const tiles = ORGS.map((key) => [okta[key].org.name, okta[key].url] as const);
  const control = ORGS.map((key) => [okta[key].org.name, `${okta[key].url}/admin`] as const);
  const rest = [
    ['Console', causeway.firstRunLink ?? `${causeway.url}/console/`],
    ['Log', causeway.logFile],
  ];
  return `
The demo is ready.

1  Open an application and sign in:
${table(applications)}

2  as one of these people (their password is ${password}, the code ${otp} should one be asked for):
${table(people)}

3  Or begin at Okta: sign in there and click a tile.
${table(tiles)}

4  Change people and groups, which Okta pushes to Causeway; make Okta fail; see what Causeway asked:
${table(control)}

${table(rest)}

Ctrl-C stops everything. What you did is kept for the next time, except in the simulated Okta.`;
}

/** Lines of columns, each as wide as its widest text. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) => `   ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('   ')}`.trimEnd())
    .join('\n');
}
