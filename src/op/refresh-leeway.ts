import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Artifact } from '../domain/artifact/artifact-store.js';
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

/** The answer kept with a consumed token, while its person still has access; undefined: there is none to give again. */
export async function answerWithinLeeway({ hash, replay, payload }: Artifact): Promise<Answer | undefined> {
  const { tenant } = UnitOfWork.current;
  const { clientId, accountId } = payload;
  if (replay === undefined || typeof clientId !== 'string' || typeof accountId !== 'string') return undefined;
  const application = tenant.application(clientId);
  const person = application === undefined ? undefined : await findPerson(accountId, application);
  if (person === undefined || person.refusal !== undefined) return undefined;
  return JSON.parse(tenant.vault.open(place(tenant.id, hash), replay)) as Answer;
}

/** Keeps the answer with the token that it consumes, where the application has a leeway. */
export async function keepAnswer(ctx: KoaContextWithOIDC, artifact: Artifact): Promise<void> {
  const successor = (ctx.body as { refresh_token?: unknown } | undefined)?.refresh_token;
  const unit = UnitOfWork.current;
  const application = unit.tenant.application(ctx.oidc.client?.clientId ?? '');
  const leewaySeconds = application?.settings.refresh.leewaySeconds ?? 0;
  if (typeof successor !== 'string' || leewaySeconds === 0 || artifact.payload['jkt'] !== undefined) return;
  unit.replayable(artifact.hash, {
    sealed: unit.tenant.vault.seal(place(unit.tenant.id, artifact.hash), JSON.stringify(ctx.body)),
    leewaySeconds,
    successor: artifactHash(KIND, successor),
  });
}

/** The answer that the winner of a race left, for the one who lost it; undefined when there is no leeway. */
export async function answerOfWinner(ctx: KoaContextWithOIDC): Promise<Answer | undefined> {
  const value = ctx.oidc.params?.['refresh_token'];
  if (typeof value !== 'string') return undefined;
  const { tenant, store } = UnitOfWork.current;
  const [artifact] = await store.load(tenant.id, [artifactHash(KIND, value)]);
  return artifact?.payload['clientId'] === ctx.oidc.client?.clientId && artifact !== undefined
    ? answerWithinLeeway(artifact)
    : undefined;
}
