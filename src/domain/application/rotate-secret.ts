import type { Clock } from '../../core/clock.js';
import { DomainError } from '../../core/errors.js';
import type { Ids } from '../../core/ids.js';
import { auditEntry, type Actor } from '../audit/audit-event.js';
import { recordOf } from '../audit/audit-record.js';
import type { AuditStore } from '../audit/audit-store.js';
import type { ConfigurationStore } from '../configuration/configuration-store.js';
import { needsSecret } from '../configuration/target.js';
import type { KeyMaker } from '../keys/key-maker.js';
import type { ApplicationSecretStore } from './application-secret-store.js';
import { OVERLAP_SECONDS_MAX } from './secret-overlap.js';

export interface RotateSecretDeps {
  readonly store: Pick<ConfigurationStore, 'change'>;
  readonly secrets: ApplicationSecretStore;
  readonly keys: KeyMaker;
  readonly audit: AuditStore;
  readonly ids: Ids;
  readonly clock: Clock;
}

export interface RotateSecret {
  /** The tenant's. */
  readonly slug: string;
  readonly clientId: string;
  /** How long the secret of before goes on working, up to `OVERLAP_SECONDS_MAX`; 0: not at all. */
  readonly overlapSeconds: number;
  readonly actor: Actor;
}

/** A secret that was made: its value is known now and never again. */
export interface MadeSecret {
  readonly id: string;
  readonly secret: string;
}

/**
 * Gives an application a new secret, and the one of before an end (B15). Two are good at a time: while one is about to
 * end, another overlap is refused.
 * @throws DomainError `not_found` when there is no such application; `invalid_argument` when it proves itself otherwise,
 *   or when a second secret is still good and an overlap is asked for, or one that is too long
 */
export async function rotateSecret(deps: RotateSecretDeps, wanted: RotateSecret): Promise<MadeSecret> {
  const { slug, clientId, overlapSeconds, actor } = wanted;
  if (overlapSeconds < 0 || overlapSeconds > OVERLAP_SECONDS_MAX)
    throw new DomainError('invalid_argument', `an overlap has 0 to ${OVERLAP_SECONDS_MAX} seconds`);
  return deps.store.change(slug, async (unit) => {
    const { current } = unit;
    const application = current?.configuration.applications.find((one) => one.clientId === clientId);
    if (current === undefined || application === undefined)
      throw new DomainError('not_found', `'${clientId}' is no application of the tenant`);
    const { tokenEndpointAuthMethod } = application.settings;
    if (!needsSecret(application))
      throw new DomainError(
        'invalid_argument',
        `'${clientId}' has no secret: it proves itself by ${tokenEndpointAuthMethod}`,
      );
    const known = (await deps.secrets.listHere(unit.scope)).filter((secret) => secret.clientId === clientId);
    const second = known.find((secret) => secret.slot === 'secondary' && !secret.isExpired);
    if (second !== undefined && overlapSeconds > 0)
      throw new DomainError(
        'invalid_argument',
        `'${clientId}' has two secrets already, and the second one ${endOf(second.expiresAt)}: ` +
          'wait for that, or give --now, which ends both at once',
      );
    const secret = deps.keys.createSecret();
    const id = deps.ids.uuid();
    deps.secrets.succeed(
      unit.scope,
      { applicationId: application.id, id, hash: deps.keys.hash(secret) },
      overlapSeconds,
    );
    const { tenant } = current.configuration;
    const entry = auditEntry({
      action: 'application_secret.rotated',
      actor,
      target: `application:${clientId}`,
      application: clientId,
      details: {
        secret: id,
        overlapSeconds,
        before: known.filter((one) => !one.isExpired).map((one) => one.id),
      },
    });
    const vault = deps.keys.openVault(tenant.id, current.wrappedDataKey);
    deps.audit.append(unit.scope, [recordOf(tenant.id, entry, { ids: deps.ids, clock: deps.clock, vault })]);
    await unit.bumpVersion();
    return { id, secret };
  });
}

const endOf = (expiresAt: Date | null): string =>
  expiresAt === null ? 'has no end (secondarySecret of a file)' : `ends at ${expiresAt.toISOString()}`;
