import { join } from 'node:path';
import { startBot, type BotAppOptions } from './apps/bot/server.js';
import { startOktaSdkApp } from './apps/okta-sdk/server.js';
import type { Look } from './apps/shared/look.js';
import type { RunningApp } from './apps/shared/serve.js';
import { startSpa } from './apps/spa/server.js';
import { startTv } from './apps/tv/server.js';
import { startWebApp } from './apps/web/server.js';
import type { PortName } from './ports.js';

interface Shown {
  readonly tenant: 'acme' | 'globex' | 'northwind';
  readonly look: Look;
  readonly port: PortName;
  readonly about: string;
}

/** An application with a secret. That is named by a variable in the seed, so that no secret stands in it. */
interface WebApplication extends Shown {
  readonly kind: 'web';
  readonly clientId: string;
  readonly clientSecret: { readonly variable: string; readonly value: string };
}

interface PublicApplication extends Shown {
  readonly kind: 'spa' | 'tv' | 'okta-sdk';
  readonly clientId: string;
}

/** One that isn't in the seed: it registers itself, and is told its client ID then. */
interface SelfRegistered extends Shown {
  readonly kind: 'bot';
  readonly api: BotAppOptions['api'];
}

/** A sample application. */
export type DemoApplication = WebApplication | PublicApplication | SelfRegistered;

/** The sample applications. */
export const APPLICATIONS: readonly DemoApplication[] = [
  {
    tenant: 'acme',
    kind: 'web',
    clientId: 'dashboards',
    clientSecret: { variable: 'ACME_DASHBOARDS_SECRET', value: 'acme-demo-secret-of-the-dashboards' },
    look: { tenant: 'Acme', name: 'Dashboards', accent: 'blue' },
    port: 'acmeDashboards',
    about: 'a web application with a server; needs a role',
  },
  {
    tenant: 'acme',
    kind: 'spa',
    clientId: 'notes',
    look: { tenant: 'Acme', name: 'Notes', accent: 'plum' },
    port: 'acmeNotes',
    about: 'runs in the browser alone; renews by itself',
  },
  {
    tenant: 'globex',
    kind: 'web',
    clientId: 'dashboards',
    clientSecret: { variable: 'GLOBEX_DASHBOARDS_SECRET', value: 'globex-demo-secret-of-the-dashboards' },
    look: { tenant: 'Globex', name: 'Dashboards', accent: 'teal' },
    port: 'globexDashboards',
    about: 'the same program for another customer, ES256 tokens',
  },
  {
    tenant: 'acme',
    kind: 'bot',
    look: { tenant: 'Acme', name: 'Reporter', accent: 'teal' },
    port: 'acmeReporter',
    api: { identifier: 'https://reports.acme.example', scope: 'reports:file' },
    about: 'a service bot: registered itself by a key, calls an API by client credentials',
  },
  {
    tenant: 'acme',
    kind: 'tv',
    clientId: 'tv',
    look: { tenant: 'Acme', name: 'Living-room TV', accent: 'blue' },
    port: 'acmeTv',
    about: 'a device: shows a code, and you sign in elsewhere',
  },
  {
    tenant: 'acme',
    kind: 'okta-sdk',
    clientId: 'orders',
    look: { tenant: 'Acme', name: 'Orders', accent: 'amber' },
    port: 'acmeOrders',
    about: "written for Okta with Okta's library; only its issuer was changed",
  },
  {
    tenant: 'northwind',
    kind: 'web',
    clientId: 'tickets',
    clientSecret: { variable: 'NORTHWIND_TICKETS_SECRET', value: 'northwind-demo-secret-of-the-tickets' },
    look: { tenant: 'Northwind', name: 'Tickets', accent: 'plum' },
    port: 'northwindTickets',
    about: "the MSP's, for people of all its customers: asks for the e-mail address",
  },
];

/** Where an application is started, and what it finds there. */
export interface Surroundings {
  readonly causewayUrl: string;
  readonly port: number;
  /** Where it may keep what must last. */
  readonly dataDir: string;
  /** Asks the operator for a token by which a service of this API may register itself. */
  readonly initialAccessToken: (tenant: string, api: BotAppOptions['api']) => Promise<string>;
  readonly onError: (error: unknown) => void;
}

/** An application that answers. */
export interface RunningApplication extends RunningApp {
  /** undefined: it couldn't register itself yet. */
  readonly clientId: string | undefined;
}

/** Starts one of them. @throws Error when its port is taken */
export async function startApplication(
  application: DemoApplication,
  { causewayUrl, port, dataDir, initialAccessToken, onError }: Surroundings,
): Promise<RunningApplication> {
  const { look, tenant } = application;
  const common = { look, issuer: `${causewayUrl}/t/${tenant}`, port, onError };
  if (application.kind === 'bot') {
    const { api } = application;
    const file = join(dataDir, 'reporter.json');
    return startBot({ ...common, api, file, initialAccessToken: () => initialAccessToken(tenant, api) });
  }
  const { clientId } = application;
  if (application.kind === 'web') {
    const clientSecret = application.clientSecret.value;
    return { clientId, ...(await startWebApp({ ...common, clientId, clientSecret })) };
  }
  const start = { spa: startSpa, tv: startTv, 'okta-sdk': startOktaSdkApp }[application.kind];
  return { clientId, ...(await start({ ...common, clientId })) };
}
