import type { Look } from './apps/shared/look.js';
import type { RunningApp } from './apps/shared/serve.js';
import { startSpa } from './apps/spa/server.js';
import { startWebApp } from './apps/web/server.js';
import type { PortName } from './ports.js';

/** A sample application of the seed. */
export interface DemoApplication {
  readonly tenant: 'acme' | 'globex' | 'northwind';
  readonly clientId: string;
  /** Public clients have none. Named by a variable in the seed, so that no secret stands in it. */
  readonly clientSecret?: { readonly variable: string; readonly value: string };
  readonly look: Look;
  readonly port: PortName;
  readonly about: string;
}

/** The sample applications. */
export const APPLICATIONS: readonly DemoApplication[] = [
  {
    tenant: 'acme',
    clientId: 'dashboards',
    clientSecret: { variable: 'ACME_DASHBOARDS_SECRET', value: 'acme-demo-secret-of-the-dashboards' },
    look: { tenant: 'Acme', name: 'Dashboards', accent: 'blue' },
    port: 'acmeDashboards',
    about: 'a web application with a server; needs a role',
  },
  {
    tenant: 'acme',
    clientId: 'notes',
    look: { tenant: 'Acme', name: 'Notes', accent: 'plum' },
    port: 'acmeNotes',
    about: 'runs in the browser alone; renews by itself',
  },
  {
    tenant: 'globex',
    clientId: 'dashboards',
    clientSecret: { variable: 'GLOBEX_DASHBOARDS_SECRET', value: 'globex-demo-secret-of-the-dashboards' },
    look: { tenant: 'Globex', name: 'Dashboards', accent: 'teal' },
    port: 'globexDashboards',
    about: 'the same program for another customer, ES256 tokens',
  },
  {
    tenant: 'northwind',
    clientId: 'tickets',
    clientSecret: { variable: 'NORTHWIND_TICKETS_SECRET', value: 'northwind-demo-secret-of-the-tickets' },
    look: { tenant: 'Northwind', name: 'Tickets', accent: 'plum' },
    port: 'northwindTickets',
    about: "the MSP's, for people of all its customers: asks for the e-mail address",
  },
];

/** Starts one of them. @throws Error when its port is taken */
export function startApplication(
  { look, clientId, clientSecret, tenant }: DemoApplication,
  where: { readonly causewayUrl: string; readonly port: number; readonly onError: (error: unknown) => void },
): Promise<RunningApp> {
  const { port, onError } = where;
  const common = { look, issuer: `${where.causewayUrl}/t/${tenant}`, clientId, port, onError };
  return clientSecret === undefined
    ? startSpa(common)
    : startWebApp({ ...common, clientSecret: clientSecret.value });
}
