import type { TenantId } from '../../core/ids.js';
import type { ChainHead, CheckpointReader } from './audit-chain.js';
import { ChainVerifier, type ChainFault, type StoredCheckpoint, type StoredLink } from './verify-chain.js';

/** A tenant's chain as it is stored. */
export interface AuditChainStore {
  /** At most `limit` links after the given one, in order. */
  links(tenantId: TenantId, afterSeq: number, limit: number): Promise<readonly StoredLink[]>;
  head(tenantId: TenantId): Promise<ChainHead | undefined>;
  checkpoints(tenantId: TenantId): Promise<readonly { readonly seq: number; readonly signed: string }[]>;
  /** Events without a link: those that wait for the chainer, and those that it has passed. */
  unchained(tenantId: TenantId): Promise<{ readonly waiting: number; readonly leftOut: number }>;
}

export interface ChainReport {
  /** Links that were recomputed and found right. */
  readonly verified: number;
  readonly checkpoints: number;
  /**
   * Newest events, which the chainer has not reached yet: their own hashes are all that guards them so far.
   */
  readonly waiting: number;
  readonly fault: ChainFault | undefined;
}

const PAGE = 1_000;

/** Recomputes a tenant's whole chain, beside a chainer that may be at work. */
export async function verifyTenantChain(
  deps: {
    readonly chain: AuditChainStore;
    readonly checkpoints: CheckpointReader;
    /** Told after each page how many links were right so far, and how many there are about. */
    readonly onProgress?: (done: number, total: number) => Promise<void>;
  },
  tenantId: TenantId,
): Promise<ChainReport> {
  const checkpoints: StoredCheckpoint[] = [];
  for (const { seq, signed } of await deps.chain.checkpoints(tenantId))
    checkpoints.push({ seq, claims: await deps.checkpoints.open(signed) });
  const verifier = new ChainVerifier(tenantId, checkpoints);
  let head = await deps.chain.head(tenantId);
  for (;;) {
    while (await addPage(deps.chain, verifier, tenantId))
      await deps.onProgress?.(verifier.seq, Math.max(verifier.seq, head?.seq ?? 0));
    // Read after the links, so it is behind them only if somebody set it back; links that came meanwhile are
    // read too.
    head = await deps.chain.head(tenantId);
    const more = verifier.fault === undefined && (head?.seq ?? 0) > verifier.seq;
    if (!more || !(await addPage(deps.chain, verifier, tenantId))) break;
  }
  const { waiting, leftOut } = await deps.chain.unchained(tenantId);
  const fault = verifier.finish(head, leftOut);
  const verified = fault === undefined ? verifier.seq : fault.seq - 1;
  return { verified, checkpoints: checkpoints.length, waiting, fault };
}

/** @returns whether there may be more */
async function addPage(
  chain: AuditChainStore,
  verifier: ChainVerifier,
  tenantId: TenantId,
): Promise<boolean> {
  const links = await chain.links(tenantId, verifier.seq, PAGE);
  return links.length > 0 && links.every((link) => verifier.add(link));
}
