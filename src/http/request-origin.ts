import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Context } from 'koa';
import { plainText } from '../core/text.js';
import type { RequestOrigin } from '../domain/audit/audit-event.js';
import { requestIdOf } from './request-id.js';

/** Whose `X-Forwarded-*` count: nobody's, those of the last n hops, or those of proxies in these networks. */
export type TrustedProxies =
  | { readonly kind: 'none' }
  | { readonly kind: 'hops'; readonly count: number }
  | { readonly kind: 'networks'; readonly cidrs: readonly string[] };

const IPV4_IN_IPV6 = '::ffff:';

/** An address without the IPv4-in-IPv6 form, or undefined when the text is none. */
function normalize(address: string): string | undefined {
  // What sockets say, and nearly every proxy: it needs no reading.
  const plain = address.startsWith(IPV4_IN_IPV6) ? address.slice(IPV4_IN_IPV6.length) : address;
  if (isIPv4(plain)) return plain;
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : undefined;
}

function isInside(address: string, cidrs: readonly string[]): boolean {
  const parsed = ipaddr.process(address);
  return cidrs.some((cidr) => {
    const [network, bits] = ipaddr.parseCIDR(cidr);
    return network.kind() === parsed.kind() && parsed.match(network, bits);
  });
}

/**
 * The address of who asks: the socket's peer, or, going back through proxies that are trusted, the first that isn't.
 * What an untrusted peer claims in a header counts nothing.
 */
export function clientAddress(peer: string, forwardedFor: string, trusted: TrustedProxies): string | null {
  let current = normalize(peer);
  const claimed = forwardedFor.split(',').map((part) => part.trim());
  for (let hop = 0; claimed.length > 0; hop += 1) {
    if (current === undefined || !isTrusted(current, hop, trusted)) break;
    const previous = normalize(claimed.pop() ?? '');
    if (previous === undefined) break;
    current = previous;
  }
  return current ?? null;
}

function isTrusted(address: string, hop: number, trusted: TrustedProxies): boolean {
  if (trusted.kind === 'none') return false;
  return trusted.kind === 'hops' ? hop < trusted.count : isInside(address, trusted.cidrs);
}

/** Where a request comes from, for audit. */
export function originOf(ctx: Context, trusted: TrustedProxies): RequestOrigin {
  const userAgent = ctx.get('user-agent');
  return {
    ip: clientAddress(ctx.req.socket.remoteAddress ?? '', ctx.get('x-forwarded-for'), trusted),
    userAgent: userAgent === '' ? null : plainText(userAgent),
    requestId: requestIdOf(ctx.req),
  };
}
