import type { AdapterPayload } from 'oidc-provider';
import type { Json, JsonObject } from '../core/json.js';
import { resumeAddress } from './interactions.js';
import { artifactHash } from './artifact-names.js';
import { UnitOfWork } from './unit-of-work.js';

/**
 * An interaction as the library makes it holds bearer values, which are not kept in clear (invariant 6): its own id in
 * the address to return to, which is put together again when read; the session's cookie value, noted for who writes
 * pages, and an ID Token that was given as a hint, which nobody reads again; the id of a pushed request and the code of a
 * device, which are used up at the end and are sealed till then.
 */
export function keptInteraction(payload: JsonObject, id: string): JsonObject {
  const { returnTo: _returnTo, parJti, deviceCode, session, params, prompt, ...rest } = payload;
  const { details, ...asked } = members(prompt);
  return {
    ...rest,
    ...(session === undefined ? {} : { session: without(session, 'cookie') }),
    ...(params === undefined ? {} : { params: without(params, 'id_token_hint') }),
    ...(prompt === undefined ? {} : { prompt: { ...asked, details: without(details, 'id_token_hint') } }),
    ...(typeof parJti === 'string' ? { parJti: vault().seal(place(id), parJti) } : {}),
    ...(typeof deviceCode === 'string'
      ? { deviceCode: vault().seal(place(id, 'deviceCode'), deviceCode) }
      : {}),
  };
}

/** What the library is given of a kept interaction. */
export function openedInteraction(payload: AdapterPayload, id: string): AdapterPayload {
  const { parJti, deviceCode } = payload;
  return {
    ...payload,
    returnTo: resumeAddress(UnitOfWork.current.tenant, { uid: id, device: deviceCode !== undefined }),
    ...(typeof parJti === 'string' ? { parJti: vault().open(place(id), parJti) } : {}),
    ...(typeof deviceCode === 'string'
      ? { deviceCode: vault().open(place(id, 'deviceCode'), deviceCode) }
      : {}),
  };
}

const members = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

function without(value: Json | undefined, name: string): JsonObject {
  const { [name]: _dropped, ...rest } = members(value);
  return rest;
}

const vault = () => UnitOfWork.current.tenant.vault;

const place = (id: string, member = 'parJti') => ({
  tenantId: UnitOfWork.current.tenant.id,
  table: 'oidc_artifacts',
  column: `payload.${member}`,
  row: artifactHash('Interaction', id).toString('base64url'),
});
