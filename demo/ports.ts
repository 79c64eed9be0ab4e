import { createServer } from 'node:net';
import { DEMO_ORGS } from './okta/demo-orgs.js';

/** Ports of the demo, and what listens there. All of them can be moved by one offset. */
export const PORTS = {
  causeway: 3000,
  acmeOkta: DEMO_ORGS.acme.port,
  globexOkta: DEMO_ORGS.globex.port,
  acmeDashboards: 5001,
  acmeNotes: 5002,
  globexDashboards: 5003,
  acmeReporter: 5004,
  acmeTv: 5005,
  acmeOrders: 5006,
  northwindTickets: 5010,
} as const;

export type PortName = keyof typeof PORTS;

const NEEDED_BY: readonly (readonly [name: PortName, what: string])[] = [
  ['causeway', 'Causeway'],
  ['acmeOkta', "Acme's simulated Okta"],
  ['globexOkta', "Globex' simulated Okta"],
  ['acmeDashboards', 'Acme Dashboards'],
  ['acmeNotes', 'Acme Notes'],
  ['globexDashboards', 'Globex Dashboards'],
  ['acmeReporter', 'Acme Reporter'],
  ['acmeTv', 'Acme Living-room TV'],
  ['acmeOrders', 'Acme Orders'],
  ['northwindTickets', 'Northwind Tickets'],
];

const OFFSET_MAX = 65_535 - PORTS.northwindTickets;

/** Reads an offset. @throws Error for anything but a whole number from 0 to what ports allow */
export function readOffset(text: string | undefined): number {
  const offset = Number(text ?? '0');
  if (!Number.isInteger(offset) || offset < 0 || offset > OFFSET_MAX)
    throw new Error(`DEMO_PORT_OFFSET must be a whole number from 0 to ${OFFSET_MAX}, not '${text ?? ''}'`);
  return offset;
}

/** Where the ports are with this offset. */
export function portsAt(offset: number): Readonly<Record<PortName, number>> {
  return {
    causeway: PORTS.causeway + offset,
    acmeOkta: PORTS.acmeOkta + offset,
    globexOkta: PORTS.globexOkta + offset,
    acmeDashboards: PORTS.acmeDashboards + offset,
    acmeNotes: PORTS.acmeNotes + offset,
    globexDashboards: PORTS.globexDashboards + offset,
    acmeReporter: PORTS.acmeReporter + offset,
    acmeTv: PORTS.acmeTv + offset,
    acmeOrders: PORTS.acmeOrders + offset,
    northwindTickets: PORTS.northwindTickets + offset,
  };
}

/**
 * The same text for moved ports: the seed names the usual ones, so that it can be read and applied as it stands.
 */
export function movePorts(text: string, offset: number): string {
  const usual = new Set<number>(Object.values(PORTS));
  return text.replace(/(localhost:)(\d{4})\b/g, (whole, host: string, port: string) =>
    usual.has(Number(port)) ? `${host}${Number(port) + offset}` : whole,
  );
}

/** @throws Error that names each port that somebody else has, and what it was for */
export async function checkPorts(ports: Readonly<Record<PortName, number>>): Promise<void> {
  const found = await Promise.all(
    NEEDED_BY.map(async ([name, what]) =>
      (await isFree(ports[name])) ? [] : [`Port ${ports[name]} is taken, and ${what} needs it.`],
    ),
  );
  const lines = found.flat();
  if (lines.length === 0) return;
  const cure =
    'Stop what listens there (an earlier demo?), or move the demo: DEMO_PORT_OFFSET=100 npm run demo';
  throw new Error([...lines, cure].join('\n'));
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
