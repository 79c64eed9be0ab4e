import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

interface Signer {
  readonly name: string;
  readonly key: KeyObject;
}

/** A certificate authority that exists for one test. */
export class Authority {
  readonly #pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  /** PEM. */
  readonly certificate: string;

  constructor(private readonly name: string) {
    const signer = { name, key: this.#pair.privateKey };
    this.certificate = issue({
      subject: name,
      publicKey: this.#pair.publicKey,
      signer,
      names: [],
      isCa: true,
    });
  }

  /** A server's certificate for these names and IPv4 addresses, valid from a day ago for `days` days. */
  issue(names: readonly string[], days = 30): Certificate {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signer = { name: this.name, key: this.#pair.privateKey };
    const cert = issue({ subject: 'server', publicKey: pair.publicKey, signer, names, days });
    return { cert, key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  }
}

/** A certificate that vouches for itself. */
export function selfSigned(names: readonly string[]): Certificate {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = { name: 'self', key: pair.privateKey };
  const cert = issue({ subject: 'self', publicKey: pair.publicKey, signer, names });
  return { cert, key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

interface Request {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly signer: Signer;
  readonly names: readonly string[];
  readonly days?: number;
  readonly isCa?: boolean;
}

/** X.509 v3 (RFC 5280 section 4.1), signed with ECDSA and SHA-256. */
function issue({ subject, publicKey, signer, names, days = 30, isCa = false }: Request): string {
  const dayMs = 86_400_000;
  const from = Date.now() - dayMs;
  const algorithm = sequence(oid('2a8648ce3d040302'));
  const extensions = [
    ...(isCa ? [extension('551d13', sequence(tlv(0x01, Buffer.from([0xff]))))] : []),
    ...(names.length > 0 ? [extension('551d11', sequence(...names.map(generalName)))] : []),
  ];
  const toBeSigned = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([0x01, Math.floor(Math.random() * 256), Math.floor(Math.random() * 256)])),
    algorithm,
    commonName(signer.name),
    sequence(utcTime(from), utcTime(from + days * dayMs)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', toBeSigned, signer.key);
  const der = sequence(toBeSigned, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
}

function tlv(tag: number, value: Buffer): Buffer {
  const length = value.length;
  const header = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...header]), value]);
}

const sequence = (...parts: Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));
const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, 'hex'));
const commonName = (name: string): Buffer =>
  sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(name)))));
const extension = (hex: string, value: Buffer): Buffer => sequence(oid(hex), tlv(0x04, value));

function generalName(name: string): Buffer {
  if (isIPv4(name)) return tlv(0x87, Buffer.from(name.split('.').map(Number)));
  return tlv(0x82, Buffer.from(name));
}

function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14);
  return tlv(0x17, Buffer.from(`${digits}Z`));
}
