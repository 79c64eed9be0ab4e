import type { AttributePath, ResourceFilter } from '../../domain/provisioning/resource-query.js';
import { quoted } from '../errors.js';
import type { AttributeDefinition } from '../schema/definitions.js';
import type { ResourceSchema } from '../schema/resource-schema.js';
import { FilterReader } from './parse-filter.js';
import { fault, scan, type Token } from './scan.js';

/** The target of a PATCH operation (RFC 7644 section 3.5.2, figure 7). */
export interface PatchPath {
  /** The attribute, down to the sub-attribute if one is named without a filter; with a filter: the list. */
  readonly attribute: AttributePath;
  /** One for each name in `attribute.path`. */
  readonly chain: readonly AttributeDefinition[];
  /** Of `attribute`. */
  readonly definition: AttributeDefinition;
  /** Which members of the list; paths begin at the member. */
  readonly filter?: ResourceFilter;
  /** What of those members. */
  readonly sub?: AttributeDefinition;
}

/**
 * The path of a PATCH operation: `attr`, `attr.sub`, `attr[filter]`, `attr[filter].sub`, each with or without
 * a URN; an extension's URN alone is the whole extension. Throws ScimError 400 invalidPath, or invalidFilter
 * for what is in brackets.
 */
export function parsePatchPath(text: string, schema: ResourceSchema): PatchPath {
  const reader = new FilterReader(schema, scan(text, 'invalidPath'));
  const name = reader.take();
  if (name.kind !== 'word') throw fault('invalidPath', name, 'expected the name of an attribute');
  const { path: attribute, chain, definition } = schema.findOrThrow(name.text, 'invalidPath');
  const target = { attribute, chain, definition };
  if (reader.peek().kind !== '[') {
    end(reader.take());
    return target;
  }
  if (!definition.multiValued) {
    throw fault(
      'invalidPath',
      reader.peek(),
      `${quoted(name.text)} is not a list that brackets could pick from`,
    );
  }
  reader.take();
  const filter = reader.memberFilter({ path: attribute, chain, definition });
  const close = reader.take();
  if (close.kind !== ']') throw fault('invalidPath', close, 'expected a closing bracket');
  if (reader.peek().kind !== 'sub') {
    end(reader.take());
    return { ...target, filter };
  }
  const token = reader.take();
  end(reader.take());
  const sub = schema.child(definition, token.text);
  if (sub !== undefined) return { ...target, filter, sub };
  throw fault('invalidPath', token, `${attribute.path.join('.')} has no sub-attribute ${quoted(token.text)}`);
}

function end(token: Token): void {
  if (token.kind !== 'end') throw fault('invalidPath', token, 'expected the end of the path');
}
