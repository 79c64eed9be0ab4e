import type { TenantId } from '../../core/ids.js';
import type { Json } from '../../core/json.js';
import {
  genesisHash,
  linkHash,
  type ChainHead,
  type ChainLink,
  type CheckpointClaims,
} from './audit-chain.js';
import { findingOf, sha256, type AuditFinding } from './audit-record.js';

/** An audit event as its row has it. */
export interface StoredAuditEvent {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly at: Date;
  readonly action: string;
  readonly outcome: string;
  readonly reference: string | null;
  readonly body: string;
  readonly hash: Uint8Array;
  /** null: there was none, or it was erased. */
  readonly sealedPersonal: string | null;
  /** null: an older version wrote it, and it is still to be filled in. */
  readonly found: AuditFinding | null;
}

/** A link with its event; undefined: the event is gone. */
export interface StoredLink extends ChainLink {
  readonly event: StoredAuditEvent | undefined;
}

/** A checkpoint; `claims` undefined: its signature is not ours. */
export interface StoredCheckpoint {
  readonly seq: number;
  readonly claims: CheckpointClaims | undefined;
}

/** The first place where the chain is not what it was. */
export interface ChainFault {
  readonly seq: number;
  readonly problem: string;
}

const same = (one: Uint8Array, other: Uint8Array): boolean => Buffer.from(one).equals(other);

/** Recomputes one tenant's chain, link by link, in constant memory. Stops at the first fault. */
export class ChainVerifier {
  readonly #tenantId: TenantId;
  readonly #checkpoints: ReadonlyMap<number, StoredCheckpoint>;
  #seq = 0;
  #hash: Buffer;
  #fault: ChainFault | undefined;

  constructor(tenantId: TenantId, checkpoints: readonly StoredCheckpoint[]) {
    this.#tenantId = tenantId;
    this.#hash = genesisHash(tenantId);
    this.#checkpoints = new Map(checkpoints.map((checkpoint) => [checkpoint.seq, checkpoint]));
  }

  /** The link up to which the chain is sound. */
  get seq(): number {
    return this.#seq;
  }

  get fault(): ChainFault | undefined {
    return this.#fault;
  }

  /** Takes the next link. @returns whether the chain is still sound */
  add(link: StoredLink): boolean {
    if (this.#fault !== undefined) return false;
    const expected = this.#seq + 1;
    const problem = link.seq === expected ? this.#problemOf(link) : `link ${expected} is missing`;
    if (problem !== undefined) {
      this.#fault = { seq: expected, problem };
      return false;
    }
    this.#seq = link.seq;
    this.#hash = Buffer.from(link.hash);
    return true;
  }

  /**
   * Judges the end of the chain, after its last link.
   * @param head as it is written now, read after the links
   * @param leftOut events that the chain has passed without taking them
   */
  finish(head: ChainHead | undefined, leftOut: number): ChainFault | undefined {
    if (this.#fault !== undefined) return this.#fault;
    const end = this.#seq;
    const promised = Math.max(0, ...this.#checkpoints.keys());
    if (promised > end) this.#fault = { seq: end + 1, problem: `a checkpoint covers link ${promised}` };
    else if ((head?.seq ?? 0) > end) this.#fault = { seq: end + 1, problem: 'the chain was cut here' };
    else if ((head?.seq ?? 0) < end)
      this.#fault = { seq: (head?.seq ?? 0) + 1, problem: 'the head was set back before this link' };
    else if (head !== undefined && !same(head.hash, this.#hash))
      this.#fault = { seq: end, problem: 'the head has another hash' };
    else if (leftOut > 0)
      this.#fault = {
        seq: end + 1,
        problem: `${leftOut} events were taken out of the chain or put in beside it`,
      };
    return this.#fault;
  }

  #problemOf(link: StoredLink): string | undefined {
    const { event } = link;
    if (event === undefined) return 'its event is gone';
    if (!same(sha256(event.body), event.hash) || !same(event.hash, link.eventHash))
      return 'its event was changed';
    if (!same(linkHash(this.#hash, link.eventHash), link.hash))
      return 'its hash does not follow from the link before';
    return problemOfEvent(event, link, this.#tenantId) ?? this.#problemOfCheckpoint(link);
  }

  #problemOfCheckpoint(link: StoredLink): string | undefined {
    const checkpoint = this.#checkpoints.get(link.seq);
    if (checkpoint === undefined) return undefined;
    const { claims } = checkpoint;
    if (claims === undefined || claims.tenantId !== this.#tenantId || claims.seq !== link.seq)
      return 'its checkpoint is not signed by this deployment';
    return claims.hash === Buffer.from(link.hash).toString('base64url')
      ? undefined
      : 'a signed checkpoint has another hash: the chain was made anew';
  }
}

/** What rows say beside the body, because they are searched by it, must be what the body says. */
function problemOfEvent(event: StoredAuditEvent, link: StoredLink, tenantId: TenantId): string | undefined {
  const body = membersOf(event.body);
  const told = {
    id: event.id,
    tenant: event.tenantId,
    at: event.at.toISOString(),
    action: event.action,
    outcome: event.outcome,
    reference: event.reference,
  };
  if (event.id !== link.eventId || event.tenantId !== tenantId) return 'its event is another one';
  if (Object.entries(told).some(([member, value]) => body.get(member) !== value))
    return 'its row says other than its event';
  if (event.found !== null && !isFoundBy(body, event.found))
    return 'it is found by other than its event says';
  if (event.sealedPersonal === null) return undefined;
  const hash = sha256(event.sealedPersonal).toString('base64url');
  return hash === body.get('personalHash') ? undefined : 'its personal data was changed';
}

function isFoundBy(body: ReadonlyMap<string, Json>, found: AuditFinding): boolean {
  const said = findingOf(Object.fromEntries(body));
  return (['actor', 'target', 'application', 'connection'] as const).every((by) => said[by] === found[by]);
}

/** Members of the event's JSON; none when somebody put other text in its place. */
function membersOf(text: string): ReadonlyMap<string, Json> {
  try {
    return new Map<string, Json>(Object.entries(JSON.parse(text)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return new Map();
    throw error;
  }
}
