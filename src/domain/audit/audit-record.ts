import { hash } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import type { AuditEventId, Ids, TenantId } from '../../core/ids.js';
import { canonicalJson, type Json, type JsonObject } from '../../core/json.js';
import { plainText } from '../../core/text.js';
import type { Vault } from '../keys/vault.js';
import type { AuditEntry } from './audit-event.js';

/** An audit event ready to be written: its bytes and their hash are final, personal data is sealed apart. */
export interface AuditRecord {
  readonly id: AuditEventId;
  readonly at: Date;
  readonly action: string;
  readonly outcome: AuditEntry['outcome'];
  readonly reference: string | null;
  /** Canonical JSON: what the hash covers. */
  readonly body: string;
  /** SHA-256 of `body`. */
  readonly hash: Buffer;
  /** Sealed JSON of the personal data; the body holds its hash. */
  readonly sealedPersonal: string | null;
  /** The user that the personal data is of. */
  readonly subject: string | null;
  readonly found: AuditFinding;
}

/** What an event is found by, beside action, outcome and reference. Repeats what the body says, as far as an index can. */
export interface AuditFinding {
  /** `<type>:<id>`; empty where the body names none. */
  readonly actor: string;
  readonly target: string | null;
  readonly application: string | null;
  readonly connection: string | null;
}

/** Characters of each: an index entry that is too long would fail the change that the event tells of. */
const FOUND_BY_MAX = 200;

/** What an event is found by, out of the members of its body. */
export function findingOf(body: JsonObject): AuditFinding {
  const { actor, target, application, connection } = body;
  const by = new Map<string, Json>(typeof actor === 'object' && actor !== null ? Object.entries(actor) : []);
  const [type, id] = [by.get('type'), by.get('id')];
  return {
    actor: typeof type === 'string' && typeof id === 'string' ? plainText(`${type}:${id}`, FOUND_BY_MAX) : '',
    target: findable(target),
    application: findable(application),
    connection: findable(connection),
  };
}

const findable = (value: Json | undefined): string | null =>
  typeof value === 'string' ? plainText(value, FOUND_BY_MAX) : null;

/** What every writer of audit events needs. */
export interface AuditTools {
  readonly ids: Ids;
  readonly clock: Clock;
  readonly vault: Vault;
}

export const sha256 = (data: string | Uint8Array): Buffer => hash('sha256', data, 'buffer');

/** Strings of an event come from outside: control characters would forge lines of whoever prints it. */
function clean(value: Json): Json {
  if (typeof value === 'string') return plainText(value, 1000);
  if (Array.isArray(value)) return value.map(clean);
  return value !== null && typeof value === 'object' ? cleanMembers(value) : value;
}

function cleanMembers(value: object): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([key, member]: [string, Json]) => [plainText(key, 100), clean(member)]),
  );
}

/** Makes an entry final: gives it id, time and canonical form, seals its personal data. */
export function recordOf(tenantId: TenantId, entry: AuditEntry, tools: AuditTools): AuditRecord {
  const id = tools.ids.uuid<AuditEventId>();
  const at = tools.clock.now();
  const { personal, ...facts } = entry;
  const place = { tenantId, table: 'audit_personal', column: 'sealed', row: id };
  const sealedPersonal = personal === null ? null : tools.vault.seal(place, canonicalJson(clean(personal)));
  const members = cleanMembers(facts);
  const body = canonicalJson({
    ...members,
    id,
    tenant: tenantId,
    at: at.toISOString(),
    personalHash: sealedPersonal === null ? null : sha256(sealedPersonal).toString('base64url'),
  });
  return {
    id,
    at,
    action: entry.action,
    outcome: entry.outcome,
    reference: entry.reference,
    body,
    hash: sha256(body),
    sealedPersonal,
    subject: entry.actor.type === 'user' ? entry.actor.id : null,
    found: findingOf(members),
  };
}
