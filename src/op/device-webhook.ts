import type { KoaContextWithOIDC } from 'oidc-provider';
import type { TenantId } from '../core/ids.js';
import type { Json, JsonObject } from '../core/json.js';
import { groupsFor, type Application } from '../domain/application/application.js';
import type { ArtifactStore } from '../domain/artifact/artifact-store.js';
import type { Delivery } from '../domain/delivery/delivery.js';
import { deviceReferencePlace } from '../domain/keys/sealed-places.js';
import type { TenantContext } from '../http/tenant-context.js';
import { personOf, present } from './account.js';
import type { OpDeps } from './deps.js';
import { UnitOfWork } from './unit-of-work.js';

/**
 * Leaves in the outbox that a person has signed in on a device, with the commit that gives the device its tokens (B8):
 * whose sign-in it was and what the device asked for. Who that is and what they may is read when it is told.
 */
export function tellDeviceSignIn(ctx: KoaContextWithOIDC, deps: Pick<OpDeps, 'ids'>): void {
  const { client } = ctx.oidc;
  const { DeviceCode: code } = ctx.oidc.entities;
  const unit = UnitOfWork.current;
  const application = unit.tenant.application(client?.clientId ?? '');
  const subject = code?.accountId;
  if (subject === undefined || application === undefined) return;
  if (application.settings.deviceWebhookUri === null) return;
  const id = deps.ids.uuid();
  const reference = code?.params?.['device_reference'];
  const place = deviceReferencePlace(unit.tenant.id, id);
  unit.deliver({
    id,
    topic: 'device.signed_in',
    receiver: { kind: 'device', clientId: application.clientId },
    subject,
    payload: {
      scope: code?.scope ?? '',
      home: unit.homeTenantId(subject) ?? null,
      reference: typeof reference === 'string' ? unit.tenant.vault.seal(place, reference) : null,
    },
  });
}

const text = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

/**
 * What an application is told of a sign-in on a device: the person as its tokens would tell of them now, no more of them
 * than the scopes that the device was given, and what the device calls itself.
 * @returns undefined when the person may not use the application any more
 */
export async function deviceSignIn(
  tenant: TenantContext,
  application: Application,
  { id, subject, payload }: Pick<Delivery, 'id' | 'subject' | 'payload'>,
  artifacts: Pick<ArtifactStore, 'account'>,
): Promise<JsonObject | undefined> {
  const homeId = text(payload['home']);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by `tellDeviceSignIn`
  const home = homeId === undefined ? tenant : await tenant.customer({ id: homeId as TenantId });
  if (home === undefined || home.suspended || tenant.suspended) return undefined;
  const account = await artifacts.account(home.id, subject);
  const person = personOf({ tenant, home }, application, account);
  if (person === undefined || person.refusal !== undefined) return undefined;
  const scopes = new Set(text(payload['scope'])?.split(' '));
  const { userName, name, email } = person.account.profile;
  const reference = text(payload['reference']);
  const groups = groupsFor(application.settings.claims, person.groups);
  const user = {
    sub: subject,
    ...(scopes.has('profile') ? { userName, name } : {}),
    ...(scopes.has('email') ? { email } : {}),
  };
  const data: Readonly<Record<string, unknown>> = {
    tenant: home.slug,
    clientId: application.clientId,
    user: present(user),
    roles: application.settings.claims.roles === false ? undefined : person.roles,
    groups,
    deviceReference:
      reference === undefined ? null : tenant.vault.open(deviceReferencePlace(tenant.id, id), reference),
  };
  return JSON.parse(JSON.stringify(data)) as JsonObject;
}
