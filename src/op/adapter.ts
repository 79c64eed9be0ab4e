import type { Adapter, AdapterPayload } from 'oidc-provider';
import { Provider } from 'oidc-provider';
import type { Json, JsonObject } from '../core/json.js';
import type { Application } from '../domain/application/application.js';
import type { StoredSession } from '../domain/artifact/artifact-store.js';
import { clientMetadata } from './client-metadata.js';
import { DeviceCodeAdapter } from './device-code-adapter.js';
import { findJwt, isJwtHandle, revokeJwt } from './jwt-handles.js';
import { applicationChanges } from './session-applications.js';
import { cookieHash } from './artifact-names.js';
import { UnitOfWork, type Found } from './unit-of-work.js';
import { keptInteraction, openedInteraction } from './interaction-payload.js';
import { epoch, INTERACTION_SECONDS, SESSION_ABSOLUTE_SECONDS } from './lifetimes.js';
import type { UpstreamResult } from './interactions.js';

/** The library's port to storage: every call goes to the request's unit of work. */
export function createAdapter(model: string): Adapter {
  if (model === 'Client') return new ClientAdapter();
  if (model === 'DeviceCode') return new DeviceCodeAdapter();
  return model === 'Session' ? new SessionAdapter() : new ArtifactAdapter(model);
}

/** Payloads have times by this node's clock, because the library compares with it (invariant 9). */
function withTimes(found: Found, id: string): AdapterPayload {
  const { payload } = found;
  return {
    ...payload,
    jti: id,
    exp: epoch() + found.remainingSeconds,
    ...(found.consumed ? { consumed: true } : {}),
  };
}

/** What needs no keeping: the id is a bearer value, times are columns. Members without a value aren't written. */
function withoutId(payload: AdapterPayload): JsonObject {
  const { jti: _jti, exp: _exp, consumed: _consumed, ...rest } = payload;
  return rest as JsonObject;
}

const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);

/** Code, grant, refresh token, opaque access token, interaction, pushed request, replay marks. */
class ArtifactAdapter implements Adapter {
  constructor(private readonly model: string) {}

  upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const kept = withoutId(payload);
    const grantId = text(kept['grantId']);
    const unit = UnitOfWork.current;
    unit.write({
      hash: unit.names.of(this.model, id),
      kind: this.model,
      // An interaction outlives the grant of whom it found signed in: it may be for somebody else.
      grantHash: grantId === null || this.model === 'Interaction' ? null : unit.names.of('Grant', grantId),
      userId: text(kept['accountId']) ?? resultAccount(kept),
      clientId: text(kept['clientId']),
      sessionUid: kept['expiresWithSession'] === true ? text(kept['sessionUid']) : null,
      payload: this.model === 'Interaction' ? keptInteraction(kept, id) : kept,
      lifetimeSeconds: Math.max(1, expiresIn),
    });
    return Promise.resolve();
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    if (this.model === 'AccessToken' && isJwtHandle(id)) return findJwt(id);
    const found = await UnitOfWork.current.artifact(this.model, id);
    if (found === undefined) return undefined;
    const payload = withTimes(found, id);
    return this.model === 'Interaction' ? openedInteraction(payload, id) : payload;
  }

  /** Compare-and-set at the commit: of many who consume at once, one wins (invariant 3). */
  async consume(id: string): Promise<void> {
    const unit = UnitOfWork.current;
    const found = await unit.artifact(this.model, id);
    const grantId = text(found?.payload['grantId']);
    unit.consume({
      hash: unit.names.of(this.model, id),
      grantHash: grantId === null ? null : unit.names.of('Grant', grantId),
      replay: undefined,
    });
  }

  async destroy(id: string): Promise<void> {
    if (this.model === 'Grant') UnitOfWork.current.revokeGrant(id);
    else UnitOfWork.current.destroy(this.model, id);
    // A JWT was found under a handle and is dropped by its `jti`, which no opaque token has.
    if (this.model === 'AccessToken' && Provider.ctx?.oidc.route === 'revocation') await revokeJwt(id);
  }

  /** Every token hangs on its grant and dies with it: there is nothing to do for each model. */
  revokeByGrantId(grantId: string): Promise<void> {
    UnitOfWork.current.revokeGrant(grantId);
    return Promise.resolve();
  }

  findByUserCode(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  findByUid(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

/** The person whom an interaction has found: read together with it when the request is resumed. */
function resultAccount(payload: JsonObject): string | null {
  const result = payload['result'] as { login?: { accountId?: string } } | undefined;
  return result?.login?.accountId ?? null;
}

const readOnly = (): Promise<void> =>
  Promise.reject(new TypeError('applications are not written by the protocol engine'));

const metadata = new WeakMap<Application, AdapterPayload>();

/** An application's metadata, made once for each version of it: the library asks on every request, and changes nothing. */
function metadataOf(application: Application): AdapterPayload {
  const known = metadata.get(application) ?? clientMetadata(application);
  metadata.set(application, known);
  return known;
}

/** Applications are configuration: no trip to the database. */
class ClientAdapter implements Adapter {
  find(clientId: string): Promise<AdapterPayload | undefined> {
    const { tenant } = UnitOfWork.current;
    const application = tenant.application(clientId);
    return Promise.resolve(application === undefined ? undefined : metadataOf(application));
  }

  upsert = readOnly;
  consume = readOnly;
  destroy = readOnly;
  revokeByGrantId = readOnly;

  findByUserCode(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  findByUid(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

/** Sessions are rows of their own, with a row for each application. */
class SessionAdapter implements Adapter {
  upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const { authorizations = {}, accountId, uid: kept, ...rest } = withoutId(payload);
    const uid = text(kept) ?? '';
    const unit = UnitOfWork.current;
    const before = unit.knownSession(uid);
    const empty = accountId === undefined && rest['state'] === undefined;
    // A session of nobody that holds nothing isn't kept.
    if (empty && before === undefined) return Promise.resolve();
    const upstream = (Provider.ctx?.oidc.result as { upstream?: UpstreamResult } | undefined)?.upstream;
    unit.writeSession({
      uid,
      cookieHash: cookieHash(id),
      payload: rest,
      userId: text(accountId),
      // Nobody's: it holds the secret of a form that is open, no longer than the form is good for.
      idleSeconds: accountId === undefined ? Math.min(expiresIn, INTERACTION_SECONDS) : expiresIn,
      absoluteSeconds: Math.max(
        1,
        Math.min(SESSION_ABSOLUTE_SECONDS, (upstream?.sessionExpiry ?? Infinity) - epoch()),
      ),
      origin:
        upstream === undefined
          ? undefined
          : {
              connectionId: upstream.connectionId,
              upstreamSession: upstream.sessionReference,
              sealedUpstreamIdToken: upstream.sealedIdToken,
              ip: upstream.ip,
              userAgent: upstream.userAgent,
            },
      ...applicationChanges(before, authorizations as JsonObject),
    });
    return Promise.resolve();
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return toSessionPayload(await UnitOfWork.current.sessionByCookie(id), id);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return toSessionPayload(await UnitOfWork.current.sessionByUid(uid), undefined);
  }

  destroy(): Promise<void> {
    UnitOfWork.current.dropSession();
    return Promise.resolve();
  }

  consume(): Promise<void> {
    return Promise.reject(new TypeError('sessions are not consumed'));
  }

  revokeByGrantId(): Promise<void> {
    return Promise.resolve();
  }

  findByUserCode(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

/** A session whose person was switched off, or whose connection is closed, isn't one (invariant 5, A-36). */
function toSessionPayload(
  session: StoredSession | undefined,
  id: string | undefined,
): AdapterPayload | undefined {
  if (session === undefined) return undefined;
  const { tenant } = UnitOfWork.current;
  // Of another tenant's person that one has been asked; without an answer they are nobody.
  if (session.homeTenantId !== null && session.account === undefined) return undefined;
  if (session.account !== undefined && !session.account.active) return undefined;
  const { connectionId } = session;
  if (connectionId !== null && !tenant.openConnections.some((connection) => connection.id === connectionId))
    return undefined;
  const authorizations = Object.fromEntries(
    session.applications.map(({ clientId, sid, grantId, persistsLogout }) => [
      clientId,
      { sid, ...(grantId === null ? {} : { grantId }), ...(persistsLogout ? { persistsLogout } : {}) },
    ]),
  );
  return {
    ...session.payload,
    uid: session.uid,
    ...(session.userId === null ? {} : { accountId: session.userId }),
    ...(session.applications.length === 0 ? {} : { authorizations }),
    ...(id === undefined ? {} : { jti: id }),
    kind: 'Session',
    exp: epoch() + session.remainingSeconds,
  };
}
