import type { KoaContextWithOIDC, TokenEndpointGrantContext } from 'oidc-provider';
import type { Artifact } from '../domain/artifact/artifact-store.js';
import { findPerson } from './account.js';
import { refreshRefusedRecord, reuseRecord } from './audit.js';
import type { OpDeps } from './deps.js';
import { DEVICE_GRANT, holdBackPolls } from './device-flow.js';
import { tellDeviceSignIn } from './device-webhook.js';
import { refuseUnbound } from './dpop.js';
import { tellGrantedScope } from './granted-scope.js';
import { answerWithinLeeway, keepAnswer } from './refresh-leeway.js';
import { indicatorOfAudience } from './resources.js';
import { answeredByRevalidation } from './revalidation.js';
import { UnitOfWork } from './unit-of-work.js';

/** One-time values that a token request brings: the parameter, and the kind of artifact that it names. */
const ONE_TIME: Readonly<Record<string, { readonly parameter: string; readonly kind: string }>> = {
  authorization_code: { parameter: 'code', kind: 'AuthorizationCode' },
  refresh_token: { parameter: 'refresh_token', kind: 'RefreshToken' },
  [DEVICE_GRANT]: { parameter: 'device_code', kind: 'DeviceCode' },
};

/** The live artifact that a token request brings, if it is this client's. */
async function broughtBy(ctx: KoaContextWithOIDC, grantType: string): Promise<Artifact | undefined> {
  const oneTime = ONE_TIME[grantType];
  const value = oneTime === undefined ? undefined : ctx.oidc.params?.[oneTime.parameter];
  if (oneTime === undefined || typeof value !== 'string') return undefined;
  const artifact = await UnitOfWork.current.loaded(oneTime.kind, value);
  return artifact?.payload['clientId'] === ctx.oidc.client?.clientId ? artifact : undefined;
}

/**
 * A token request around the library's own handling of its grant: `audience` as an alias of `resource`, the leeway of
 * refresh tokens, the upstream's word on the person where that is too old, the end of a grant whose person may no longer
 * use the application, audit of what came back twice.
 */
export async function redeem(
  grantType: string,
  ctx: TokenEndpointGrantContext,
  deps: OpDeps,
  handle: () => unknown,
): Promise<void> {
  const { params } = ctx.oidc;
  const audience = params?.['audience'];
  if (params !== undefined && typeof audience === 'string')
    params['resource'] ??= indicatorOfAudience(audience);
  const artifact = await broughtBy(ctx, grantType);
  if (grantType === DEVICE_GRANT && artifact !== undefined) await holdBackPolls(artifact);
  if (grantType === 'refresh_token' && artifact !== undefined) {
    const before = await answerWithinLeeway(ctx, artifact);
    if (before !== undefined) {
      ctx.body = before;
      return;
    }
    // One that was used before is looked at below: nobody needs to be asked about that.
    if (!artifact.consumed && (await answeredByRevalidation(ctx, artifact, deps.revalidate))) return;
    await endWhereRefused(ctx, artifact, deps);
  }
  try {
    await handle();
    refuseUnbound(ctx, UnitOfWork.current.tenant.application(ctx.oidc.client.clientId));
  } catch (error) {
    // The library takes a refresh token and makes its successor before it has judged the API: nobody would have either.
    UnitOfWork.current.dropNew();
    // The library ends a grant when a consumed value comes back, but not for whoever lacks its other halves.
    const { revokesGrants } = UnitOfWork.current;
    if (artifact?.consumed === true && revokesGrants) recordReuse(ctx, grantType, deps);
    throw error;
  }
  tellGrantedScope(ctx);
  if (grantType === DEVICE_GRANT) tellDeviceSignIn(ctx, deps);
  if (grantType === 'refresh_token' && artifact !== undefined) await keepAnswer(ctx, artifact);
}

/** Adds the event of a one-time value that came back to what the request writes. */
function recordReuse(ctx: KoaContextWithOIDC, grantType: string, deps: OpDeps): void {
  UnitOfWork.current.audit(reuseRecord(ctx, grantType, deps));
}

/** A person who was switched off, or may not use the application any more: their grant ends with the refresh. */
async function endWhereRefused(ctx: KoaContextWithOIDC, { payload }: Artifact, deps: OpDeps): Promise<void> {
  const unit = UnitOfWork.current;
  const application = unit.tenant.application(ctx.oidc.client?.clientId ?? '');
  const { accountId, grantId } = payload;
  if (application === undefined || typeof accountId !== 'string' || typeof grantId !== 'string') return;
  const person = await findPerson(accountId, application);
  if (person !== undefined && person.refusal === undefined) return;
  unit.revokeGrant(grantId);
  unit.audit(refreshRefusedRecord(ctx, accountId, person?.refusal ?? 'access_ended', deps));
}
