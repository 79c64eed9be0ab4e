import { parseAllDocuments } from 'yaml';
import type { Fault } from '../../domain/configuration/fault.js';

/** One document of a file, as plain values. */
export interface ParsedDocument {
  /** What paths into it begin with: nothing for the only document, `document 2: ` for one of several. */
  readonly prefix: string;
  readonly value: unknown;
}

/** A configuration of 10,000 tenants is about 10 MB. */
const BYTES_MAX = 64 * 1024 * 1024;
/** Aliases of YAML can make a small file large. */
const ALIASES_MAX = 1_000;

/**
 * Reads YAML 1.2, of which JSON is a part, in one document or several. A key that stands twice in a mapping
 * is a fault, because readers differ in which one they believe.
 */
export function parseDocuments(text: string): {
  readonly documents: readonly ParsedDocument[];
  readonly faults: readonly Fault[];
} {
  if (text.length > BYTES_MAX)
    return { documents: [], faults: [{ path: 'file', message: `is larger than ${BYTES_MAX} bytes` }] };
  const parsed = parseAllDocuments(text, { uniqueKeys: true, prettyErrors: true, logLevel: 'silent' });
  const values: unknown[] = [];
  const faults: Fault[] = [];
  for (const document of parsed) {
    for (const { message, linePos } of [...document.errors, ...document.warnings])
      faults.push({
        path: `line ${linePos?.[0].line ?? '?'}`,
        message: message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message,
      });
    if (document.errors.length > 0) continue;
    try {
      const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
      // `---` at the end, or a comment alone, makes an empty document.
      if (value !== null) values.push(value);
    } catch (error) {
      faults.push({ path: 'file', message: error instanceof Error ? error.message : String(error) });
    }
  }
  const documents = values.map((value, index) => ({
    prefix: values.length > 1 ? `document ${index + 1}: ` : '',
    value,
  }));
  if (documents.length === 0 && faults.length === 0)
    faults.push({ path: 'file', message: 'is empty: it must hold { tenants: […] }' });
  return { documents, faults };
}
