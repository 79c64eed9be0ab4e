import { createServer, type Server } from 'node:http';
import { createApp } from './app.js';
import { createOktaOrg, type OktaOrg, type OktaOrgConfig } from './org.js';

export interface StartOktaOrgConfig extends Omit<OktaOrgConfig, 'issuer' | 'customDomain'> {
  /** Issuer, where it isn't `http://{host}:{port}`: behind a proxy, say. */
  readonly issuer?: string;
  /** Port to listen on; 0 or nothing: any free one. */
  readonly port?: number;
  /** Host name in the issuer, such as `acme-okta.localhost`. Default `localhost`. */
  readonly host?: string;
  /** Host name of a custom URL domain on the same port, such as `login.acme.localhost`. */
  readonly customHost?: string;
  /** Address to listen on. Default: loopback. */
  readonly bind?: string;
}

export interface RunningOktaOrg {
  /** Where it answers: scheme, host, port. */
  readonly url: string;
  readonly issuer: string;
  /** The org itself: change it, make it fail, read what was asked of it. */
  readonly org: OktaOrg;
  /** Stops listening, cuts what is open (also answers that would never end), and gives the keys back. */
  stop(): Promise<void>;
}

function listen(server: Server, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
    });
  });
}

/**
 * Starts an org on a socket of its own. Several may live in one process; starting one takes some
 * milliseconds.
 */
export async function startOktaOrg(config: StartOktaOrgConfig = {}): Promise<RunningOktaOrg> {
  const {
    port: wanted = 0,
    host = 'localhost',
    bind = '127.0.0.1',
    issuer: given,
    customHost,
    ...rest
  } = config;
  const server = createServer();
  const port = await listen(server, wanted, bind);
  const url = `http://${host}:${port}`;
  const custom = customHost === undefined ? {} : { customDomain: `http://${customHost}:${port}` };
  const org = createOktaOrg({ ...rest, ...custom, issuer: given ?? url });
  const handle = createApp(org).callback();
  server.on('request', (request, response) => void handle(request, response));
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve, reject) => {
      server.close((error) => (error === undefined ? resolve() : reject(error)));
    });
    server.closeAllConnections();
    await closed;
    org.release();
  };
  return { url, issuer: org.issuer, org, stop };
}
