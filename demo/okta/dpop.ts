import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify, type JWTPayload } from 'jose';
import { OAuthError } from './errors.js';
import { invokedUrl, type Ctx } from './http/context.js';
import { randomText } from './ids.js';
import type { OktaOrg } from './org.js';

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];
/** A proof may be this old, and a nonce serves a day; the one before it for two more. */
const PROOF_SECONDS = 300;
const NONCE_SECONDS = 24 * 3600;

interface Nonce {
  readonly value: string;
  readonly since: number;
}

const nonces = new WeakMap<OktaOrg, Nonce[]>();

/** The nonces that this org takes now, the newest first. */
function currentNonces(org: OktaOrg): Nonce[] {
  const now = org.clock.now();
  const kept = (nonces.get(org) ?? []).filter(({ since }) => now - since < 3 * NONCE_SECONDS);
  const [newest] = kept;
  const list =
    newest === undefined || now - newest.since >= NONCE_SECONDS
      ? [{ value: randomText(16), since: now }, ...kept]
      : kept;
  nonces.set(org, list);
  return list;
}

const invalid = (org: OktaOrg, status: 400 | 401): OAuthError =>
  new OAuthError(status, 'invalid_dpop_proof', org.say('dpop_invalid'));

async function verifyProof(
  ctx: Ctx,
  proof: string,
  status: 400 | 401,
): Promise<{ payload: JWTPayload; jkt: string }> {
  const { org } = ctx.state;
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ALGORITHMS,
      currentDate: org.today(),
      maxTokenAge: PROOF_SECONDS,
      requiredClaims: ['jti', 'htm', 'htu'],
    });
    if (protectedHeader.jwk === undefined) throw invalid(org, status);
    return { payload, jkt: await calculateJwkThumbprint(protectedHeader.jwk) };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) throw invalid(org, status);
    throw error;
  }
}

/**
 * The thumbprint of the key that a DPoP proof shows (RFC 9449), or nothing where none came and none is
 * needed.
 * @param accessToken at a resource: the token whose hash the proof must hold; no nonce is asked for there
 * @throws OAuthError `invalid_dpop_proof`, or `use_dpop_nonce` with a nonce to use
 */
export async function dpopThumbprint(
  ctx: Ctx,
  need: { readonly required: boolean; readonly accessToken?: string },
): Promise<string | undefined> {
  const { org } = ctx.state;
  const status = need.accessToken === undefined ? 400 : 401;
  const proof = ctx.get('DPoP');
  if (proof === '') {
    if (!need.required) return undefined;
    throw new OAuthError(status, 'invalid_dpop_proof', org.say('dpop_missing'));
  }
  const { payload, jkt } = await verifyProof(ctx, proof, status);
  if (payload['htm'] !== ctx.method || payload['htu'] !== invokedUrl(ctx)) throw invalid(org, status);
  if (need.accessToken === undefined) {
    const accepted = currentNonces(org);
    if (!accepted.some(({ value }) => value === payload['nonce'])) {
      throw new OAuthError(400, 'use_dpop_nonce', org.say('dpop_nonce'), {
        'dpop-nonce': accepted[0]?.value ?? '',
      });
    }
  } else if (payload['ath'] !== createHash('sha256').update(need.accessToken).digest('base64url')) {
    throw invalid(org, status);
  }
  if (!org.grants.useJti(`dpop ${jkt}`, String(payload.jti))) throw invalid(org, status);
  return jkt;
}

/** Whether a bearer of this header value speaks DPoP, and with which token. */
export function bearerToken(
  header: string,
): { readonly scheme: 'Bearer' | 'DPoP'; readonly token: string } | undefined {
  const [, scheme, token] = /^(Bearer|DPoP) +(\S+)$/i.exec(header) ?? [];
  if (scheme === undefined || token === undefined) return undefined;
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token };
}
