import { plainText } from '../core/text.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import { currentSeconds, type KeyFacts, type KeySchedule } from '../domain/keys/key-schedule.js';
import type { KeyOutcome } from '../domain/keys/rotate-keys.js';
import type { Told } from './told.js';

/** A signing key as `keys list --json` shows it. */
export interface ShownKey {
  readonly id: string;
  readonly alg: string;
  /** Key of the connection that signs with it; null: the tenant's issuer does. */
  readonly connection: string | null;
  readonly state: KeyFacts['state'];
  readonly createdAt: Date;
  readonly stateChangedAt: Date;
  /** When its next step is due: it signs, its successor is published, it leaves the key set. null: never. */
  readonly dueAt: Date | null;
  /** Applications whose ID Tokens are signed by this algorithm. */
  readonly applications: readonly string[];
}

export function shownKey(key: KeyFacts, tenant: ConfiguredTenant, schedule: KeySchedule): ShownKey {
  const { applications } = tenant.configuration;
  const { id, alg, connectionId, state, createdAt, stateChangedAt } = key;
  return {
    id,
    alg,
    connection: connectionKey(connectionId, tenant),
    state,
    createdAt,
    stateChangedAt,
    dueAt:
      state === 'current' ? new Date(stateChangedAt.getTime() + currentSeconds(schedule) * 1000) : key.dueAt,
    applications:
      connectionId === null
        ? applications.filter(({ settings }) => settings.idTokenAlg === alg).map(({ clientId }) => clientId)
        : [],
  };
}

const connectionKey = (id: string | null, tenant: ConfiguredTenant | undefined): string | null =>
  tenant?.configuration.connections.find((connection) => connection.id === id)?.key ?? null;

const LIFE: Readonly<Record<KeyFacts['state'], string>> = {
  next: 'published, signs from',
  current: 'signs, its successor is published from',
  retiring: 'signs no more, published until',
  retired: 'published no more since',
};
const APPLICATIONS_SHOWN = 5;

/** A key in one line. */
export function keyLine(key: Told<ShownKey>): string {
  const { id, alg, connection, state, applications } = key;
  const at = (state === 'retired' ? key.stateChangedAt : key.dueAt) ?? '-';
  const shown = applications.slice(0, APPLICATIONS_SHOWN).join(', ');
  const more = applications.length - APPLICATIONS_SHOWN;
  const parts = [
    plainText(id, 100),
    alg.padEnd(5),
    state.padEnd(8),
    connection === null ? 'issuer' : `connection ${plainText(connection, 60)}`,
    `${LIFE[state]} ${at}`,
    ...(applications.length === 0
      ? []
      : [`ID Tokens of ${plainText(shown)}${more > 0 ? ` and ${more} more` : ''}`]),
  ];
  return parts.join('  ');
}

/** What became of a key, for machines. */
export interface ShownOutcome {
  readonly tenant: string;
  readonly id: string;
  readonly alg: string;
  readonly connection: string | null;
  readonly did: string;
  /** null: at once, never, or not told. */
  readonly signsAt: string | null;
}

export function shownOutcome(
  { id, alg, connectionId, did }: KeyOutcome,
  slug: string,
  tenant?: ConfiguredTenant,
  signsAt: Date | null = null,
): ShownOutcome {
  const connection = connectionKey(connectionId, tenant);
  return { tenant: slug, id, alg, connection, did, signsAt: signsAt?.toISOString() ?? null };
}

const DID: Readonly<Record<string, string>> = {
  publish: 'is published',
  hasten: 'is published already, and was hastened',
  nothing: 'is published already',
  promote: 'signs',
  retire: 'is published no more; what it signed is refused',
  replace: 'signs; all before it are published no more, and what they signed is refused',
} satisfies Record<KeyOutcome['did'], string>;

/** What became of a key, in one line. */
export function outcomeLine({ tenant, id, alg, connection, did, signsAt }: ShownOutcome): string {
  const whose = connection === null ? tenant : `${tenant} connection ${plainText(connection, 60)}`;
  const from = signsAt === null ? '' : `, signs from ${signsAt}`;
  return `${whose}  ${alg}  ${plainText(id, 100)} ${DID[did] ?? plainText(did, 60)}${from}`;
}
