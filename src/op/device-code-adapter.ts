import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { Json, JsonObject } from '../core/json.js';
import { hmacSha256 } from '../keys/hash.js';
import { DEVICE_CODE_KNOWN_SECONDS, epoch } from './lifetimes.js';
import { artifactHash } from './artifact-names.js';
import { UnitOfWork, type Found } from './unit-of-work.js';

const KIND = 'DeviceCode';
/** Stands for the one answer that a device code may get, and is taken with it. */
const ANSWER = 'DeviceAnswer';

/** Errors that pass: the person can try again, so the device goes on waiting. */
const PASSING: ReadonlySet<Json | undefined> = new Set([
  'invalid_request',
  'server_error',
  'temporarily_unavailable',
]);

const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);

/** Whether a device code has its answer: somebody's yes, or a no. */
export const isAnswered = (payload: Readonly<Record<string, unknown>>): boolean =>
  payload['accountId'] !== undefined || payload['error'] !== undefined;

/** The name of a user code. It is bound to the tenant, and worth nothing to who reads the table (RFC 8628 section 5.1). */
export function userCodeHash(userCode: string): Buffer {
  return hmacSha256(UnitOfWork.current.tenant.vault.derive('user-codes'), userCode);
}

/**
 * Device codes (RFC 8628). The two codes are kept as hashes, and sealed for those who must have the one from the other.
 * A code may be looked up until it has its answer, and gets one only: of many who answer at once, one wins
 * (invariant 3). An expired one stays known for a while, so that its device hears `expired_token`.
 */
export class DeviceCodeAdapter implements Adapter {
  upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const { jti: _jti, exp: _exp, consumed: _consumed, inFlight, userCode, ...kept } = plain(payload);
    const unit = UnitOfWork.current;
    const answered = isAnswered(kept);
    // That somebody is on their way binds nobody: they may come back, or another may be the right one.
    if ((inFlight === true && !answered) || PASSING.has(kept['error'])) return Promise.resolve();
    const hash = artifactHash(KIND, id);
    const shortCode = text(userCode) ?? '';
    const answer = artifactHash(ANSWER, id);
    const clientId = text(kept['clientId']);
    const grantId = text(kept['grantId']);
    unit.write({
      hash,
      kind: KIND,
      grantHash: grantId === null ? null : artifactHash('Grant', grantId),
      userId: text(kept['accountId']),
      clientId,
      sessionUid: kept['expiresWithSession'] === true ? text(kept['sessionUid']) : null,
      payload: { ...kept, codes: seal(hash, { id, userCode: shortCode }) },
      lifetimeSeconds: expiresIn + DEVICE_CODE_KNOWN_SECONDS,
      userCodeHash: userCodeHash(shortCode),
    });
    if (!answered)
      unit.write({
        hash: answer,
        kind: ANSWER,
        grantHash: null,
        userId: null,
        clientId,
        sessionUid: null,
        payload: {},
        lifetimeSeconds: expiresIn,
      });
    else if (!unit.consumed.some((consumption) => consumption.hash.equals(answer)))
      unit.consume({ hash: answer, grantHash: null, replay: undefined });
    return Promise.resolve();
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const found = await UnitOfWork.current.artifact(KIND, id);
    return found === undefined ? undefined : opened(found, artifactHash(KIND, id));
  }

  /** A code that waits for its answer. Expired and answered ones are as unknown as any other. */
  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    const found = await UnitOfWork.current.byUserCode(userCodeHash(userCode));
    if (found === undefined || found.kind !== KIND || found.consumed || isAnswered(found.payload))
      return undefined;
    return found.remainingSeconds <= DEVICE_CODE_KNOWN_SECONDS ? undefined : opened(found, found.hash);
  }

  /** Compare-and-set at the commit: of many polls at once, one gets tokens (invariant 3). */
  async consume(id: string): Promise<void> {
    const unit = UnitOfWork.current;
    const found = await unit.artifact(KIND, id);
    const grantId = text(found?.payload['grantId']);
    unit.consume({
      hash: artifactHash(KIND, id),
      grantHash: grantId === null ? null : artifactHash('Grant', grantId),
      replay: undefined,
    });
  }

  destroy(id: string): Promise<void> {
    UnitOfWork.current.destroy(KIND, id);
    return Promise.resolve();
  }

  revokeByGrantId(grantId: string): Promise<void> {
    UnitOfWork.current.revokeGrant(grantId);
    return Promise.resolve();
  }

  findByUid(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

const plain = (payload: AdapterPayload): JsonObject => JSON.parse(JSON.stringify(payload)) as JsonObject;

/** The device's code and its person's. */
interface Codes {
  readonly id: string;
  readonly userCode: string;
}

const place = (hash: Buffer) => ({
  tenantId: UnitOfWork.current.tenant.id,
  table: 'oidc_artifacts',
  column: 'payload.codes',
  row: hash.toString('base64url'),
});

const seal = (hash: Buffer, codes: Codes): string =>
  UnitOfWork.current.tenant.vault.seal(place(hash), JSON.stringify(codes));

/** What the library is given of a kept device code, with times by this node's clock. */
function opened({ payload, remainingSeconds, consumed }: Found, hash: Buffer): AdapterPayload {
  const { codes, ...kept } = payload;
  const { id, userCode } = JSON.parse(
    UnitOfWork.current.tenant.vault.open(place(hash), text(codes) ?? ''),
  ) as Codes;
  return {
    ...kept,
    jti: id,
    userCode,
    exp: epoch() + remainingSeconds - DEVICE_CODE_KNOWN_SECONDS,
    ...(consumed ? { consumed: true } : {}),
  };
}
