import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands before several nodes: each request goes to the next of them, whoever asks. */
export interface Balancer {
  /** Public address. */
  readonly url: string;
  /** Addresses of the nodes; may be changed at any time. */
  targets: string[];
  /** Requests that each node got, by its address. */
  readonly served: Map<string, number>;
  stop(): Promise<void>;
}

/** A load balancer without stickiness: nothing of a browser's reaches the same node twice in a row (F-14). */
export async function startBalancer(): Promise<Balancer> {
  const served = new Map<string, number>();
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const target = balancer.targets[turn % balancer.targets.length];
    turn += 1;
    if (target === undefined) {
      outgoing.writeHead(503).end();
      return;
    }
    served.set(target, (served.get(target) ?? 0) + 1);
    const { method, headers, url = '/' } = incoming;
    const forwarded = httpRequest(new URL(url, target), { method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const balancer: Balancer = {
    url: `http://localhost:${port}`,
    targets: [],
    served,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
  return balancer;
}
