import { crc32 } from 'node:zlib';
import type { Ids } from '../core/ids.js';
import { sha256 } from './hash.js';

const KINDS = ['scim', 'api', 'iat', 'rat', 'setup'] as const;

/**
 * What a token of ours opens: SCIM, the management API, registering applications, changing a registered one, a set-up
 * link.
 */
export type TokenKind = (typeof KINDS)[number];

/** A token as it is handed out once, and what is kept of it. */
export interface MintedToken {
  /** Shown once: `cw_<kind>_<id>_<secret>_<crc>`. */
  readonly token: string;
  /** UUIDv7 of the row. */
  readonly id: string;
  /** SHA-256 of the whole token. */
  readonly hash: Buffer;
}

/** The CRC lets a secret scanner and a typing mistake be told from a real token without asking the database. */
const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0');

/** Makes a token with 256 random bits. */
export function mintToken(kind: TokenKind, ids: Ids): MintedToken {
  const id = ids.uuid();
  const body = `cw_${kind}_${id.replaceAll('-', '')}_${Buffer.from(ids.secret(32), 'base64url').toString('hex')}`;
  const token = `${body}_${checksum(body)}`;
  return { token, id, hash: sha256(token) };
}

const FORM = /^(cw_(scim|api|iat|rat|setup)_([0-9a-f]{32})_[0-9a-f]{64})_([0-9a-f]{8})$/;

/** The kind and id that a token of ours names, or undefined if the text can't be one. Says nothing of its validity. */
export function readToken(text: string): { readonly kind: TokenKind; readonly id: string } | undefined {
  const match = FORM.exec(text);
  if (match === null || checksum(match[1] ?? '') !== match[4]) return undefined;
  const id = (match[3] ?? '').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const kind = KINDS.find((candidate) => candidate === match[2]);
  return kind === undefined ? undefined : { kind, id };
}
