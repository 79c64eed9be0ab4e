import type { Static, TObject, TSchema } from 'typebox';
import type { Json, JsonObject } from '../../core/json.js';
import type { Permission } from '../../domain/operator/permissions.js';
import type { ApiCall } from './call.js';

/** A schema that the document lists under a name of its own. */
export interface NamedSchema<S extends TSchema = TSchema> {
  /** `Connection`: in `components.schemas`. */
  readonly name: string;
  readonly schema: S;
}

export const named = <S extends TSchema>(name: string, schema: S): NamedSchema<S> => ({ name, schema });

/** What an operation answers. */
export interface ApiAnswer {
  /** The operation's own, if absent. */
  readonly status?: number;
  /** JSON; absent in a 204. */
  readonly body?: object;
  /**
   * What the resource's ETag is made of: its state without what changes by being used. Absent: the answer has no ETag.
   */
  readonly version?: Json;
  /** Path below `/api/v1` of what was made. */
  readonly location?: string;
  /** Lines of another media type instead of a body, page by page (exports). */
  readonly stream?: { readonly type: string; readonly lines: AsyncIterable<string> };
}

export interface OperationInput<P extends TObject, Q extends TObject, B extends TSchema> {
  readonly path: Static<P>;
  readonly query: Static<Q>;
  readonly body: Static<B>;
  /** Of the body, members that the operation lists as `readOnly`; absent: none. */
  readonly readOnly?: JsonObject;
}

/**
 * One operation of the management API. The table of these is what is served, documented, and what the matrix of
 * permissions is made from: what isn't listed isn't served.
 */
export interface Operation<
  P extends TObject = TObject,
  Q extends TObject = TObject,
  B extends TSchema = TSchema,
> {
  /** `listUsers`: unique; what client generators call it. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`: `/tenants/{tenant}/users/{id}`. A path with `{tenant}` is of that tenant. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** `none`: whoever is signed in may, in their own tenant. */
  readonly permission: Permission | 'none';
  /** Parameters of the path besides `{tenant}`; a plain text each, if absent. */
  readonly parameters?: P;
  /** Parameters of the query. Values are read as their schema's type. */
  readonly query?: Q;
  readonly body?: NamedSchema<B>;
  /** Members that answers have and requests needn't: taken out of a body before it is judged, and handed on by themselves. */
  readonly readOnly?: readonly string[];
  /** Of a success. 200, if absent. */
  readonly status?: 200 | 201 | 202 | 204;
  /** Of a success with a body; undefined: none. */
  readonly answer?: NamedSchema;
  /** The answer is a page of these: `{items, next}`. */
  readonly list?: true;
  /** Largest body in bytes; 1 MiB, if absent. */
  readonly bytesMax?: number;
  handle(call: ApiCall, input: OperationInput<P, Q, B>): Promise<ApiAnswer>;
}

/** Gives an operation the types of its schemas, then forgets them: the table has operations of all kinds. */
export function operation<
  P extends TObject = TObject,
  Q extends TObject = TObject,
  B extends TSchema = TSchema,
>(described: Operation<P, Q, B>): Operation {
  // Input is validated by these very schemas before it is handed over.
  return described;
}
