/** A string that the compiler keeps apart from other strings: a tenant id can't stand where a user id belongs. */
export type Brand<T, B extends string> = T & { readonly __brand: B };
