import ipaddr from 'ipaddr.js';

/** The network that one subscriber has, as a name to count by: an IPv4 address, a whole /64 of IPv6. */
export function clientNetwork(ip: string | null): string {
  if (ip === null || !ipaddr.isValid(ip)) return 'unknown';
  const address = ipaddr.process(ip);
  if (address.kind() === 'ipv4') return address.toString();
  const bytes = address.toByteArray().slice(0, 8);
  return `${Buffer.from(bytes).toString('hex')}/64`;
}
