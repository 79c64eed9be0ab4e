import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Artifact } from '../domain/artifact/artifact-store.js';
import type { Application } from '../domain/application/application.js';
import { findPerson } from './account.js';
import { artifactHash, UnitOfWork } from './unit-of-work.js';

/**
 * Refresh within the leeway (B4): a client that didn't get the answer, or asked twice at once, gets the first answer
 * again for some seconds, kept sealed. Later, or once the successor was used, reuse means theft: the family ends
 * (RFC 9700 section 4.14.2). There are never two live branches. A token bound to a key has no leeway: its holder can
 * prove the key and ask for a new one.
 */
const KIND = 'RefreshToken';

type Answer = Readonly<Record<string, unknown>>;

const place = (tenantId: string, hash: Buffer) => ({
  tenantId,
  table: 'oidc_artifacts',
  column: 'replay_sealed',
  row: hash.toString('base64url'),
});

function presented(
  ctx: KoaContextWithOIDC,
): { readonly value: string; readonly application: Application } | undefined {
  const value = ctx.oidc.params?.['refresh_token'];
  const application = UnitOfWork.current.tenant.application(ctx.oidc.client?.clientId ?? '');
  return typeof value !== 'string' || application === undefined ? undefined : { value, application };
}

/** The answer kept for a consumed token of this client, while its person still has access. */
async function answerOf(
  artifact: Artifact | undefined,
  application: Application,
): Promise<Answer | undefined> {
  const { tenant } = UnitOfWork.current;
  if (artifact?.replay === undefined || artifact.payload['clientId'] !== application.clientId)
    return undefined;
  const accountId = artifact.payload['accountId'];
  const person = typeof accountId === 'string' ? await findPerson(accountId, application) : undefined;
  if (person === undefined || person.refusal !== undefined) return undefined;
  return JSON.parse(tenant.vault.open(place(tenant.id, artifact.hash), artifact.replay)) as Answer;
}

/** What a refresh with an already consumed token is to be told; `reused` when it was neither new nor in its leeway. */
export async function consumedBefore(ctx: KoaContextWithOIDC): Promise<Answer | 'reused' | undefined> {
  const request = presented(ctx);
  if (request === undefined) return undefined;
  const artifact = await UnitOfWork.current.loaded(KIND, request.value);
  if (artifact === undefined || !artifact.consumed) return undefined;
  return (await answerOf(artifact, request.application)) ?? 'reused';
}

/** Keeps the answer with the token that it consumes, where the application has a leeway. */
export async function keepAnswer(ctx: KoaContextWithOIDC): Promise<void> {
  const request = presented(ctx);
  const successor = (ctx.body as { refresh_token?: unknown } | undefined)?.refresh_token;
  if (request === undefined || typeof successor !== 'string') return;
  const unit = UnitOfWork.current;
  const { leewaySeconds } = request.application.settings.refresh;
  const artifact = await unit.loaded(KIND, request.value);
  if (leewaySeconds === 0 || artifact === undefined || artifact.payload['jkt'] !== undefined) return;
  unit.replayable(artifact.hash, {
    sealed: unit.tenant.vault.seal(place(unit.tenant.id, artifact.hash), JSON.stringify(ctx.body)),
    leewaySeconds,
    successor: artifactHash(KIND, successor),
  });
}

/** The answer that the winner of a race left, for the one who lost it; undefined when there is no leeway. */
export async function answerOfWinner(ctx: KoaContextWithOIDC): Promise<Answer | undefined> {
  const request = presented(ctx);
  if (request === undefined) return undefined;
  const { tenant, store } = UnitOfWork.current;
  const [artifact] = await store.load(tenant.id, [artifactHash(KIND, request.value)]);
  return answerOf(artifact, request.application);
}
