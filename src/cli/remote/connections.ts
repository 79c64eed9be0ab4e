import { Type, type Static } from 'typebox';
import type { ConnectionStatus } from '../../domain/connection/connection.js';
import type { ConnectionStep } from '../../domain/connection/lifecycle/impact.js';
import { orNull, Time } from '../../management/contract/common.js';
import { pathOf, type RemoteApi } from './api.js';

/** What the command tells of a connection. */
export const ConnectionFacts = Type.Object({
  key: Type.String(),
  name: Type.String(),
  type: Type.String(),
  status: Type.String(),
  issuer: Type.String(),
  clientId: Type.String(),
  tested: Type.Boolean(),
  testedAt: orNull(Time),
  enforcedAt: orNull(Time),
  candidate: orNull(Type.Record(Type.String(), Type.Unknown())),
  outage: orNull(Type.Object({ reason: Type.String(), since: Time, until: Time })),
});
export type ConnectionFacts = Static<typeof ConnectionFacts>;

/** What a step does to people, and the text that confirms it; null: nobody is affected. */
export const Impact = Type.Object({ sentence: Type.String(), confirmation: orNull(Type.String()) });
export type Impact = Static<typeof Impact>;

/** What an administrator does with one connection, here or elsewhere. `confirm`: the text of the impact that was seen. */
export interface OneConnection {
  impact(step: ConnectionStep): Promise<Impact>;
  /** @returns whether it wasn't so already */
  setStatus(status: ConnectionStatus, confirm: string | undefined, reason?: string): Promise<boolean>;
  serveCandidate(rejoin: boolean, confirm: string | undefined): Promise<void>;
  dropCandidate(): Promise<void>;
  /** null: it is over. */
  declareOutage(outage: { readonly reason: string; readonly seconds: number } | null): Promise<void>;
  addSecret(newSecret: string): Promise<void>;
  retireSecret(confirm: string | undefined): Promise<void>;
}

const CONNECTIONS_MAX = 1_000;
const Status = Type.Object({ status: Type.String() });
const Changed = Type.Object({ key: Type.String() });

/** A tenant's connections, by key. */
export async function remoteConnections(api: RemoteApi, tenant: string): Promise<readonly ConnectionFacts[]> {
  const path = pathOf('tenants', tenant, 'connections');
  const { items } = await api.list(ConnectionFacts, path, { limit: CONNECTIONS_MAX });
  return items.map(factsOf);
}

/** Of all that a connection has, what the command tells. */
export const factsOf = (connection: ConnectionFacts): ConnectionFacts => {
  const { key, name, type, status, issuer, clientId } = connection;
  const { tested, testedAt, enforcedAt, candidate, outage } = connection;
  return { key, name, type, status, issuer, clientId, tested, testedAt, enforcedAt, candidate, outage };
};

/** A connection of a deployment elsewhere. */
export function connectionThere(api: RemoteApi, tenant: string, key: string): OneConnection {
  const path = pathOf('tenants', tenant, 'connections', key);
  const post = async (below: string, body: object): Promise<void> => {
    await api.post(Changed, `${path}${below}`, { body });
  };
  return {
    impact: (step) => api.get(Impact, `${path}/impact`, { query: { status: step } }),
    async setStatus(status, confirm, reason) {
      const { resource, etag } = await api.getWithTag(Status, path);
      if (resource.status === status) return false;
      await api.patch(Changed, path, { etag, body: { status, confirm, reason } });
      return true;
    },
    serveCandidate: (rejoin, confirm) => post('/candidate/serve', { rejoin, confirm }),
    async dropCandidate() {
      const { etag } = await api.getWithTag(Changed, path);
      await api.send('DELETE', `${path}/candidate`, { ifMatch: etag });
    },
    declareOutage: (outage) =>
      post(
        '/outage',
        outage === null ? { on: false } : { on: true, reason: outage.reason, untilSeconds: outage.seconds },
      ),
    addSecret: (newSecret) => post('/secret-rotation', { newSecret }),
    retireSecret: (confirm) => post('/secret-rotation/finish', { confirm }),
  };
}
