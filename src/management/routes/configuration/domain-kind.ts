import { domainToASCII } from 'node:url';
import { SYSTEM_SLUG } from '../../../domain/tenant/tenant.js';
import { verificationRecord } from '../../../domain/tenant/domain-proof.js';
import { Problem } from '../../api/problems.js';
import { DomainSchemas } from '../../contract/resources.js';
import type { DesiredEntry, EntryKind } from './entry-kind.js';

const nameOf = (body: DesiredEntry): string | undefined =>
  typeof body['name'] === 'string' ? domainToASCII(body['name']) || body['name'] : undefined;

/**
 * Mail domains. Only the deployment's own operators say of one that it is verified; everybody else proves it by DNS, else a
 * tenant could draw other organizations' people to itself (A-12).
 */
export const DOMAINS: EntryKind = {
  list: 'domains',
  address: 'domains',
  noun: 'Domain',
  words: 'domain',
  read: 'domains.read',
  manage: 'domains.manage',
  parameter: 'name',
  schemas: DomainSchemas,
  readOnly: ['record'],
  show: ({ tenant }) => {
    const { domains, tenant: own } = tenant.configuration;
    return domains
      .map(({ name, verified, connection }) => ({
        id: name,
        body: { name, verified, connection, record: verificationRecord(own.id, name) },
        version: { name, verified, connection },
      }))
      .toSorted((one, other) => (one.id < other.id ? -1 : 1));
  },
  keep: ({ configuration }) => configuration.domains.map(({ name }) => ({ id: name, entry: { name } })),
  idOf: nameOf,
  create: (body) => body,
  change: (current, body, replace) => ({
    ...(replace ? { verified: false, connection: null } : {}),
    ...body,
    name: current.id,
  }),
  judge(call, plan, current) {
    if (call.caller.home.slug === SYSTEM_SLUG) return;
    const before = new Set(
      current.configuration.domains.filter((one) => one.verified).map(({ name }) => name),
    );
    const claimed = plan.target.domains.find(({ name, verified }) => verified && !before.has(name));
    if (claimed !== undefined)
      throw new Problem(
        'forbidden',
        `Whether ${claimed.name} is yours is proved by its DNS: publish the record, then POST …/verify.`,
      );
  },
};
