import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { APPLICATIONS } from './applications.js';
import { DEMO_ORGS } from './okta/demo-orgs.js';
import { movePorts } from './ports.js';
import { ROOT } from './root.js';

const FOLDER = join(ROOT, 'demo/seed');

/** The files of `demo/seed` as one, for `causeway apply -f -`, with its ports moved. */
export function readSeed(offset: number): string {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
  const texts = files.map((name) => readFileSync(join(FOLDER, name), 'utf8'));
  return movePorts(texts.join('---\n'), offset);
}

/** The variables that the seed names where a secret belongs. */
export const SEED_SECRETS: Readonly<Record<string, string>> = {
  ACME_OKTA_SECRET: DEMO_ORGS.acme.clientSecret,
  ACME_SCIM_TOKEN: DEMO_ORGS.acme.provisioning.token,
  GLOBEX_SCIM_TOKEN: DEMO_ORGS.globex.provisioning.token,
  ...Object.fromEntries(
    APPLICATIONS.flatMap((application) =>
      application.kind === 'web' ? [[application.clientSecret.variable, application.clientSecret.value]] : [],
    ),
  ),
};
