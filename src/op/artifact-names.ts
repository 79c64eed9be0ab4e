import type { ArtifactHash } from '../domain/artifact/artifact-store.js';
import { sha256 } from '../keys/hash.js';

/** The name under which an artifact is kept; the kind is part of it, so no kind can pass as another. */
export function artifactHash(kind: string, id: string): ArtifactHash {
  return sha256(`${kind}:${id}`);
}

/** The name of a session's cookie value. */
export function cookieHash(id: string): Buffer {
  return sha256(`SessionCookie:${id}`);
}

/** Names of artifacts that one request asks for again and again, each worked out once. It ends with the request. */
export class ArtifactNames {
  readonly #names = new Map<string, ArtifactHash>();

  of(kind: string, id: string): ArtifactHash {
    const key = `${kind}:${id}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = artifactHash(kind, id);
    this.#names.set(key, name);
    return name;
  }
}
