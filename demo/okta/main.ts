/* oxlint-disable no-console -- the entry of a command-line program */
import { acmeOrg, globexOrg } from './demo-orgs.js';
import { startOktaOrg, type StartOktaOrgConfig } from './server.js';

const USAGE = `Simulated Okta orgs.

  tsx demo/okta/main.ts                          the two orgs of the demo, on ports 4001 and 4002
  tsx demo/okta/main.ts NAME=PORT [NAME=PORT …]  empty orgs of these names, with one person each

  BROKER_URL   address of the broker that the demo orgs know as an app (default http://localhost:3000)
`;

/** An org with a name, a port, and someone to sign in. */
function smallOrg(argument: string): StartOktaOrgConfig {
  const [name = '', port = ''] = argument.split('=');
  if (!/^[a-z][a-z0-9-]*$/.test(name) || !/^\d+$/.test(port)) throw new Error(`not NAME=PORT: ${argument}`);
  return {
    port: Number(port),
    host: `${name}-okta.localhost`,
    orgName: name.charAt(0).toUpperCase() + name.slice(1),
    settings: { quickSignIn: true },
    users: [{ login: `sample.person@${name}.example` }],
  };
}

const onError = (error: unknown): void => console.error(error);

async function main(): Promise<void> {
  const names = process.argv.slice(2);
  if (names.includes('--help')) {
    console.log(USAGE);
    return;
  }
  const brokerUrl = process.env['BROKER_URL'] ?? 'http://localhost:3000';
  const configs = names.length > 0 ? names.map(smallOrg) : [acmeOrg({ brokerUrl }), globexOrg({ brokerUrl })];
  const running = await Promise.all(configs.map((config) => startOktaOrg({ ...config, onError })));
  for (const { org, url } of running) console.log(`${org.name}: ${url}  (control pages: ${url}/admin)`);
  const stop = (): void => {
    Promise.all(running.map((one) => one.stop())).then(() => process.exit(0), onError);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 64;
});
