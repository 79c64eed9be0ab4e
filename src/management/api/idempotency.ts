import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Json } from '../../core/json.js';
import type {
  IdempotencyKey,
  IdempotencyState,
  IdempotencyStore,
} from '../../domain/idempotency/idempotency-store.js';
import type { Vault } from '../../domain/keys/vault.js';
import type { Caller } from './caller.js';
import { Problem } from './problems.js';

/** An answer as it is kept: what a repeated request is told again. */
export interface KeptAnswer {
  readonly status: number;
  readonly body: Json;
  readonly headers: Readonly<Record<string, string>>;
}

const KEY = /^[\x21-\x7e]{1,200}$/;
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

const placeOf = (key: IdempotencyKey) => ({
  tenantId: key.tenantId,
  table: 'idempotency_keys',
  column: 'answer_sealed',
  row: `${key.caller} ${Buffer.from(key.keyHash).toString('base64url')}`,
});

/** After how long each the second of two looks for the first's answer: 5 s in all. */
const LOOKS_MS = [25, 50, 100, 200, 400, ...Array.from({ length: 9 }, () => 500)];
/** What began longer ago is not waited for: its node has died, or it takes more time than anybody's patience. */
const UNDER_WAY_SECONDS = 60;
/** Requests of this node that wait at once: each asks the database twice a second. */
const WAITING_MAX = 100;
let waiting = 0;

/**
 * Does a POST under an `Idempotency-Key` once, however often it comes, for 24 hours. Only what succeeded is kept: what was
 * refused may be mended and sent again under its key. Answers are sealed, because they tell secrets once. One that comes
 * while the first is under way waits for its answer, a few seconds.
 * @param vault of the caller's tenant
 * @throws Problem `idempotency_mismatch`; `idempotency_unknown` when the first has given no answer by then, as when its
 * node died
 */
export async function once(
  tools: { readonly store: IdempotencyStore; readonly vault: Vault; readonly caller: Caller },
  request: { readonly key: string; readonly method: string; readonly url: string; readonly body: string },
  work: () => Promise<KeptAnswer>,
): Promise<KeptAnswer> {
  if (!KEY.test(request.key))
    throw new Problem('invalid_request', 'Idempotency-Key must be 1 to 200 printable ASCII characters.');
  const { store, vault, caller } = tools;
  const key: IdempotencyKey = {
    tenantId: caller.home.id,
    caller: caller.id,
    keyHash: sha256(request.key),
    requestHash: sha256(`${request.method} ${request.url}\n${request.body}`),
  };
  const found = await begun(store, key);
  if (found.state === 'mismatch')
    throw new Problem('idempotency_mismatch', 'Another request was sent under this Idempotency-Key.');
  if (found.state === 'unknown')
    throw new Problem(
      'idempotency_unknown',
      'The first request under this key has given no answer yet, or was cut off. Look whether it was done; send it again under another key if it was not.',
      { headers: { 'Retry-After': '5' } },
    );
  if (found.state === 'done') {
    const kept: KeptAnswer = JSON.parse(vault.open(placeOf(key), found.answerSealed));
    return { ...kept, headers: { ...kept.headers, 'Idempotency-Replayed': 'true' } };
  }
  let answer: KeptAnswer;
  try {
    answer = await work();
  } catch (error) {
    await store.abandon(key);
    throw error;
  }
  await store.finish(key, {
    status: answer.status,
    sealed: vault.seal(placeOf(key), JSON.stringify(answer)),
  });
  return answer;
}

/** Takes the key, or waits for who has it. No connection of the database is held meanwhile. */
async function begun(store: IdempotencyStore, key: IdempotencyKey): Promise<IdempotencyState> {
  const found = await store.begin(key);
  if (found.state !== 'unknown' || found.secondsAgo > UNDER_WAY_SECONDS || waiting >= WAITING_MAX)
    return found;
  waiting += 1;
  try {
    for (const pause of LOOKS_MS) {
      // oxlint-disable-next-line no-await-in-loop -- looks again after a while
      await delay(pause);
      // oxlint-disable-next-line no-await-in-loop -- as above
      const now = await store.begin(key);
      if (now.state !== 'unknown') return now;
    }
    return found;
  } finally {
    waiting -= 1;
  }
}
