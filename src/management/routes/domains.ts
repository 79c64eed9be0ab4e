import { DomainError } from '../../core/errors.js';
import { changeTenant } from '../../domain/configuration/change-tenant.js';
import { verificationRecord, type FindTexts } from '../../domain/tenant/domain-proof.js';
import { plainText } from '../../core/text.js';
import { named, operation, type Operation } from '../api/operation.js';
import { Problem } from '../api/problems.js';
import { DomainSchemas } from '../contract/resources.js';
import { DOMAINS } from './configuration/domain-kind.js';
import { entryOperations, type ConfigurationDeps } from './configuration/entry-operations.js';

export interface DomainDeps extends ConfigurationDeps {
  readonly findTexts: FindTexts;
}

/** Mail domains and their proof (A8). */
export function domainOperations(deps: DomainDeps): readonly Operation[] {
  const get = entryOperations(DOMAINS, deps).find(({ id }) => id === 'getDomain');
  return [
    ...entryOperations(DOMAINS, deps),
    operation({
      id: 'verifyDomain',
      method: 'POST',
      path: '/tenants/{tenant}/domains/{name}/verify',
      summary: 'Looks for the domain’s record in DNS, and takes the domain as verified when it is there',
      permission: 'domains.manage',
      answer: named('Domain', DomainSchemas.resource),
      async handle(call, { path }) {
        const name = String(path['name']);
        const record = verificationRecord(call.tenant.id, name);
        if (!call.tenant.configuration.domains.some((domain) => domain.name === name))
          throw new DomainError('not_found', `There is no domain '${name}'.`);
        const texts = await deps.findTexts(record.name);
        if (!texts.includes(record.value))
          throw new Problem('conflict', notFound(record.name, record.value, texts), {
            members: { record, found: texts.map((text) => plainText(text, 300)).slice(0, 20) },
          });
        await changeTenant(deps.apply, call.tenant.slug, {
          rules: deps.rules,
          actor: call.caller.actor,
          authority: call.authority,
          origin: call.origin,
          wanted: (current) => ({
            path: '',
            slug: call.tenant.slug,
            domains: (current?.configuration.domains ?? []).map((domain) =>
              domain.name === name ? { ...domain, verified: true } : domain,
            ),
          }),
        });
        deps.directory.forget(call.tenant.slug);
        if (get === undefined) throw new TypeError('domains have no operation that reads one');
        return get.handle(call, { path, query: {}, body: undefined });
      },
    }),
  ];
}

function notFound(name: string, value: string, texts: readonly string[]): string {
  const seen = texts.length === 0 ? 'it has no text record' : `it says: ${plainText(texts.join(' · '), 300)}`;
  return `${name} must have the text ${value}; ${seen}. New records can take a while to be seen.`;
}
