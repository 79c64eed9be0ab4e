import { fileURLToPath } from 'node:url';

/** A file beside a module, in the sources: a build compiles modules and copies nothing else. */
export function beside(moduleUrl: string, name: string): string {
  return fileURLToPath(new URL(name, moduleUrl.replace('/dist/demo/', '/demo/')));
}
