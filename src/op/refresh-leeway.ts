import type { KoaContextWithOIDC, TokenEndpointGrantContext } from 'oidc-provider';
import { checkDpopReplay, validateDpop } from 'oidc-provider/lib/helpers/grants.js';
import type { Artifact } from '../domain/artifact/artifact-store.js';
import { findPerson } from './account.js';
import { artifactHash } from './artifact-names.js';
import { UnitOfWork } from './unit-of-work.js';

/**
 * Refresh within the leeway (B4): a client that didn't get the answer, or asked twice at once, gets the first answer
 * again for some seconds, kept sealed. Later, or once the successor was used, reuse means theft: the family ends
 * (RFC 9700 section 4.14.2). There are never two live branches. An answer whose tokens are bound to a key is given again
 * to who proves that key, by a proof of its own (RFC 9449).
 */
const KIND = 'RefreshToken';

type Answer = Readonly<Record<string, unknown>>;

const place = (tenantId: string, hash: Buffer) => ({
  tenantId,
  table: 'oidc_artifacts',
  column: 'replay_sealed',
  row: hash.toString('base64url'),
});

/** An answer as kept: with the thumbprint of the key that its access token is bound to, if it is bound to one. */
interface Kept {
  readonly answer: Answer;
  readonly jkt: string | undefined;
}

/** What is kept with a consumed token, while its person still has access; undefined: there is nothing to give again. */
async function keptWith({ hash, replay, payload }: Artifact): Promise<Kept | undefined> {
  const { tenant } = UnitOfWork.current;
  const { clientId, accountId } = payload;
  if (replay === undefined || typeof clientId !== 'string' || typeof accountId !== 'string') return undefined;
  const application = tenant.application(clientId);
  const person = application === undefined ? undefined : await findPerson(accountId, application);
  if (person === undefined || person.refusal !== undefined) return undefined;
  const { answer, jkt } = JSON.parse(tenant.vault.open(place(tenant.id, hash), replay)) as Partial<Kept>;
  return answer === undefined ? undefined : { answer, jkt };
}

/**
 * The answer kept with a consumed token, for the client that proves the key of the first time again.
 * @throws InvalidDpopProof, InvalidGrant when the proof is no good or was used before
 */
export async function answerWithinLeeway(
  ctx: TokenEndpointGrantContext,
  artifact: Artifact,
): Promise<Answer | undefined> {
  const kept = await keptWith(artifact);
  if (kept === undefined) return undefined;
  const { provider, client } = ctx.oidc;
  const proof = await validateDpop(provider, ctx);
  if (proof?.thumbprint !== kept.jkt) return undefined;
  await checkDpopReplay(provider, ctx, proof, client.clientId);
  return kept.answer;
}

/** Keeps the answer with the token that it consumes, where the application has a leeway. */
export async function keepAnswer(ctx: KoaContextWithOIDC, artifact: Artifact): Promise<void> {
  const successor = (ctx.body as { refresh_token?: unknown } | undefined)?.refresh_token;
  const unit = UnitOfWork.current;
  const application = unit.tenant.application(ctx.oidc.client?.clientId ?? '');
  const leewaySeconds = application?.settings.refresh.leewaySeconds ?? 0;
  if (typeof successor !== 'string' || leewaySeconds === 0) return;
  const kept = { answer: ctx.body as Answer, jkt: ctx.oidc.entities.AccessToken?.jkt };
  unit.replayable(artifact.hash, {
    sealed: unit.tenant.vault.seal(place(unit.tenant.id, artifact.hash), JSON.stringify(kept)),
    leewaySeconds,
    successor: artifactHash(KIND, successor),
  });
}

/**
 * The answer that the winner of a race left, for the one who lost it; undefined when there is no leeway, or the loser
 * proved another key.
 */
export async function answerOfWinner(ctx: KoaContextWithOIDC): Promise<Answer | undefined> {
  const value = ctx.oidc.params?.['refresh_token'];
  if (typeof value !== 'string') return undefined;
  const { tenant, store } = UnitOfWork.current;
  const [artifact] = await store.load(tenant.id, [artifactHash(KIND, value)]);
  if (artifact === undefined || artifact.payload['clientId'] !== ctx.oidc.client?.clientId) return undefined;
  const kept = await keptWith(artifact);
  return kept?.jkt === ctx.oidc.entities.AccessToken?.jkt ? kept?.answer : undefined;
}
